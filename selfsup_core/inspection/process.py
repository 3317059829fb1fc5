"""The lab process: answers `use_tool` for a web server that must not load torch itself.

One for a workspace, started on demand, gone after some idle minutes. Requests are JSON, answers safetensors, over a local
socket that asks for a key (`multiprocessing.connection` without its pickling: bytes only).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path
from typing import Any

from selfsup_core.errors import RunError, StudioError
from selfsup_core.files import read_json
from selfsup_core.runs.processes import identity, start_detached, who_serves
from selfsup_core.workers.supervisor import fingerprint

IDLE_SECONDS = 900.0
START_SECONDS = 60.0
AGAIN_SECONDS = 5.0
ATTEMPTS = 5
ANSWER_SECONDS = 60.0
PREPARE_SECONDS = 600.0  # the first use of a model unpacks it
NICENESS = 5
GOOD, BAD = b"+", b"-"
MAX_REQUEST = 8_000_000


# Two processes of one kind: "lab" answers at once, "maps" computes for as long as it takes.
ROLE = "SELFSUP_LAB_ROLE"  # names the role to a process that is started


def home(workspace: Path, role: str = "lab") -> Path:
    return workspace / role


# The client's side: imported by the web server


class LabClient:
    """Asks the lab process of a workspace, or the one for maps; one connection a thread."""

    def __init__(self, workspace: Path, role: str = "lab") -> None:
        self.workspace, self.role = workspace, role
        self.local = threading.local()
        self.lock = threading.Lock()

    def ask(self, run: str, tool: str, values: dict[str, Any]) -> bytes:
        """safetensors of an answer about a run.

        Raises:
            StudioError: what the tool said against it, or that the process does not answer.
        """
        return self._request({"run": run, "tool": tool, "values": values}, ANSWER_SECONDS)

    def ask_model(self, model: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """What a language model's tool says. Raises as `ask`."""
        asked = {"model": model, "tool": tool, "values": values}
        return unpack(self._request(asked, PREPARE_SECONDS))

    def ask_classifier(self, run: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """What a run's classifier says. Raises as `ask`."""
        asked = {"classifier": run, "tool": tool, "values": values}
        return unpack(self._request(asked, PREPARE_SECONDS))

    def ask_embedding(self, source: str, tool: str, values: dict[str, Any]) -> dict[str, Any]:
        """What is said of the embeddings of a data set. Raises as `ask`."""
        asked = {"embedding": source, "tool": tool, "values": values}
        return unpack(self._request(asked, ANSWER_SECONDS))

    def ask_space(self, subject: str, tool: str, values: dict[str, Any]) -> bytes:
        """safetensors of an answer about a space of vectors, see `lab.space`. Raises as `ask`."""
        return self._request({"space": subject, "tool": tool, "values": values}, PREPARE_SECONDS)

    def _request(self, asked: dict[str, Any], seconds: float) -> bytes:
        request = json.dumps(asked).encode()
        for is_last in (False, True):
            try:
                connection = self._connection()
                connection.send_bytes(request)
                if not connection.poll(seconds):
                    self._drop()
                    raise RunError(
                        f"This took longer than {seconds:.0f} seconds and was given up.",
                        code="slow",
                    )
                reply = connection.recv_bytes()
                break
            except (OSError, EOFError) as error:
                self._drop()
                if is_last:
                    raise RunError(
                        "The process that tries networks out does not answer.",
                        code="no-lab",
                        remedy="Try again in a moment.",
                    ) from error
        if reply[:1] == BAD:
            problem = json.loads(reply[1:])
            kind = RunError if problem["is_run"] else StudioError
            raise kind(problem["message"], code=problem["code"], remedy=problem["remedy"])
        return reply[1:]

    def _connection(self) -> Connection:
        if getattr(self.local, "connection", None) is None:
            for attempt in range(ATTEMPTS):
                about = self._ensure()
                try:
                    key = bytes.fromhex(about["key"])
                    self.local.connection = Client(about["address"], authkey=key)
                    break
                except (OSError, EOFError):
                    # A process on its way out still has its name on the door for a moment.
                    if attempt == ATTEMPTS - 1:
                        raise
                    time.sleep(0.1 * 2**attempt)
        return self.local.connection

    def _drop(self) -> None:
        connection = getattr(self.local, "connection", None)
        self.local.connection = None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _ensure(self) -> dict[str, Any]:
        with self.lock:
            warm(self.workspace, self.role)
            asked = time.monotonic()
            deadline = asked + START_SECONDS
            while time.monotonic() < deadline:
                about = lab_info(self.workspace, self.role)
                if about and about["fingerprint"] == fingerprint():
                    return about
                if time.monotonic() - asked > AGAIN_SECONDS:
                    # The one that was started has met the lock of one on its way out, and has left.
                    asked = time.monotonic()
                    warm(self.workspace, self.role)
                time.sleep(0.05)
        raise RunError("The process that tries networks out did not start.", code="no-lab")


def lab_info(workspace: Path, role: str = "lab") -> dict[str, Any] | None:
    """Where the lab process listens, or None when none does."""
    return who_serves(home(workspace, role))


def warm(workspace: Path, role: str = "lab") -> None:
    """Start the lab process unless one with this code is there; does not wait for it."""
    about = lab_info(workspace, role)
    if about and about["fingerprint"] == fingerprint():
        return
    start_detached(
        "selfsup_core.inspection.process",
        workspace,
        home(workspace, role),
        OMP_NUM_THREADS="1",
        **{ROLE: role},
    )


def stop_lab(workspace: Path, role: str = "lab") -> bool:
    """End the lab process; False when there was none."""
    about = lab_info(workspace, role)
    if not about:
        return False
    os.kill(about["pid"], signal.SIGTERM)
    return True


def pack(answer: Any) -> bytes:
    """An `Answer` as safetensors; every value of `about` is JSON."""
    from safetensors.numpy import save

    about = {name: json.dumps(value) for name, value in answer.about.items()}
    return save(answer.arrays, metadata=about)


def unpack(blob: bytes) -> dict[str, Any]:
    """The plain values of an answer."""
    size = int.from_bytes(blob[:8], "little")
    about = json.loads(blob[8 : 8 + size]).get("__metadata__", {})
    return {name: json.loads(value) for name, value in about.items()}


# The process's side


class Lab:
    """Serves tools to whoever has the key."""

    def __init__(self, workspace: Path) -> None:
        from selfsup_core.inspection.classifiers import Classifiers
        from selfsup_core.inspection.embedding import EmbedJobs
        from selfsup_core.inspection.language import Models
        from selfsup_core.inspection.model_at import Kits
        from selfsup_core.inspection.space.spaces import Spaces

        self.workspace, self.kits, self.models = workspace, Kits(workspace), Models(workspace)
        self.classifiers, self.embedding = Classifiers(workspace), EmbedJobs(workspace)
        self.spaces = Spaces(workspace, self.kits)
        self.last_request = time.monotonic()
        self.is_closing = False

    @property
    def is_at_work(self) -> bool:
        return self.embedding.is_at_work or self.spaces.is_at_work

    def answer(self, request: bytes) -> bytes:
        """Never raises: what goes wrong is said in the answer."""
        from selfsup_core.inspection.language import use_language_tool
        from selfsup_core.inspection.registry import Answer, use_tool

        try:
            asked = json.loads(request)
            if "model" in asked:
                made = use_language_tool(self.models, asked["model"], asked["tool"], asked["values"])
                return GOOD + pack(Answer(about=made))
            if "classifier" in asked:
                said = self.classifiers.use(asked["classifier"], asked["tool"], asked["values"])
                return GOOD + pack(Answer(about=said))
            if "space" in asked:
                return GOOD + pack(self.spaces.use(asked["space"], asked["tool"], asked["values"]))
            if "embedding" in asked:
                said = self.embedding.use(asked["embedding"], asked["tool"], asked["values"])
                return GOOD + pack(Answer(about=said))
            made = use_tool(self.kits, asked["run"], asked["tool"], asked["values"])
            return GOOD + pack(made)
        except StudioError as error:
            return problem(error)
        except Exception as error:
            import traceback

            traceback.print_exc()
            return problem(RunError(f"This failed: {type(error).__name__}: {error}.", code="internal"))

    def serve(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                request = connection.recv_bytes(MAX_REQUEST)
                self.last_request = time.monotonic()
                connection.send_bytes(self.answer(request))


def problem(error: StudioError) -> bytes:
    return BAD + json.dumps(error.as_dict() | {"is_run": isinstance(error, RunError)}).encode()


def serve(workspace: Path, *, idle_seconds: float = IDLE_SECONDS, role: str = "lab") -> int:
    """Be the lab process of a workspace until idle for long; leaves when another with newer code has taken over."""
    from filelock import FileLock, Timeout

    place = home(workspace, role)
    place.mkdir(parents=True, exist_ok=True)
    mine = fingerprint()
    lock = FileLock(place / f"lock-{abs(hash_text(mine)):x}")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return 0
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    import torch

    from selfsup_core.inspection.registry import TOOLS

    list(TOOLS)  # what they bring in should not wait for the first request

    torch.set_num_threads(1)
    key = secrets.token_bytes(32)
    listener = Listener(None)  # the key is asked for in `greet`
    about = identity() | {"fingerprint": mine, "address": listener.address, "key": key.hex()}
    write_private(place / "about.json", about)
    lab = Lab(workspace)
    threading.Thread(target=accept, args=(listener, lab, key), daemon=True).start()
    if role == "maps":
        threading.Thread(target=lab.spaces.warm_up, daemon=True).start()
    while lab.is_at_work or time.monotonic() - lab.last_request < idle_seconds:
        time.sleep(1.0)
        found = read_json(place / "about.json")
        if not found or found.get("pid") != os.getpid():
            break  # another one serves, or the workspace is gone
    lab.is_closing = True
    listener.close()
    lock.release()
    return 0


def hash_text(text: str) -> int:
    import zlib

    return zlib.crc32(text.encode())


def write_private(path: Path, about: dict[str, Any]) -> None:
    """The key is for this person's own processes only."""
    temporary = path.with_name(f".about.{secrets.token_hex(4)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(about, file)
    os.replace(temporary, path)


def accept(listener: Listener, lab: Lab, key: bytes) -> None:
    while not lab.is_closing:
        try:
            connection = listener.accept()
        except OSError as error:  # a caller that left at once; the closed listener at the very end
            print(f"refused a connection: {type(error).__name__}", flush=True)
            time.sleep(0.01)
            continue
        threading.Thread(target=greet, args=(connection, lab, key), daemon=True).start()


def greet(connection: Connection, lab: Lab, key: bytes) -> None:
    """Serve whoever shows the key; in a thread of its own, so that a silent caller keeps nobody waiting."""
    try:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
    except (AuthenticationError, OSError, EOFError, ValueError, AssertionError) as error:
        print(f"refused a caller: {type(error).__name__}", flush=True)
        connection.close()
        return
    lab.serve(connection)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer tools on a workspace's runs.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS)
    arguments = parser.parse_args()
    role = os.environ.get(ROLE, "lab")
    sys.exit(serve(arguments.workspace.resolve(), idle_seconds=arguments.idle_seconds, role=role))
