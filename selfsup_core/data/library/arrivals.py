"""Uploads from arrival to import: kept on disk, not in memory, with limits per session and in total."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError, StudioError
from selfsup_core.files import disk_error
from selfsup_core.translation import tr

PREFIX = ".arriving-"
UNSEEN_SECONDS = 900.0  # a page that never asks for a file has been left before all of an upload was there


@dataclass
class Arrived:
    """One file of a session, whole or still on its way.

    Attributes:
        size: bytes that it holds on disk, which are what is counted.
        refused: why nothing of it was kept.
        is_seen: a page has asked for it.
    """

    session: str
    id: str
    name: str
    type: str
    path: Path
    began: float
    size: int = 0
    refused: StudioError | None = None
    is_seen: bool = False


class Arrivals:
    """All files of a server's sessions. Safe to be used by many threads.

    Args:
        folder: where uploads lie; a folder of this process is made in it, and what servers left there that
            were killed is removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.sessions: dict[str, dict[str, Arrived]] = {}
        self.own: Path | None = None
        self.held: FileLock | None = None

    def begin(
        self, session: str, file_id: str, name: str, type_: str = "", refused: StudioError | None = None
    ) -> Arrived:
        """Register a file whose bytes follow by `write`; one that is refused from the start accepts none.

        Args:
            refused: why nothing of this sender is kept.
        """
        with self.lock:
            self._discard(session, file_id)
            files = self.sessions.setdefault(session, {})
            path = self._place() / uuid.uuid4().hex
            found = Arrived(session, file_id, name, type_, path, time.monotonic())
            found.refused = refused
            if not refused and sum(not one.refused for one in files.values()) >= LIMITS.files:
                found.refused = DataError(
                    tr(
                        "{name}: {files} files of this session are here already, and at most so many "
                        "are kept."
                    ).format(name=name, files=LIMITS.files),
                    code="too-many-files",
                    remedy=tr("Put them into one ZIP, or remove some of them first."),
                )
            files[file_id] = found
            return found

    def write(self, found: Arrived, data: bytes) -> None:
        """Add bytes to a file. Where there is no room for them the file is refused, and all of it removed."""
        with self.lock:
            if found.refused:
                return
            found.refused = self._lacks_room(found, len(data))
            if not found.refused:
                found.size += len(data)
        if not found.refused:
            try:
                with open(found.path, "ab") as file:
                    file.write(data)
            except OSError as error:
                found.refused = disk_error(error)
        if found.refused:
            with self.lock:
                found.size = 0
            found.path.unlink(missing_ok=True)

    def _lacks_room(self, found: Arrived, more: int) -> DataError | None:
        """Why so many more bytes cannot be kept, None when they can."""
        size = found.size + more
        if size > LIMITS.file_bytes:
            return DataError(
                tr("{name} has more than {file_bytes} MB.").format(
                    name=found.name, file_bytes=LIMITS.file_bytes // MB
                ),
                code="file-too-large",
                remedy=tr("Split it or take a sample."),
            )
        of_session = sum(one.size for one in self.sessions.get(found.session, {}).values())
        if of_session + more > LIMITS.total_bytes:
            others = (of_session - found.size) / MB
            return DataError(
                tr(
                    "{name} was not kept: the other files of this session have {others:.0f} MB, and with "
                    "it they would have more than {total_bytes} MB."
                ).format(name=found.name, others=others, total_bytes=LIMITS.total_bytes // MB),
                code="session-full",
                remedy=tr("Import or remove the others first."),
            )
        of_all = sum(one.size for files in self.sessions.values() for one in files.values())
        if of_all + more > LIMITS.server_bytes:
            return DataError(
                tr(
                    "{name} was not kept: the uploads of everybody who is here would have more than "
                    "{server_bytes:,} MB together."
                ).format(name=found.name, server_bytes=LIMITS.server_bytes // MB),
                code="server-full",
                remedy=tr("Try again when others have imported theirs, or take a sample."),
            )
        return None

    def files(self, session: str, ids: Iterable[str]) -> list[Arrived]:
        """Those of these files that are there, in the order asked for."""
        with self.lock:
            kept = self.sessions.get(session, {})
            found = [kept[one] for one in ids if one in kept]
            for one in found:
                one.is_seen = True
            return found

    def drop(self, session: str, file_id: str) -> None:
        with self.lock:
            self._discard(session, file_id)

    def drop_session(self, session: str) -> None:
        with self.lock:
            for file_id in list(self.sessions.get(session, {})):
                self._discard(session, file_id)
            self.sessions.pop(session, None)

    def keep_only(self, session: str, ids: Iterable[str]) -> None:
        """Drop what a session's page showed before and shows no longer; what is on its way stays."""
        wanted, now = set(ids), time.monotonic()
        with self.lock:
            for file_id, one in list(self.sessions.get(session, {}).items()):
                if file_id not in wanted and (one.is_seen or now - one.began > UNSEEN_SECONDS):
                    self._discard(session, file_id)

    def bytes_held(self, session: str | None = None) -> int:
        """Of one session, or of all."""
        with self.lock:
            chosen = self.sessions.values() if session is None else [self.sessions.get(session, {})]
            return sum(one.size for files in chosen for one in files.values())

    def sessions_held(self) -> list[str]:
        """Sessions that have files."""
        with self.lock:
            return list(self.sessions)

    def _discard(self, session: str, file_id: str) -> None:
        found = self.sessions.get(session, {}).pop(file_id, None)
        if found is None:
            return
        if not found.refused:
            # Later writes to these files see that they were dropped.
            found.refused = DataError(tr("{name} was removed.").format(name=found.name), code="removed")
        found.size = 0
        found.path.unlink(missing_ok=True)

    def _place(self) -> Path:
        """The folder of this process, which is known to be alive by the lock that it holds."""
        if self.own is None or not self.own.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            sweep_arrivals(self.folder)
            own = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self.folder))
            self.held = FileLock(f"{own}.lock")
            self.held.acquire(blocking=False)
            self.own = own
        return self.own

    def close(self) -> None:
        """Remove everything: the server ends."""
        with self.lock:
            self.sessions.clear()
            if self.own:
                shutil.rmtree(self.own, ignore_errors=True)
            if self.held:
                self.held.release()
                Path(self.held.lock_file).unlink(missing_ok=True)
            self.own = self.held = None


def sweep_arrivals(folder: Path) -> None:
    """Remove what servers left that did not end by themselves: no one holds their lock any more."""
    for lock in folder.glob(f"{PREFIX}*.lock"):
        try:
            with FileLock(lock, blocking=False):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
        except Timeout:
            continue
        except OSError:
            continue
        lock.unlink(missing_ok=True)


def is_arriving(name: str) -> bool:
    """Whether an entry of the folder of uploads is of a server that takes them in; only it may remove it."""
    return os.path.basename(name).startswith(PREFIX)
