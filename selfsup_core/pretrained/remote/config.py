"""Limits of requests to a remote model (time-outs, rate, maximum), and what its tokens cost."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from selfsup_core.settings import Config, explain, setting

CHARACTERS_A_TOKEN = 4
WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO")


class RemoteConfig(Config):
    """Limits of the requests to a remote model. Address, model and key are not settings: see
    `read_connection`.
    """

    timeout: float = setting(
        60.0,
        "Time limit of a request in seconds.",
        title="Time-out",
        why="A model on a busy machine may need half a minute.",
        gt=0.0,
        le=600.0,
    )
    retries: int = setting(
        3,
        "How often a request is repeated after a temporary failure.",
        title="Retries",
        why="With growing pauses, three repeats cover a short overload.",
        ge=0,
        le=10,
    )
    requests_per_minute: int = setting(
        60,
        "Maximum number of requests per minute, including retries.",
        title="Requests per minute",
        why="Below the limits of most services.",
        ge=1,
        le=10_000,
    )
    most_requests: int = setting(
        1000,
        "Maximum number of requests in all, including retries.",
        title="Most requests",
        why="So that a mistake stays cheap.",
        ge=1,
        le=100_000,
    )
    workers: int = setting(
        2,
        "Number of parallel requests.",
        title="Parallel requests",
        why="A small server answers one request at a time.",
        ge=1,
        le=4,
    )
    price_in: float = setting(
        0.0,
        "Price per million input tokens; 0 if free or unknown.",
        title="Price of input tokens",
        ge=0.0,
        le=10_000.0,
    )
    price_out: float = setting(
        0.0,
        "Price per million output tokens; 0 if free or unknown.",
        title="Price of output tokens",
        ge=0.0,
        le=10_000.0,
    )
    start: str = setting(
        "",
        "Text such as <s> to put before a text whose token probabilities are read, if the server does not "
        "add it.",
        title="Beginning of text",
        why="Most servers add it themselves.",
        max_length=100,
    )

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """In the currency of the prices."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


def read_config(
    environment: Mapping[str, str], secrets: Mapping[str, Any] | None = None, **values: Any
) -> RemoteConfig:
    """Limits that come with the endpoint: SELFSUP_REMOTE_PRICE_IN and so on, or the same names under `remote`
    in the secrets.

    Args:
        values: what was chosen for this time; it goes before.

    Raises:
        SettingError: a value is out of bounds.
    """
    table = (secrets or {}).get("remote") or {}
    found: dict[str, object] = {}
    for field in RemoteConfig.model_fields:
        if value := environment.get(f"SELFSUP_REMOTE_{field.upper()}", ""):
            found[field] = value
        elif isinstance(table, Mapping) and field in table:
            found[field] = table[field]
    try:
        return RemoteConfig.model_validate(found | values)
    except ValidationError as error:
        raise explain(error, RemoteConfig, "remote.") from error


def rough_tokens(text: str) -> int:
    """About how many tokens a text has: one per Chinese, Japanese or Korean character, one per four
    others.
    """
    wide = sum(1 for c in text if ord(c) > 0x10FF and unicodedata.name(c, "").startswith(WIDE))
    return wide + -(-(len(text) - wide) // CHARACTERS_A_TOKEN)
