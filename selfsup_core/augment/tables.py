"""Views of the rows of a table: SCARF's corruption by the training rows' marginals [1], noise, masks.

[1] Bahri et al.: SCARF, 2022
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from selfsup_core.augment.config import TableAugmentation
from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

Groups = Sequence[Sequence[int]]


@dataclass(frozen=True)
class TableDraws:
    """What was drawn for B rows of D columns: (B, D) each, None where it is not needed.

    Attributes:
        corrupted, masked: uniform in [0, 1). donors: rows of the reference. noise: normal.
    """

    corrupted: torch.Tensor | None = None
    donors: torch.Tensor | None = None
    masked: torch.Tensor | None = None
    noise: torch.Tensor | None = None

    def of(self, rows: slice) -> TableDraws:
        """Those of some of the rows."""
        parts = (self.corrupted, self.donors, self.masked, self.noise)
        return TableDraws(*(None if part is None else part[rows] for part in parts))


def draw_tables(
    x: torch.Tensor, config: TableAugmentation, generator: torch.Generator, reference: torch.Tensor | None
) -> TableDraws:
    """Raises SettingError where values of other rows are wanted and there is no reference."""
    if reference is None and (config.corruption or config.mask):
        raise SettingError(
            tr("Corruption and column masks need the training rows as reference; none were given.")
        )

    def uniform() -> torch.Tensor:
        return torch.rand(x.shape, generator=generator, device=x.device)

    corrupted = donors = None
    if config.corruption > 0 and reference is not None:
        corrupted = uniform()
        donors = torch.randint(len(reference), x.shape, generator=generator, device=x.device)
    masked = uniform() if config.mask > 0 else None
    noise = torch.randn(x.shape, generator=generator, device=x.device) if config.noise > 0 else None
    return TableDraws(corrupted, donors, masked, noise)


def change_tables(
    x: torch.Tensor,
    config: TableAugmentation,
    drawn: TableDraws,
    reference: torch.Tensor | None = None,
    groups: Groups = (),
) -> torch.Tensor:
    """(B, D) rows in [0, 1] → their views, (B, D) in [0, 1].

    Args:
        reference: (M, D) the training rows, from which values are taken.
        groups: columns that are the levels of one category; they are replaced together and get no noise.
    """
    first = torch.arange(x.shape[1], device=x.device)  # the column whose draw each column follows
    is_level = torch.zeros(x.shape[1], dtype=torch.bool, device=x.device)
    for group in groups:
        first[list(group)] = group[0]
        is_level[list(group)] = True
    if drawn.noise is not None:
        x = torch.where(is_level, x, x + config.noise * drawn.noise)
    if drawn.corrupted is not None and drawn.donors is not None and reference is not None:
        column = torch.arange(x.shape[1], device=x.device)
        others = reference[drawn.donors[:, first], column]
        x = torch.where(drawn.corrupted[:, first] < config.corruption, others, x)
    if drawn.masked is not None and reference is not None:
        x = torch.where(drawn.masked[:, first] < config.mask, reference.mean(dim=0), x)
    return x.clamp(0, 1)
