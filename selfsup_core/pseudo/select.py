"""Which proposals are kept: the settings, and the rule of `keepers/` that is asked with them.

Protocol: Selector(probabilities (B, C), state) -> (weights (B,) in [0, 1], state).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from selfsup_core.pseudo.keepers import KEEPERS, Pool
from selfsup_core.pseudo.keeping import State, counted, is_bare
from selfsup_core.pseudo.shares import align, align_step, estimate_prior, prior_error
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch


class SelectConfig(Config):
    """Which proposals are kept."""

    keep: str = setting(
        "top-k",
        "Which proposals are kept: the surest of each class, those above a threshold, or by the rules of "
        "published methods.",
        title="Keeper",
        why="The surest of each class, because a fixed threshold for all can collapse onto the easiest "
        "class.",
        known=lambda: tuple(KEEPERS),
        titles=lambda: {name: keeper.title for name, keeper in KEEPERS.items()},
    )
    threshold: float = setting(
        0.95,
        "Minimum probability of a kept proposal (Above a threshold), and the upper limit of FlexMatch's "
        "thresholds.",
        title="Threshold",
        ge=0.0,
        le=1.0,
    )
    first_share: float = setting(
        0.1,
        "Share that the first round keeps: of the unlabeled rows (Surest of each class), or of the "
        "proposals of each class (Surest share of each class). It grows evenly from round to round.",
        title="Share kept first",
        gt=0.0,
        le=1.0,
    )
    last_share: float = setting(
        0.8,
        "Share that the last round keeps.",
        title="Share kept last",
        gt=0.0,
        le=1.0,
        why="Not all, because the least certain ones are mostly wrong.",
    )
    most_entropy: float = setting(
        0.3,
        "Maximum entropy of a kept proposal: 0 is certain, 1 is uniform (Low entropy).",
        title="Maximum entropy",
        ge=0.0,
        le=1.0,
    )
    lee_start: float = setting(
        0.1,
        "Share of the training before pseudo-labels start to count (Lee 2013).",
        title="Lee 2013: start",
        ge=0.0,
        le=1.0,
    )
    lee_full: float = setting(
        0.6,
        "Share of the training after which they have full weight (Lee 2013).",
        title="Lee 2013: full weight",
        ge=0.0,
        le=1.0,
    )
    prior: Literal["auto", "unknown", "even", "estimated"] = setting(
        "auto",
        "The expected class shares: assume nothing; equal, for classes that are about equally frequent; "
        "estimated from the proposals of each round; or automatic: equal unless similar rows indicate "
        "otherwise.",
        title="Are classes equally frequent?",
        why="The number of labels per class does not tell how frequent the classes are.",
        titles={
            "auto": "Yes, unless similar rows disagree",
            "unknown": "I don't know",
            "even": "Yes, about equally",
            "estimated": "Estimate it each round",
        },
    )
    align: bool = setting(
        False,
        "Adjust the proposals so that their mean has the expected class shares, before any are kept.",
        title="Distribution alignment",
    )
    momentum: float = setting(
        0.9,
        "Momentum of the running means of methods within each step (FreeMatch, SoftMatch, alignment).",
        title="Momentum",
        ge=0.0,
        le=0.9999,
    )

    @field_validator("keep")
    @classmethod
    def keeper_is_known(cls, name: str) -> str:
        if name not in list(KEEPERS):
            raise ValueError(tr("must be one of {keepers}").format(keepers=", ".join(KEEPERS)))
        return name


class Selector:
    """A rule with its settings: (B, C) proposals and what it remembers → (B,) weights and what it remembers
    then.

    Args:
        given: (C,) labels per class, by which shares are estimated.
        pool: how many unlabeled rows there are.
        shares: (C,) of the classes that are aimed at; even if None.
    """

    def __init__(
        self, config: SelectConfig, given: torch.Tensor, pool: int, shares: torch.Tensor | None = None
    ) -> None:
        self.config, self.given, self.pool, self.shares = config, given, pool, shares

    def prior(self, p: torch.Tensor) -> torch.Tensor:
        """(C,) shares that are aimed at."""
        import torch

        p, classes = counted(p), len(self.given)
        if self.config.prior == "estimated":
            return estimate_prior(p, self.given.to(p.device)).to(p.device, p.dtype)
        if (
            self.config.prior == "unknown"
        ):  # what the proposals say themselves, so that alignment turns nothing
            there = ~p.isnan().any(dim=1)
            if there.any():
                return p[there].mean(dim=0)
        if self.shares is not None:
            return self.shares.to(p.device, p.dtype)
        return torch.full((classes,), 1.0 / classes, dtype=p.dtype, device=p.device)

    def estimated(self, p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """(C,) shares that were estimated from the pool's proposals, and their standard errors; None where
        they are not.
        """
        if self.config.prior != "estimated" or not (~p.isnan().any(dim=1)).any():
            return None
        p = counted(p)
        shares = self.prior(p)
        return shares, prior_error(p, self.given.to(p.device), shares)

    def turned(self, p: torch.Tensor) -> torch.Tensor:
        """Proposals after alignment, where that is wanted; of a whole pool."""
        bare = is_bare(p)
        there = ~p.isnan().any(dim=1) & ~bare
        if not self.config.align or not there.any():
            return p
        turned = align(p, p[there].mean(dim=0), self.prior(p))
        return turned.where(~bare[:, None], p)

    def turned_within(self, p: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """The same within steps, by a running mean. Shares cannot be estimated from a batch: then proposals
        stay.
        """
        if not self.config.align or self.config.prior == "estimated":
            return p, state
        return align_step(p, state, self.prior(p), self.config.momentum)

    def wanted(self, p: torch.Tensor) -> torch.Tensor:
        """(C,) shares that top-k keeps. Proposals that were turned to estimated shares have them by now:
        their mean.
        """
        p = counted(p)
        there = ~p.isnan().any(dim=1)
        if self.config.align and self.config.prior == "estimated" and there.any():
            return p[there].mean(dim=0)
        return self.prior(p)

    def __call__(
        self, p: torch.Tensor, state: State, *, progress: float, rows: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, State]:
        """Args: progress: share of the training that is done. rows: (B,) places in the pool, within steps.

        Running means of FreeMatch and SoftMatch stand for means over the pool; of a whole pool the means
        themselves are taken, and nothing is remembered, unless steps have left a state.
        """
        is_whole = rows is None and not state
        momentum = 0.0 if is_whole else self.config.momentum
        pool = Pool(self.config, p, state, progress, momentum, rows, self.pool, lambda: self.wanted(p))
        weights, then = KEEPERS[self.config.keep].rule(pool)
        return weights, state if is_whole else then
