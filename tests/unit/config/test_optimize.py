import json

import pytest
from jsonschema import validate

from slipstream.config.optimize import OptimizeConfig
from slipstream.config.parsing import parse_config, read_toml
from slipstream.runtime import InputError
from tests.conftest import CHECKOUT


def test_every_default_runs() -> None:
    """An empty config is a whole config."""
    assert parse_config({}) == OptimizeConfig()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"features": {"kk": 3}}, "features.kk: no such key; did you mean 'k'. there are: k, "),
        ({"feature": {}}, "feature: no such key; did you mean 'features'. there are: data, "),
        ({"data": {"epochs": 9}}, "data.epochs: no such key; did you mean 'training.epochs'. "),
        (
            {"features": {"k": -1}},
            "features.k: input should be greater than or equal to 0, however: -1",
        ),
        ({"model": {"hidden": []}}, r"model.hidden: .*at least 1 item.*however: \[\]"),
        ({"model": {"hidden": [0]}}, "model.hidden.0: .*however: 0"),
        ({"model": {"hidden": 32}}, "model.hidden: .*however: 32"),
        ({"data": {"test_fraction": 0}}, "data.test_fraction: .*however: 0"),
        ({"data": {"test_fraction": 0.6, "validation_fraction": 0.4}}, "data: .*however: 1"),
        ({"data": {"path": "sqlite:///x.db"}}, "data: query must be given"),
        ({"data": {"query": "SELECT 1"}}, "data: query must be given"),
        ({"training": {"learning_rate": "fast"}}, "training.learning_rate: .*however: 'fast'"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate"),
        ({"tracking": {"registered_model": "a/b"}}, "tracking.registered_model"),
        ({"tracking": {"registered_model": "bob's"}}, "tracking.registered_model"),
        ({"tracking": {"registered_model": ".."}}, "tracking.registered_model"),
        ({"tracking": {"uri": "mlruns"}}, "tracking.uri"),
        ({"tracking": {"uri": "postgresql://db/mlflow"}}, "tracking.uri: .*however: postgresql;"),
        ({"tracking": {"uri": "https://me:secret@host"}}, "tracking.uri: must not hold a password"),
        ({"data": {"quantiles": [0.5, 1]}}, "data.quantiles.1: .*less than 1, however: 1"),
        ({"data": {"quantiles": [0.0]}}, "data.quantiles.0: .*greater than 0, however: 0"),
        ({"data": {"quantiles": [10, 50]}}, "data.quantiles.0: .*less than 1, however: 10"),
        ({"data": {"quantiles": [float("nan")]}}, "data.quantiles.0: .*finite number"),
        ({"data": {"quantiles": [0.5, 0.1, 0.5]}}, "data.quantiles: .*0.5 is there twice"),
        ({"data": {"quantiles": [0.1, 0.1 + 1e-14]}}, "data.quantiles: .*0.1 is there twice"),
        ({"data": {"quantiles": [n / 102 for n in range(1, 102)]}}, "at most 100 items"),
        ({"data": {"quantiles": [0.5], "task": "binary"}}, "quantiles must be empty.*binary"),
        ({"data": {"quantiles": [0.5], "task": "multiclass"}}, "quantiles must be empty"),
        ({"data": {"task": "quantiles"}}, "data.task: "),
        ({"data": 3}, "data: .*however: 3"),
    ],
)
def test_impossible_values_name_field_rule_and_value(values: dict, expected: str) -> None:
    """An unknown key or an impossible value is refused with its field, the rule and the value."""
    with pytest.raises(InputError, match=f"(?s){expected}"):
        parse_config(values)


def test_quantiles_are_put_in_order() -> None:
    """Their levels ascend, whatever the order in which they were given."""
    data = parse_config({"data": {"quantiles": [0.9, 0.1, 0.5]}}).data
    assert (data.quantiles, data.kind) == ([0.1, 0.5, 0.9], "quantiles")
    assert parse_config({"data": {"quantiles": [0.5], "task": "regression"}}).data.kind == (
        "quantiles"
    )
    assert parse_config({}).data.kind == "auto"


def test_all_faults_are_reported_at_once() -> None:
    """Two faults are two lines of one message."""
    with pytest.raises(InputError, match="(?s)features.k.*model.bins"):
        parse_config({"features": {"k": -1}, "model": {"bins": 1000}})


def test_every_field_explains_itself() -> None:
    """The form in Prefect's UI has a title and a help text for every field."""
    schema = OptimizeConfig.model_json_schema()
    for section in schema["$defs"].values():
        for field in section["properties"].values():
            assert field["title"]
            assert field["description"]
    json.dumps(schema)


