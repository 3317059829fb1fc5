"""The surest proposals of each class; how many grows from round to round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.pseudo import keeping
from selfsup_core.pseudo.keepers import Pool, keeper

if TYPE_CHECKING:
    import torch


@keeper("top-k", "Surest of each class")
def top_k(pool: Pool) -> tuple[torch.Tensor, keeping.State]:
    share = keeping.share_at(pool.config.first_share, pool.config.last_share, pool.progress)
    return keeping.top_k(pool.p, share, pool.shares()), pool.state


@keeper("class-share", "Surest share of each class")
def class_share(pool: Pool) -> tuple[torch.Tensor, keeping.State]:
    share = keeping.share_at(pool.config.first_share, pool.config.last_share, pool.progress)
    return keeping.class_share(pool.p, share), pool.state
