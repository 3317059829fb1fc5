"""Settings of the data side of a run: which data, how they are split, and how they become numbers."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from selfsup_core.data.config import SplitConfig
from selfsup_core.pretrained.encoders.catalogue import check_name
from selfsup_core.settings import setting


class DataConfig(SplitConfig):
    """Which data, who may see what, and how rows become numbers."""

    text_features: Literal["tfidf", "tfidf-unit", "embeddings"] = setting(
        "tfidf",
        "How a text becomes numbers: TF-IDF counts its words, embeddings hold its meaning; tfidf-unit is TF-IDF as "
        "vectors of length 1, for classifiers.",
        title="Text features",
        titles={"tfidf": "TF-IDF", "tfidf-unit": "TF-IDF, length 1", "embeddings": "Sentence embeddings"},
        why="TF-IDF takes a moment and its numbers are words; embeddings take minutes at first use.",
    )
    encoder: str = setting(
        "minilm",
        "What makes embeddings of texts: minilm, multilingual, or a folder in Hugging Face's layout.",
        title="Encoder",
        why="MiniLM is the best of the small ones for English; multilingual knows 16 languages, Chinese too.",
        min_length=1,
        max_length=1000,
    )
    vocabulary: int = setting(
        1000,
        "Words that TF-IDF counts, the most frequent ones of the training texts.",
        title="Vocabulary",
        ge=50,
        le=20_000,
    )
    text_unit: Literal["auto", "texts", "running"] = setting(
        "auto",
        "Whether each row is a text of its own, or the rows are the lines of one running text, such as a book.",
        title="Rows are",
        titles={"auto": "Automatic", "texts": "Texts of their own", "running": "Lines of one running text"},
        why="Automatic: short lines without labels are taken for one running text.",
    )
    code_of: str = setting(
        "",
        "A run of an autoencoder whose code a classifier takes as features, instead of the pixels; by its id.",
        title="Code of a run",
        why="What was learned from all images without labels can need fewer labels.",
        max_length=120,
    )

    @field_validator("encoder")
    @classmethod
    def encoder_is_named(cls, name: str) -> str:
        return check_name(name)
