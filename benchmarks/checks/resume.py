"""A run that goes on after a stop or a kill ends as an uninterrupted one."""

from __future__ import annotations

import sys
import time
from typing import Any

from benchmarks import kinds
from benchmarks.checks.shared import (
    Outcome,
    Place,
    choosing,
    curve,
    difference,
    exactly,
    judge,
    not_made,
    run_whole,
)
from benchmarks.checks.training import TOLERANCE

RESUME_TOLERANCE = 1e-4


class Killed(BaseException):
    """Stands for a kill: nothing in the core may catch it."""


def check_resume(place: Place, name: str) -> Outcome:
    """Die after a checkpoint in mid-epoch, go on, and compare with the run that was never interrupted."""
    if why := kinds.missing(name):
        return not_made(why)
    from selfsup_core.workers.session import Session
    from selfsup_core.workers.worker import Worker

    changed = {"train__checkpoint_seconds": 0.001, "train__epochs": 3}
    wanted = curve(run_whole(place, name, place.device, **changed))
    spec = kinds.spec_of(name, place.workspace, place.device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    real = Session.save

    def dying(self: Any) -> None:
        real(self)
        if self.loop.step >= 4:
            raise Killed

    from benchmarks.same_draws import SameDraws

    Session.save = dying
    try:
        with kinds.in_one_thread(), choosing(place.device, bf16=False), exactly(), SameDraws():
            try:
                Worker(folder).run()
            except Killed:
                Session.save = real
                Worker(folder).run()
            else:
                return judge(False, "the run saved no checkpoint after its fourth step")
    finally:
        Session.save = real
    gap = difference(curve(folder), wanted)
    same = "bit for bit" if gap == 0 else f"differ by {gap:.2g} at most ({RESUME_TOLERANCE:g} allowed)"
    return judge(gap <= RESUME_TOLERANCE, f"losses after the resume: {same}", difference=gap)


def check_killed(place: Place) -> Outcome:
    """A worker process that is killed by the system, and another one that goes on."""
    if not place.is_gpu:
        return not_made("the tests of tests/train kill workers on the CPU")
    import signal
    import subprocess

    from selfsup_core.runs.folder import read_state

    changed = {"train__checkpoint_seconds": 0.2, "train__epochs": 60, "train__steps_per_epoch": 100}
    spec = kinds.spec_of("dense-64-32-16", place.workspace, place.device, **changed)
    whole, cut = (kinds.make_run(place.workspace, spec) for _ in range(2))
    command = [sys.executable, "-m", "selfsup_core.workers.worker"]
    subprocess.run([*command, str(whole.path)], check=True, capture_output=True, timeout=100)
    first = subprocess.Popen([*command, str(cut.path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while read_state(cut)["epoch"] < 10 and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    at = read_state(cut)["epoch"]
    subprocess.run([*command, str(cut.path)], check=True, capture_output=True, timeout=100)
    gap = difference(curve(cut), curve(whole))
    text = f"killed in epoch {at}; losses differ by {gap:.2g} at most ({TOLERANCE:g} allowed)"
    return judge(gap <= TOLERANCE, text, difference=gap, epoch=at)
