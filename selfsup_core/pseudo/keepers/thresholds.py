"""Rules with thresholds: fixed, low entropy, Lee's ramp, and those whose thresholds follow the proposals.

The formulas and their sources are in `keeping.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.pseudo import keeping
from selfsup_core.pseudo.keepers import Pool, keeper

if TYPE_CHECKING:
    import torch

Kept = tuple["torch.Tensor", keeping.State]


@keeper("fixed", "Above a threshold")
def fixed(pool: Pool) -> Kept:
    return keeping.fixed(pool.p, pool.config.threshold), pool.state


@keeper("entropy", "Low entropy")
def entropy(pool: Pool) -> Kept:
    return keeping.low_entropy(pool.p, pool.config.most_entropy), pool.state


@keeper("lee", "All, with rising weight (Lee 2013)")
def lee(pool: Pool) -> Kept:
    weight = keeping.lee_weight(pool.progress, pool.config.lee_start, pool.config.lee_full)
    return keeping.fixed(pool.p, 0.0) * weight, pool.state


@keeper("flexmatch", "FlexMatch")
def flexmatch(pool: Pool) -> Kept:
    if pool.rows is None:
        return keeping.flexmatch(pool.p, pool.config.threshold), pool.state
    return keeping.flexmatch_step(pool.p, pool.state, pool.config.threshold, pool.rows, pool.size)


@keeper("freematch", "FreeMatch")
def freematch(pool: Pool) -> Kept:
    return keeping.freematch(pool.p, pool.state, pool.momentum)


@keeper("softmatch", "SoftMatch")
def softmatch(pool: Pool) -> Kept:
    return keeping.softmatch(pool.p, pool.state, pool.momentum)
