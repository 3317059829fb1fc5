"""Takes sweeps forward: hands in their runs one after the other, asks Optuna, stops what is clearly worse.

Everything that it decides is on disk before it acts, so one that is killed is replaced by another that goes
on. It only reads and writes files; `sweeper.py` is the process in which it works.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from selfsup_core.errors import RunError, StudioError
from selfsup_core.evaluate.compared import Measure
from selfsup_core.runs.folder import ENDED, RunFolder, read_rows, read_state
from selfsup_core.runs.labels import add_tags
from selfsup_core.runs.queue import find_submission
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.state import RunState
from selfsup_core.runs.sweeps.effect import Trial
from selfsup_core.runs.sweeps.folder import (
    SweepFolder,
    read_pruned,
    read_sweep_plan,
    read_sweep_state,
    token_of,
    write_proposed,
    write_pruned,
    write_sweep_state,
)
from selfsup_core.runs.sweeps.plan import Plan
from selfsup_core.runs.sweeps.results import is_settled, measure_of, read_trials
from selfsup_core.runs.sweeps.score import score_in
from selfsup_core.runs.sweeps.suggest import Told, is_clearly_worse, suggest
from selfsup_core.translation import tr, tr_later
from selfsup_core.workers.short_runs import halt, hand_in
from selfsup_core.workers.supervisor import ensure_supervisor

FULL = tr_later("The queue is full; the next run waits until it has room.")


class Sweeping:
    """One sweep that is at work; `step` again and again until `is_over`.

    Attributes:
        order: (place of the combination, seed) of all runs so far. at: the one that is at work or next.
        current: the run at work.
        tried: runs that were continued: each once, so that one that always dies does not hold up the rest.
    """

    def __init__(self, folder: SweepFolder, supervise: Callable[[Path], None] = ensure_supervisor) -> None:
        self.folder, self.supervise = folder, supervise
        self.plan: Plan = read_sweep_plan(folder)
        self.order = self.plan.order()
        self.at = 0
        self.current: RunFolder | None = None
        self.tried: set[str] = set()
        self.is_over = False
        self.epoch_seen = -1
        self.curves: dict[str, dict[int, float]] = {}
        self.measure: Measure | None = None

    def step(self) -> None:
        """Look after the run at work, or hand in the next one; never waits."""
        state = read_sweep_state(self.folder)
        if state["status"] != "running":
            self.is_over = True
            return
        if self.current is not None:
            run = self._look(self.current)
            if run is not None and run["status"] not in ENDED:
                self._stop_if_worse(self.current, run)
                return
            self.current, self.epoch_seen = None, -1
            self.at += 1
        self._go_on()

    def _look(self, run: RunFolder) -> RunState | None:
        """The state of a run, None when it was deleted or damaged meanwhile."""
        try:
            return read_state(run)
        except RunError:
            return None

    def _go_on(self) -> None:
        """Hand in the next run that has not ended for good; without one, the sweep is finished."""
        while True:
            while self.at < len(self.order):
                if self._begin(*self.order[self.at]):
                    return
                self.at += 1
            if not self._propose():
                break
        with self.folder.lock():
            state = read_sweep_state(self.folder)
            if state["status"] == "running":
                write_sweep_state(self.folder, state, status="finished", message="")
        self.is_over = True

    def _begin(self, place: int, seed: int) -> bool:
        """Hand a run in, or find it at work; False where it has ended for good, or is not to be continued."""
        point = self.plan.points[place]
        token = token_of(self.folder, point, seed)
        with self.folder.lock():
            state = read_sweep_state(self.folder)
            if state["status"] != "running":
                self.is_over = True
                return True
            found = find_submission(self.folder.workspace, token)
            known = self._look(found) if found else None
            if found and (known is None or not self._is_wanted(known, state["retry"])):
                return False
            spec = self.plan.spec_of(point, seed)
            run = hand_in(
                self.folder.workspace,
                spec,
                found,
                submission=token,
                part_of=self.folder.id,
                preset=state["preset"],
                owner=state["owner"],
                fill=self._tag,
            )
            if run is None:
                if state["message"] != FULL:
                    write_sweep_state(self.folder, state, message=FULL)
                return True  # tried again at the next step: `current` is still none
            self.tried.add(run.id)
            if state["message"] or run.id in state["retry"]:
                rest = [one for one in state["retry"] if one != run.id]
                write_sweep_state(self.folder, state, message="", retry=rest)
        self.current = run
        self.supervise(self.folder.workspace)
        return True

    def _tag(self, run: Path) -> None:
        """Lets the list of runs find it."""
        add_tags(run, [self.folder.tag])

    def _is_wanted(self, run: RunState, retry: list[str]) -> bool:
        """Whether a run that is there is waited for or continued."""
        if run["status"] not in ENDED:
            return True
        is_lost = run["run"] in self.tried or run["stop_reason"] == "diverged"
        if is_lost or run["run"] in read_pruned(self.folder):
            return False
        return run["status"] == "interrupted" or (run["status"] == "stopped" and run["run"] in retry)

    def _propose(self) -> bool:
        """Have Optuna propose one more combination; whether there is one."""
        plan = self.plan
        if plan.config.method != "optuna" or len(plan.points) >= plan.total:
            return False
        both = read_trials(self.folder, plan)
        measure = measure_of(self.folder.workspace, plan, both)
        told = []
        for place, point in enumerate(plan.points):
            scores = [
                score
                for trial, run in both
                if trial["place"] == place and run and (score := self._told(trial, run, measure)) is not None
            ]
            told.append(Told(point, statistics.fmean(scores) if scores else None))
        is_higher = measure is None or measure.better == "higher"
        found = suggest(plan, told, is_higher_better=is_higher)
        if found is None:
            return False
        write_proposed(self.folder, [*plan.points, found])
        self.plan = read_sweep_plan(self.folder)
        self.order = self.plan.order()
        return True

    def _told(self, trial: Trial, run: RunState, measure: Measure | None) -> float | None:
        """What Optuna is told of a run: of one that was stopped early, the score where it was stopped."""
        if measure is None or not is_settled(trial):
            return None
        return score_in(run["metrics"], measure)

    # What is clearly worse

    def _stop_if_worse(self, run: RunFolder, state: RunState) -> None:
        if not self.plan.config.prune or state["epoch"] == self.epoch_seen or state["status"] == "queued":
            return
        self.epoch_seen = state["epoch"]
        pruned = read_pruned(self.folder)
        if run.id in pruned:  # decided by one that was killed before it could say so
            halt(run, pruned[run.id]["why"])
            return
        others = self._finished_curves()
        if self.measure is None or not others:
            return
        curve = self._curve(run)
        is_higher = self.measure.better == "higher"
        if not is_clearly_worse(curve, others, epochs=state["epochs"], is_higher_better=is_higher):
            return
        epoch = max(curve)
        why = tr(
            "clearly worse than the other runs of its sweep: in the worst quarter at epoch {epoch}"
        ).format(epoch=epoch)
        write_pruned(self.folder, pruned | {run.id: {"epoch": epoch, "why": why}})
        halt(run, why)

    def _finished_curves(self) -> list[dict[int, float]]:
        """Epoch → score of each finished run; read once."""
        both = read_trials(self.folder, self.plan)
        measure = measure_of(self.folder.workspace, self.plan, both)
        if measure != self.measure:
            self.measure, self.curves = measure, {}
        for trial, _ in both:
            if trial["status"] == "finished" and trial["run"] not in self.curves:
                run = RunFolder(self.folder.workspace / "runs" / trial["run"])
                self.curves[trial["run"]] = self._curve(run)
        return [curve for curve in self.curves.values() if curve]

    def _curve(self, run: RunFolder) -> dict[int, float]:
        """Epoch → score, from epoch 1 on."""
        if self.measure is None:
            return {}
        found = {}
        for row in epoch_rows(read_rows(run.metrics)):
            score = score_in(row, self.measure)
            if row["epoch"] > 0 and score is not None:
                found[row["epoch"]] = score
        return found


def stop_sweep(folder: SweepFolder) -> None:
    """Stop a sweep and its run at work; what is finished is kept. Raises RunError: it is not at work."""
    with folder.lock():
        state = read_sweep_state(folder)
        if state["status"] != "running":
            raise RunError(
                tr("The sweep is {status}, so there is nothing to stop.").format(status=state["status"]),
                code="not-active",
            )
        write_sweep_state(folder, state, status="stopped", message="")
    for run in runs_at_work(folder):
        halt(run)


def runs_at_work(folder: SweepFolder) -> list[RunFolder]:
    """Runs of a sweep that wait or train; one at most, unless people have resumed others by hand."""
    return [
        RunFolder(folder.workspace / "runs" / trial["run"])
        for trial, _ in read_trials(folder, read_sweep_plan(folder))
        if trial["run"] and trial["status"] not in ENDED
    ]


def resume_sweep(folder: SweepFolder) -> None:
    """Train what is missing; runs that were stopped by hand or interrupted are continued.

    Raises:
        RunError: nothing is missing, or the sweep is damaged.
    """
    trials = [trial for trial, _ in read_trials(folder, read_sweep_plan(folder))]
    retry = [trial["run"] for trial in trials if trial["status"] == "stopped" and not trial["pruned"]]
    with folder.lock():
        state = read_sweep_state(folder)
        if state["status"] == "running":
            return
        is_whole = state["status"] == "finished" and all(map(is_settled, trials))
        if is_whole:
            raise RunError(tr("All runs of the sweep have ended."), code="not-active")
        write_sweep_state(folder, state, status="running", message="", error=None, retry=retry)


def fail_sweep(folder: SweepFolder, error: StudioError) -> None:
    """Say why a sweep cannot go on."""
    with folder.lock():
        state = read_sweep_state(folder)
        if state["status"] == "running":
            write_sweep_state(folder, state, status="failed", message="", error=error.as_dict())
