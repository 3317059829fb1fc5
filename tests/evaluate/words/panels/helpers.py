"""Epochs to say something of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selfsup_core.evaluate.words.panels.seen import MOST_LETTERS, Seen


def see(epoch: int = 5, row: dict[str, Any] | None = None, **more: Any) -> Seen:
    """An epoch with a row of numbers, of whatever else is given."""
    filled: dict[str, Any] = {"arrays": {}, "static": {}, "classes": ("cat", "dog", "emu")} | more
    return Seen(epoch=epoch, row={"kind": "epoch", "epoch": epoch, **(row or {})}, **filled)  # type: ignore[typeddict-item]


def told(say: Callable[[Seen], str], seen: Seen) -> str:
    """A sentence, which every panel has room for."""
    text = say(seen)
    assert len(text) <= MOST_LETTERS, text
    assert not text or text.endswith("."), text
    return text
