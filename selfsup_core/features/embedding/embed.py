"""Texts into embeddings: a step at a time, kept on disk.

    key = sha256(encoder's digest, data's digest, settings that matter)

A job that was stopped, or killed, continues behind its last whole part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np

from selfsup_core.data.texts import Texts
from selfsup_core.features.embedding.config import EmbedConfig, Job, plan_job
from selfsup_core.features.embedding.job import Progress, Run, TokenTable
from selfsup_core.features.embedding.store import (
    EncodingAbout,
    keep,
    list_embeddings,
    list_unfinished,
    read_cached,
)
from selfsup_core.pretrained.encoders.catalogue import load_encoder
from selfsup_core.translation import tr

__all__ = [
    "EmbedConfig",
    "Job",
    "Progress",
    "cached_embeddings",
    "embed",
    "embed_steps",
    "list_embeddings",
    "list_unfinished",
    "plan_job",
    "texts_digest",
]

SLICE = 512  # texts that are tokenized before control returns to the caller


def texts_digest(texts: Sequence[str] | Texts) -> str:
    """Names the content of texts that have no digest yet."""
    packed = texts if isinstance(texts, Texts) else Texts.pack(texts)
    digest = hashlib.sha256(np.ascontiguousarray(packed.ends).tobytes())
    digest.update(np.ascontiguousarray(packed.blob).data)
    return digest.hexdigest()


def embed(
    texts: Sequence[str] | Texts,
    config: EmbedConfig | None = None,
    *,
    cache: Path | None = None,
    data_digest: str = "",
    device: str = "cpu",
    threads: int | None = None,
) -> np.ndarray:
    """(N, width) float32 in the order of the texts; an empty text is all zeros.

    Raises:
        DataError: as `embed_steps`.
    """
    steps = embed_steps(
        texts,
        config or EmbedConfig(),
        cache=cache,
        data_digest=data_digest,
        device=device,
        threads=threads,
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: np.ndarray = end.value
            return found


def embed_steps(
    texts: Sequence[str] | Texts,
    config: EmbedConfig,
    *,
    cache: Path | None,
    data_digest: str = "",
    device: str = "cpu",
    threads: int | None = None,
) -> Generator[Progress, None, np.ndarray]:
    """Make the embeddings in small steps; between two of them the caller may wait, or stop and `close()`.

    Args:
        cache: folder where results are kept, and what an unfinished job has so far; None keeps nothing.
        data_digest: names the texts; their own digest when empty.
        device: as torch names it. threads: torch's, for the time of the job; None leaves them.

    Yields:
        Progress after each batch, the last one "whole".

    Returns:
        (N, width) float32, as `StopIteration.value`.

    Raises:
        DataError: the encoder is missing, damaged or of a kind that is not loaded.
        OSError: the cache's disk is full or read-only.
    """
    job = plan_job(config, data_digest or texts_digest(texts), len(texts))
    if (known := read_cached(cache, job)) is not None:
        yield Progress("whole", job.rows, job.rows, 0.0, note=tr("already computed"))
        return known
    loaded = load_encoder(job.encoder, pooling=config.pooling, device=device)
    tokens = TokenTable()
    for start in range(0, job.rows, SLICE):
        rows = range(start, min(start + SLICE, job.rows))
        tokens.add(loaded, [texts[row] for row in rows], job.most_tokens)
        yield Progress("reading", rows.stop, job.rows)
    tokens.close()
    run = Run(job, loaded, tokens, device, None if cache is None else cache / f"{job.key}.part")
    made = yield from run.steps(threads)
    result = np.zeros((job.rows, job.encoder.width), np.float32)
    filled = tokens.row_of >= 0
    result[filled] = made[tokens.row_of[filled]]
    if cache is not None:
        about: EncodingAbout = {
            "distinct": len(tokens.lengths),
            "cut": tokens.cut,
            "note": run.note,
            "device": device,
        }
        keep(cache, job, result, about, run.parts.seconds)
    yield run.progress("whole")
    return result


def cached_embeddings(config: EmbedConfig, *, cache: Path, data_digest: str, rows: int) -> np.ndarray | None:
    """What `embed` has made of these data before, or None; needs no encoder in memory.

    Raises:
        DataError: there is no such encoder.
    """
    return read_cached(cache, plan_job(config, data_digest, rows))
