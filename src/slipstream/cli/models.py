"""The commands for registered models: `models`, `rollback`."""

import argparse

from slipstream.cli.arguments import Commands
from slipstream.cli.exits import DONE
from slipstream.operations.environment import prepare_environment

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add the commands' parsers."""
    rollback = commands.add_parser("rollback", help="put the previous champion back")
    rollback.add_argument("model", help="name of the registered model")
    rollback.add_argument(
        "--reason", metavar="TEXT", default="", help="why, for the versions' tags"
    )
    rollback.set_defaults(run=_rollback)

    models = commands.add_parser("models", help="list registered models and their champions")
    models.add_argument("model", nargs="?", default="", help="list one of them, with its history")
    models.set_defaults(run=_models)

    for each in (rollback, models):
        each.add_argument("--tracking-uri", metavar="URI", help="MLflow store (default: mlruns/)")


def _rollback(chosen: argparse.Namespace) -> int:
    prepare_environment()
    from slipstream.config.tracking import TrackingConfig
    from slipstream.tracking.registry import Registry

    registry = Registry(chosen.model, chosen.tracking_uri or TrackingConfig().uri)
    left, back = registry.rollback(chosen.reason)
    print(f"{chosen.model}: version {left.number} is no longer champion, version {back} is again")
    return DONE


def _models(chosen: argparse.Namespace) -> int:
    prepare_environment()
    from slipstream.cli.model_table import show_models
    from slipstream.config.tracking import TrackingConfig

    show_models(chosen.model, chosen.tracking_uri or TrackingConfig().uri)
    return DONE
