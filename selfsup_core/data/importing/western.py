"""cp1252 or cp1250: the letters of one western language, or of one of Central Europe?

A few bytes are too little for statistics over all languages, and nearly all of them are letters in both.
"""

from __future__ import annotations

import re

LETTERS = {
    "cp1252": (
        "àâæçéèêëîïôœùûüÿ",  # French
        "äöüß",
        "áéíñóúü",  # Spanish
        "ãáâàçéêíõóôú",  # Portuguese
        "àèéìòù",  # Italian
        "æøåäöéü",  # Scandinavian
        "áæðéíóöúýþ",  # Icelandic
    ),
    "cp1250": (
        "ąćęłńóśźż",  # Polish
        "áčďéěíňóřšťúůýž",  # Czech
        "áäčďéíľĺňóôŕšťúýž",  # Slovak
        "áéíóöőúüű",  # Hungarian
        "ăâîşţ",  # Romanian
        "čćđšž",  # Croatian, Slovenian
    ),
}
COMMON = frozenset("".join(LETTERS["cp1252"]) + "ÄÖÜÉ‘’“”–—…€£°§«»\u00a0")
ALIKE = ("cp1250", "cp1252", "latin_1")
CYRILLIC = 0.03  # of all letters, below which single bytes are not Cyrillic
INSIDE = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f\s‘’“”–—…\u00a0](?=[^\W\d_])|[^\W\d_]")


def choose_western(data: bytes, guess: str) -> str:
    """The guess of an encoding, made better where it is one of several that share most letters."""
    odd = sum(byte > 127 for byte in data)
    letters = sum(byte > 127 or chr(byte).isalpha() for byte in data)
    if guess not in ALIKE and not (guess == "cp1251" and odd < CYRILLIC * letters):
        return guess
    scores = {encoding: fit(data, encoding) for encoding in LETTERS}
    return "cp1250" if scores["cp1250"] > scores["cp1252"] else "cp1252"


def fit(data: bytes, encoding: str) -> float:
    """The largest share that one language has of letters beyond ASCII and of signs inside words."""
    found = [c.lower() for c in INSIDE.findall(data.decode(encoding, "replace")) if not c.isascii()]
    if not found:
        return 1.0
    return max(sum(c in known for c in found) for known in LETTERS[encoding]) / len(found)


def looks_western(data: bytes) -> bool:
    """Whether nearly all signs that are not ASCII are common in cp1252: small letters and signs of print."""
    odd = [c for c in data.decode("cp1252", "replace") if not c.isascii()]
    return sum(c in COMMON for c in odd) >= 0.9 * len(odd)
