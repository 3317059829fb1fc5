"""One training from a spec: data, model and loop put together, and what is kept of each event.

Going on from a checkpoint must undo exactly what writing one does, so both stay in this file.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, cast

import torch

from selfsup_core.errors import RankLost
from selfsup_core.evaluate.glance import choose_early, is_watchable
from selfsup_core.evaluate.rows import EpochRow, Metrics, StepRow
from selfsup_core.files import finite, keep_copy
from selfsup_core.runs.folder import MetricsWriter, read_rows
from selfsup_core.runs.frames import FrameStore
from selfsup_core.runs.saved import StepState, frames_of
from selfsup_core.runs.spec import saved_digest, task_of
from selfsup_core.runs.weights import WeightStore
from selfsup_core.tasks import TASKS, Task, TaskContext
from selfsup_core.train.checkpoint import (
    Belongs,
    discard_newer,
    load_newest,
    prune,
    refuse_others,
    save_checkpoint,
    set_aside,
)
from selfsup_core.train.device import choose_device
from selfsup_core.train.loop import Event, Loop
from selfsup_core.translation import tr
from selfsup_core.workers.best import BestEpoch
from selfsup_core.workers.branched import begin_branch, say_begun
from selfsup_core.workers.changes import LiveChanges
from selfsup_core.workers.following import follow_run
from selfsup_core.workers.identified import note_identity
from selfsup_core.workers.keeper import Stop, open_metrics
from selfsup_core.workers.pace import Pace, show_phase
from selfsup_core.workers.precision import decide_precision
from selfsup_core.workers.ranks import start_ranks

if TYPE_CHECKING:
    from selfsup_core.workers.keeper import RunKeeper

# What a row of an epoch holds beside its metrics.
NO_METRICS = (
    "kind",
    "step",
    "epoch",
    "seconds",
    "learning_rate",
    "samples_per_second",
    "signs",
)


class Session:
    """Everything of a run that lives in memory.

    Raises:
        DataError, SettingError: the data or the device are not there.
    """

    def __init__(self, keeper: RunKeeper) -> None:
        self.keeper, self.spec, folder = keeper, keeper.spec, keeper.folder
        spec, state = keeper.spec, keeper.state
        self.choice = choose_device(
            spec.train.device,
            threads=spec.train.threads,
            parameters=state["parameters"],
            devices=spec.train.devices,
        )
        torch.set_num_threads(self.choice.threads)
        ranks = start_ranks(keeper, self.choice)
        make = TASKS[task_of(spec)]
        phase = partial(show_phase, keeper)
        context = TaskContext(
            spec, folder.path, folder.workspace, self.choice, keeper.persist, self._tell, phase
        )
        self.task: Task = keeper.attend(lambda: make(context), tr("Loading the data."))
        self.model, self.objective = self.task.model, self.task.objective
        self.choice = decide_precision(keeper, self.task, self.choice)
        team = ranks.join(self.task) if ranks else None
        self.loop = Loop(
            self.model,
            self.objective,
            values=self.task.values,
            rows=self.task.rows,
            config=spec.train,
            choice=self.choice,
            seed=spec.seed,
            solve=self.task.solver(),
            team=team,
        )
        self.frames = keeper.persist(
            lambda: FrameStore(
                folder.frames, max_frames=spec.frames.max_frames, max_megabytes=spec.frames.max_megabytes
            )
        )
        self.weights = keeper.persist(
            lambda: WeightStore(
                folder.weights,
                max_frames=spec.frames.max_frames,
                max_megabytes=spec.frames.weights_megabytes,
            )
        )
        self.belongs = {"spec": saved_digest(folder.spec), "data": self.task.digest}
        # Checkpoints of 0.1 have another digest of the same spec.
        self.accepted: Belongs = self.belongs | {
            "spec": (self.belongs["spec"], spec.digest_without_defaults())
        }
        self.best = BestEpoch(self.task, spec.train.patience)
        identified = note_identity(keeper, self.choice, self.belongs)
        self.pace = Pace(keeper, self.loop)
        self.changes = LiveChanges(keeper, self.loop)
        self.following = follow_run(keeper)
        self.reason = tr("all epochs finished")
        self.saved_step = -1
        self.has_measured = False
        self.early_steps = choose_early(self.task.glance_rows, self.loop.rows_per_epoch)
        self._go_on()
        for note in (*self.task.notes, *identified):  # what was loaded may have added some
            if note not in state.get("notices", []):
                self._notice(note)
        state |= {
            "device": self.choice.as_dict(),
            "steps_per_epoch": self.loop.steps_per_epoch,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "message": "",
        }
        keeper.attend(
            lambda: keeper.persist(lambda: self.task.write_static(self.frames)),
            tr("Preparing the samples to show."),
        )

    def _tell(self, text: str) -> None:
        """What takes its time before training begins. Waits while the run is paused; raises Stop when a
        person asked for it meanwhile.
        """
        self.keeper.state["message"] = text
        self.keeper.beat(force=True)
        self.keeper.heed_stop()
        self.keeper.hold()

    def _go_on(self) -> None:
        """Load the newest valid checkpoint, if there is one, and cut back what was written after it."""
        folder = self.keeper.folder
        refuse_others(folder.checkpoints, self.accepted)
        saved: StepState | None
        saved, problems = load_newest(folder.checkpoints, self.accepted)
        for index, problem in enumerate(problems):
            is_last = index == len(problems) - 1
            then = tr("The previous one was used.") if saved else tr("The run starts again.")
            self._notice(f"{problem} {then}" if is_last else problem)
        step, epoch = -1, -1
        if saved:
            self.loop.load(saved["loop"])
            self.task.load(saved.get("task", {}))
            self.best.go_on(saved["best"], saved["since_best"])
            step, epoch = self.loop.step, self.loop.epoch
            self.saved_step = step
        frames = frames_of(saved) if saved else None
        if not saved and (branched := self.keeper.state.get("branched_at")):
            step, frames = begin_branch(folder, self.model, self.loop, branched)
            epoch = branched
            self._notice(say_begun(epoch))
        for aside in set_aside(folder.checkpoints, f"step-{step:09d}" if saved else ""):
            self._notice(tr("The damaged checkpoint is kept as checkpoints/{aside}.").format(aside=aside))
        if problems and not saved:
            self.keeper.persist(lambda: keep_copy(folder.metrics))
        discard_newer(folder.checkpoints, self.best.checkpoint, "best-")
        self.frames.go_on(frames, epoch, step)
        self.weights.load(epoch if frames else None)
        persist = self.keeper.persist
        self.metrics: MetricsWriter = persist(lambda: open_metrics(folder, step))
        self.past: list[EpochRow] = [
            cast("EpochRow", row) for row in read_rows(folder.metrics) if row.get("kind") == "epoch"
        ]
        if self.past:
            # The state may be older than the checkpoint; after the last epoch no other would bring it up to
            # date.
            row = self.past[-1]
            self.keeper.state |= {
                "epoch": row["epoch"],
                "step": step,
                "best": self.best.found,
                "metrics": cast("Metrics", {k: v for k, v in row.items() if k not in NO_METRICS}),
            }
        self.changes.go_on(step)
        self.loop.stops = {change["step"] for change in self.changes.ahead} | self.early_steps

    def _notice(self, text: str) -> None:
        self.keeper.notice(text)

    def train(self) -> None:
        """Consume the loop's events until it is done. Raises Stop, Diverged, StudioError."""
        try:
            self._train()
        except RankLost:
            self.save()  # up to the last whole step nothing is lost
            raise

    def _train(self) -> None:
        keeper = self.keeper
        keeper.start_clock()
        if self.loop.step == 0 and self.frames.last is None:
            self._look(Event("epoch", 0, 0.0))
        if self.loop.epoch:
            self._measure_baseline()
        keeper.last_checkpoint = time.monotonic()
        self.pace.start()
        keeper.obey(self)
        for event in self.loop.events():
            self.changes.replay()
            if event.kind == "epoch":
                self._look(event)
                self._measure_baseline()
                self.pace.rest(self)
                keeper.obey(self, is_epoch_end=self.loop.epoch < self.spec.train.epochs)
                self.pace.start_epoch()
                if self.best.has_stalled:
                    patience = self.spec.train.patience
                    self.reason = tr(
                        "no better validation loss for {patience} epochs (early stopping)"
                    ).format(patience=patience)
                    break
            elif event.kind == "step":
                row = {"kind": "step", "step": event.step, "epoch": event.epoch, **event.terms}
                self._write(cast("StepRow", row))
            elif event.kind == "notice":
                self._notice(event.text)
            else:
                self._tick()
        self.save()
        keeper.state["epoch_progress"] = 0.0
        self._finish()

    def _measure_baseline(self) -> None:
        """Once, and not before the first epoch is seen: no one should wait for a comparison before there is
        something to compare.
        """
        state = self.keeper.state
        if state.get("baseline") or self.has_measured:
            return
        began = self.keeper.elapsed()
        try:
            state["baseline"] = self.keeper.attend(self.task.baseline, self.task.baseline_message)
        except Stop:
            self.save()
            raise
        self.has_measured = True
        self.pace.leave_out(began)
        self.keeper.beat(force=True)

    def _finish(self) -> None:
        """What is computed once, at the end; a resume after a crash in here computes it again."""
        folder = self.keeper.folder.checkpoints
        best = self.best.read(folder, self.accepted, self.loop.epoch, self._notice)
        final = finite(self.task.finish(best))
        self.keeper.state["verdict"] = self.task.verdict
        if final:
            self.keeper.state["metrics"] = self.keeper.state["metrics"] | final

    def _tick(self) -> None:
        keeper, loop = self.keeper, self.loop
        is_early = loop.epoch == 0 and loop.step in self.early_steps
        if is_early and is_watchable(loop.seconds, loop.step, loop.steps_per_epoch):
            terms = loop.epoch_sums.means()
            keeper.persist(lambda: self.task.write_early(self.frames, loop.step, terms))
        keeper.obey(self)
        keeper.state |= {
            "step": loop.step,
            "epoch_progress": loop.index / loop.rows_per_epoch,
            "seconds_left": self.pace.seconds_left(),
        }
        keeper.beat()
        self._save_if_due()

    def _save_if_due(self) -> None:
        if time.monotonic() - self.keeper.last_checkpoint >= self.spec.train.checkpoint_seconds:
            self.save()

    def _look(self, event: Event) -> None:
        """Evaluate at the end of an epoch; write its row and its frame, note the best."""
        keeper, loop, epoch = self.keeper, self.loop, round(event.epoch)
        self.objective.progress = float(epoch)
        look = keeper.attend(
            lambda: self.task.look(event.terms),
            # In later epochs, a message that comes and goes every epoch would only distract.
            "" if epoch else tr("Evaluating the network before training."),
            is_stoppable=epoch == 0,
        )
        rate = self.pace.samples_per_second() if epoch else None
        metrics = finite(event.terms | look.metrics)
        measured = {"learning_rate": loop.used_learning_rate, "samples_per_second": rate, **metrics}
        # Each task has metrics of its own, by names of which the row's type knows those that are looked at.
        row = cast("EpochRow", {"kind": "epoch", "step": event.step, "epoch": epoch, **measured})
        is_last = epoch == self.spec.train.epochs
        # The first epoch does not wait for it; a resumed run may have it by then, and must say the same.
        baseline = keeper.state.get("baseline") if epoch > 1 else None
        is_better = self.best.is_beaten(epoch, look.metrics)
        signs = self.task.find_signs(
            row, self.past, baseline, is_last=is_last or self.best.will_stall(is_better=is_better)
        )
        if signs:
            row["signs"] = signs
        self.past.append(row)
        # Weights first: whoever sees a frame may ask for them.
        kept = self.task.kept_model
        keeper.persist(lambda: self.weights.write_weights(epoch, kept, is_last=is_last))
        keeper.persist(lambda: self.task.write_frame(self.frames, epoch, look, is_last=is_last))
        self._write(row)
        self.best.note(epoch, look.metrics, is_better=is_better)
        keeper.state |= {
            "epoch": epoch,
            "step": event.step,
            "epoch_progress": 0.0,
            "best": self.best.found,
            "metrics": metrics,
            "samples_per_second": rate or keeper.state["samples_per_second"],
            "seconds_left": self.pace.seconds_left(),
        }
        keeper.beat(force=epoch <= 1)
        if not is_last and self.task.turn():
            loop.restart()
        self._save_if_due()

    def _write(self, row: EpochRow | StepRow) -> None:
        row["seconds"] = round(self.keeper.elapsed(), 4)
        self.keeper.persist(lambda: self.metrics.append(row))
        if self.following:
            self.following.look()

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return self.loop.epoch

    def save(self) -> None:
        """Write a checkpoint of this very step, and the best weights if they are new."""
        folder, loop = self.keeper.folder.checkpoints, self.loop
        if loop.step == self.saved_step and self.best.weights is None:
            return
        self.best.write(folder, self.belongs, self.keeper.persist)
        previous = self.frames.previous
        state: StepState = {
            "loop": loop.state(),
            "best": self.best.found,
            "since_best": self.best.since,
            "task": self.task.state(),
            "frames": {
                "stride": self.frames.stride,
                "previous": None if previous is None else torch.from_numpy(previous.copy()),
            },
        }
        name = f"step-{loop.step:09d}"
        self.keeper.persist(lambda: save_checkpoint(folder, name, state, self.belongs))
        prune(folder)
        self.saved_step, self.keeper.last_checkpoint = loop.step, time.monotonic()

    def set_live(self, name: str, value: float) -> None:
        """Change a live setting from the next step on, and write down when."""
        self.changes.make(name, value)
