"""The client of the helper processes: imported by the web server, which must not load torch itself."""

from __future__ import annotations

import contextlib
import copy
import os
import signal
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import psutil

from selfsup_core.errors import RunError
from selfsup_core.inspection.answer import Answer, unpack
from selfsup_core.inspection.exchange import Exchange
from selfsup_core.inspection.subject import Kind, Subject
from selfsup_core.inspection.wire import ROLE, Request, Server, home, lab_info, read_reply
from selfsup_core.runs.processes import start_detached
from selfsup_core.settings import Values
from selfsup_core.shared import host_of, person_of
from selfsup_core.translation import tr
from selfsup_core.workers.supervisor import fingerprint

__all__ = ["LabClient", "home", "lab_info", "stop_lab", "warm"]

START_SECONDS = 60.0
AGAIN_SECONDS = 5.0
CONNECT_SECONDS = 20.0  # a process that does not greet within this time is taken to hang
BEAT_SECONDS = 5.0  # how often a process that has not answered yet is asked for a greeting
PING_SECONDS = 8.0  # it greets in a thread of its own, whatever it computes
WORK_SECONDS = 0.1  # processor time that shows that a process which does not greet is at work
ATTEMPTS = 5
# The first use of a model unpacks it, and a map may ask for the vectors of a large data set.
ANSWER_SECONDS: dict[Kind, float] = {
    "run": 60.0,
    "embedding": 60.0,
    "language-model": 600.0,
    "classifier": 600.0,
    "generator": 600.0,
    "predictor": 600.0,
    "reader": 600.0,
    "transcriber": 600.0,
    "translator": 600.0,
    "detector": 600.0,
    "space": 600.0,
    "data": 60.0,
    "job": 60.0,
}


