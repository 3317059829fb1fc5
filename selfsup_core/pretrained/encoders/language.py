"""Whether an encoder knows the language of some texts: unknown tokens, and letters of a script it never
learned.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from selfsup_core.data.texts import Texts
from selfsup_core.pretrained.encoders.catalogue import ENCODERS, Encoder, find_encoder, load_tokenizer
from selfsup_core.translation import tr
from selfsup_core.wording import percent

SAMPLE, CHARACTERS = 200, 400  # texts, and characters of each
MANY_UNKNOWN, MANY_FOREIGN = 0.2, 0.5
LETTER = re.compile(r"[^\W\d_]")


def pick(texts: Sequence[str] | Texts, sample: int) -> list[str]:
    """The beginnings of so many texts, evenly spaced."""
    places = np.unique(np.linspace(0, max(0, len(texts) - 1), sample).astype(int))
    cut = [texts[int(i)][:CHARACTERS] for i in places if i < len(texts)]
    return [text.encode("utf-8", "replace").decode() for text in cut if text.strip()]


def unknown_share(texts: Sequence[str] | Texts, encoder: Encoder | str, sample: int = SAMPLE) -> float:
    """Share of the tokens of a sample of texts that the encoder's tokenizer does not know; 0 without texts.

    Raises:
        DataError: the encoder is not on this machine.
    """
    encoder = find_encoder(encoder) if isinstance(encoder, str) else encoder
    picked = pick(texts, sample)
    tokenizer = load_tokenizer(encoder)
    if not picked or tokenizer.unknown is None:
        return 0.0
    found = tokenizer.tokenize(picked, 4 * CHARACTERS)
    special = len(tokenizer.tokenize(["a"], 8)[0]) - 1
    ids = np.concatenate([np.asarray(one) for one in found])
    return float((ids == tokenizer.unknown).sum() / max(1, len(ids) - special * len(found)))


def foreign_share(texts: Sequence[str] | Texts, sample: int = SAMPLE) -> float:
    """Share of the letters that are not Latin ones."""
    letters = LETTER.findall("".join(pick(texts, sample)))[:20_000]
    return sum(not is_latin(letter) for letter in letters) / max(1, len(letters))


def is_latin(letter: str) -> bool:
    return letter.isascii() or "LATIN" in unicodedata.name(letter, "")


def check_language(texts: Sequence[str] | Texts, encoder: Encoder | str) -> str:
    """A warning in words where these texts are in a language that the encoder does not know, or "".

    An encoder that is not on this machine gets none.
    """
    encoder = find_encoder(encoder) if isinstance(encoder, str) else encoder
    if encoder.find() is None:
        return ""
    share = unknown_share(texts, encoder)
    is_foreign = encoder.scripts == "latin" and foreign_share(texts) > MANY_FOREIGN
    if not is_foreign and share <= MANY_UNKNOWN:
        return ""
    said = tr("{share} of the tokens of these texts are unknown to {title}").format(
        share=percent(share), title=encoder.title
    )
    if encoder.scripts == "latin":
        said += tr(", which was trained on {languages}").format(languages=encoder.languages)
        if is_foreign and share <= MANY_UNKNOWN:
            said += tr("; it has hardly seen the other characters")
    said += "."
    other = ENCODERS["multilingual"]
    if encoder.name == other.name:
        return said
    known = unknown_share(texts, other) if other.find() else None
    if known is not None and known > MANY_UNKNOWN:
        return said
    return tr("{said} The multilingual encoder knows them.").format(said=said)
