"""Texts as the streams of tokens that a language model learns from.

Separate texts are split by rows, and a token marks where one ends; a running text (a book in lines) is cut
into three pieces in its own order. The vocabulary comes from the training part alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.features.config import DataConfig
from selfsup_core.features.tokenizers import make_tokenizer
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.features.tokenizers import TextTokenizer

LINE = 200  # characters: rows of a median length below are lines rather than texts
LEAST_TOKENS = 16


@dataclass(frozen=True)
class Part:
    """Texts of one part of a split.

    Attributes:
        tokens: (T,) int32, the texts one after the other.
        characters: of these texts, ends not counted.
    """

    tokens: np.ndarray
    characters: int


@dataclass(frozen=True)
class Corpus:
    """What a language model is trained and measured on.

    Attributes:
        texts: some validation texts, for looking at.
        notes: what was decided and found, in words.
    """

    train: Part
    validation: Part
    tokenizer: TextTokenizer
    texts: tuple[str, ...]
    is_running: bool
    notes: tuple[str, ...]


def is_running_text(dataset: Dataset, unit: str) -> tuple[bool, str]:
    """Whether the rows are lines of one text, and why.

    Raises:
        DataError: the data are not texts.
    """
    if not isinstance(dataset.x, Texts):
        raise DataError(
            tr("{title} holds {kind}s; a language model needs texts.").format(
                title=dataset.title, kind=dataset.kind
            ),
            code="no-texts",
            remedy=tr("Choose a data set of texts, or upload a TXT or CSV file."),
        )
    if unit != "auto":
        return unit == "running", ""
    known = dataset.details.get("is_running")
    if known or len(dataset) == 1:
        return True, tr("One running text: the first part is used for training, the end for validation.")
    if dataset.y is not None or known is False:
        return False, ""
    ends = np.asarray(dataset.x.ends[:5000])
    median = float(np.median(np.diff(ends, prepend=0)))
    if median < LINE:
        return True, tr(
            "Rows are short (half have less than {median:.0f} bytes) and have no labels, so they are "
            "read as lines of one running text. Set Rows are to Separate texts to change that."
        ).format(median=median + 1)
    return False, ""


def cut_running(text: str, config: DataConfig) -> tuple[str, str]:
    """(training, validation) pieces of one text in its own order; what comes after them is the test piece.

    Raises:
        DataError: the text is too short.
    """
    n_test, n_validation = round(len(text) * config.test), round(len(text) * config.validation)
    n_train = len(text) - n_test - n_validation
    return text[:n_train], text[n_train : n_train + n_validation]


def build_corpus(
    dataset: Dataset,
    config: DataConfig,
    *,
    tokenizer: TextTokenizer | None = None,
    kind: str = "characters",
    vocabulary: int = 2000,
    is_masked: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Corpus:
    """Split, make the vocabulary unless a tokenizer is given, and turn texts into tokens.

    Args:
        kind, vocabulary: of a tokenizer that is made: "characters" or "bpe".
        is_masked: whether it needs a [MASK] token.

    Raises:
        DataError: no texts, or too little of them.
    """
    is_running, why = is_running_text(dataset, config.text_unit)
    notes = [why] if why else []
    texts: Any = dataset.x
    if is_running:
        pieces = cut_running("\n".join(texts), config)
        parts = [[piece] for piece in pieces]
    else:
        split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
        parts = [texts.take(rows) for rows in (split.train, split.validation)]
    if not any(text.strip() for text in parts[0]):
        raise DataError(
            tr("The training texts of {title} are empty.").format(title=dataset.title), code="no-text"
        )
    if tokenizer is None:
        say(tr("Building the vocabulary."))
        tokenizer = make_tokenizer(
            parts[0], kind=kind, vocabulary=vocabulary, has_ends=not is_running, is_masked=is_masked
        )
    made = []
    for name, part in zip(("training", "validation"), parts, strict=True):
        say(tr("Tokenizing the {name} texts.").format(name=name))
        tokens = tokenizer.encode_all(part, ends=not is_running)
        made.append(Part(tokens, sum(len(text) for text in part)))
    train, validation = made
    if len(train.tokens) < LEAST_TOKENS or len(validation.tokens) < 2:
        raise DataError(
            tr(
                "{title} is too short: {count} tokens for training and "
                "{count_2} for validation; at least {least_tokens} and 2 are needed."
            ).format(
                title=dataset.title,
                count=len(train.tokens),
                count_2=len(validation.tokens),
                least_tokens=LEAST_TOKENS,
            ),
            code="short-text",
            remedy=tr("Use a longer text, or other split shares."),
        )
    if unseen := tokenizer.note_unknown(parts[1]):
        notes.append(unseen)
    shown = tuple(text for text in list(parts[1])[:8] if text.strip())
    return Corpus(train, validation, tokenizer, shown, is_running, tuple(notes))
