"""PyTorch: the module itself; the whole run is in inference mode (`bench.measuring`)."""

import torch

from bench.arms.contender import Contender, Setting
from slipstream.measurement.harness import Arm

__all__ = ["torch_eager"]


def torch_eager(setting: Setting) -> list[Contender]:
    """One row (1, k) as a tensor."""
    steps: list[torch.nn.Module] = []
    for weight, bias in setting.model.plain:
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data, linear.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
        steps += [linear, torch.nn.ReLU()]
    module = torch.nn.Sequential(*steps[:-1], torch.nn.Sigmoid()).eval()
    rows = torch.from_numpy(setting.data.scaled[:, None])  # (N, 1, k)
    arm = Arm(module, lambda index: rows[index].clone(), rows=len(rows))
    return [Contender(name="torch eager", arm=arm, reference=setting.reference)]
