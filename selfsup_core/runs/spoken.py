"""What is recorded of a run, in the language of whoever reads it."""

from __future__ import annotations

from typing import Any, TypeVar

from selfsup_core.translation import ENGLISH, language, recorded

T = TypeVar("T")

# Of states and rows: what holds sentences rather than names and numbers.
TEXTS = {"message", "notes", "reason", "remedy", "text", "title", "why"}


def spoken(value: T) -> T:
    """A state, a row or a part of one, whose recorded sentences are in the reader's language."""
    if language() == ENGLISH:
        return value
    return said(value, is_text=False)  # type: ignore[no-any-return]


def said(value: Any, *, is_text: bool) -> Any:
    if isinstance(value, dict):
        return {key: said(held, is_text=key in TEXTS) for key, held in value.items()}
    if isinstance(value, list):
        return [said(one, is_text=is_text) for one in value]
    return recorded(value) if is_text and isinstance(value, str) else value
