"""Intact and broken side by side: the runs that differ from one in a single safeguard, and both by epoch."""

from __future__ import annotations

from typing import Any, Literal, cast

from typing_extensions import TypedDict

from selfsup_core.errors import RunError, StudioError
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.evaluate.words.beside import Gauge, last_common, say_beside
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.two_views import Break, TwoViews
from selfsup_core.runs.breaking import break_between, breaks_of, missing_of, runs_like
from selfsup_core.runs.family import Member, member_of
from selfsup_core.runs.folder import RunFolder, open_run, read_rows, read_state
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.translation import tr

Side = Literal["intact", "broken"]


class Relative(Member):
    """A run that has one safeguard more or fewer than another.

    `kind` is "intact" or "broken", as seen from the other run; `title` is of the break: "Without predictor".
    gauge: metric in which the break is expected to be seen.
    """

    gauge: Gauge


class Measured(TypedDict):
    """Gauges of one run at one epoch; None where there is no number."""

    probe_accuracy: float | None
    spread: float | None
    deviation: float | None
    projector_rank: float | None
    rankme: float | None


class BesideRow(TypedDict):
    """One epoch of both runs; None of a run that has not measured it."""

    epoch: int
    intact: Measured | None
    broken: Measured | None


class Beside(TypedDict):
    """A broken run beside its intact one. intact, broken: ids; said: what differs at their last epoch."""

    intact: str
    broken: str
    title: str
    gauge: Gauge
    rows: list[BesideRow]
    said: str


def gauge_of(spec: RunSpec, one: Break) -> Gauge:
    """The metric that tells an intact run from one without this safeguard: where embeddings shrink to a point
    how far apart they are, else in how many directions. Their directions alone, `spread`, tell less: without
    stop-gradient they go up and down from epoch to epoch.
    """
    kind = cast("type[TwoViews[Any]]", OBJECTIVES[spec.objective.kind])
    return "deviation" if one.expected == "complete" and kind.sees_scale else "projector_rank"


def list_relatives(folder: RunFolder) -> list[Relative]:
    """The run that a broken one was broken from, then those that were broken from this one; newest first."""
    spec = read_spec(folder.spec)
    if not breaks_of(spec) and not missing_of(spec):
        return []
    found: list[Relative] = []
    for run, other in runs_like(folder.workspace, spec):
        if name := break_between(other, spec):
            found += relative(folder, run, "intact", other, name)
        elif name := break_between(spec, other):
            found += relative(folder, run, "broken", spec, name)
    return sorted(found, key=lambda one: one["kind"] != "intact")


def relative(folder: RunFolder, run: str, side: Side, intact: RunSpec, name: str) -> list[Relative]:
    """One entry; none where the run was deleted in this very moment."""
    one = breaks_of(intact)[name]
    try:
        other = open_run(folder.workspace, run)
        member = member_of(other, read_state(other), title=one.title, kind=side)
    except StudioError:
        return []
    return [{**member, "gauge": gauge_of(intact, one)}]


def read_beside(folder: RunFolder, other: str = "") -> Beside:
    """A run beside the one that it was broken from, or beside one that was broken from it.

    Args:
        other: id of the run to compare with; the first relative if not given.

    Raises:
        RunError: there is none, or `other` is not one of them.
    """
    known = list_relatives(folder)
    chosen = next((one for one in known if other in ("", one["run"])), None)
    if chosen is None:
        raise RunError(
            tr(
                "The run {other!r} is not this one with, or without, a single safeguard of an intact run."
            ).format(other=other)
            if other
            else tr(
                "There is no run that is this one with, or without, a single safeguard of an intact run."
            ),
            code="no-relative",
            remedy=f"Known: {', '.join(one['run'] for one in known)}."
            if known
            else tr("Take a safeguard away with Break it on the page Views, or with `train … --set`."),
        )
    runs = (chosen["run"], folder.id) if chosen["kind"] == "intact" else (folder.id, chosen["run"])
    intact, broken = (epoch_rows(read_rows(open_run(folder.workspace, run).metrics)) for run in runs)
    both = last_common(intact, broken)
    return {
        "intact": runs[0],
        "broken": runs[1],
        "title": chosen["title"],
        "gauge": chosen["gauge"],
        "rows": join_rows(intact, broken),
        "said": say_beside(chosen["title"], chosen["gauge"], *both) if both else "",
    }


def join_rows(intact: list[EpochRow], broken: list[EpochRow]) -> list[BesideRow]:
    """Both by epoch."""
    one, two = ({row["epoch"]: measured(row) for row in rows} for rows in (intact, broken))
    return [
        {"epoch": epoch, "intact": one.get(epoch), "broken": two.get(epoch)} for epoch in sorted({*one, *two})
    ]


def measured(row: EpochRow) -> Measured:
    return {
        "probe_accuracy": row.get("probe_accuracy"),
        "spread": row.get("spread"),
        "deviation": row.get("deviation"),
        "projector_rank": row.get("projector_rank"),
        "rankme": row.get("rankme"),
    }
