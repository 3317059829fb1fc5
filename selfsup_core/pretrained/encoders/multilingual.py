"""The multilingual universal sentence encoder: SentencePiece units, three convolutions over them, a sum, four
dense layers.

    x = LN(E W);  c_n = relu(conv_n(h)) + h with h = relu(conv_n(x)) + x, n = 2, 3, 5
    s = Σ_t LN([E; c_2; c_3; c_5])_t;  v = (s W + T b) / sqrt(T)
    embedding = tanh(residual dense layers of v)

Weights: google/universal-sentence-encoder-multilingual/3, its table of embeddings in 6 bits.
[1] Yang et al.: Multilingual universal sentence encoder for semantic retrieval, 2020
[2] Kudo, Richardson: SentencePiece, 2018
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.errors import DataError
from selfsup_core.translation import tr

UNKNOWN, BEGIN, END = 0, 1, 2
SPACE = "\u2581"
BRANCHES = (
    (2, 0),
    (3, 1),
    (5, 2),
)  # units in a window, and how many of them stand before its place
# Marks, halves of syllables and the like: only before one of these a rule may be longer than a character.
SECOND = re.compile(
    "[\u0300-\u0345\u0653-\u0655\u093c\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6"
    "\u0d3e\u0d57\u0dca\u0dcf\u0ddf\u102e\u1161-\u1175\u1b35\u3099\u309a\u314f-\u3163\uff9e\uff9f\uffc2-\uffdc\U000110ba-\U000115af]"
)
NORMAL, UNKNOWN_KIND, CONTROL = 1, 2, 3  # kinds of pieces in a SentencePiece model


def read_fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field of a protobuf message; nested ones stay bytes.

    Raises:
        ValueError: this is no such message.
    """
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or (varint() if kind == 2 else -1)
        if size < 0 or at + size > len(data):
            raise ValueError(tr("no protobuf message"))
        yield tag >> 3, data[at : at + size]
        at += size


class Rules(dict[int, str]):
    """What the normalizer replaces; as a table for `str.translate` it knows single characters.

    blob: the length of a double-array trie, its 32-bit units, then zero-ended replacements. A unit holds the
    label of the edge that leads to it (bits 0–7), whether a value follows (8) and the offset of its children
    (10–31, in steps of 256 where bit 9 is set). There are 220,000 rules, so none is read before it is needed.
    """

    def __init__(self, blob: bytes) -> None:
        super().__init__()
        (size,) = struct.unpack_from("<I", blob)
        self.units = array("I", blob[4 : 4 + size])
        self.store = blob[4 + size :]

    def __missing__(self, code: int) -> str:
        key = chr(code).encode("utf-8", "replace")
        length, value = self.walk(key, 0)
        self[code] = value if length == len(key) else chr(code)
        return self[code]

    def walk(self, data: bytes, at: int) -> tuple[int, str]:
        """(bytes of the longest rule that begins there, its replacement), or (0, "")."""
        place, found, ends = self.below(0), -1, at
        for i in range(at, len(data)):
            place ^= data[i]
            if place >= len(self.units) or self.units[place] & 0x800000FF != data[i]:
                break
            leads = self.units[place]
            place ^= self.below(place)
            if leads >> 8 & 1:
                found, ends = self.units[place] & 0x7FFFFFFF, i + 1
        if found < 0:
            return 0, ""
        return ends - at, self.store[found : self.store.index(b"\0", found)].decode()

    def below(self, place: int) -> int:
        unit = self.units[place]
        return (unit >> 10) << ((unit & 0x200) >> 6)

    def apply(self, text: str) -> str:
        if not SECOND.search(text):
            return text.translate(self)
        data, parts, at = text.encode("utf-8", "replace"), [], 0
        while at < len(data):
            length, value = self.walk(data, at)
            if not length:  # a character without a rule: its bytes stay
                length = 1 + sum(data[at] >= least for least in (0xC0, 0xE0, 0xF0))
                value = data[at : at + length].decode()
            parts.append(value)
            at += length
        return "".join(parts)


