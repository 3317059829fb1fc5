"""Labels by similarity to what the classes are called, in the space of a sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

TEMPERATURE = 0.05


def read_descriptions(text: str, classes: Sequence[str]) -> list[str]:
    """What stands for each class: `class: description`, one per line; a class without a line goes by its
    name.

    Raises:
        SettingError: a line has no colon, or names no class.
    """
    numbers = {name.casefold(): i for i, name in enumerate(classes)}
    found = list(classes)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, rest = line.partition(":")
        if not colon or name.strip().casefold() not in numbers or not rest.strip():
            known = ", ".join(list(classes)[:12])
            raise SettingError(
                tr(
                    "Description in line {number}: expected `class: what it is about`; found "
                    "{line!r}. Classes: {known}."
                ).format(number=number, line=line.strip()[:60], known=known),
            )
        found[numbers[name.strip().casefold()]] = rest.strip()
    return found


def by_names(rows: np.ndarray, names: np.ndarray, *, temperature: float = TEMPERATURE) -> np.ndarray:
    """rows: (N, D), names: (C, D) → (N, C): softmax of the cosines over the classes, after the mean of all
    rows' cosines with each class is taken off, so that a name that is near to everything wins nothing by it.
    Rows of zeros abstain.
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.maximum(length, 1e-12)
    cosines = unit @ (names / np.maximum(np.linalg.norm(names, axis=1, keepdims=True), 1e-12)).T
    there = length[:, 0] > 0
    if there.any():
        cosines = cosines - cosines[there].mean(axis=0)
    logits = cosines / temperature
    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    return np.where(there[:, None], found, np.nan).astype(np.float32)
