"""The panels of a translator: what is right of the shown sentences, and whether attention has found its
places.
"""

from __future__ import annotations

import numpy as np

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import percent

FOCUSED = 0.5  # mean of the largest weight of each piece, from which attention points at something


def say_translations(seen: Seen) -> str:
    """BLEU beside what the translation of the most similar known sentence is worth."""
    bleu = known(dict(seen.row).get("val_bleu"))
    if bleu is None:
        return ""
    memory = known(seen.baseline.get("memory_bleu"))
    if memory is None:
        return tr("BLEU {bleu:.1f} on validation rows; 100 is the reference, word by word.").format(bleu=bleu)
    said = (
        tr("BLEU {bleu:.1f}: better than the translation of the most similar known sentence ({memory:.1f}).")
        if bleu > memory
        else tr(
            "BLEU {bleu:.1f}: worse than the translation of the most similar known sentence ({memory:.1f})."
        )
    )
    return said.format(bleu=bleu, memory=memory)


def say_attention(seen: Seen) -> str:
    """How much of its attention a piece that is written gives to one piece of the sentence, on average."""
    weights, shapes = seen.arrays.get("attention"), seen.words.get("attention_shapes")
    if weights is None or not isinstance(shapes, list):
        return ""
    largest, start = [], 0
    for rows, columns in shapes:
        one = weights[start : start + rows * columns].reshape(rows, columns)
        largest += one.max(axis=1).tolist()
        start += rows * columns
    if not largest:
        return ""
    share = float(np.mean(largest)) / 255
    said = (
        tr("Attention points: each piece gives {share} of it to one piece of the sentence, on average.")
        if share >= FOCUSED
        else tr(
            "Attention is spread: each piece gives {share} of it to one piece of the sentence, on average."
        )
    )
    return said.format(share=percent(share))
