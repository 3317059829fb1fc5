"""Embeddings that were made of a data set, and as a file: NPZ (arrays) or Parquet (a row a text)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from selfsup_core.data.sources import open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.features.embedding.embed import EmbedConfig, cached_embeddings

FORMATS = ("npz", "parquet")


def folder_of(workspace: Path) -> Path:
    return workspace / "embeddings"


def open_texts(workspace: Path, source: str) -> tuple[Any, Texts]:
    """(data set, its texts). Raises DataError when it holds none."""
    dataset = open_source(source, workspace)
    if not isinstance(dataset.x, Texts):
        raise DataError(
            f"Only texts can be embedded; {dataset.title} holds {dataset.kind}s.",
            code="no-texts",
            remedy="Choose a set of texts; images and tables have an autoencoder's code.",
        )
    return dataset, dataset.x


def read_embeddings(workspace: Path, source: str, encoder: str) -> np.ndarray | None:
    """(N, width) that were made before, or None. Raises DataError as `open_texts`."""
    dataset, texts = open_texts(workspace, source)
    digest = dataset.digest or dataset.id
    return cached_embeddings(
        EmbedConfig(encoder=encoder), cache=folder_of(workspace), data_digest=digest, rows=len(texts)
    )


def export_embeddings(workspace: Path, source: str, encoder: str, kind: str = "npz") -> bytes:
    """`vectors` (N, D) float32, `row`, `label` ("" where there is none), in Parquet with `text` too.

    Raises:
        DataError: there are none yet, or no such data set. SettingError: another kind.
    """
    if kind not in FORMATS:
        raise SettingError(f"Embeddings are written as {' or '.join(FORMATS)}; found {kind!r}.")
    dataset, _ = open_texts(workspace, source)
    x = read_embeddings(workspace, source, encoder)
    if x is None:
        raise DataError(
            f"{dataset.title} has no embeddings by {encoder} yet.",
            code="no-embeddings",
            remedy="Make them first, on the page Language model under Embed, or with `language embed`.",
        )
    labels = dataset.label_names() if dataset.y is not None else [""] * len(x)
    buffer = io.BytesIO()
    if kind == "npz":
        np.savez(buffer, vectors=x, row=np.arange(len(x)), label=np.array(labels, dtype=np.str_))
        return buffer.getvalue()
    import pyarrow as pa
    from pyarrow import parquet

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1])
    columns = {
        "row": np.arange(len(x)),
        "label": labels,
        "text": pa.array(list(dataset.x), pa.large_string()),
        "vector": vectors,
    }
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()
