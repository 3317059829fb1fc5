"""Tokenizers of texts: single characters, or byte-pair encoding, made from training texts; and those of
loaded models.

Text that looks like a control token ("<|endoftext|>") stays text: only the program itself places control
tokens.
[1] Sennrich, Haddow, Birch: Neural machine translation of rare words with subword units, 2016
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.features.token_text import pieces_of
from selfsup_core.translation import tr

UNKNOWN, END, MASK = "<unk>", "<|endoftext|>", "[MASK]"
MOST_CHARACTERS = 20_000  # kinds of characters in a vocabulary; rarer ones are unknown
SLICE = 100_000  # characters that a tokenizer is given at once
MOST_NAMED = 12


class TextTokenizer:
    """Texts ↔ token numbers, by a tokenizer of transformers.

    Args:
        fast: PreTrainedTokenizerFast.
        characters: kind of character → number, where each token is one character; else None.
    """

    def __init__(self, fast: Any, characters: dict[str, int] | None = None) -> None:
        self.fast, self.characters = fast, characters
        # A "</s>" in someone's text is five letters, not a command.
        fast.backend_tokenizer.encode_special_tokens = True

    @property
    def size(self) -> int:
        return len(self.fast)

    @property
    def end(self) -> int | None:
        """Number of the token that ends a text, None where there is none."""
        found = self.fast.eos_token_id
        made: int | None = self.fast.sep_token_id if found is None else found
        return made

    def encode(self, text: str) -> np.ndarray:
        """(T,) int32 token numbers, without control tokens."""
        if self.characters is not None:
            return self._encode_characters(text, self.characters)
        parts = self.fast.backend_tokenizer.encode_batch(list(slices(text)), add_special_tokens=False)
        return np.concatenate([np.array(p.ids, np.int32) for p in parts] or [np.empty(0, np.int32)])

    def _encode_characters(self, text: str, characters: dict[str, int]) -> np.ndarray:
        if not text:
            return np.empty(0, np.int32)
        points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        kinds, places = np.unique(points, return_inverse=True)
        unknown = characters[UNKNOWN]
        numbers = np.array([characters.get(chr(k), unknown) for k in kinds], np.int32)
        return numbers[places.reshape(-1)]

    def encode_all(self, texts: Iterable[str], *, ends: bool) -> np.ndarray:
        """(T,) the texts one after the other; with `ends` a token stands behind each."""
        mark = [np.array([self.end], np.int32)] if ends and self.end is not None else []
        pieces = [piece for text in texts if text for piece in (self.encode(text), *mark)]
        return np.concatenate(pieces) if pieces else np.empty(0, np.int32)

    def decode(self, numbers: Iterable[int]) -> str:
        found: str = self.fast.decode([int(n) for n in numbers], clean_up_tokenization_spaces=False)
        return found

    def pieces(self, numbers: Iterable[int]) -> list[str]:
        """Text of each token by itself."""
        return pieces_of(self.fast, [int(n) for n in numbers])

    def note_unknown(self, texts: Iterable[str]) -> str:
        """Which characters of other texts have no token, in words, or ""."""
        if self.characters is None:
            return ""
        counts = Counter(c for text in texts for c in text if c not in self.characters)
        if not counts:
            return ""
        total, kinds = (
            sum(counts.values()),
            [repr(c)[1:-1] for c, _ in counts.most_common(MOST_NAMED)],
        )
        more = " …" if len(counts) > MOST_NAMED else ""
        said = (
            tr(
                "{total:,} character of the validation text never occurs in training and is read as unknown: "
                "{kinds}{more}"
            )
            if total == 1
            else tr(
                "{total:,} characters of the validation text never occur in training and are "
                "read as unknown: "
                "{kinds}{more}"
            )
        )
        return said.format(total=total, kinds=" ".join(kinds), more=more)

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and what belongs to it."""
        self.fast.save_pretrained(folder)


def slices(text: str) -> Iterator[str]:
    """A text in parts that a tokenizer takes without trouble, cut at line ends where there are some."""
    start = 0
    while start < len(text):
        stop = min(len(text), start + SLICE)
        if stop < len(text):
            line = text.rfind("\n", start + SLICE // 2, stop)
            stop = line + 1 if line > 0 else stop
        yield text[start:stop]
        start = stop


def make_tokenizer(
    texts: Iterable[str], *, kind: str, vocabulary: int, has_ends: bool, is_masked: bool = False
) -> TextTokenizer:
    """A tokenizer for these training texts.

    Args:
        kind: "characters", or "bpe" over bytes, which knows every character.
        has_ends: whether texts end with a token of its own.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    special = [UNKNOWN] if kind == "characters" else []
    special += [END] if has_ends else []
    special += [MASK] if is_masked else []
    characters = None
    if kind == "characters":
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text)
        kept = sorted(c for c, _ in counts.most_common(MOST_CHARACTERS))
        characters = {name: i for i, name in enumerate([*special, *kept])}
        made = Tokenizer(models.WordLevel(characters, unk_token=UNKNOWN))
        from tokenizers import Regex

        made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        made.decoder = decoders.Fuse()
    else:
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=special,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
        made.train_from_iterator((part for text in texts for part in slices(text)), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        clean_up_tokenization_spaces=False,
        split_special_tokens=True,
        **({"unk_token": UNKNOWN} if kind == "characters" else {}),
        **({"eos_token": END, "bos_token": END} if has_ends else {}),
        **({"mask_token": MASK} if is_masked else {}),
    )
    return TextTokenizer(fast, characters)
