"""Settings of an embedding, and what they come to for given texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from pydantic import field_validator
from typing_extensions import TypedDict

from selfsup_core.files import sha256
from selfsup_core.pretrained.encoders.catalogue import Encoder, check_name, find_encoder, resolve_pooling
from selfsup_core.settings import Config, setting

FORMAT = 1  # a new one makes everything again


class EmbedConfig(Config):
    """How texts become embeddings."""

    encoder: str = setting(
        "minilm",
        "The sentence encoder: minilm, multilingual, or a folder in Hugging Face's layout.",
        title="Encoder",
        why="MiniLM is the best small encoder for English; use multilingual for other languages.",
        min_length=1,
        max_length=1000,
    )
    most_tokens: int = setting(
        256,
        "How many tokens of a text are read; the rest is ignored.",
        title="Tokens per text",
        why="all-MiniLM-L6-v2 was trained with at most 256; an encoder with a smaller limit uses its own.",
        ge=8,
        le=8192,
    )
    pooling: Literal["auto", "mean", "cls", "last"] = setting(
        "auto",
        "Which token states form the embedding: their mean, the first or the last one.",
        title="Pooling",
        titles={"auto": "Automatic", "mean": "Mean", "cls": "First token", "last": "Last token"},
        why="Automatic: as the model was trained, according to its files, else the mean.",
    )
    normalize: bool = setting(
        True,
        "Scale each embedding to length 1, so that a dot product is a cosine.",
        title="Length 1",
    )
    batch_tokens: int = setting(
        0,
        "Tokens in a batch; 0 chooses by device.",
        title="Tokens per batch",
        zero="automatic",
        why="2,048 on a CPU, where 512 to 4,096 were equally fast; 32,768 on a GPU.",
        ge=0,
        le=1_000_000,
    )
    precision: Literal["auto", "full"] = setting(
        "auto",
        "Computes in 32-bit floats throughout, or tries linear layers in 16 bits.",
        title="Precision",
        titles={"auto": "Automatic", "full": "32-bit throughout"},
        why="16 bits are used for long jobs only, and only if the cosine to the full result stays at 0.9999 "
        "or more.",
    )

    @field_validator("encoder")
    @classmethod
    def encoder_is_named(cls, name: str) -> str:
        return check_name(name)


class EmbedSettings(TypedDict):
    """Settings of an embedding that change the result."""

    most_tokens: int
    pooling: str
    normalize: bool
    precision: str


@dataclass(frozen=True)
class Job:
    """What is to be made, and its name."""

    encoder: Encoder
    most_tokens: int
    pooling: str
    config: EmbedConfig
    data_digest: str
    rows: int

    @property
    def settings(self) -> EmbedSettings:
        """Those that change the result."""
        return {
            "most_tokens": self.most_tokens,
            "pooling": self.pooling,
            "normalize": self.config.normalize,
            "precision": self.config.precision,
        }

    @property
    def key(self) -> str:
        about = [FORMAT, self.encoder.digest, self.data_digest, self.rows, self.settings]
        return sha256(json.dumps(about).encode())[:32]


def plan_job(config: EmbedConfig, data_digest: str, rows: int) -> Job:
    """Raises: DataError: there is no such encoder, or it cannot be used."""
    encoder = find_encoder(config.encoder)
    return Job(
        encoder=encoder,
        most_tokens=min(config.most_tokens, encoder.most_tokens),
        pooling=resolve_pooling(encoder, config.pooling),
        config=config,
        data_digest=data_digest,
        rows=rows,
    )
