"""Requests to a worker: one small file each in the run's `control` folder, taken in the order of their names."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from typing import Any, NotRequired, TypedDict

from pydantic import TypeAdapter, ValidationError

from selfsup_core.errors import RunError, SettingError
from selfsup_core.files import read_json, write_json
from selfsup_core.runs.folder import ACTIVE, RunFolder, read_state
from selfsup_core.runs.queue import resume, stop_queued
from selfsup_core.settings import explain, list_settings
from selfsup_core.train.config import TrainConfig

ACTIONS = ("pause", "resume", "step", "stop", "set")
LIVE = {entry.path: entry for entry in list_settings(TrainConfig) if entry.live}


class Request(TypedDict):
    """What a run's worker is asked for; name and value of a live setting with the action "set"."""

    action: str
    name: NotRequired[str]
    value: NotRequired[float]


_counter = itertools.count()


def check_live_setting(name: str, value: Any) -> float:
    """The value of a setting that a running training takes.

    Raises:
        SettingError: the setting cannot be changed while a run is on, or the value is out of bounds.
    """
    if name not in LIVE:
        raise SettingError(
            f"{name!r} cannot be changed while a run is on; {', '.join(LIVE)} can.",
            remedy="Start a new run for it.",
        )
    try:
        number = TypeAdapter(float).validate_python(value)
        return float(getattr(TrainConfig.model_validate({name: number}), name))
    except ValidationError as error:
        if error.title == "float":
            raise SettingError(f"{name} must be a number; found {value!r}.") from error
        raise explain(error, TrainConfig) from error


def send(folder: RunFolder, action: str, *, name: str = "", value: Any = None) -> None:
    """Ask a run's worker for something; it answers within a tenth of a second.

    Raises:
        RunError: no such action, or the run is not at work.
        SettingError: a live setting's name or value is wrong.
    """
    if action not in ACTIONS:
        raise RunError(f"There is no action {action!r}. Known: {', '.join(ACTIONS)}.")
    request: Request = {"action": action}
    if action == "set":
        request["name"], request["value"] = name, check_live_setting(name, value)
    status = read_state(folder)["status"]
    if status == "queued" and action == "stop" and stop_queued(folder):
        return
    if action == "resume" and status in ("interrupted", "stopped", "failed"):
        resume(folder)
        return
    if status not in ACTIVE:
        raise RunError(f"The run is {status}; {action} needs one that is at work.", code="not-active")
    folder.control.mkdir(exist_ok=True)
    # Names sort by time, by a clock that nobody can set back; the counter and the random part keep two requests of
    # one instant apart.
    stamp = f"{time.monotonic_ns():020d}-{next(_counter):06d}-{uuid.uuid4().hex[:6]}"
    write_json(folder.control / f"{stamp}.json", request)


def receive(folder: RunFolder) -> list[Request]:
    """Take all waiting requests, oldest first; unreadable ones are dropped."""
    try:
        names = sorted(n for n in os.listdir(folder.control) if n.endswith(".json") and n[0] != ".")
    except FileNotFoundError:
        return []
    requests: list[Request] = []
    for name in names:
        request: Request | None = read_json(folder.control / name)
        (folder.control / name).unlink(missing_ok=True)
        if isinstance(request, dict) and request.get("action") in ACTIONS:
            requests.append(request)
    return requests
