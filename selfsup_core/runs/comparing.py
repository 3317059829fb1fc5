"""Runs side by side: which settings differ, what each has reached, mean and deviation over seeds, and what of
it can be compared at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.errors import RunError, SettingError
from selfsup_core.evaluate.compared import (
    Measure,
    Spread,
    best_places,
    measures_of,
    spread_of,
    value_in,
)
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.runs.folder import RunFolder, open_run, read_rows, read_state
from selfsup_core.runs.matching import Compared, read_samples, same_samples
from selfsup_core.runs.notes import notes_on, unfair
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.spec import RunSpec, digest_of, known_settings, read_spec, value_at
from selfsup_core.translation import tr

FEWEST, MOST_SHOWN, MOST = 2, 6, 100
# Not of what is learned: the name, and how the run is paced and recorded.
ASIDE = ("name", "version", "train.epochs_per_second", "train.checkpoint_seconds", "frames.")


class Difference(TypedDict):
    """A setting that is not the same in all runs; None where a run has no such setting."""

    path: str
    title: str
    values: list[str | None]


class Measured(TypedDict):
    """A metric of all runs; best: places of the best, none where `unfair` says why they can't be ranked."""

    name: str
    title: str
    better: str
    values: list[float | None]
    best: list[int]
    unfair: str


class SeedGroup(TypedDict):
    """Runs that differ in their seed alone. places: among the runs, from 0."""

    places: list[int]
    seeds: list[int]
    metrics: dict[str, Spread | None]


class RunAbout(TypedDict):
    """What a comparison says of each run. at: the epoch whose metrics are given."""

    number: int
    run: str
    name: str
    task: str
    source: str
    source_title: str
    objective: str
    status: str
    seed: int
    epoch: int
    epochs: int
    at: int | None


class Comparison(TypedDict):
    """Runs side by side."""

    runs: list[RunAbout]
    settings: list[Difference]
    metrics: list[Measured]
    seeds: list[SeedGroup]
    same_samples: bool
    notes: list[str]


def read_compared(workspace: Path, runs: Sequence[str], *, most: int = MOST) -> list[Compared]:
    """Read the runs that are to be compared, in the order that is given.

    Raises:
        RunError: there is no such run, one is damaged, one is named twice, or they are too few or too many.
    """
    folders = [open_run(workspace, run) for run in runs]
    ids = [folder.id for folder in folders]
    if twice := next((run for run in ids if ids.count(run) > 1), ""):
        raise RunError(
            tr("The run {twice!r} is named twice.").format(twice=twice),
            code="same-run",
            remedy=tr("Name different runs to compare."),
        )
    if not FEWEST <= len(ids) <= most:
        raise RunError(
            tr("A comparison has {fewest} to {most} runs; found {count}.").format(
                fewest=FEWEST, most=most, count=len(ids)
            ),
            code="run-count",
            remedy=tr("`runs list` shows the runs."),
        )
    return [read_one(folder) for folder in folders]


def read_one(folder: RunFolder) -> Compared:
    try:
        spec = read_spec(folder.spec)
    except SettingError as error:
        raise RunError(
            tr("The settings of the run {id!r} cannot be read: {message}").format(
                id=folder.id, message=error.message
            ),
            code="damaged-run",
        ) from error
    rows = sorted(epoch_rows(read_rows(folder.metrics)), key=lambda row: row["epoch"])
    return Compared(folder, read_state(folder), spec, rows, read_samples(folder))


def compare(runs: Sequence[Compared], epoch: int | None = None) -> Comparison:
    """Runs side by side at an epoch.

    Args:
        epoch: each run's last one if not given. A run that has ended before stays at its last epoch.
    """
    shown = [row_at(run.rows, epoch) for run in runs]
    measured = [measure(runs, shown, one) for one in measures_of([run.task for run in runs])]
    metrics = [one for one in measured if any(value is not None for value in one["values"])]
    return {
        "runs": [about(place, run, shown[place]) for place, run in enumerate(runs)],
        "settings": differing_settings([run.spec for run in runs]),
        "metrics": metrics,
        "seeds": group_seeds([run.spec for run in runs], metrics),
        "same_samples": same_samples([run.samples for run in runs]),
        "notes": notes_on(runs),
    }


def row_at(rows: Sequence[EpochRow], epoch: int | None) -> EpochRow | None:
    """The row of the last epoch up to this one."""
    before = [row for row in rows if epoch is None or row["epoch"] <= epoch]
    return before[-1] if before else None


def about(place: int, run: Compared, row: EpochRow | None) -> RunAbout:
    state = run.state
    return {
        "number": place + 1,
        "run": run.folder.id,
        "name": state["name"] or run.folder.id,
        "task": run.task,
        "source": state["source"],
        "source_title": state["source_title"] or state["source"],
        "objective": run.spec.objective.kind,
        "status": state["status"],
        "seed": run.spec.seed,
        "epoch": state["epoch"],
        "epochs": state["epochs"],
        "at": row["epoch"] if row else None,
    }


def measure(runs: Sequence[Compared], shown: Sequence[EpochRow | None], one: Measure) -> Measured:
    """A metric of all runs, and which of them are best."""
    values = [value_in(row, run.state["metrics"], one.name) for run, row in zip(runs, shown, strict=True)]
    why = unfair(runs, one) if one.better else ""
    return {
        "name": one.name,
        "title": one.title,
        "better": one.better,
        "values": values,
        "best": [] if why else best_places(values, one.better),
        "unfair": why,
    }


def differing_settings(specs: Sequence[RunSpec]) -> list[Difference]:
    """The settings that are not the same in all runs, in the order of a spec."""
    known = [known_settings(spec) for spec in specs]
    paths = dict.fromkeys(path for settings in known for path in settings if not path.startswith(ASIDE))
    found: list[Difference] = []
    for path in paths:
        values = [
            value_at(spec, path) if path in own else None for spec, own in zip(specs, known, strict=True)
        ]
        if all(value == values[0] for value in values):
            continue
        setting = next(own[path] for own in known if path in own)
        said = [
            own[path].say(value) if path in own else None for value, own in zip(values, known, strict=True)
        ]
        found.append({"path": path, "title": setting.title, "values": said})
    return found


def group_seeds(specs: Sequence[RunSpec], metrics: Sequence[Measured]) -> list[SeedGroup]:
    """Runs that differ in their seed alone, where there are two or more of them."""
    groups: dict[str, list[int]] = {}
    for place, spec in enumerate(specs):
        groups.setdefault(digest_of(spec.as_dict() | {"seed": 0}), []).append(place)
    return [
        {
            "places": places,
            "seeds": [specs[place].seed for place in places],
            "metrics": {
                one["name"]: spread_of([one["values"][place] for place in places]) for one in metrics
            },
        }
        for places in groups.values()
        if len({specs[place].seed for place in places}) > 1
    ]
