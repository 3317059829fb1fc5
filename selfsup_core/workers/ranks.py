"""The other processes of a run that several devices share: started by its worker, and gone when it is.

They load the same data and build the same network, then compute what `train/team.py` says. Each watches the
worker's process, so that none is left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.environment import close_machine, without_secrets
from selfsup_core.errors import RankLost, SettingError, StudioError
from selfsup_core.files import keep_private
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.processes import leave_with
from selfsup_core.runs.spec import read_spec, task_of
from selfsup_core.shared import person_of
from selfsup_core.translation import tr
from selfsup_core.workers.log import write_what_fits

if TYPE_CHECKING:
    from torch import nn

    from selfsup_core.tasks import Task
    from selfsup_core.train.device import DeviceChoice
    from selfsup_core.train.team import Team
    from selfsup_core.workers.keeper import RunKeeper

MODULE = "selfsup_core.workers.ranks"
ROOT = Path(__file__).parents[2]
LEAVE_SECONDS = 2.0


class Ranks:
    """The processes that share a worker's run, from its side."""

    def __init__(self, keeper: RunKeeper, choice: DeviceChoice) -> None:
        self.keeper, self.choice, self.size = keeper, choice, keeper.spec.train.devices
        self.meeting = Path(tempfile.mkdtemp(prefix="selfsup-ranks-"))
        self.team: Team | None = None
        self.children: list[subprocess.Popen[bytes]] = []
        keeper.closing.callback(self.close)
        for rank in range(1, self.size):
            self.children.append(self._start(rank))

    def _start(self, rank: int) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        words = [str(self.keeper.folder.path), str(self.meeting / "store"), str(rank), str(os.getpid())]
        with self.keeper.persist(lambda: self.keeper.folder.log.open("ab")) as log:
            return subprocess.Popen(
                [sys.executable, "-m", MODULE, *words, "--device", self.choice.name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=without_secrets(PYTHONPATH=path, OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0"),
            )

    def join(self, task: Task) -> Team:
        """Return when all are ready with the same data.

        Raises:
            RankLost: one has ended before. SettingError: this network's batches cannot be shared.
            Stop: a person asked for it meanwhile.
        """
        from selfsup_core.train.team import Team

        refuse_batch_norm(task.model)
        self.team = Team(0, self.size, self.choice.name)
        self.keeper.attend(lambda: self._meet(task.digest), tr("Starting the other devices."))
        return self.team

    def _meet(self, digest: str) -> None:
        """Join and compare in a thread of its own, which is left behind when one of them ends before."""
        raised: list[BaseException] = []
        team = self.team
        assert team is not None

        def meet() -> None:
            try:
                team.join(self.meeting / "store")
                team.agree(digest)
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=meet, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.05)
            if any(child.poll() is not None for child in self.children):
                raise RankLost
        if raised:
            raise raised[0]

    def close(self) -> None:
        """End the others, which have nothing to save."""
        for child in self.children:
            with contextlib.suppress(OSError):
                child.terminate()
        deadline = time.monotonic() + LEAVE_SECONDS
        for child in self.children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self.team:
            self.team.leave()
        shutil.rmtree(self.meeting, ignore_errors=True)


def start_ranks(keeper: RunKeeper, choice: DeviceChoice) -> Ranks | None:
    """Start the other processes of a run that several devices share."""
    return Ranks(keeper, choice) if keeper.spec.train.devices > 1 else None


def refuse_batch_norm(model: nn.Module) -> None:
    """Raises SettingError: a layer takes its statistics from the whole batch."""
    from torch.nn.modules.batchnorm import _BatchNorm

    if any(isinstance(layer, _BatchNorm) for layer in model.modules()):
        raise SettingError(
            tr(
                "This network has batch normalization, which looks at a whole batch, so its batches cannot "
                "be shared by several devices."
            ),
            remedy=tr("Set Devices to 1 (train.devices), or choose another network."),
        )


def serve(folder: RunFolder, meeting: Path, rank: int, device: str) -> None:
    """Be a rank of a run until its worker ends. Raises RankLost then, StudioError for a failure."""
    import torch

    from selfsup_core.tasks import TASKS, TaskContext
    from selfsup_core.train.device import choose_device
    from selfsup_core.train.loop import Loop
    from selfsup_core.train.team import Team

    spec = read_spec(folder.spec)
    size = spec.train.devices
    choice = choose_device(device, threads=spec.train.threads, devices=size)
    torch.set_num_threads(choice.threads)
    team = Team(rank, size, choice.name)
    # Where the worker has its data ready: then nothing is downloaded or built twice.
    team.join(meeting)
    context = TaskContext(
        spec, folder.path, folder.workspace, choice, lambda write: write(), lambda text: None
    )
    task = TASKS[task_of(spec)](context)
    loop = Loop(
        task.model,
        task.objective,
        values=task.values,
        rows=task.rows,
        config=spec.train,
        choice=choice,
        seed=spec.seed,
        team=team,
    )
    team.agree(task.digest)
    loop.follow()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("meeting", type=Path)
    parser.add_argument("rank", type=int)
    parser.add_argument("worker", type=int, help="Process id of the run's worker.")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    keep_private()
    write_what_fits()
    leave_with(arguments.worker)
    folder = RunFolder(arguments.folder)
    if person_of(folder.workspace):
        close_machine()
    try:
        serve(folder, arguments.meeting, arguments.rank, arguments.device)
    except RankLost:
        return 0  # the worker has ended, or is about to
    except StudioError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
