"""The environment of processes that we start: without keys and passwords, which hardly any of them needs."""

from __future__ import annotations

import os
import re

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