class LabClient:
    """Asks the lab process of a workspace, or the one for maps; one connection a thread."""

    def __init__(self, workspace: Path, role: str = "lab") -> None:
        self.workspace, self.role = workspace, role
        self.person = person_of(workspace)
        self.local = threading.local()
        self.lock = threading.Lock()

    def within(self, workspace: Path) -> LabClient:
        """The same client, by the same connections, for another workspace of the room."""
        if host_of(workspace) != host_of(self.workspace):
            raise ValueError(
                tr("{workspace} is served by another process than {workspace_2}").format(
                    workspace=workspace, workspace_2=self.workspace
                )
            )
        other = copy.copy(self)
        other.workspace, other.person = workspace, person_of(workspace)
        return other

    def ask(self, subject: Subject, question: str, values: Values) -> Answer:
        """The answer to a question of `inspection.questions`.

        Raises:
            StudioError: what the question's function raised, or that the process does not answer.
        """
        return unpack(self.ask_packed(subject, question, values))

    def ask_packed(self, subject: Subject, question: str, values: Values) -> bytes:
        """The answer as safetensors, for routes that pass it on to the browser. Raises as `ask`."""
        request = Request.of(subject, question, values, self.person).model_dump_json().encode()
        return read_reply(self._exchange(request, ANSWER_SECONDS[subject.kind]))

    def _exchange(self, request: bytes, seconds: float) -> bytes:
        try:
            return self._try(request, seconds)
        except (OSError, EOFError):
            self._drop()  # the process may have left since the last question
        try:
            return self._try(request, seconds)
        except (OSError, EOFError) as error:
            self._drop()
            raise no_answer() from error

    def _try(self, request: bytes, seconds: float) -> bytes:
        """Send, wait and receive within some seconds, and as long as the process shows that it lives."""
        connection = self._connection()
        about: Server = self.local.about
        deadline = time.monotonic() + seconds
        exchange = Exchange(connection, request)
        while not exchange.wait(max(0.0, min(BEAT_SECONDS, deadline - time.monotonic()))):
            is_late = time.monotonic() >= deadline
            if not is_late and (not self._hangs(about) or exchange.wait(0.0)):
                continue
            self.local.connection = None
            exchange.abandon()
            if is_late:
                raise RunError(
                    tr("This took longer than {seconds:.0f} seconds and was cancelled.").format(
                        seconds=seconds
                    ),
                    code="slow",
                )
            self._replace(about)
            raise no_answer()
        return exchange.result()

    def _hangs(self, about: Server) -> bool:
        """Whether a process neither greets nor computes. One that has left does not hang: its connections
        end.
        """
        before = processor_seconds(about["pid"])
        try:
            greeted = self._connect(about, PING_SECONDS)
        except (OSError, EOFError, AuthenticationError):
            return False
        if greeted is not None:
            greeted.close()
            return False
        # A long step in compiled code may keep its other threads from greeting.
        return processor_seconds(about["pid"]) - before < WORK_SECONDS

    def _connection(self) -> Connection[Any, Any]:
        kept: Connection[Any, Any] | None = getattr(self.local, "connection", None)
        if kept is not None:
            return kept
        made: Connection[Any, Any] | None = None
        for attempt in range(ATTEMPTS):
            about = self._ensure()
            try:
                made = self._connect(about, CONNECT_SECONDS)
                if made is not None:
                    break
                self._replace(about)
            except (OSError, EOFError):
                # A process that is shutting down stays registered for a moment.
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.1 * 2**attempt)
        if made is None:
            raise RunError(
                tr("The process that runs the networks hangs, and so did those that replaced it."),
                code="no-lab",
                remedy=tr("Try again in a moment."),
            )
        self.local.connection, self.local.about = made, about
        return made

    def _connect(self, about: Server, seconds: float) -> Connection[Any, Any] | None:
        """A connection; None when the process takes it but never greets, as one that hangs or was stopped.

        Raises:
            OSError, EOFError: no one listens there.
        """
        made: list[Connection[Any, Any]] = []
        raised: list[BaseException] = []

        def connect() -> None:
            try:
                made.append(Client(about["address"], authkey=bytes.fromhex(about["key"])))
            except BaseException as error:
                raised.append(error)

        # The greeting has no time limit of its own; a thread that is left behind ends with the process it
        # waits for.
        thread = threading.Thread(target=connect, daemon=True)
        thread.start()
        thread.join(seconds)
        if raised:
            raise raised[0]
        return made[0] if made else None

    def _replace(self, about: Server) -> None:
        """End a helper that hangs; the next `_ensure` starts another."""
        with self.lock:
            now = lab_info(self.workspace, self.role)
            if now and now["pid"] == about["pid"]:  # no one has replaced it meanwhile
                with contextlib.suppress(OSError):
                    os.kill(now["pid"], signal.SIGKILL)

    def _drop(self) -> None:
        connection = getattr(self.local, "connection", None)
        self.local.connection = None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _ensure(self) -> Server:
        with self.lock:
            warm(self.workspace, self.role)
            asked = time.monotonic()
            deadline = asked + START_SECONDS
            while time.monotonic() < deadline:
                about = lab_info(self.workspace, self.role)
                if about and about["fingerprint"] == fingerprint():
                    return about
                if time.monotonic() - asked > AGAIN_SECONDS:
                    # The new process found the lock still held by one that was shutting down, and exited.
                    asked = time.monotonic()
                    warm(self.workspace, self.role)
                time.sleep(0.05)
        raise RunError(tr("The process that runs the networks did not start."), code="no-lab")


def no_answer() -> RunError:
    return RunError(
        tr("The process that runs the networks does not answer."),
        code="no-lab",
        remedy=tr("Try again in a moment."),
    )


def processor_seconds(pid: int) -> float:
    """What a process has computed so far; 0 when there is none."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def warm(workspace: Path, role: str = "lab") -> None:
    """Start the helper process unless one with this code is there; does not wait for it."""
    about = lab_info(workspace, role)
    if about and about["fingerprint"] == fingerprint():
        return
    # The environment sets the number of threads, since torch is imported only when a question needs it.
    environment = {"OMP_NUM_THREADS": "1", ROLE: role}
    start_detached("selfsup_core.inspection.server", host_of(workspace), home(workspace, role), **environment)


def stop_lab(workspace: Path, role: str = "lab") -> bool:
    """End the helper process; False when there was none."""
    about = lab_info(workspace, role)
    if not about:
        return False
    os.kill(about["pid"], signal.SIGTERM)
    return True
