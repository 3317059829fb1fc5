"""The environment of processes that we start: without keys and passwords, which hardly any of them needs."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

from selfsup_core.errors import DataError
from selfsup_core.translation import tr

REMOTE_KEY = "SELFSUP_REMOTE_KEY"
# OPENAI_API_KEY, HF_TOKEN, AWS_SECRET_ACCESS_KEY, our own two, …: none of our processes asks for them but by
# name.
SECRET = re.compile(r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)


def without_secrets(**added: str) -> dict[str, str]:
    """This process's environment for a child that asks no one with a key, and what is added to it."""
    return {name: value for name, value in os.environ.items() if not SECRET.search(name)} | added


def take_key() -> str:
    """The key of the remote endpoint; from now on it is not in this process's environment, which children
    take over.
    """
    key = os.environ.get(REMOTE_KEY, "")
    for name in [name for name in os.environ if SECRET.search(name)]:
        del os.environ[name]
    return key


_closed = threading.Event()


def close_machine() -> None:
    """From now on this process opens no folder of the machine by a name that a person gives: it serves people
    who may not see more of it than their own workspace.
    """
    _closed.set()


def machine_folder(name: str) -> Path:
    """A folder of this machine, by the name that a person gives.

    Raises:
        DataError: this process serves a room.
    """
    if _closed.is_set():
        raise DataError(
            tr("Folders of the machine cannot be opened in a room."),
            code="no-model",
            remedy=tr("Use a built-in model."),
        )
    return Path(name).expanduser()
