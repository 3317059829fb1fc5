"""Whether a remote model is configured and answers: what is needed, what is set, and one small question."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from selfsup_core.pretrained.remote.connection import NAMES, read_connection
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.pretrained.remote.transport import Spent
from selfsup_core.translation import tr_later

if TYPE_CHECKING:
    from selfsup_core.pretrained.remote.client import Remote

QUESTION = tr_later("Answer with one word: ready")
PURPOSES = {
    "url": tr_later("Base address of an OpenAI-compatible server; it usually ends in /v1. Required."),
    "model": tr_later("Name of the model there. Needed if the server has more than one."),
    "key": tr_later("API key of the server. Needed if it asks for one."),
}


class Variable(TypedDict):
    """One variable. value: what is set, of the key never more than "set"; "" where nothing is."""

    name: str
    purpose: str
    value: str


class Checked(TypedDict):
    """An answer of the remote model. spent: requests, tokens and cost."""

    model: str
    seconds: float
    answer: str
    warning: str
    spent: Spent


def list_variables(
    environment: Mapping[str, str], secrets: Mapping[str, Any] | None = None
) -> list[Variable]:
    """What is needed and what is set; an address that cannot be used is not repeated, since it may hold a
    password.
    """
    shown = dict.fromkeys(NAMES, "")
    try:
        about = read_connection(environment, secrets).about()
        shown = {
            "url": about["url"],
            "model": about["model"],
            "key": "set" if about["key"] == "set" else "",
        }
    except RemoteError:
        shown |= {field: "set" for field, name in NAMES.items() if environment.get(name, "").strip()}
    return [
        {"name": name, "purpose": PURPOSES[field], "value": shown[field]} for field, name in NAMES.items()
    ]


def check_answer(remote: Remote) -> Checked:
    """Send one small question.

    Raises:
        RemoteError: why there is no answer, without the key.
    """
    model = remote.model()
    start = time.monotonic()
    answer = remote.complete_label(QUESTION, most_tokens=8)
    return {
        "model": model,
        "seconds": round(time.monotonic() - start, 3),
        "answer": answer.strip(),
        "warning": remote.connection.warning,
        "spent": remote.spent(),
    }
