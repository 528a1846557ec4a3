"""The pipeline: a table and a budget in, the smallest, fastest good model out."""

from prefect import State, flow
from prefect.runtime import flow_run

from slipstream.config.optimize import OptimizeConfig
from slipstream.quantization.threshold import check_threshold
from slipstream.reporting.record import RunRecord
from slipstream.reporting.report import Report
from tasks.alternatives import alternatives
from tasks.baseline import baseline
from tasks.benchmark import benchmark
from tasks.compare import compare
from tasks.ingest import ingest
from tasks.predict import predict
from tasks.preprocess import preprocess
from tasks.quantize import quantize
from tasks.search import search
from tasks.select import select
from tasks.support.endings import conclude
from tasks.support.logs import prepare_logs
from tasks.support.run_names import choose
from tasks.support.trace import StageTrace
from tasks.teach import teach
from tasks.track import track
from tasks.train import train

DEFAULTS = OptimizeConfig()


def _title() -> str:
    title = OptimizeConfig.model_validate(flow_run.parameters["config"]).title
    return choose(flow_run.name, title)


@flow(name="optimize", flow_run_name=_title)
def optimize(config: OptimizeConfig = DEFAULTS) -> Report | State[Report]:
    """Run the six stages, measure both variants, decide, and record the run."""
    prepare_logs()
    stage = StageTrace(config)

    dataset = stage(ingest, config.data)
    check_threshold(config.evaluation, dataset.task)
    prepared = stage(
        preprocess,
        dataset,
        config.model.encoding,
        config.model.bins,
        config.features.monotone,
    )
    teacher = None
    if config.training.distill != "off":
        teacher = stage(teach, dataset, prepared, config.training.teacher, config.training.seed)
    mask = stage(select, prepared, teacher, config.selection, config.search.tolerance)
    hidden, found = config.model.hidden, None
    if config.search.mode != "off":
        asked = config.features.k, config.search, config.budget
        found = stage(search, dataset, prepared, teacher, mask, *asked)
        mask, hidden = found.mask, list(found.hidden)
    network = stage(train, prepared, teacher, mask, hidden, config.training)
    bundles = stage(
        quantize,
        dataset,
        prepared,
        mask,
        network,
        config.quantization,
        config.evaluation,
    )
    trace = stage(predict, dataset, bundles)

    wide = stage(baseline, dataset, prepared, mask, network.target_scale)
    measured = stage(
        benchmark,
        *(dataset, bundles, wide, config.quantization.max_score_loss),
        *(prepared, teacher),
    )
    comparison = stage(compare, measured, config.quantization, config.budget)
    fitting = None
    if comparison.smaller_may_fit and found is None:
        fitting = stage(alternatives, dataset, mask, bundles, config.budget)
    record = RunRecord(
        config=config,
        dataset=dataset,
        prepared=prepared,
        teacher=teacher,
        mask=mask,
        network=network,
        bundles=bundles,
        trace=trace,
        benchmark=measured,
        comparison=comparison,
        found=found,
        alternatives=fitting,
        noticed=tuple(stage.warnings),
    )
    tracked = stage(track, record)
    return conclude(Report(record=record, stages=tuple(stage.lines), tracked=tracked))
