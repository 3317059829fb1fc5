"""What the checks share: outcomes, and runs on a device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import kinds


@dataclass(frozen=True)
class Outcome:
    """What came of a check: "passed", "failed" or "not made"."""

    status: str
    text: str
    figures: dict[str, float] = field(default_factory=dict)


def judge(is_good: bool, text: str, **figures: float) -> Outcome:
    return Outcome("passed" if is_good else "failed", text, figures)


def not_made(why: str) -> Outcome:
    return Outcome("not made", why)


@dataclass
class Place:
    """Where checks are made: a device, and a workspace with the made-up data."""

    device: str
    workspace: Path

    @property
    def is_gpu(self) -> bool:
        return self.device == "cuda"

    def wait(self) -> None:
        """Until the device has done all it was told."""
        if self.is_gpu:
            import torch

            torch.cuda.synchronize()


@contextmanager
def choosing(device: str, *, bf16: bool) -> Iterator[None]:
    """Sessions get this number format, whatever the card can do."""
    import selfsup_core.workers.session as session

    real = session.choose_device

    def choose(requested: str = "auto", **about: Any) -> Any:
        return replace(real(device, **about), uses_bf16=bf16)

    decide = session.decide_precision
    session.choose_device = choose
    session.decide_precision = lambda keeper, task, choice: choice
    try:
        yield
    finally:
        session.choose_device, session.decide_precision = real, decide


@contextmanager
def exactly() -> Iterator[None]:
    """32-bit floats in full: convolutions on a GPU otherwise multiply shorter ones."""
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def run_whole(place: Place, name: str, device: str, *, bf16: bool = False, **changed: Any) -> Any:
    """A whole recorded run, with the draws that the same run has on another device; its folder.

    Raises:
        RuntimeError: the run did not finish.
    """
    from benchmarks.same_draws import SameDraws
    from selfsup_core.workers.worker import Worker

    spec = kinds.spec_of(name, place.workspace, device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    with kinds.in_one_thread(), choosing(device, bf16=bf16), exactly(), SameDraws():
        worker = Worker(folder)
        worker.run()
    if worker.state["status"] != "finished":
        raise RuntimeError((worker.state["error"] or {}).get("message", worker.state["status"]))
    return folder


def curve(folder: Any) -> np.ndarray:
    """The losses of a run in the order in which they were written: training steps, epochs, validation."""
    from selfsup_core.runs.folder import read_rows

    names = ("train_loss", "val_loss")
    return np.array([row[n] for row in read_rows(folder.metrics) for n in names if row.get(n) is not None])


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest relative difference of two curves; infinite when they are not of one length, or not
    finite.
    """
    if len(a) != len(b) or not len(a) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float((np.abs(a - b) / np.maximum(np.abs(b), 1e-3)).max())


def make_session(place: Place, name: str, *, bf16: bool = False, **changed: Any) -> Any:
    """Data, network and loop of a run that has not begun."""
    from selfsup_core.workers.session import Session
    from selfsup_core.workers.worker import Worker

    spec = kinds.spec_of(name, place.workspace, place.device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    with kinds.in_one_thread(), choosing(place.device, bf16=bf16):
        made = Session(Worker(folder))
    made.model.train()
    return made
