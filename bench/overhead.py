"""What a fully cached run costs beyond a trivial Prefect flow of as many tasks.

    .venv/bin/python bench/overhead.py

Both arms are whole processes, import to exit, with an embedded server each; they take turns.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 3
TASKS = 9
TRIVIAL = f"""
from slipstream.operations.environment import prepare_environment
prepare_environment()
from prefect import flow, task

@task
def add_one(value):
    return value + 1

@flow
def trivial():
    value = 0
    for _ in range({TASKS}):
        value = add_one(value)
    return value

trivial()
"""


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a process that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure both arms and print their medians and the difference."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SLIPSTREAM_HOME": f"{folder}/home"}
        optimize = [str(Path(sys.executable).parent / "slipstream"), "optimize"]
        optimize += ["--output", f"{folder}/output"]
        optimize += ["--tracking.uri", f"sqlite:///{folder}/mlflow.db"]
        trivial = [sys.executable, "-c", TRIVIAL]
        print(f"first run, nothing cached: {seconds(optimize, environment):.1f} s")
        times: dict[str, list[float]] = {"trivial flow": [], "cached run": []}
        for _ in range(REPEATS):
            times["trivial flow"].append(seconds(trivial, environment))
            times["cached run"].append(seconds(optimize, environment))
    for arm, each in times.items():
        print(f"{arm}: median {statistics.median(each):.1f} s of {[round(one, 1) for one in each]}")
    added = statistics.median(times["cached run"]) - statistics.median(times["trivial flow"])
    print(f"a fully cached run adds {added:.1f} s")


if __name__ == "__main__":
    main()
