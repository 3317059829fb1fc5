"""A measure of a run that has ended is low or high enough."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from selfsup_core.lessons.checks import Judged, check, not_yet
from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.lessons.measures import measure_of, say_measure, say_value
from selfsup_core.lessons.which import RunWish, find_closest, has_ended, no_run
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class MetricConfig(RunWish, KindConfig):
    kind: Literal["metric"] = setting("metric", "A measure of a run at its end is low or high enough.")
    metric: str = setting("val_loss", "Measure by its name.", min_length=1)
    below: float | None = setting(None, "It must be less than this.")
    above: float | None = setting(None, "It must be more than this.")

    @model_validator(mode="after")
    def has_bound(self) -> MetricConfig:
        if self.below is None and self.above is None:
            raise ValueError(tr("give below, above or both"))
        return self

    def lacks(self, run: RunSeen) -> str:
        value, name = measure_of(run, self.metric), say_measure(self.metric)
        if value is None:
            return tr("has no {name}").format(name=name)
        if self.below is not None and value >= self.below:
            return tr("ends with {name} {say_value}; the task needs less than {say_value_2}").format(
                name=name, say_value=say_value(value), say_value_2=say_value(self.below)
            )
        if self.above is not None and value <= self.above:
            return tr("ends with {name} {say_value}; the task needs more than {say_value_2}").format(
                name=name, say_value=say_value(value), say_value_2=say_value(self.above)
            )
        return ""


@check("metric", MetricConfig)
def metric(evidence: Evidence, config: MetricConfig) -> Judged:
    """A measure of a run at its end is low or high enough."""
    run, lack = find_closest(evidence.runs, [*config.wishes(), has_ended(0), config.lacks])
    if run is None:
        return Judged(False, no_run(evidence, config), missing=config)
    if lack:
        return not_yet(evidence, config, run, lack)
    value = measure_of(run, config.metric)
    assert value is not None  # else it lacks it
    said = tr("{called} ends with {say_measure} {say_value}.").format(
        called=run.called, say_measure=say_measure(config.metric), say_value=say_value(value)
    )
    return Judged(True, said, (run.folder.id,))
