"""Tokens as text: bytes that are only part of a character are named, and tokens that share a character are
put together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

PART = "\ufffd"  # what decoding shows for bytes that do not form a whole character
MOST_SHARED = 8  # tokens that may share a character; a joined emoji is several characters
FALLBACK = re.compile(r"<0x[0-9A-F]{2}>")


@cache
def byte_letters() -> dict[str, int]:
    """Letter → byte of a byte-level tokenizer, as GPT-2 introduced it: printable Latin-1 stands for
    itself.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + i): byte for i, byte in enumerate(others)}


def name_bytes(data: bytes) -> str:
    """Text, in which bytes that do not form a whole character are written as <0xE4>."""
    shown = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]", lambda match: f"<0x{ord(match[0]) - 0xDC00:02X}>", shown)


def piece_of(tokenizer: Any, token: int) -> str:
    """Text of one token by itself."""
    text: str = tokenizer.decode([token])
    if PART not in text:
        return text
    raw = str(tokenizer.convert_ids_to_tokens(token))
    if FALLBACK.fullmatch(raw):
        return raw
    letters = byte_letters()
    return name_bytes(bytes(letters[c] for c in raw)) if all(c in letters for c in raw) else text


def pieces_of(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """Text of each token; bytes that are part of a character are written as <0xE4>."""
    return [piece_of(tokenizer, int(token)) for token in ids]


def wholes_of(tokenizer: Any, ids: Sequence[int]) -> list[tuple[int, str]]:
    """[(tokens, text), …]: the fewest tokens each that hold whole characters, in their order."""
    ids = [int(token) for token in ids]
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(ids):
        for count in range(1, MOST_SHARED + 1):
            text = tokenizer.decode(ids[at : at + count])
            if PART not in text or at + count >= len(ids):
                break
        if PART in text:  # not the bytes of any character, or cut off
            count, text = 1, piece_of(tokenizer, ids[at])
        found.append((count, text))
        at += count
    return found
