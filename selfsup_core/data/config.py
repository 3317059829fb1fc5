"""Settings of the data side of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from selfsup_core.data.encoders import check_name
from selfsup_core.data.sources import OWN_NAME, SOURCES
from selfsup_core.settings import Config, setting


class DataConfig(Config):
    """Which data, and who may see what."""

    source: str = setting("mnist-5k", "The data set to learn from.", title="Data")
    validation: float = setting(
        0.1,
        "Share of the rows kept for validation; the network never trains on them.",
        title="Validation share",
        ge=0.01,
        le=0.5,
    )
    test: float = setting(
        0.1,
        "Share of the rows set aside as test split; nothing is trained or chosen on them.",
        title="Test share",
        ge=0.0,
        le=0.5,
    )
    split_seed: int = setting(
        0,
        "Seed of the split into training, validation and test rows.",
        title="Split seed",
        why="Its own seed, so that runs with other training seeds stay comparable.",
        ge=0,
        le=2**31 - 1,
    )
    labels_per_class: int = setting(
        0,
        "Labels a class that may be seen in training rows; 0 means all of them.",
        title="Labels a class",
        why="An autoencoder needs no labels; they only serve 5-NN on the code.",
        ge=0,
        le=1_000_000,
    )
    labels_fraction: float = setting(
        1.0,
        "Share of each class's labels that may be seen, where no number a class is set.",
        title="Share of labels",
        gt=0.0,
        le=1.0,
    )

    text_features: Literal["tfidf", "tfidf-unit", "embeddings"] = setting(
        "tfidf",
        "How a text becomes numbers: TF-IDF counts its words, embeddings hold its meaning; tfidf-unit is TF-IDF as "
        "vectors of length 1, for classifiers.",
        title="Text features",
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
        why="Automatic: short lines without labels are taken for one running text.",
    )
    code_of: str = setting(
        "", "A run of an autoencoder whose code a classifier takes as features, instead of the pixels; by its id.",
        title="Code of a run",
        why="What was learned from all images without labels can need fewer labels.",
        max_length=120,
    )  # fmt: skip
    leave_out: str = setting(
        "",
        "A class that training rows are not to hold, to see whether its samples stand out later.",
        title="Class left out",
        max_length=200,
    )

    @field_validator("encoder")
    @classmethod
    def encoder_is_named(cls, name: str) -> str:
        return check_name(name)

    @field_validator("source")
    @classmethod
    def source_is_known(cls, name: str) -> str:
        # Whether a person's own set is there is known by the workspace, so that is asked when a run is submitted.
        if name not in list(SOURCES) and not OWN_NAME.fullmatch(name):
            raise ValueError(
                f"must be one of {', '.join(sorted(SOURCES))}, or one of your own sets"
            )
        return name
