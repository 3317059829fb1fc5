"""What another model hears, written as the known transcripts are: in their letters, without punctuation, and
numbers as words where they have no digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from selfsup_core.data.phrase_book.numbers import chinese, english, german
from selfsup_core.features.transcripts import plain

ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")  # [music], (laughs), <i>
GROUPS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # 1,234
NUMBER = re.compile(r"\d+")
UNPARTED = re.compile(r"(?<=[\u3040-\u9fff]) (?=[\u3040-\u9fff])")  # spaces in Chinese and Japanese
LARGEST = 9999  # beyond, digits are read one by one
SAMPLE = (*range(10, 100), 100, 1000)
# Name → how a number is said in it.
LANGUAGES: dict[str, Callable[[int], str]] = {"en": english, "de": german, "zh": chinese}


@cache
def words_of(language: str, *, of_digits: bool) -> frozenset[str]:
    """Words of the digits, or of larger numbers alone; in Chinese, where words are not parted, characters."""
    say = LANGUAGES[language]
    digits = frozenset(plain(say(number)) for number in range(10))
    if of_digits:
        return digits
    return frozenset(part for number in SAMPLE for part in parts_of(say(number), language)) - digits


def parts_of(text: str, language: str) -> list[str]:
    return list(text) if language == "zh" else plain(text).split()


@dataclass(frozen=True)
class Spelling:
    """How known transcripts are written.

    Attributes:
        letters: that they have. words: that they have.
    """

    letters: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Spelling:
        """Args: texts: the known transcripts, as `plain` gives them."""
        found = list(texts)
        return cls(
            frozenset(letter for text in found for letter in text),
            frozenset(word for text in found for word in text.split()),
        )

    def write(self, text: str) -> str:
        """A text in this spelling; letters that the known transcripts do not have are left in it."""
        said = GROUPS.sub("", unicodedata.normalize("NFKC", ASIDE.sub(" ", text)))
        if not any(letter.isdecimal() for letter in self.letters):
            said = NUMBER.sub(lambda match: f" {self._say(match[0])} ", said)
        written = " ".join("".join(self._letter(letter) for letter in plain(said)).split())
        return written if " " in self.letters else UNPARTED.sub("", written)

    def foreign(self, written: str) -> str:
        """Letters of a text that the known transcripts do not have, each once."""
        return "".join(sorted(set(written) - self.letters))

    def has_words(self, written: str) -> bool:
        """Whether each word of a text is in the known transcripts."""
        return all(word in self.words for word in written.split())

    def _letter(self, letter: str) -> str:
        """The letter, or what it is without its accent; an apostrophe that is never written is left out."""
        if letter in self.letters:
            return letter
        base = unicodedata.normalize("NFD", letter)[0]
        return base if base in self.letters else "" if letter == "'" else letter

    def _say(self, digits: str) -> str:
        """A number as it is said in the known transcripts; as it is where they have no number."""
        known = {name: len(words_of(name, of_digits=True) & self._parts(name)) for name in LANGUAGES}
        language = max(known, key=known.__getitem__)
        if not known[language]:
            return digits
        say = LANGUAGES[language]
        has_larger = bool(words_of(language, of_digits=False) & self._parts(language))
        is_one = has_larger and int(digits) <= LARGEST and (digits == "0" or digits[0] != "0")
        said = say(int(digits)) if is_one else " ".join(say(int(digit)) for digit in digits)
        return said.replace(" ", "") if language == "zh" else said

    def _parts(self, language: str) -> frozenset[str]:
        return self.letters if language == "zh" else self.words
