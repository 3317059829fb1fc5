"""How two views of a row are made, for the data of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from selfsup_core.augment.pipeline import TextAugmentation, two_views
from selfsup_core.data.splits import choose_stratified
from selfsup_core.errors import SettingError
from selfsup_core.features.batches import Prepared
from selfsup_core.translation import tr

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
            tr("The augmentation is for {kind}s; {title} holds {kind_2}s.").format(
                kind=augment.kind, title=data.dataset.title, kind_2=kind
            ),
            remedy=tr("Set the kind of the augmentation to {kind} (objective.augment.kind = {kind}).").format(
                kind=kind
            ),
        )
    if isinstance(augment, TextAugmentation):
        return views_of_vectors(augment, dropout, counts_words=bool(data.columns))
    shape = data.item_shape
    if kind == "table":
        rows = choose_stratified(data.split.train, None, REFERENCE_ROWS, 0)
        reference, groups = data.values(data.rows(rows)), data.groups
        return lambda x, g: two_views(x, augment, g, shape, reference=reference, groups=groups)
    return lambda x, g: two_views(x, augment, g, shape)


def views_of_vectors(augment: TextAugmentation, dropout: float, *, counts_words: bool) -> MakeViews:
    """The vector of a text twice: dropout in the network makes two views of it, as in SimCSE.

    Args:
        counts_words: each number of the vector is a word; then words can be left out of it.
    """
    others = {name for name, value in augment.model_dump().items() if value} - {"kind"}
    if others - {"deletion"} or (others and not counts_words):
        raise SettingError(
            tr(
                "Word swap, span crop and synonyms change the order or choice of words, but "
                "this network reads "
                "vectors of whole texts."
            )
            if counts_words
            else tr("Augmentations of texts change words, but this network reads sentence embeddings."),
            remedy=tr("Switch them off (0): dropout in the network makes the two views."),
        )
    if not dropout and not augment.deletion:
        raise SettingError(
            tr("Two views of a text would be the same: dropout and word deletion are off."),
            remedy=tr("Set Dropout to 0.1 or more (model.dropout)."),
        )

    def leave_out(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        kept = torch.rand(x.shape, generator=generator, device=x.device) >= augment.deletion
        return x * kept / (1 - augment.deletion)  # whole texts, which are measured, have the same mean

    def twice(x: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        if not augment.deletion:
            return x, x
        return leave_out(x, generator), leave_out(x, generator)

    return twice
