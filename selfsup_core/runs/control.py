"""Requests to a worker: one small file each in the run's `control` folder, taken in the order of their
names.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, cast

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.files import read_checked, write_json
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state
from selfsup_core.runs.queue import enqueue, resume, stop_queued, withdraw
from selfsup_core.runs.state import RunState
from selfsup_core.settings import explain, list_settings
from selfsup_core.train.config import TrainConfig
from selfsup_core.translation import tr

ACTIONS = ("pause", "resume", "step", "stop", "set")
LIVE = {entry.path: entry for entry in list_settings(TrainConfig) if entry.live}


class Request(TypedDict):
    """What a run's worker is asked for; name and value of a live setting with the action "set", and why with
    "stop" where a person did not ask for it.
    """

    action: Literal["pause", "resume", "step", "stop", "set"]
    name: NotRequired[str]
    value: NotRequired[float]
    reason: NotRequired[str]


MOST_REASON = 500  # characters
_counter = itertools.count()


def check_live_setting(name: str, value: Any) -> float:
    """The value of a setting that a running training takes.

    Raises:
        SettingError: the setting cannot be changed while a run is on, or the value is out of bounds.
    """
    if name not in LIVE:
        raise SettingError(
            tr("{name!r} cannot be changed during a run; {live} can.").format(
                name=name, live=", ".join(LIVE)
            ),
            remedy=tr("Start a new run for it."),
        )
    try:
        number = TypeAdapter(float).validate_python(value)
        return float(getattr(TrainConfig.model_validate({name: number}), name))
    except ValidationError as error:
        if error.title == "float":
            raise SettingError(
                tr("{name} must be a number; found {value!r}.").format(name=name, value=value)
            ) from error
        raise explain(error, TrainConfig) from error


def send(folder: RunFolder, action: str, *, name: str = "", value: Any = None, reason: str = "") -> None:
    """Ask a run's worker for something; it answers within a tenth of a second.

    Args:
        reason: of a stop, said with the run; "stopped by hand" if not given.

    Raises:
        RunError: no such action, or the run is not running.
        SettingError: a live setting's name or value is wrong.
    """
    if action not in ACTIONS:
        raise RunError(
            tr("There is no action {action!r}. Known: {actions}.").format(
                action=action, actions=", ".join(ACTIONS)
            )
        )
    request = cast("Request", {"action": action})
    if action == "set":
        request["name"], request["value"] = name, check_live_setting(name, value)
    if action == "stop" and reason:
        request["reason"] = reason
    state = read_state(folder)
    status = state["status"]
    if status == "paused" and state.get("frees_slot") and action in ("resume", "step", "pause", "stop"):
        withdraw(folder)
        if action == "resume" or action == "step":
            # Another run may have its place by now: the supervisor lets it continue when one is free.
            enqueue(folder, state["owner"], "step" if action == "step" else "resume")
            return
    if status == "queued" and action == "stop" and stop_queued(folder):
        return
    if action == "resume" and status in ("interrupted", "stopped", "failed"):
        resume(folder)
        return
    if status not in ACTIVE:
        raise RunError(
            tr("The run is {status}; {action} needs a running one.").format(status=status, action=action),
            code="not-active",
        )
    deliver(folder, request)


def send_each(folders: Sequence[RunFolder], action: str) -> None:
    """Ask several runs for the same; where one refuses, the others are asked nevertheless.

    Raises:
        RunError: the first refusal.
    """
    refusals = []
    for folder in folders:
        try:
            send(folder, action)
        except RunError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


def can_resume(state: RunState) -> bool:
    """Whether a run goes on when it is asked to: it was cut off, paused, or stopped after its first epoch."""
    status = state["status"]
    return status in ("interrupted", "paused") or (status == "stopped" and state["epoch"] > 0)


def deliver(folder: RunFolder, request: Request) -> None:
    """Put a request before the run's worker."""
    folder.control.mkdir(exist_ok=True)
    # Names sort by time, by a clock that no one can set back; the counter and the random part keep two
    # requests of one instant apart.
    stamp = f"{time.monotonic_ns():020d}-{next(_counter):06d}-{uuid.uuid4().hex[:6]}"
    write_json(folder.control / f"{stamp}.json", request)


def receive(folder: RunFolder) -> tuple[list[Request], list[str]]:
    """Take all waiting requests, oldest first.

    Returns: the requests, and of what could not be understood and was left out why.
    """
    try:
        names = sorted(n for n in os.listdir(folder.control) if n.endswith(".json") and n[0] != ".")
    except OSError:
        return [], []
    requests: list[Request] = []
    refused: list[str] = []
    for name in names:
        path = folder.control / name
        try:
            request = read_checked(path, Request)
            if request is not None:
                requests.append(checked_request(request))
        except StudioError as error:
            refused.append(tr("A request was ignored: {message}").format(message=error.message))
        drop(path)
    return requests, refused


def checked_request(request: Request) -> Request:
    """The request with everything that its action needs. Raises SettingError."""
    if len(request.get("reason", "")) > MOST_REASON:
        raise SettingError(
            tr("A reason has at most {most} characters; found {count}.").format(
                most=MOST_REASON, count=len(request["reason"])
            )
        )
    if request["action"] != "set":
        return request
    if "name" not in request or "value" not in request:
        raise SettingError(tr('"set" needs the name of a live setting and its value.'))
    value = check_live_setting(request["name"], request["value"])
    return {"action": "set", "name": request["name"], "value": value}


def drop(path: Path) -> None:
    """Take a request away; what cannot be removed as a file is moved out of the way."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        with contextlib.suppress(OSError):
            path.rename(path.with_name(f".{path.name}.{uuid.uuid4().hex[:6]}.ignored"))
