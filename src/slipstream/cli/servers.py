"""The commands that start and stop the servers: `up`, `down`."""

import argparse
import os

from slipstream.artifacts.home import home
from slipstream.cli.arguments import Commands
from slipstream.cli.exits import DONE
from slipstream.operations.environment import prepare_environment
from slipstream.runtime.text import quote

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands' parsers."""
    up = commands.add_parser("up", help="start the Prefect server, the MLflow server and a worker")
    up.add_argument("--detach", action="store_true", help="return when they run; stop with down")
    up.add_argument("--host", default="127.0.0.1", help="where they listen (default: 127.0.0.1)")
    up.add_argument("--prefect-port", type=_port, default=4200, metavar="N", help="default: 4200")
    up.add_argument("--mlflow-port", type=_port, default=5000, metavar="N", help="default: 5000")
    up.add_argument(
        "--reset-deployments",
        action="store_true",
        help="discard edits made in Prefect: prefect.yaml and automations.yaml apply as they are",
    )
    up.set_defaults(run=_up)

    down = commands.add_parser("down", help="stop what up started")
    down.set_defaults(run=_down)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be 1 to 65535, however: {quote(text)}")
    return int(text)


def _up(chosen: argparse.Namespace) -> int:
    from slipstream.config.tracking import TrackingConfig
    from slipstream.operations.services import Services, start, stop, wait
    from slipstream.reporting.pages import find_runs
    from slipstream.tracking.locking import MLFLOW_DATABASE

    prepare_environment()
    services = Services(
        host=chosen.host, prefect_port=chosen.prefect_port, mlflow_port=chosen.mlflow_port
    )
    print("starting Prefect, MLflow and a worker …", flush=True)
    notes = start(services, reset=chosen.reset_deployments)
    addresses = services.addresses
    shown = (
        f"Prefect  {addresses.prefect}/deployments   choose optimize/optimize-table, then Run\n"
        f"MLflow   {find_runs(addresses.mlflow, TrackingConfig().experiment)}\n"
        f"logs     {home() / 'services'}\n"
    )
    if os.environ.get(MLFLOW_DATABASE):
        print(f"runs     are written there with tracking.uri = {addresses.mlflow}")
    for note in notes:
        print(f"note     {note}")
    if chosen.detach:
        print(f"{shown}they run in the background; stop them with: make down")
        return DONE
    try:
        print(f"{shown}press Ctrl-C to stop them", flush=True)
        wait()
    except KeyboardInterrupt:
        print("stopping …", flush=True)
    finally:
        stop()
    return DONE


def _down(chosen: argparse.Namespace) -> int:
    from slipstream.operations.services import stop

    print("stopped" if stop() else "nothing was running")
    return DONE
