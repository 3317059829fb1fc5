"""Who has an estimate of the pool's class shares in a run with pseudo-labels; asked of given labels and
proposals alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from selfsup_core.pseudo.audit import find_collapse
from selfsup_core.pseudo.drift import Estimate, count_shares, find_drift, measure_drift, nearest
from selfsup_core.pseudo.vote import named
from selfsup_core.tasks.parts.proposals import Proposers
from selfsup_core.translation import tr, tr_later

MOST_ASKED = 1000  # rows of the pool whose class the twin is asked for, where it proposes none
MOST_TEXTS = 200  # through a transformer on a CPU
LEAST_NAMED = 0.5  # share of the pool; fewer rows are a selection rather than a sample
LEAST_GIVEN = 30  # labels that are a random sample
TITLES = {"neighbors": tr_later("similar rows"), "names": tr_later("class names"), "rules": "rules"}


class ShareEstimates:
    """Estimates of the class shares, and the alarms that compare the kept labels with them.

    Args:
        labels: (L,) given labels. name_by_twin: (R,) row numbers → (R,) classes that the twin names.

    Attributes:
        now: the estimates of the newest round.
    """

    def __init__(
        self,
        proposers: Proposers,
        labels: np.ndarray,
        name_by_twin: Callable[[np.ndarray], np.ndarray],
        *,
        is_slow: bool,
    ) -> None:
        self.proposers, self.config = proposers, proposers.config
        self.name_by_twin = name_by_twin
        data, pool, count = proposers.context.spec.data, proposers.pool, len(proposers.classes)
        most = MOST_TEXTS if is_slow else MOST_ASKED
        self.asked = np.sort(np.random.default_rng(data.split_seed + 13).permutation(pool)[:most])
        fixed: list[Estimate | None] = []
        # So many of each class, or rows that a person chose to label, tell nothing of the shares.
        if data.labels_per_class == 0 and not self.config.hand and len(labels) >= LEAST_GIVEN:
            fixed.append(count_shares(tr("the given labels"), labels, count))
        if self.config.prior == "even":
            fixed.append(Estimate(tr("even shares, as was said"), np.full(count, 1 / count)))
        for name, p in proposers.fixed.items():
            classes = named(p)
            if len(pool) and (classes >= 0).mean() >= LEAST_NAMED:
                fixed.append(count_shares(TITLES.get(name, f"the proposer {name!r}"), classes, count))
        self.fixed = [one for one in fixed if one]
        self.now = self.fixed

    def look(self, *, has_begun: bool) -> None:
        """Update the estimates of proposers that have learned since the last round."""
        self.now = self.fixed
        if not has_begun or len(self.asked) == 0:
            return
        names = self.proposers.names
        classes = (
            named(self.proposers.last[names.index("twin")])
            if "twin" in names
            else self.name_by_twin(self.asked)
        )
        twin = count_shares(
            tr("the classifier on the given labels alone"), classes, len(self.proposers.classes)
        )
        self.now = [*self.fixed, *([twin] if twin else [])]

    def drift(self, kept: np.ndarray) -> float | None:
        """(C,) kept labels per class → how far they are from every estimate."""
        return measure_drift(kept, self.now)

    def find_signs(self, kept: np.ndarray, before: np.ndarray | None, past: list[float | None]) -> list[Any]:
        """Signs of trouble: kept labels that run together in few classes, or move away from all estimates.

        Args:
            kept, before: (C,) kept labels per class, of this round and the one before. past: `drift` of the
            rounds before.
        """
        classes, aim = self.proposers.classes, self.proposers.shares
        estimates = [*self.now, *([Estimate(tr("the aim"), aim)] if aim is not None else [])]
        near = nearest(kept, estimates) if kept.sum() else None
        if near is None and self.config.prior == "unknown":
            return []
        collapse = find_collapse(
            kept,
            before,
            classes,
            near.shares if near else aim,
            least=np.min([one.shares for one in estimates], axis=0) if near else None,
            keep=self.config.keep,
            is_aligned=self.config.align,
        )
        found = [collapse, find_drift(kept, self.now, past, classes)]
        return [one for one in found if one]
