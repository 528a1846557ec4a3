import pytest

from slipstream.cli import main
from slipstream.cli.arguments import split_names


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "COMMAND … must name a command, however: none was given; choose one of optimize, "),
        (["optimise"], "invalid choice: 'optimise'; did you mean 'optimize'? there are "),
        (["optimize", "--data.pat", "x"], "did you mean '--data.path'"),
        (["optimize", "--feature.k", "1"], "did you mean '--features.k'"),
        (["optimize", "--epochs=3"], "did you mean '--training.epochs'? "),
        (["retrain", "--confg", "x"], "did you mean '--config'? "),
        (["predict", "a", "b", "--kep", "id"], "did you mean '--keep'"),
        (["up", "--det"], "unrecognized arguments: --det; did you mean '--detach'? "),
        (["predict", "a"], "required: rows; slipstream predict --help lists"),
        (["predict", "a", "b", "--on-error", "nul"], "choose from"),
    ],
)
def test_a_misspelt_command_or_flag_gets_a_suggestion(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, code 2, and what was meant; no usage of a hundred flags."""
    assert main.main(arguments) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.startswith("slipstream: ")
    assert message.count("\n") == 1


def test_names_come_with_commas_or_one_by_one() -> None:
    """Each name counts once; one with a comma is quoted."""
    assert split_names(["id,name", "id", '"income, gross"']) == ["id", "name", "income, gross"]
