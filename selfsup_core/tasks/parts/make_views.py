"""How two views of a row are made, for the data of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from selfsup_core.augment.pipeline import TextAugmentation, two_views
from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import SettingError
from selfsup_core.features.batches import Prepared

if TYPE_CHECKING:
    from selfsup_core.augment.config import Augmentation
    from selfsup_core.objectives.two_views import MakeViews

REFERENCE_ROWS = 20_000  # training rows whose values SCARF's corruption draws from


def views_maker(data: Prepared, augment: Augmentation, dropout: float) -> MakeViews:
    """(x (B, D), generator) → two views.

    Args:
        dropout: of the network; all that tells two views of a text's vector apart.

    Raises:
        SettingError: the augmentation is that of another kind of data, or cannot change a text's vector.
    """
    kind = data.dataset.kind
    if augment.kind != kind:
        raise SettingError(
            f"The augmentation is for {augment.kind}s; {data.dataset.title} holds {kind}s.",
            remedy=f"Set the kind of the augmentation to {kind} (objective.augment.kind = {kind}).",
        )
    if isinstance(augment, TextAugmentation):
        return dropout_alone(augment, dropout)
    shape = data.item_shape
    if kind == "table":
        rows = choose_stratified(data.split.train, None, REFERENCE_ROWS, 0)
        reference, groups = data.values(data.rows(rows)), data.groups
        return lambda x, g: two_views(x, augment, g, shape, reference=reference, groups=groups)
    return lambda x, g: two_views(x, augment, g, shape)


def dropout_alone(augment: TextAugmentation, dropout: float) -> MakeViews:
    """The vector of a text twice: dropout in the network makes two views of it, as in SimCSE."""
    if any(value for name, value in augment.model_dump().items() if name != "kind"):
        raise SettingError(
            "Augmentations of texts change words, but this network reads vectors of whole texts.",
            remedy="Switch them off (0): dropout in the network makes the two views.",
        )
    if not dropout:
        raise SettingError(
            "Two views of a text differ by dropout alone, which is off.",
            remedy="Set Dropout to 0.1 or more (model.dropout).",
        )

    def twice(x: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x

    return twice
