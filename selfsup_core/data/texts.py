"""Many texts in two arrays: UTF-8 bytes one after the other, and where each ends; memory-mapped, no
pickle.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

PIECE = 4096  # texts


class Texts:
    """A read-only sequence of strings.

    Args:
        blob: (bytes,) uint8, all texts in UTF-8.
        ends: (N,) int64, the byte after the last one of each text.
    """

    def __init__(self, blob: np.ndarray, ends: np.ndarray) -> None:
        self.blob, self.ends = blob, ends

    @classmethod
    def pack(cls, texts: Iterable[str]) -> Texts:
        """Lone surrogates, which UTF-8 has no bytes for, become "?"."""
        blob, ends = (
            bytearray(),
            array("q"),
        )  # grown in place: a million short strings take more than their letters
        for text in texts:
            blob += text.encode("utf-8", "replace")
            ends.append(len(blob))
        return cls(np.frombuffer(bytes(blob), np.uint8), np.frombuffer(ends.tobytes(), np.int64))

    @classmethod
    def from_arrow(cls, texts: pa.StringArray) -> Texts:
        """An array of strings without nulls."""
        import pyarrow as pa

        texts = pa.concat_arrays([texts])  # a slice begins anywhere
        _, places, letters = texts.buffers()
        ends = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
        blob = np.frombuffer(letters or b"", np.uint8)[ends[0] : ends[-1]].copy()
        return cls(blob, ends[1:] - ends[0])

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> str:
        index = range(len(self))[index]
        start = int(self.ends[index - 1]) if index else 0
        return self.blob[start : int(self.ends[index])].tobytes().decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        # Some thousands at a time: one by one, each costs several small arrays.
        start = 0
        for first in range(0, len(self), PIECE):
            ends = self.ends[first : first + PIECE].tolist()
            piece, offset = self.blob[start : ends[-1]].tobytes(), start
            for end in ends:
                yield piece[start - offset : end - offset].decode("utf-8", "replace")
                start = end

    def take(self, rows: np.ndarray) -> Texts:
        """The texts of these rows."""
        return Texts.pack(self[int(row)] for row in rows)

    @property
    def nbytes(self) -> int:
        return int(self.blob.nbytes + self.ends.nbytes)
