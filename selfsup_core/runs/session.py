"""One training from a spec: data, model and loop put together, and what is kept of each event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import torch

from selfsup_core.data.batches import prepare
from selfsup_core.data.sources import open_source
from selfsup_core.evaluate.autoencoder import Evaluator
from selfsup_core.evaluate.trouble import find_signs
from selfsup_core.files import finite
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.project.pca import fit_pca
from selfsup_core.runs.folder import MetricsWriter, read_rows
from selfsup_core.runs.frames import FrameStore
from selfsup_core.runs.model import build_model
from selfsup_core.runs.weights import WeightStore
from selfsup_core.runs.worker import open_metrics, read_changes
from selfsup_core.train.checkpoint import discard_newer, load_newest, prune, save_checkpoint
from selfsup_core.train.device import choose_device
from selfsup_core.train.loop import Event, Loop

if TYPE_CHECKING:
    from selfsup_core.runs.worker import Worker


class Session:
    """Everything of a run that lives in memory.

    Raises:
        DataError, SettingError: the data or the device are not there.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker, self.spec, folder = worker, worker.spec, worker.folder
        spec, state = worker.spec, worker.state
        self.choice = choose_device(
            spec.train.device, threads=spec.train.threads, parameters=state["parameters"]
        )
        torch.set_num_threads(self.choice.threads)
        dataset = worker.persist(
            lambda: open_source(spec.data.source, folder.workspace, verify=True)
        )
        self.data = prepare(
            dataset, spec.data, self.choice.name, workspace=folder.workspace, progress=self._tell
        )
        self.objective = OBJECTIVES[spec.objective.kind](spec.objective)
        self.model = build_model(spec, self.objective, self.data).to(self.choice.name)
        self.evaluator = Evaluator(
            self.data, tiles=spec.frames.tiles, samples=spec.frames.samples,
            labels_per_class=spec.data.labels_per_class, seed=spec.data.split_seed,
            labels_fraction=spec.data.labels_fraction, left_out=self._left_out(),
        )  # fmt: skip
        self.loop = Loop(
            self.model, self.objective, values=self.data.values,
            rows=self.data.rows(self.data.split.train), config=spec.train, choice=self.choice,
            seed=spec.seed,
        )  # fmt: skip
        self.frames = worker.persist(lambda: FrameStore(
            folder.frames, max_frames=spec.frames.max_frames, max_megabytes=spec.frames.max_megabytes
        ))  # fmt: skip
        self.weights = worker.persist(lambda: WeightStore(
            folder.weights, max_frames=spec.frames.max_frames,
            max_megabytes=spec.frames.weights_megabytes,
        ))  # fmt: skip
        self.belongs = {"spec": spec.digest(), "data": dataset.digest}
        self.best: dict[str, Any] | None = None
        self.best_weights: dict[str, torch.Tensor] | None = None
        self.since_best = 0
        self.reason = "all epochs are done"
        self.saved_step = -1
        self.began = (0.0, 0.0)
        self._go_on()
        if self.data.note and self.data.note not in state.get("notices", []):
            self._notice(self.data.note)
        state |= {
            "device": self.choice.as_dict(),
            "steps_per_epoch": self.loop.steps_per_epoch,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "message": "",
        }
        worker.persist(lambda: self.frames.write_static(self.data, self.evaluator))

    def _left_out(self) -> int:
        name = self.spec.data.leave_out
        return self.data.dataset.classes.index(name) if name else -1

    def _tell(self, text: str) -> None:
        """What takes its time before training begins."""
        self.worker.state["message"] = text
        self.worker.beat(force=True)

    def _go_on(self) -> None:
        """Load the newest valid checkpoint, if there is one, and cut back what was written after it."""
        folder = self.worker.folder
        saved, problems = load_newest(folder.checkpoints, self.belongs)
        for index, problem in enumerate(problems):
            is_last = index == len(problems) - 1
            then = "The one before it was used." if saved else "The run begins again."
            self._notice(f"{problem} {then}" if is_last else problem)
        step, epoch = -1, -1
        if saved:
            self.loop.load(saved["loop"])
            self.best, self.since_best = saved["best"], saved["since_best"]
            step, epoch = self.loop.step, self.loop.epoch
            self.saved_step = step
            previous = saved["frames"]["previous"]
            saved["frames"]["previous"] = None if previous is None else previous.numpy()
        discard_newer(folder.checkpoints, f"step-{step:09d}" if saved else "")
        best = f"best-{self.best['epoch']:06d}" if self.best else ""
        discard_newer(folder.checkpoints, best, "best-")
        self.frames.go_on(saved["frames"] if saved else None, epoch)
        self.weights.load(epoch if saved else None)
        persist = self.worker.persist
        self.metrics: MetricsWriter = persist(lambda: open_metrics(folder, step))
        self.past = [row for row in read_rows(folder.metrics) if row["kind"] == "epoch"]
        changes = read_changes(folder)
        for change in changes:
            if change["step"] <= step:
                self._apply(change["name"], change["value"])
        # Changes made after the checkpoint take effect again at the same step, so the outcome is the same.
        self.replay = [change for change in changes if change["step"] > step]
        self.loop.stops = {change["step"] for change in self.replay}
        self.changes = persist(lambda: MetricsWriter(folder.path / "changes.jsonl"))

    def _notice(self, text: str) -> None:
        self.worker.state["notices"] = [*self.worker.state.get("notices", []), text][-10:]
        print(text, flush=True)

    def train(self) -> None:
        """Consume the loop's events until it is done. Raises Stop, Diverged, StudioError."""
        worker = self.worker
        worker.start_clock()
        if self.loop.step == 0 and self.frames.last is None:
            self._look(Event("epoch", 0, 0.0))
        if not worker.state.get("baseline"):
            worker.state["baseline"] = self.evaluator.baseline(
                self.model.code_size, fit_pca, has_reconstruction=self.objective.has_reconstruction
            )
        worker.last_checkpoint = self.epoch_began = time.monotonic()
        self.epoch_seconds = self.loop.seconds
        # What came before the first step (epoch 0, the baseline) says nothing of what is left.
        self.began = (worker.elapsed(), self.loop.progress)
        worker.obey(self)
        for event in self.loop.events():
            self._replay_changes()
            if event.kind == "epoch":
                self._look(event)
                self._rest()
                worker.obey(self, is_epoch_end=self.loop.epoch < self.spec.train.epochs)
                self.epoch_began, self.epoch_seconds = time.monotonic(), self.loop.seconds
                if self._has_stalled():
                    break
            elif event.kind == "step":
                self._write(
                    {"kind": "step", "step": event.step, "epoch": event.epoch} | event.terms
                )
            elif event.kind == "notice":
                self._notice(event.text)
            else:
                self._tick()
        self.save()
        worker.state["epoch_progress"] = 0.0

    def _tick(self) -> None:
        worker, loop = self.worker, self.loop
        worker.obey(self)
        worker.state |= {
            "step": loop.step,
            "epoch_progress": loop.index / len(loop.rows),
            "seconds_left": self._seconds_left(),
        }
        worker.beat()
        self._save_if_due()

    def _save_if_due(self) -> None:
        if time.monotonic() - self.worker.last_checkpoint >= self.spec.train.checkpoint_seconds:
            self.save()

    def _look(self, event: Event) -> None:
        """Evaluate at the end of an epoch; write its row and its frame, note the best."""
        worker, loop, epoch = self.worker, self.loop, round(event.epoch)
        generator = torch.Generator(self.choice.name).manual_seed(self.spec.seed)
        self.objective.progress = float(epoch)
        view = self.evaluator.evaluate(self.model, self.objective, generator)
        seconds = loop.seconds - self.epoch_seconds if epoch else 0.0
        rate = len(loop.rows) / seconds if seconds else None
        metrics = finite(event.terms | view.metrics)
        row = {"kind": "epoch", "step": event.step, "epoch": epoch, **metrics}
        row |= {"learning_rate": loop.used_learning_rate, "samples_per_second": rate}
        is_last = epoch == self.spec.train.epochs
        signs = find_signs(row, self.past, worker.state.get("baseline"), self._about(is_last))
        if signs:
            row["signs"] = signs
        self.past.append(row)
        # Weights first: whoever sees a frame may ask for them.
        worker.persist(lambda: self.weights.write_weights(epoch, self.model, is_last=is_last))
        worker.persist(lambda: self.frames.write_view(epoch, view, is_last=is_last))
        self._write(row)
        if epoch and self._is_better(view.metrics["val_loss"]):
            self.best = {"epoch": epoch, "val_loss": view.metrics["val_loss"]}
            self.best_weights = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
            self.since_best = 0
        elif epoch:
            self.since_best += 1
        worker.state |= {
            "epoch": epoch,
            "step": event.step,
            "epoch_progress": 0.0,
            "best": self.best,
            "metrics": metrics,
            "samples_per_second": rate or worker.state["samples_per_second"],
            "seconds_left": self._seconds_left(),
        }
        worker.beat(force=epoch <= 1)
        self._save_if_due()

    def _is_better(self, val_loss: float) -> bool:
        """Than the best so far, where the two can be compared."""
        best = self.best
        return (
            best is None
            or best["epoch"] < self.objective.settled_from
            or val_loss < best["val_loss"]
        )

    def _about(self, is_last: bool) -> dict[str, Any]:
        """What signs of trouble depend on beside the numbers."""
        model, objective = self.spec.model, self.spec.objective
        return {
            "objective": objective.kind,
            "objective_settings": objective.model_dump(),
            "code_size": self.model.code_size,
            "code_activation": getattr(model, "code_activation", "linear"),
            "is_last": is_last,
            "epochs": self.spec.train.epochs,
        }

    def _write(self, row: dict[str, Any]) -> None:
        row["seconds"] = round(self.worker.elapsed(), 4)
        self.worker.persist(lambda: self.metrics.append(row))

    def _seconds_left(self) -> float | None:
        done = self.loop.progress - self.began[1]
        if done < 0.05:
            return None
        pace = self.worker.state["epochs_per_second"]
        each = max((self.worker.elapsed() - self.began[0]) / done, 1 / pace if pace else 0.0)
        return round(each * (self.spec.train.epochs - self.loop.progress), 1)

    def _rest(self) -> None:
        """Slow down to the speed asked for, so that an epoch can be watched."""
        while pace := self.worker.state["epochs_per_second"]:
            left = self.epoch_began + 1 / pace - time.monotonic()
            if (
                left <= 0
                or self.loop.epoch >= self.spec.train.epochs
                or self.worker.step_from is not None
            ):
                return
            time.sleep(min(left, 0.05))
            self.worker.obey(self)
            self.worker.beat()

    def _has_stalled(self) -> bool:
        patience = self.spec.train.patience
        if not patience or self.since_best < patience:
            return False
        self.reason = f"no better validation loss for {patience} epochs (early stop)"
        return True

    def save(self) -> None:
        """Write a checkpoint of this very step, and the best weights if they are new."""
        folder, loop = self.worker.folder.checkpoints, self.loop
        if loop.step == self.saved_step and self.best_weights is None:
            return
        best, weights = self.best, self.best_weights
        if best and weights:
            name = f"best-{best['epoch']:06d}"
            self.worker.persist(
                lambda: save_checkpoint(folder, name, {"model": weights}, self.belongs)
            )
            prune(folder, "best-", keep=1)
            self.best_weights = None
        previous = self.frames.previous
        state = {
            "loop": loop.state(),
            "best": self.best,
            "since_best": self.since_best,
            "frames": {
                "stride": self.frames.stride,
                "previous": None if previous is None else torch.from_numpy(previous.copy()),
            },
        }
        name = f"step-{loop.step:09d}"
        self.worker.persist(lambda: save_checkpoint(folder, name, state, self.belongs))
        prune(folder)
        self.saved_step, self.worker.last_checkpoint = loop.step, time.monotonic()

    def set_live(self, name: str, value: float) -> None:
        """Change a live setting from the next step on, and write down when."""
        self._apply(name, value)
        row = {"kind": "change", "step": self.loop.step, "epoch": self.loop.progress}
        row |= {"name": name, "value": value}
        self.worker.persist(lambda: self.changes.append(row))

    def _apply(self, name: str, value: float) -> None:
        if name == "learning_rate":
            self.loop.set_learning_rate(value)
        self.worker.state[name] = value

    def _replay_changes(self) -> None:
        while self.replay and self.replay[0]["step"] <= self.loop.step:
            change = self.replay.pop(0)
            self._apply(change["name"], change["value"])
