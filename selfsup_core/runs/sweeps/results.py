"""What a sweep has found so far, from its runs: the trials, the best combination, the effect of each setting,
and the time that is left.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import TypedDict

from selfsup_core.errors import ErrorAbout
from selfsup_core.evaluate.compared import Better, Measure
from selfsup_core.evaluate.effects import pooled_margin
from selfsup_core.files import DamagedFile
from selfsup_core.runs.folder import ACTIVE, correct_state
from selfsup_core.runs.index import index_of
from selfsup_core.runs.queue import find_submission
from selfsup_core.runs.state import RunState
from selfsup_core.runs.sweeps.effect import Row, SettingEffect, Trial, effect_of
from selfsup_core.runs.sweeps.folder import (
    Status,
    SweepFolder,
    read_pruned,
    read_sweep_plan,
    read_sweep_state,
    token_of,
)
from selfsup_core.runs.sweeps.plan import Plan
from selfsup_core.runs.sweeps.score import candidates, doubt_of, foreseen, measured, score_in

START_SECONDS = 1.0  # a run takes beside its epochs
MOST_COMPARED = 6


class Sweep(TypedDict):
    """A sweep so far.

    Attributes:
        done: runs that are finished, failed or stopped early. active: the run at work, "" for none.
        metric: by which runs are ranked, with its title; "" where none is known.
        best: places of the combinations, the best first; those with all seeds before others.
        compared: runs of the best combinations, for Compare.
    """

    sweep: str
    name: str
    status: Status
    message: str
    error: ErrorAbout | None
    created: str
    preset: str
    method: str
    seeds: int
    prune: bool
    total: int
    done: int
    failed: int
    pruned: int
    stopped: int
    active: str
    share: float
    seconds: float
    seconds_left: float | None
    metric: str
    metric_title: str
    better: Better
    doubt: str
    paths: dict[str, str]
    rows: list[Row]
    best: list[int]
    effects: list[SettingEffect]
    compared: list[str]


def state_of(folder: SweepFolder, token: str) -> RunState | None:
    """The state of a sweep's run, None where it is not there or cannot be read."""
    found = find_submission(folder.workspace, token)
    if found is None:
        return None
    try:
        state = index_of(found.path.parent).read(found.id)  # of a run that has not changed, nothing is read
    except DamagedFile:
        return None
    return correct_state(state, found.path) if state else None


def read_trials(folder: SweepFolder, plan: Plan) -> list[tuple[Trial, RunState | None]]:
    """All runs, in the order in which they are trained; those that are not there yet, too."""
    pruned = read_pruned(folder)
    found: list[tuple[Trial, RunState | None]] = []
    for place, seed in plan.order():
        state = state_of(folder, token_of(folder, plan.points[place], seed))
        early = pruned.get(state["run"]) if state and state["status"] == "stopped" else None
        trial: Trial = {
            "place": place,
            "seed": seed,
            "run": state["run"] if state else "",
            "status": state["status"] if state else "",
            "epoch": state["epoch"] if state else 0,
            "epochs": state["epochs"] if state else plan.spec.train.epochs,
            "seconds": state["seconds"] if state else 0.0,
            "score": None,
            "pruned": early["why"] if early else "",
            "reason": state["stop_reason"] if state else "",
        }
        found.append((trial, state))
    return found


def is_settled(trial: Trial) -> bool:
    """Whether a run is not trained again: it has ended for good."""
    return trial["status"] in ("finished", "failed") or bool(trial["pruned"])


def measure_of(
    workspace: Path, plan: Plan, trials: Sequence[tuple[Trial, RunState | None]]
) -> Measure | None:
    """By which metric the runs are ranked: that of the finished ones, or the one that is foreseen."""
    paths = [one.path for one in plan.varied]
    ended = [state["metrics"] for trial, state in trials if state and trial["status"] == "finished"]
    return measured(candidates(plan.spec, paths), ended) or foreseen(workspace, plan.spec, paths)


