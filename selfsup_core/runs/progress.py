"""How far a long piece of work is; `tasks` and `workers` yield it, pages and commands show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """share: of the whole work, from 0 to 1; said: what is done now, as a sentence."""

    share: float
    said: str
