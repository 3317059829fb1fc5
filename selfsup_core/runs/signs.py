"""Signs of trouble of a run, as its rows and its end tell them: the stage, `train` and `runs show` say the
same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from selfsup_core.evaluate.rows import Sign
from selfsup_core.runs.state import RunState


def signs_of(state: RunState, rows: list[Any]) -> list[Sign]:
    """Signs of a run: why it diverged, and those of its newest epoch."""
    error = state["error"]
    found = last_signs(rows)
    if state["stop_reason"] == "diverged" and error:
        found = [{"code": "diverged", "text": error["message"], "remedy": error["remedy"]}, *found]
    return found


def last_signs(rows: list[Any]) -> list[Sign]:
    """Signs of trouble of the newest epoch."""
    epochs = epoch_rows(rows)
    return cast("list[Sign]", epochs[-1].get("signs", [])) if epochs else []


def epoch_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of whole epochs."""
    return [
        cast("dict[str, Any]", row)
        for row in rows
        if row.get("kind") == "epoch" and isinstance(row.get("epoch"), int)
    ]


def say_sign(sign: Sign) -> str:
    """One line: what was observed, and what may help."""
    return f"{sign['text']} {sign['remedy']}".strip()
