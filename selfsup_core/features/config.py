"""Settings of the data side of a run: which data, how they are split, and how they become numbers."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from selfsup_core.data.config import SplitConfig
from selfsup_core.pretrained.encoders.catalogue import check_name
from selfsup_core.settings import setting

HAVE_CODES = ("autoencoder", "views")  # tasks whose encoder gives features to classifiers


class DataConfig(SplitConfig):
    """Which data, who may see what, and how rows become numbers."""

    text_features: Literal["tfidf", "tfidf-unit", "embeddings"] = setting(
        "tfidf",
        "How a text becomes numbers: TF-IDF counts its words, embeddings capture its meaning. TF-IDF with "
        "length 1 is for classifiers.",
        title="Text features",
        titles={"tfidf": "TF-IDF", "tfidf-unit": "TF-IDF, length 1", "embeddings": "Sentence embeddings"},
        why="TF-IDF takes a moment and each number is a word; embeddings take minutes at first use.",
    )
    encoder: str = setting(
        "minilm",
        "The sentence encoder: minilm, multilingual, or a folder in Hugging Face's layout.",
        title="Encoder",
        why="MiniLM is the best small encoder for English; multilingual knows 16 languages, including "
        "Chinese.",
        min_length=1,
        max_length=1000,
    )
    vocabulary: int = setting(
        1000,
        "Number of words that TF-IDF counts: the most frequent ones of the training texts.",
        title="Vocabulary",
        ge=50,
        le=20_000,
    )
    text_unit: Literal["auto", "texts", "running"] = setting(
        "auto",
        "Whether each row is a separate text, or all rows are lines of one running text, such as a book.",
        title="Rows are",
        titles={"auto": "Automatic", "texts": "Separate texts", "running": "Lines of one running text"},
        why="Automatic: short lines without labels are read as one running text.",
    )
    code_of: str = setting(
        "",
        "ID of a run whose code replaces the pixels: of an autoencoder or one that learned from views for a "
        "classifier, of an autoencoder for a generator.",
        title="Code of a run",
        why="Features learned from all images without labels may need fewer labels.",
        max_length=120,
    )

    @field_validator("encoder")
    @classmethod
    def encoder_is_named(cls, name: str) -> str:
        return check_name(name)
