"""Two random views of a batch, on its device and from its generator: what self-supervision learns from.

    one, two = two_views(x, ImageAugmentation(), generator, (32, 32, 3))

The same state of the generator gives the same views, so a resumed run sees what the first one would have.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from selfsup_core.augment.config import (
    AUGMENTATIONS,
    Augmentation,
    ImageAugmentation,
    SoundAugmentation,
    TableAugmentation,
    TextAugmentation,
    augmentation_of,
)
from selfsup_core.augment.images import change_images, draw_images
from selfsup_core.augment.sounds import change_sounds, draw_sounds
from selfsup_core.augment.tables import Groups, change_tables, draw_tables
from selfsup_core.augment.texts import change_text
from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "ImageAugmentation",
    "SoundAugmentation",
    "TableAugmentation",
    "TextAugmentation",
    "augmentation_of",
    "text_view",
    "two_text_views",
    "two_views",
    "view",
]


def view(
    x: torch.Tensor,
    config: Augmentation,
    generator: torch.Generator,
    shape: Sequence[int],
    *,
    reference: torch.Tensor | None = None,
    groups: Groups = (),
) -> torch.Tensor:
    """A random view of each sample; with everything off, the samples themselves.

    Args:
        x: (B, D) values in [0, 1]; of texts, counts of words (the texts themselves: `text_view`).
        generator: of x's device. shape: of a sample, (H, W), (H, W, C), (bands, frames) or (columns,).
        reference: tables only: (M, D) the training rows, from which values are taken.
        groups: tables only: columns that are the levels of one category (`Prepared.groups`).

    Returns: (B, D) values in [0, 1].

    Raises:
        SettingError: the shape does not fit the kind of data, a table has no reference, or a transformation
        needs the text itself.
    """
    if isinstance(config, ImageAugmentation):
        return change_images(x, config, draw_images(x, config, generator), shape)
    if isinstance(config, SoundAugmentation):
        return change_sounds(x, config, draw_sounds(x, config, generator), shape)
    if isinstance(config, TableAugmentation):
        return change_tables(x, config, draw_tables(x, config, generator, reference), reference, groups)
    if isinstance(config, TextAugmentation):
        return change_vectors(x, config, generator)
    raise SettingError(tr("There are no views of {kind!r} data.").format(kind=config.kind))


def change_vectors(x: torch.Tensor, config: TextAugmentation, generator: torch.Generator) -> torch.Tensor:
    """(B, words) counts of words, some left out. Raises SettingError where the text itself is needed."""
    if config.swap or config.crop or config.synonyms:
        raise SettingError(
            tr("Word swap, span crop and synonyms change a text, and these are vectors of its words."),
            remedy=tr("Set swap, crop and synonyms to 0, or make views of the texts themselves (text_view)."),
        )
    if not config.deletion:
        return x
    return x * (torch.rand(x.shape, generator=generator, device=x.device) >= config.deletion)


def two_views(
    x: torch.Tensor,
    config: Augmentation,
    generator: torch.Generator,
    shape: Sequence[int],
    *,
    reference: torch.Tensor | None = None,
    groups: Groups = (),
) -> tuple[torch.Tensor, torch.Tensor]:
    """Two independent random views of each sample, both (B, D); see `view`."""
    both = view(torch.cat([x, x]), config, generator, shape, reference=reference, groups=groups)
    return both[: len(x)], both[len(x) :]


def text_view(texts: Sequence[str], config: TextAugmentation, generator: torch.Generator) -> list[str]:
    """A random view of each text; with everything off, the texts themselves."""
    seed = int(torch.randint(2**62, (1,), generator=generator, device=generator.device))
    chance = random.Random(seed)
    return [change_text(text, config, chance) for text in texts]


def two_text_views(
    texts: Sequence[str], config: TextAugmentation, generator: torch.Generator
) -> tuple[list[str], list[str]]:
    """Two independent random views of each text."""
    return text_view(texts, config, generator), text_view(texts, config, generator)