def read_sweep(folder: SweepFolder) -> Sweep:
    """A sweep so far. Raises RunError: it is gone or damaged."""
    state, plan = read_sweep_state(folder), read_sweep_plan(folder)
    both = read_trials(folder, plan)
    measure = measure_of(folder.workspace, plan, both)
    for trial, run in both:
        if measure and run and trial["status"] == "finished":
            trial["score"] = score_in(run["metrics"], measure)
    trials = [trial for trial, _ in both]
    rows = rows_of(plan, trials)
    best = rank(rows, plan.config.seeds, measure)
    total = plan.runs
    done = sum(map(is_settled, trials))
    active = next((run for _, run in both if run and run["status"] in ACTIVE), None)
    part = (active["epoch"] + active["epoch_progress"]) / max(1, active["epochs"]) if active else 0.0
    return {
        "sweep": folder.id,
        "name": state["name"],
        "status": state["status"],
        "message": state["message"],
        "error": state["error"],
        "created": state["created"],
        "preset": state["preset"],
        "method": plan.config.method,
        "seeds": plan.config.seeds,
        "prune": plan.config.prune,
        "total": total,
        "done": done,
        "failed": sum(trial["status"] == "failed" for trial in trials),
        "pruned": sum(bool(trial["pruned"]) for trial in trials),
        "stopped": sum(
            trial["status"] in ("stopped", "interrupted") and not trial["pruned"] for trial in trials
        ),
        "active": active["run"] if active else "",
        "share": min(1.0, (done + min(1.0, part)) / max(1, total)),
        "seconds": sum(trial["seconds"] for trial in trials),
        "seconds_left": seconds_left(trials, active, total - done),
        "metric": measure.name if measure else "",
        "metric_title": measure.title if measure else "",
        "better": "lower" if measure and measure.better == "lower" else "higher",
        "doubt": doubt_of(plan.spec, measure),
        "paths": {one.path: one.setting.title for one in plan.varied},
        "rows": rows,
        "best": best,
        "effects": [effect_of(one, rows) for one in plan.varied],
        "compared": to_compare(rows, best),
    }


def seconds_left(trials: Sequence[Trial], active: RunState | None, missing: int) -> float | None:
    """By the mean of the finished runs; None before the first."""
    if not missing:
        return 0.0
    known = [trial["seconds"] for trial in trials if trial["status"] == "finished" and trial["seconds"]]
    if not known:
        return None
    each = statistics.fmean(known) + START_SECONDS
    if active is None:
        return each * missing
    share = min(1.0, (active["epoch"] + active["epoch_progress"]) / max(1, active["epochs"]))
    return each * (missing - share)


def rows_of(plan: Plan, trials: Sequence[Trial]) -> list[Row]:
    """The combinations with their scores."""
    mine: list[list[Trial]] = [[] for _ in plan.points]
    for trial in trials:
        mine[trial["place"]].append(trial)
    scores = [[t["score"] for t in some if t["score"] is not None] for some in mine]
    rows: list[Row] = []
    for place, (point, some, known) in enumerate(zip(plan.points, mine, scores, strict=True)):
        rows.append(
            {
                "place": place,
                "title": plan.say(point),
                "values": dict(point),
                "said": {one.path: one.say(point[one.path]) for one in plan.varied},
                "trials": some,
                "n": len(known),
                "score": statistics.fmean(known) if known else None,
                "margin": pooled_margin(scores, len(known)),
            }
        )
    return rows


def rank(rows: Sequence[Row], seeds: int, measure: Measure | None) -> list[int]:
    """Places of the combinations with a score, the best first; those with all seeds before others."""
    sign = -1.0 if measure is None or measure.better == "higher" else 1.0
    known = [row for row in rows if row["score"] is not None]
    return [
        row["place"]
        for row in sorted(known, key=lambda row: (row["n"] < seeds, sign * (row["score"] or 0.0)))
    ]


def to_compare(rows: Sequence[Row], best: Sequence[int]) -> list[str]:
    """Runs of the best combinations, as many as are shown side by side: all seeds of some, or the first of
    each.
    """
    finished = [
        [trial["run"] for trial in rows[place]["trials"] if trial["status"] == "finished"] for place in best
    ]
    finished = [runs for runs in finished if runs]
    if len(finished) > 1 and len(finished[0]) + len(finished[1]) <= MOST_COMPARED:
        chosen: list[str] = []
        for runs in finished:
            if len(chosen) + len(runs) <= MOST_COMPARED:
                chosen += runs
        return chosen
    if len(finished) == 1:
        return finished[0][:MOST_COMPARED]
    return [runs[0] for runs in finished[:MOST_COMPARED]]
