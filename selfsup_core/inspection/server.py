"""A helper process: answers questions for a web server that must not load torch itself.

One of each role for a workspace, started on demand, gone after some idle minutes, or soon after web server
and supervisor. Requests are JSON, answers safetensors, over a local socket that asks for a key
(`multiprocessing.connection` without its pickling: bytes only). It starts almost empty: what a question needs
is imported and loaded when the question is asked.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from selfsup_core.environment import close_machine
from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import keep_private, read_json, write_private
from selfsup_core.inspection.answer import pack
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.subject import Subject
from selfsup_core.inspection.wire import GOOD, MAX_REQUEST, ROLE, Request, Server, home, pack_problem
from selfsup_core.runs.processes import give_way, serves
from selfsup_core.settings import explain
from selfsup_core.shared import person_workspace
from selfsup_core.train.memory import lacks_memory, memory_error
from selfsup_core.translation import tr, tr_later
from selfsup_core.workers.supervisor import fingerprint, is_hosted

IDLE_SECONDS = 900.0
ALONE_SECONDS = 5.0  # without a question, where web server and supervisor are gone
MOST_DESKS = 8  # of a room's people at once: each keeps what was asked for last
NICENESS = {"lab": 5, "maps": 15}  # quick answers come before a run, which has 10; slow ones after it


class Lab:
    """Answers questions of processes that know the key."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.desk = Desk(workspace)
        self.desks: dict[str, Desk] = {}  # of a room's people, the one that was asked last at the end
        self.last_request = time.monotonic()
        self.is_closing = False
        self.under_way = 0  # questions
        self.lock = threading.Lock()

    @property
    def is_at_work(self) -> bool:
        return self.under_way > 0 or any(desk.is_at_work for desk in (self.desk, *list(self.desks.values())))

    def desk_of(self, person: str) -> Desk:
        """The desk of a person, or the host's own. What it reads lies in their workspace, and nowhere else.

        Raises:
            RunError: there is no such person.
        """
        if not person:
            return self.desk
        workspace = person_workspace(self.workspace, person)
        if not workspace.is_dir():
            raise RunError(tr("There is no such person in this room."), code="no-person")
        close_machine()
        with self.lock:
            desk = self.desks.pop(person, None) or Desk(workspace)
            self.desks[person] = desk
            idle = [name for name, one in self.desks.items() if name != person and not one.is_at_work]
            for name in idle[: max(0, len(self.desks) - MOST_DESKS)]:
                del self.desks[name]  # a question that it still answers holds it until then
        return desk

    def answer(self, request: bytes) -> bytes:
        """Never raises: errors are part of the answer."""
        try:
            asked = read_request(request)
            subject = Subject(asked.kind, asked.subject)
            return GOOD + pack(self.desk_of(asked.person).ask(subject, asked.question, asked.values))
        except StudioError as error:
            return pack_problem(error)
        except Exception as error:
            import traceback

            traceback.print_exc()
            if lacks_memory(error):
                return pack_problem(
                    memory_error(error, tr("Try again when other programs have ended, or with less data."))
                )
            return pack_problem(
                RunError(
                    tr("This failed: {name}: {error}.").format(name=type(error).__name__, error=error),
                    code="internal",
                )
            )

    def serve(self, connection: Connection[Any, Any]) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                request = connection.recv_bytes(MAX_REQUEST)
                with self.counted():
                    connection.send_bytes(self.answer(request))

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """A process is not idle while it answers, and its idle time begins when it has answered."""
        with self.lock:
            self.under_way += 1
        try:
            yield
        finally:
            with self.lock:
                self.under_way -= 1
                self.last_request = time.monotonic()


def read_request(blob: bytes) -> Request:
    """Raises SettingError when the bytes are not a request."""
    try:
        return Request.model_validate_json(blob)
    except ValidationError as error:
        raise explain(error, Request) from error


def serve(workspace: Path, *, idle_seconds: float = IDLE_SECONDS, role: str = "lab") -> int:
    """Be the helper process of a workspace until idle for long; leaves when another with newer code has taken
    over, and when web server and supervisor are gone. One that the command line started never had any.
    """
    from filelock import FileLock, Timeout

    place = home(workspace, role)
    place.mkdir(parents=True, exist_ok=True)
    mine = fingerprint()
    lock = FileLock(place / f"lock-{zlib.crc32(mine.encode()):x}")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return 0
    give_way(NICENESS[role])
    key = secrets.token_bytes(32)
    listener = Listener(None)  # the key is asked for in `greet`
    about: Server = {
        **serves(workspace, mine),
        "address": str(listener.address),
        "key": key.hex(),
    }
    # The key is for this person's own processes only.
    write_private(place / "about.json", json.dumps(about).encode())
    lab = Lab(workspace)
    threading.Thread(target=accept, args=(listener, lab, key), daemon=True).start()
    was_hosted = False
    while lab.is_at_work or time.monotonic() - lab.last_request < idle_seconds:
        time.sleep(1.0)
        hosted = is_hosted(workspace)
        is_alone, was_hosted = was_hosted and not hosted, was_hosted or hosted
        if is_alone and not lab.is_at_work and time.monotonic() - lab.last_request > ALONE_SECONDS:
            break
        found = read_json(place / "about.json")
        if not isinstance(found, dict) or found.get("pid") != os.getpid():
            break  # another one serves, or the workspace is gone
    lab.is_closing = True
    listener.close()
    lock.release()
    return 0


def accept(listener: Listener, lab: Lab, key: bytes) -> None:
    while not lab.is_closing:
        try:
            connection = listener.accept()
        except OSError as error:  # a caller that left at once; the closed listener at the very end
            print(f"refused a connection: {type(error).__name__}", flush=True)
            time.sleep(0.01)
            continue
        threading.Thread(target=greet, args=(connection, lab, key), daemon=True).start()


def greet(connection: Connection[Any, Any], lab: Lab, key: bytes) -> None:
    """Serve a caller that proves the key; in a thread of its own, so that a silent caller blocks no one."""
    try:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
    except (AuthenticationError, OSError, EOFError, ValueError, AssertionError) as error:
        print(f"refused a caller: {type(error).__name__}", flush=True)
        connection.close()
        return
    lab.serve(connection)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=tr_later("Answer questions on a workspace's runs, models and spaces.")
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    arguments = parser.parse_args()
    keep_private()
    # Read by torch and numba when they are imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    role = os.environ.get(ROLE, "lab")
    sys.exit(serve(arguments.workspace.resolve(), idle_seconds=arguments.idle_seconds, role=role))