def test_an_old_name_still_works_and_says_so() -> None:
    """From a file, Python or Prefect: its value counts, and the run's warnings report it."""
    old = {"quantization": {"max_accuracy_drop": 0.03}}
    for config in (parse_config(old), OptimizeConfig.model_validate(old)):
        assert config.quantization.max_score_loss == 0.03
        (warning,) = config.warnings
        assert warning == (
            "quantization.max_accuracy_drop is now called quantization.max_score_loss, and limits "
            "AUC and log-loss as well as accuracy: check the value, and rename it"
        )
    both = parse_config({"quantization": {"max_accuracy_drop": 0.03, "max_score_loss": 0.02}})
    assert both.quantization.max_score_loss == 0.02
    assert "it is ignored, because both are given" in both.warnings[0]
    assert parse_config({}).warnings == ()


def test_the_form_shows_new_names_and_takes_old_ones() -> None:
    """A schedule that was saved with an old name still starts; the model refuses unknown names."""
    schema = OptimizeConfig.model_json_schema()
    validate({"quantization": {"max_accuracy_drop": 0.03}}, schema)
    assert "max_accuracy_drop" not in json.dumps(schema)
    with pytest.raises(InputError, match=r"quantization\.accuracy: no such key"):
        parse_config({"quantization": {"accuracy": 0.03}})


@pytest.mark.parametrize(("text", "expected"), [("a = ", "must be TOML"), (None, "readable file")])
def test_unreadable_files_are_named(tmp_path, text: str | None, expected: str) -> None:
    """A config file that is absent or not TOML is refused with its path."""
    path = tmp_path / "run.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=rf"(?s)(run\.toml.*{expected}|{expected}.*run\.toml)"):
        read_toml(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("demo", "demo"),
        ("data/bank.csv.gz", "bank"),
        ("parts/", "parts"),
        ("parts/*.parquet", "parts"),
        ("postgresql://reader@host/shop?x=1", "shop"),
        ("sqlite:///data/shop.db", "shop"),
        ("data/bob's.csv", "bob-s"),
        ("data/ what:\tis this? .csv", "what--is this-"),
        ("data/???.csv", "data"),
        (f"{'long' * 60}.csv", "long" * 50),
    ],
)
def test_models_are_named_after_their_source(path: str, name: str) -> None:
    """Without a name of its own, a model is named after its file, folder or database."""
    query = "SELECT 1" if "://" in path else ""
    config = parse_config({"data": {"path": path, "query": query}})
    assert config.name == name
    assert config.title == f"{name} · search width"


def test_a_run_is_named_by_what_was_asked_for() -> None:
    """A title has the number of columns and the layers that are fixed, or the search."""
    off = {"features": {"k": 3}, "search": "off"}
    assert parse_config(off).title == "demo · k=3 · 32×32"
    assert parse_config({"features": {"k": 3}}).title == "demo · k=3 · search width"
    assert parse_config({"search": "off"}).title == "demo · k chosen · 32×32"


def test_the_search_is_switched_by_a_word() -> None:
    """`search = "off"` is short for its mode; without a teacher, columns are then scored alone."""
    config = parse_config({"search": "off", "training": {"distill": "off"}})
    assert config.search.mode == "off"
    assert config.selection.method == "mutual_info"
    assert parse_config({}).selection.method == "elimination"
    assert parse_config({"features": {"method": "anova_f"}}).selection.method == "anova_f"
    with pytest.raises(InputError, match=r"search.mode: .*however: 'of'"):
        parse_config({"search": "of"})


@pytest.mark.parametrize("name", ["bank", "breast_cancer", "seed"])
def test_example_configs_are_valid(name: str) -> None:
    """The configs in the checkout are configs."""
    assert parse_config(read_toml(CHECKOUT / "configs" / f"{name}.toml"))


@pytest.mark.parametrize("written", [1, "1", "+1"])
def test_a_direction_is_written_as_a_number_or_as_flags_write_it(written: object) -> None:
    """`--features.monotone age=+1` is text; 0 and words are refused."""
    config = parse_config({"features": {"monotone": {"age": written, "debts": "-1"}}})
    assert config.features.monotone == {"age": 1, "debts": -1}
    for wrong in (0, "up"):
        with pytest.raises(InputError, match="features.monotone.age"):
            parse_config({"features": {"monotone": {"age": wrong}}})
