"""The pipeline: a table and a budget in, the smallest, fastest good model out."""

from prefect import State, flow
from prefect.runtime import flow_run

from slipstream.config import OptimizeConfig
from slipstream.report import Report
from slipstream.results import RunRecord
from slipstream.run_names import choose
from tasks.alternatives import alternatives
from tasks.baseline import baseline
from tasks.benchmark import benchmark
from tasks.compare import compare
from tasks.endings import conclude
from tasks.ingest import ingest
from tasks.logs import prepare_logs
from tasks.predict import predict
from tasks.preprocess import preprocess
from tasks.quantize import quantize
from tasks.select import select
from tasks.trace import StageTrace
from tasks.track import track
from tasks.train import train

DEFAULTS = OptimizeConfig()
# The modules whose code makes a model.
STAGES = tuple(
    f"tasks.{stage}" for stage in ("ingest", "preprocess", "select", "train", "quantize")
)


def _title() -> str:
    title = OptimizeConfig.model_validate(flow_run.parameters["config"]).title
    return choose(flow_run.name, title)


@flow(name="optimize", flow_run_name=_title)
def optimize(config: OptimizeConfig = DEFAULTS) -> Report | State[Report]:
    """Run the seed's six stages, measure both variants, decide, and write the run down."""
    prepare_logs()
    stage = StageTrace(config)

    dataset = stage(ingest, config.data)
    prepared = stage(preprocess, dataset, config.model.encoding, config.model.bins)
    mask = stage(select, prepared, config.features)
    network = stage(train, prepared, mask, config.model.hidden, config.training)
    bundles = stage(
        quantize, dataset, prepared, mask, network, config.quantization.calibration_rows
    )
    trace = stage(predict, dataset, bundles)

    wide = stage(baseline, dataset, prepared, mask)
    measured = stage(benchmark, dataset, bundles, wide, config.quantization.max_score_loss)
    comparison = stage(compare, measured, config.quantization, config.budget)
    fitting = None
    if comparison.smaller_may_fit:
        fitting = stage(alternatives, dataset, mask, bundles, config.budget)
    record = RunRecord(
        config=config,
        dataset=dataset,
        mask=mask,
        network=network,
        bundles=bundles,
        trace=trace,
        benchmark=measured,
        comparison=comparison,
        alternatives=fitting,
        noticed=tuple(stage.warnings),
    )
    tracked = stage(track, record)
    return conclude(Report(record=record, stages=tuple(stage.lines), tracked=tracked))
