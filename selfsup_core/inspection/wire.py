"""What travels between a client and a helper process: a request as JSON; an answer as safetensors, or a
problem as JSON.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

from selfsup_core.errors import RunError, StudioError
from selfsup_core.inspection.subject import Kind, Subject
from selfsup_core.runs.processes import ServerAbout, who_serves
from selfsup_core.settings import Config, Plain, Values, setting
from selfsup_core.shared import host_of
from selfsup_core.translation import language

GOOD, BAD = b"+", b"-"
MAX_REQUEST = 8_000_000
ROLE = "SELFSUP_LAB_ROLE"  # names the role to a process that is started


class Request(Config):
    """A question on its way."""

    kind: Kind = setting(..., "Kind of subject.")
    subject: str = setting(..., "Its name.")
    question: str = setting(..., "What is asked.")
    values: Plain = setting(..., "Settings of the question.")
    person: str = setting("", 'In whose workspace of a room; "" for the host\'s own.')
    language: str = setting("en", "Language of what the answer says.")

    @classmethod
    def of(cls, subject: Subject, question: str, values: Values, person: str = "") -> Request:
        return cls(
            kind=subject.kind,
            subject=subject.name,
            question=question,
            values=dict(values),
            person=person,
            language=language(),
        )


class Problem(TypedDict):
    """What went wrong, as `StudioError.as_dict` says it."""

    message: str
    code: str
    remedy: str
    is_run: bool


class Server(ServerAbout):
    """What a helper process says of itself to clients of the same person."""

    address: str
    key: str


def home(workspace: Path, role: str = "lab") -> Path:
    """Folder of a helper process. "lab" answers quick questions, "maps" computes slow ones. The people of a
    room have the host's.
    """
    return host_of(workspace) / role


def lab_info(workspace: Path, role: str = "lab") -> Server | None:
    """Where the helper process listens, or None when none does."""
    return who_serves(home(workspace, role), "selfsup_core.inspection.server", Server)


def pack_problem(error: StudioError) -> bytes:
    return BAD + json.dumps(error.as_dict() | {"is_run": isinstance(error, RunError)}).encode()


def read_reply(reply: bytes) -> bytes:
    """A packed answer. Raises the problem that the process tells."""
    if reply[:1] == BAD:
        problem: Problem = json.loads(reply[1:])
        kind = RunError if problem["is_run"] else StudioError
        raise kind(problem["message"], code=problem["code"], remedy=problem["remedy"])
    return reply[1:]
