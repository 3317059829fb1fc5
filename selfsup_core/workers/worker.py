"""The worker: one process a run. It consumes the training loop's events and keeps the run folder.

How it begins and how it ends; what it knows of its run is in `keeper.py`, what is trained in `session.py`.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.environment import close_machine
from selfsup_core.errors import Diverged, RankLost, StudioError
from selfsup_core.files import keep_private
from selfsup_core.runs.folder import RunFolder, sound_state, write_state
from selfsup_core.runs.processes import leave_with, worker_identity
from selfsup_core.shared import person_of
from selfsup_core.train.memory import lacks_memory, memory_error
from selfsup_core.translation import tr
from selfsup_core.workers.keeper import FolderGone, RunKeeper, Stop
from selfsup_core.workers.log import write_what_fits

if TYPE_CHECKING:
    from selfsup_core.workers.session import Session


class Worker(RunKeeper):
    """Runs one run folder to its end."""

    def run(self) -> None:
        """Train; every way out leaves a state that says what happened."""
        try:
            self.set_status("starting", message=tr("Loading the data."), worker=worker_identity())
            session = self._begin()
            self.set_status("running")
            session.train()
            self._finish("finished", session.reason)
        except FolderGone:
            raise
        except Stop as stop:
            self._finish("stopped", stop.reason)
        except RankLost as error:
            self._finish("interrupted", "", None, message=error.message)
        except Diverged as error:
            self._finish("failed", "diverged", error)
        except StudioError as error:
            self._finish("failed", error.code, error)
        except Exception as error:
            traceback.print_exc()
            if lacks_memory(error):
                found = memory_error(error)
                self._finish("failed", found.code, found)
                return
            self._finish(
                "failed",
                "internal",
                StudioError(
                    tr("The program failed: {name}: {error}.").format(name=type(error).__name__, error=error),
                    code="internal",
                    remedy=tr("The run's worker.log has the details."),
                ),
            )
        finally:
            self.closing.close()

    def _begin(self) -> Session:
        # Imported here: this brings torch in, which the state "starting" should not wait for.
        from selfsup_core.workers.session import Session

        return Session(self)

    def _finish(
        self, status: str, reason: str, error: StudioError | None = None, *, message: str = ""
    ) -> None:
        self.is_ending = True
        self.stop_clock()
        self.set_status(
            status,
            stop_reason=reason,
            message=message,
            seconds_left=None,
            worker=None,
            error=error.as_dict() if error else None,
        )


def main(path: str) -> int:
    """Run a run folder; a second worker for the same folder leaves at once."""
    from filelock import FileLock, Timeout

    folder = RunFolder(Path(path))
    if person_of(folder.workspace):
        close_machine()
    lock = FileLock(folder.path / "worker.lock")
    try:
        worker = Worker(folder)
        worker.persist(lambda: lock.acquire(blocking=False))
        worker.persist(lambda: folder.control.mkdir(exist_ok=True))
        worker.run()
    except Timeout:
        print("another process has this run", flush=True)
        return 3
    except FolderGone:
        print("the folder of the run was moved or deleted; the process ends", flush=True)
    except StudioError as error:
        # Spec or state are unreadable: no Worker could be made that would say so.
        print(error, flush=True)
        if (state := sound_state(folder)) is None:
            return 1
        state |= {
            "status": "failed",
            "stop_reason": error.code,
            "error": error.as_dict(),
            "worker": None,
        }
        write_state(folder, state, durable=True)
    finally:
        lock.release()
    return 0


if __name__ == "__main__":
    # The start without fork (Windows): the same quiet settings that the supervisor sets before torch is
    # imported.
    keep_private()
    write_what_fits()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    if sys.argv[2:3] == ["--parent"]:
        leave_with(int(sys.argv[3]))
    sys.exit(main(sys.argv[1]))