class Pieces:
    """The tokenizer of the model.

    Raises:
        DataError: the file is damaged.
    """

    unknown = UNKNOWN

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer, models

        try:
            pieces, self.rules = self.read(path.read_bytes())
            self.tokenizer = Tokenizer(models.Unigram(pieces, UNKNOWN, False))
        except (ValueError, IndexError, KeyError, struct.error) as error:
            raise DataError(tr("{name} is damaged.").format(name=path.name), code="bad-model") from error

    @staticmethod
    def read(data: bytes) -> tuple[list[tuple[str, float]], Rules]:
        """Pieces with their log probabilities, and the normalizer's rules."""
        pieces, rules = [], None
        for number, value in read_fields(data):
            if number == 1:
                about = dict(read_fields(value))
                text, kind = about[1].decode(), about.get(3, NORMAL)
                # A control token that someone typed is text: under a name with a space no text can match it.
                name = f" {text}" if kind in (UNKNOWN_KIND, CONTROL) else text
                pieces.append((name, struct.unpack("<f", about.get(2, bytes(4)))[0]))
            elif number == 3:
                rules = Rules(dict(read_fields(value))[2])
        if rules is None:
            raise ValueError(tr("no normalizer"))
        return pieces, rules

    def normalize(self, text: str) -> str:
        """NFKC by the model's own table; words joined and begun by its sign for a space."""
        words = self.rules.apply(text).split(" ")
        joined = SPACE.join(word for word in words if word).rstrip(SPACE)
        return SPACE + joined if joined else ""

    def tokenize(self, texts: list[str], most: int) -> list[list[int]]:
        found = self.tokenizer.encode_batch_fast([self.normalize(text) for text in texts])
        return [[BEGIN, *(one.ids or [UNKNOWN])[: most - 2], END] for one in found]


class Multilingual:
    """Loads tokenizer and weights.

    Raises:
        DataError: a file is damaged.
    """

    def __init__(self, folder: Path, device: str) -> None:
        import torch

        self.tokenize = Pieces(folder / "sp.model").tokenize
        self.device = device
        try:
            with np.load(folder / "weights.npz", allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            # Unit i stands in table i mod 17; each table has a scale and an offset of its own.
            tables = [arrays.pop(f"q{i + 1}") for i in range(len(arrays["scale"]))]
            self.table = torch.from_numpy(np.stack(tables, axis=1).reshape(-1, tables[0].shape[1]))
            self.eps = float(arrays.pop("eps"))
        except (OSError, ValueError, KeyError) as error:
            raise DataError(tr("weights.npz is damaged."), code="bad-model") from error
        self.table = self.table.to(device)  # (units, 512) bytes
        self.w = {k: torch.from_numpy(v).to(device) for k, v in arrays.items()}
        for name in ("proj", "proj_b", "ln_g", "ln_b"):
            parts = [self.w[f"{name}{n}"] for n, _ in BRANCHES]
            self.w[f"{name}_all"] = torch.cat(parts, dim=-1)

    def encode(self, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        import torch
        from torch.nn.functional import layer_norm, pad

        w = self.w
        with torch.inference_mode():
            tokens = torch.from_numpy(ids.astype(np.int64)).to(self.device)  # (B, T)
            ends = torch.from_numpy(lengths.astype(np.int64)).to(self.device)
            mask = torch.arange(ids.shape[1], device=self.device) < ends[:, None]
            mask = mask[:, :, None].float()  # (B, T, 1)
            table = tokens % len(w["scale"])
            raw = self.table[tokens].float() * w["scale"][table][:, :, None]
            raw += w["lo"][table][:, :, None]  # (B, T, 512)
            x = raw @ w["proj_all"] + w["proj_b_all"]
            x = layer_norm(x, x.shape[-1:], w["ln_g_all"], w["ln_b_all"], self.eps) * mask

            def windows(x: Any, size: int, before: int) -> Any:
                padded = pad(x, (0, 0, before, size - 1 - before))
                return torch.cat([padded[:, k : k + x.shape[1]] for k in range(size)], dim=2)

            features = [raw]
            for (size, before), part in zip(BRANCHES, x.chunk(len(BRANCHES), dim=2), strict=True):
                for layer in ("1", "2"):
                    name = f"{layer}_{size}"
                    seen = windows(part, size, before)  # (B, T, size · 256)
                    part = ((seen @ w[f"w{name}"] + w[f"b{name}"]).relu() + part) * mask
                features.append(part)
            joined = torch.cat(features, dim=2)  # (B, T, 1280)
            joined = layer_norm(joined, joined.shape[-1:], w["ln_g"], w["ln_b"], self.eps) * mask
            count = ends[:, None].float()
            v = (joined.sum(dim=1) @ w["cnn_W"] + count * w["cnn_b"]) / count.sqrt()  # (B, 512)
            hidden = (v @ w["p1"] + (v @ w["d0"]).relu() @ w["d1"]).relu()
            z = (hidden @ w["p3"] + (hidden @ w["d2"]).relu() @ w["d3"]).tanh()
        return z.cpu().numpy()

    def halve(self) -> str:
        return ""  # most of its time goes into reading text and table
