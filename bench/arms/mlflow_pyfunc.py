"""MLflow: our int8 bundle as MLflow serves it."""

import pandas as pd

from bench.arms.contender import INT8_TOLERANCE, Contender, Setting, only
from slipstream.measurement.harness import Arm

__all__ = ["mlflow_pyfunc"]


def mlflow_pyfunc(setting: Setting) -> list[Contender]:
    """A frame of one row through `pyfunc`."""
    import mlflow.pyfunc

    place = setting.folder / f"{setting.model.name}.mlflow"
    mlflow.pyfunc.save_model(
        place,
        loader_module="slipstream.pyfunc",
        data_path=setting.model.path("int8"),
        pip_requirements=[],
    )
    loaded = mlflow.pyfunc.load_model(str(place))
    frame = pd.DataFrame(setting.data.kept, columns=setting.model.predictors["int8"].features)
    return [
        Contender(
            name="MLflow pyfunc of Slipstream int8",
            arm=Arm(
                loaded.predict, lambda index: frame.iloc[index : index + 1].copy(), rows=len(frame)
            ),
            probability=only,
            reference=setting.reference,
            tolerance=INT8_TOLERANCE,
        )
    ]
