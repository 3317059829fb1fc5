"""Signs of trouble of a run, as its rows and its end tell them: the stage, `train` and `runs show` say the
same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from selfsup_core.evaluate.rows import EpochRow, Sign
from selfsup_core.runs.state import RunState

if TYPE_CHECKING:
    from selfsup_core.runs.folder import Row


def signs_of(state: RunState, rows: list[Row]) -> list[Sign]:
    """Signs of a run: why it diverged, and those of its newest epoch."""
    error = state["error"]
    found = last_signs(rows)
    if state["stop_reason"] == "diverged" and error:
        found = [{"code": "diverged", "text": error["message"], "remedy": error["remedy"]}, *found]
    return found


def last_signs(rows: list[Row]) -> list[Sign]:
    """Signs of trouble of the newest epoch."""
    epochs = epoch_rows(rows)
    return epochs[-1].get("signs", []) if epochs else []


def epoch_rows(rows: Iterable[Row]) -> list[EpochRow]:
    """The rows of whole epochs."""
    return [
        cast("EpochRow", row)
        for row in rows
        if row.get("kind") == "epoch" and isinstance(row.get("epoch"), int)
    ]


def say_sign(sign: Sign) -> str:
    """One line: what was observed, and what may help."""
    return f"{sign['text']} {sign['remedy']}".strip()
