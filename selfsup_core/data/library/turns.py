"""The queue of imports: some run at once per workspace or room, over all processes; others wait."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
from typing_extensions import TypedDict

from selfsup_core.data.limits import LIMITS
from selfsup_core.files import read_shaped, write_json
from selfsup_core.shared import host_of, person_of
from selfsup_core.translation import join_sentences, tr, tr_later

Tell = Callable[[str], None]
Say = Callable[["Step"], None]
POLL_SECONDS = 0.1
PATTERN = ".job-ticket-*.json"  # as what `files.sweep` removes
SOMEBODYS = tr_later("somebody's file")
START_TOLERANCE = 60.0  # seconds by which the clock may be changed while a process lives


class Step(TypedDict):
    """What a job does now: the title of its step, and how many of how many steps are done."""

    title: str
    done: int
    total: int


class Ticket(TypedDict):
    """One import that works or waits: what it reads, and the process that asked for it."""

    title: str
    pid: int
    start: float


@cache
def own_start(pid: int) -> float:
    return psutil.Process(pid).create_time()


def is_held(ticket: Ticket) -> bool:
    """Whether the process that took a ticket is alive."""
    try:
        return abs(psutil.Process(ticket["pid"]).create_time() - ticket["start"]) < START_TOLERANCE
    except (psutil.Error, ValueError, OverflowError):
        return False


@contextmanager
def turn(workspace: Path, title: str, tell: Tell | None = None) -> Iterator[None]:
    """Wait until one of the places is free, and hold it.

    Args:
        title: shown to those who wait behind it; in a room they do not learn it.
        tell: called repeatedly with a sentence while this waits; an exception from it ends the waiting.
    """
    if person_of(workspace):
        title = SOMEBODYS
    place = host_of(workspace) / f".job-ticket-{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"
    pid = os.getpid()
    ticket: Ticket = {"title": title, "pid": pid, "start": own_start(pid)}
    write_json(place, ticket)
    try:
        while len(before := list_before(place)) >= LIMITS.imports_at_once:
            if tell:
                tell(describe_before(before))
            time.sleep(POLL_SECONDS)
        yield
    finally:
        place.unlink(missing_ok=True)


def list_before(place: Path) -> list[str]:
    """Titles of the imports before a ticket, in their order; tickets of processes that have ended are
    removed.
    """
    titles = []
    for path in sorted(place.parent.glob(PATTERN)):
        if path.name >= place.name:
            break
        ticket = read_shaped(path, Ticket)
        if ticket and is_held(ticket):
            titles.append(ticket["title"])
        else:
            path.unlink(missing_ok=True)
    return titles


def describe_before(titles: list[str]) -> str:
    """ "Waiting: wines.csv and pets.zip are being read, at most 2 at a time. 1 more is ahead." """
    most = LIMITS.imports_at_once
    working, waiting = titles[:most], len(titles) - most
    names = tr(" and ").join(working) if len(working) < 3 else ", ".join(working)
    message = (
        tr("Waiting: {names} is being read, at most {most} at a time.")
        if most == 1
        else tr("Waiting: {names} are being read, at most {most} at a time.")
    )
    said = [message.format(names=names, most=most)]
    if waiting > 0:
        message = tr("{waiting} more is ahead.") if waiting == 1 else tr("{waiting} more are ahead.")
        said.append(message.format(waiting=waiting))
    return join_sentences(said)
