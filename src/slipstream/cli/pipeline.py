"""The commands that run a flow: `optimize`, `retrain`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from slipstream.artifacts.home import check_room, root
from slipstream.cli.arguments import Commands
from slipstream.cli.exits import DONE, NO_WINNER
from slipstream.cli.options import add_config, read_config
from slipstream.operations.environment import prepare_environment
from slipstream.operations.servers import check_password
from slipstream.runtime import InputError

if TYPE_CHECKING:
    from slipstream.config.optimize import OptimizeConfig
    from slipstream.reporting.report import Report, Retraining

__all__ = ["add_commands"]


def add_commands(commands: Commands, given: str) -> None:
    """Add the commands' parsers; only the command that was given pays for its config's flags."""
    optimize = commands.add_parser("optimize", help="run the pipeline on a table")
    retrain = commands.add_parser(
        "retrain", help="train a challenger; it replaces the champion if better"
    )
    add_config(optimize, with_flags=given == "optimize")
    add_config(retrain, with_flags=given == "retrain")
    optimize.add_argument(
        "--output", metavar="DIR", default="output", help="where the files go (default: output)"
    )
    optimize.set_defaults(run=_optimize)
    retrain.set_defaults(run=_retrain)


def _optimize(chosen: argparse.Namespace) -> int:
    config = read_config(chosen)
    output = _check_folder(Path(chosen.output))
    with _ready_for_flows(warnings=False):  # the report begins with them
        _try_small_table(config)
        from tasks.support.embedded import starting_server

        with starting_server():
            from flows.optimize import optimize

    from slipstream.artifacts.opening import open_store
    from slipstream.reporting.report import BudgetNotMetError, write_output
    from slipstream.reporting.terminal.screen import show_report

    try:
        report, code = cast("Report", optimize(config)), DONE
    except BudgetNotMetError as unmet:
        report, code = cast("Report", unmet.outcome), NO_WINNER
    files = write_output(report, output, open_store())
    show_report(report, files)
    return code


def _retrain(chosen: argparse.Namespace) -> int:
    config = read_config(chosen)
    with _ready_for_flows(warnings=True):
        _try_as_challenger(config)
        from tasks.support.embedded import starting_server

        with starting_server():
            from flows.retrain import retrain

    from slipstream.reporting.report import BudgetNotMetError
    from slipstream.reporting.terminal.screen import show_retraining

    try:  # the result, whatever state it ends in
        retraining, code = cast("Retraining", retrain(config)), DONE
    except BudgetNotMetError as unmet:
        retraining, code = cast("Retraining", unmet.outcome), NO_WINNER
    show_retraining(retraining)
    return code


def _ready_for_flows(*, warnings: bool) -> AbstractContextManager[object]:
    """Prepare for importing a flow, which takes a while, and for showing its progress."""
    sys.path.insert(0, str(root()))
    prepare_environment()
    check_room()
    check_password()
    from slipstream.reporting.terminal.progress import show_stages
    from slipstream.reporting.terminal.screen import starting

    show_stages(warnings=warnings)

    return starting("Prefect")


def _try_small_table(config: OptimizeConfig) -> None:
    """Ingest a small table first: Prefect takes ten seconds to start, most mistakes are here."""
    from slipstream.artifacts.opening import open_store
    from slipstream.data import ingestion
    from slipstream.data.sources.source import source_of
    from slipstream.quantization.threshold import check_threshold

    if source_of(config.data).is_small():
        dataset = ingestion.ingest(config.data, open_store())
        check_threshold(config.evaluation, dataset.task)


def _try_as_challenger(config: OptimizeConfig) -> None:
    """As `_try_small_table`; what is refused may be fine for the champion's kind of target."""
    try:
        _try_small_table(config)
    except InputError:
        if config.data.kind != "auto":
            raise
        from slipstream.artifacts.opening import open_store
        from slipstream.lifecycle.retraining import find_champion, inherit, naming_the_champion
        from slipstream.tracking.registry import Registry

        champion = find_champion(Registry(config.name, config.tracking.uri), open_store())
        if champion is None:
            raise
        inherited = inherit(config, champion)
        with naming_the_champion(config, inherited, champion):
            _try_small_table(inherited)


def _check_folder(folder: Path) -> Path:
    """Refuse early if nothing could be written later; a run that fails leaves no folder."""
    try:
        nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        with tempfile.TemporaryFile(dir=nearest):
            return folder
    except OSError as error:
        raise InputError(
            f"--output must be a folder that can be written, however: {folder}: {error.strerror}; "
            "choose another"
        ) from None
