"""Texts in two arrays: packed from strings or taken over from Arrow, the same comes out."""

from __future__ import annotations

import pyarrow as pa
import pytest

from selfsup_core.data.texts import Texts

WORDS = ["a", "", "naïve ☕", "猫\n", "end"]


@pytest.mark.parametrize("cut", [slice(None), slice(1, 4), slice(2, 2), slice(4, None)])
def test_arrow_gives_the_same_as_strings(cut: slice):
    packed, taken = Texts.pack(WORDS[cut]), Texts.from_arrow(pa.array(WORDS, pa.string())[cut])
    assert list(taken) == list(packed) == WORDS[cut]
    assert taken.ends.tolist() == packed.ends.tolist()
    assert taken.blob.tobytes() == packed.blob.tobytes()
