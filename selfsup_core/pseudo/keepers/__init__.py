"""Where rules register that choose which proposals are kept: a rule is a function in a file of a folder
`keepers/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selfsup_core.pseudo.keeping import State
from selfsup_core.registry import Registry

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pool:
    """What a rule is given.

    Attributes:
        config: the settings, a `SelectConfig`.
        p: (B, C) proposed probabilities; rows of NaN mean that no one proposes, and get weight 0.
        state: what the rule remembered last; empty at first.
        progress: share of the training that is done.
        momentum: how slowly running means follow; 0 when the whole pool is given at once.
        rows: (B,) places in the pool, within steps; None when the whole pool is given.
        size: how many unlabeled rows there are.
        shares: () -> (C,) shares of the classes that are aimed at.
    """

    config: Any
    p: torch.Tensor
    state: State
    progress: float
    momentum: float
    rows: torch.Tensor | None
    size: int
    shares: Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Keeper:
    """title: for people. rule: pool -> (weights (B,) in [0, 1], what it remembers)."""

    title: str
    rule: Callable[[Pool], tuple[torch.Tensor, State]]


KEEPERS: Registry[Keeper] = Registry("keeper", "keepers")


def keeper(name: str, title: str) -> Callable[[Callable[[Pool], Any]], Callable[[Pool], Any]]:
    """Register a rule under the name that `objective.keep` takes."""

    def register(rule: Callable[[Pool], Any]) -> Callable[[Pool], Any]:
        KEEPERS.register(name)(Keeper(title, rule))
        return rule

    return register
