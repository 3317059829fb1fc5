"""One training from a spec: data, model and loop put together, and what is kept of each event.

Going on from a checkpoint must undo exactly what writing one does, so both stay in one file, however long.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import torch

from selfsup_core.errors import CheckpointError
from selfsup_core.evaluate.glance import choose_early, is_watchable
from selfsup_core.evaluate.rows import EpochRow, Metrics, StepRow
from selfsup_core.files import finite, keep_copy
from selfsup_core.runs.folder import MetricsWriter, read_rows
from selfsup_core.runs.frames import FrameStore
from selfsup_core.runs.saved import BestState, StepState, frames_of
from selfsup_core.runs.spec import saved_digest, task_of
from selfsup_core.runs.state import Best, ChangeRow
from selfsup_core.runs.weights import WeightStore
from selfsup_core.tasks import TASKS, Task, TaskContext
from selfsup_core.train.checkpoint import (
    Belongs,
    discard_newer,
    load_checkpoint,
    load_newest,
    prune,
    refuse_others,
    save_checkpoint,
    set_aside,
)
from selfsup_core.train.device import choose_device
from selfsup_core.train.loop import Event, Loop
from selfsup_core.train.trained import trained_state
from selfsup_core.workers.keeper import Stop, open_metrics, read_changes

if TYPE_CHECKING:
    from selfsup_core.workers.keeper import RunKeeper

PHASE_SECONDS, PHASE_SHARE = (
    1.0,
    0.25,
)  # the longest that a phase is held up, and of an epoch's time
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
            spec.train.device, threads=spec.train.threads, parameters=state["parameters"]
        )
        torch.set_num_threads(self.choice.threads)
        make = TASKS[task_of(spec)]
        context = TaskContext(
            spec, folder.path, folder.workspace, self.choice, keeper.persist, self._tell, self._phase
        )
        self.task: Task = keeper.attend(lambda: make(context), "Loading the data.")
        self.model, self.objective = self.task.model, self.task.objective
        self.loop = Loop(
            self.model,
            self.objective,
            values=self.task.values,
            rows=self.task.rows,
            config=spec.train,
            choice=self.choice,
            seed=spec.seed,
            solve=self.task.solver(),
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
        self.best: Best | None = None
        self.best_weights: dict[str, torch.Tensor] | None = None
        self.since_best = 0
        self.reason = "all epochs finished"
        self.saved_step = -1
        self.has_measured = False
        self.began = (0.0, 0.0)
        self.early_steps = choose_early(self.task.glance_rows, self.loop.rows_per_epoch)
        self._go_on()
        for note in self.task.notes:
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
            "Preparing the samples to show.",
        )

    def _tell(self, text: str) -> None:
        """What takes its time before training begins. Waits while the run is paused; raises Stop when a
        person asked for it meanwhile.
        """
        self.keeper.state["message"] = text
        self.keeper.beat(force=True)
        self.keeper.heed_stop()
        self.keeper.hold()

    def _phase(self, name: str) -> None:
        """Which part of an epoch is running; in slow motion long enough to be seen."""
        state = self.keeper.state
        state["phase"] = name
        if state["epochs_per_second"]:
            self.keeper.beat(force=True)
            time.sleep(min(PHASE_SECONDS, PHASE_SHARE / state["epochs_per_second"]))

    def _go_on(self) -> None:
        """Load the newest valid checkpoint, if there is one, and cut back what was written after it."""
        folder = self.keeper.folder
        refuse_others(folder.checkpoints, self.accepted)
        saved: StepState | None
        saved, problems = load_newest(folder.checkpoints, self.accepted)
        for index, problem in enumerate(problems):
            is_last = index == len(problems) - 1
            then = "The previous one was used." if saved else "The run starts again."
            self._notice(f"{problem} {then}" if is_last else problem)
        step, epoch = -1, -1
        if saved:
            self.loop.load(saved["loop"])
            self.task.load(saved.get("task", {}))
            self.best, self.since_best = saved["best"], saved["since_best"]
            if self.task.chosen_by is None:  # written by an earlier version
                self.best = None
            step, epoch = self.loop.step, self.loop.epoch
            self.saved_step = step
        for aside in set_aside(folder.checkpoints, f"step-{step:09d}" if saved else ""):
            self._notice(f"The damaged checkpoint is kept as checkpoints/{aside}.")
        if problems and not saved:
            self.keeper.persist(lambda: keep_copy(folder.metrics))
        best = f"best-{self.best['epoch']:06d}" if self.best else ""
        discard_newer(folder.checkpoints, best, "best-")
        self.frames.go_on(frames_of(saved) if saved else None, epoch, step)
        self.weights.load(epoch if saved else None)
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
                "best": self.best,
                "metrics": cast("Metrics", {k: v for k, v in row.items() if k not in NO_METRICS}),
            }
        changes = read_changes(folder)
        for change in changes:
            if change["step"] <= step:
                self._apply(change["name"], change["value"])
        # Changes made after the checkpoint take effect again at the same step, so the outcome is the same.
        self.replay = [change for change in changes if change["step"] > step]
        self.loop.stops = {change["step"] for change in self.replay} | self.early_steps
        self.changes = persist(lambda: MetricsWriter(folder.path / "changes.jsonl"))

    def _notice(self, text: str) -> None:
        self.keeper.notice(text)

    def train(self) -> None:
        """Consume the loop's events until it is done. Raises Stop, Diverged, StudioError."""
        keeper = self.keeper
        keeper.start_clock()
        if self.loop.step == 0 and self.frames.last is None:
            self._look(Event("epoch", 0, 0.0))
        if self.loop.epoch:
            self._measure_baseline()
        keeper.last_checkpoint = self.epoch_began = time.monotonic()
        self.epoch_seconds = self.loop.seconds
        # Time before the first step (epoch 0) must not affect the estimate of the remaining time.
        self.began = (keeper.elapsed(), self.loop.progress)
        keeper.obey(self)
        for event in self.loop.events():
            self._replay_changes()
            if event.kind == "epoch":
                self._look(event)
                self._measure_baseline()
                self._rest()
                keeper.obey(self, is_epoch_end=self.loop.epoch < self.spec.train.epochs)
                self.epoch_began, self.epoch_seconds = time.monotonic(), self.loop.seconds
                if self._has_stalled():
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
        # Its duration must not affect the estimate of the remaining time.
        self.began = (self.began[0] + self.keeper.elapsed() - began, self.began[1])
        self.keeper.beat(force=True)

    def _finish(self) -> None:
        """What is computed once, at the end; a resume after a crash in here computes it again."""
        final = finite(self.task.finish(self._best_state()))
        self.keeper.state["verdict"] = self.task.verdict
        if final:
            self.keeper.state["metrics"] = self.keeper.state["metrics"] | final

    def _best_state(self) -> dict[str, torch.Tensor] | None:
        """Weights of the best epoch, from its checkpoint; None when the last epoch is the best, or there is
        none.
        """
        if not self.best or self.best["epoch"] == self.loop.epoch:
            return None
        folder = self.keeper.folder.checkpoints / f"best-{self.best['epoch']:06d}"
        try:
            found: BestState = load_checkpoint(folder, self.accepted)
        except CheckpointError as error:
            self._notice(f"{error.message} The last epoch's weights were used.")
            return None
        return found["model"]

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
            "seconds_left": self._seconds_left(),
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
            "" if epoch else "Evaluating the network before training.",
            is_stoppable=epoch == 0,
        )
        seconds = loop.seconds - self.epoch_seconds if epoch else 0.0
        rate = loop.rows_per_epoch / seconds if seconds else None
        metrics = finite(event.terms | look.metrics)
        measured = {"learning_rate": loop.used_learning_rate, "samples_per_second": rate, **metrics}
        # Each task has metrics of its own, by names of which the row's type knows those that are looked at.
        row = cast("EpochRow", {"kind": "epoch", "step": event.step, "epoch": epoch, **measured})
        is_last = epoch == self.spec.train.epochs
        # The first epoch does not wait for it; a resumed run may have it by then, and must say the same.
        baseline = keeper.state.get("baseline") if epoch > 1 else None
        by = self.task.chosen_by
        is_better = bool(by and epoch and self._is_better(cast("float", look.metrics[by])))
        signs = self.task.find_signs(
            row, self.past, baseline, is_last=is_last or self._will_stall(is_better=is_better)
        )
        if signs:
            row["signs"] = signs
        self.past.append(row)
        # Weights first: whoever sees a frame may ask for them.
        kept = self.task.kept_model
        keeper.persist(lambda: self.weights.write_weights(epoch, kept, is_last=is_last))
        keeper.persist(lambda: self.task.write_frame(self.frames, epoch, look, is_last=is_last))
        self._write(row)
        if by and is_better:
            self.best = {"epoch": epoch, "val_loss": look.metrics["val_loss"]}  # every task has one
            if by != "val_loss":
                self.best["choice_loss"] = look.metrics[by]
            self.best_weights = {k: v.detach().clone() for k, v in trained_state(kept).items()}
            self.since_best = 0
        elif epoch and by:
            self.since_best += 1
        keeper.state |= {
            "epoch": epoch,
            "step": event.step,
            "epoch_progress": 0.0,
            "best": self.best,
            "metrics": metrics,
            "samples_per_second": rate or keeper.state["samples_per_second"],
            "seconds_left": self._seconds_left(),
        }
        keeper.beat(force=epoch <= 1)
        if not is_last and self.task.turn():
            loop.restart()
        self._save_if_due()

    def _is_better(self, loss: float) -> bool:
        """Than the best so far, where the two can be compared."""
        best = self.best
        if best is None or best["epoch"] < self.objective.settled_from:
            return True
        lowest = best["val_loss"] if self.task.chosen_by == "val_loss" else best.get("choice_loss")
        return lowest is None or loss < lowest

    def _write(self, row: EpochRow | StepRow) -> None:
        row["seconds"] = round(self.keeper.elapsed(), 4)
        self.keeper.persist(lambda: self.metrics.append(row))

    def _seconds_left(self) -> float | None:
        done = self.loop.progress - self.began[1]
        if done < 0.05:
            return None
        pace = self.keeper.state["epochs_per_second"]
        each = max((self.keeper.elapsed() - self.began[0]) / done, 1 / pace if pace else 0.0)
        return round(each * (self.spec.train.epochs - self.loop.progress), 1)

    def _rest(self) -> None:
        """Slow down to the speed asked for, so that an epoch can be watched."""
        while pace := self.keeper.state["epochs_per_second"]:
            left = self.epoch_began + 1 / pace - time.monotonic()
            if left <= 0 or self.loop.epoch >= self.spec.train.epochs or self.keeper.step_from is not None:
                return
            time.sleep(min(left, 0.05))
            self.keeper.obey(self)
            self.keeper.beat()

    def _will_stall(self, *, is_better: bool) -> bool:
        """Whether early stopping makes this epoch the last one."""
        patience = self.spec.train.patience
        return bool(patience and self.task.chosen_by and not is_better and self.since_best + 1 >= patience)

    def _has_stalled(self) -> bool:
        patience = self.spec.train.patience
        if not patience or self.since_best < patience:
            return False
        self.reason = f"no better validation loss for {patience} epochs (early stopping)"
        return True

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return self.loop.epoch

    def save(self) -> None:
        """Write a checkpoint of this very step, and the best weights if they are new."""
        folder, loop = self.keeper.folder.checkpoints, self.loop
        if loop.step == self.saved_step and self.best_weights is None:
            return
        best, weights = self.best, self.best_weights
        if best and weights:
            name = f"best-{best['epoch']:06d}"
            self.keeper.persist(lambda: save_checkpoint(folder, name, BestState(model=weights), self.belongs))
            prune(folder, "best-", keep=1)
            self.best_weights = None
        previous = self.frames.previous
        state: StepState = {
            "loop": loop.state(),
            "best": self.best,
            "since_best": self.since_best,
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
        self._apply(name, value)
        loop = self.loop
        row: ChangeRow = {
            "kind": "change",
            "step": loop.step,
            "epoch": loop.progress,
            "name": name,
            "value": value,
        }
        self.keeper.persist(lambda: self.changes.append(row))

    def _apply(self, name: str, value: float) -> None:
        if name == "learning_rate":
            self.loop.set_learning_rate(value)
        self.keeper.note(**{name: value})

    def _replay_changes(self) -> None:
        while self.replay and self.replay[0]["step"] <= self.loop.step:
            change = self.replay.pop(0)
            self._apply(change["name"], change["value"])
