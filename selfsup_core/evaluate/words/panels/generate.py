"""The panels of a generator: how its images look to a classifier, how far noise is from them, and copies."""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import brief, percent

COPY = 0.3  # of the distance of real new images to the nearest training image
NEAR = 1.5  # times the floor: as good as can be told
CLEAR = 0.1  # of a distance: a smaller change may be chance


def say_drawn(seen: Seen) -> str:
    """How much of the way from the images before training to real ones is behind it."""
    if learns_code(seen):
        return tr("The autoencoder learns its code first; until then, random codes are decoded.")
    if seen.epoch == 0:
        return tr("Before training, what it draws is noise.")
    now, past = _distance(seen), [v for row in seen.past if (v := known(row.get("val_frechet"))) is not None]
    if now is None or not past:
        return ""
    if now < min(past) * (1 - CLEAR):
        return tr("Nearer to real {noun} than at any epoch before.").format(noun=seen.noun)
    if now > min(past) * (1 + CLEAR):
        return tr("An earlier epoch came nearer to real {noun}: distance {best}, now {now}.").format(
            noun=seen.noun, best=brief(min(past)), now=brief(now)
        )
    return tr("About as near to real {noun} as the best epoch before.").format(noun=seen.noun)


def learns_code(seen: Seen) -> bool:
    """Whether the generator's own autoencoder is still learning."""
    return known(seen.row.get("val_reconstruction")) is not None


def say_way(seen: Seen) -> str:
    """How much of the change of the ways comes in their first half."""
    ways = seen.arrays.get("ways")
    if ways is None or len(ways) < 3 or seen.epoch == 0 or learns_code(seen):
        return ""
    x = ways.astype(np.float32) / 255
    whole = float(np.square(x[-1] - x[0]).mean())
    left = float(np.square(x[-1] - x[len(x) // 2]).mean())
    if whole < 1e-6:
        return tr("The image at the end is the noise at the beginning.")
    return tr("Half-way, {left} of the difference to the finished image is left.").format(
        left=percent(left / whole)
    )


def say_copies(seen: Seen) -> str:
    """Whether any of the images shown lies much nearer to a training image than real new ones do."""
    found, usual = seen.arrays.get("nearest_distance"), known(seen.words.get("usual_distance"))
    if found is None or not usual or seen.epoch == 0 or learns_code(seen):
        return ""
    near = int((found < COPY * usual).sum())
    if near:
        return tr("{near} of {count} shown lie close to a training image: perhaps copies.").format(
            near=near, count=len(found)
        )
    share = float(np.median(found)) / usual
    return tr("No copies: {share}× as far from training images as real new ones are (median).").format(
        share=brief(share, 2)
    )


def say_frechet(seen: Seen) -> str:
    """Against real training images, and an autoencoder where there is one."""
    now, floor = _distance(seen), known(seen.baseline.get("floor_frechet"))
    if now is None or floor is None:
        return ""
    if now <= NEAR * floor:
        return tr("Distance {now}: hardly more than that of real images ({floor}).").format(
            now=brief(now), floor=brief(floor)
        )
    vae = known(seen.baseline.get("vae_frechet"))
    if vae is None:
        return tr("Distance {now}; real training images have {floor}.").format(
            now=brief(now), floor=brief(floor)
        )
    said = (
        tr("Distance {now}: nearer than a VAE ({vae}); real training images have {floor}.")
        if now < vae
        else tr("Distance {now}: a VAE is nearer ({vae}); real training images have {floor}.")
    )
    return said.format(now=brief(now), vae=brief(vae), floor=brief(floor))


def _distance(seen: Seen) -> float | None:
    return known(seen.row.get("val_frechet"))
