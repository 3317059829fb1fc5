"""Stored embeddings of a data set, and their export: NPZ (arrays) or Parquet (one row per text)."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from selfsup_core.data.dataset import load_dataset
from selfsup_core.data.importing.own_exports import TEXTS_JSON
from selfsup_core.data.sources import OWN_NAME, list_sources, open_source
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError, StudioError
from selfsup_core.features.embedding.embed import (
    EmbedConfig,
    cached_embeddings,
    list_embeddings,
    list_unfinished,
)
from selfsup_core.translation import tr

FORMATS = ("npz", "parquet")


class Embedded(TypedDict):
    """One data set through one encoder, as far as it is on disk.

    source, title: of the data set; "" where it has been deleted since. encoder: its name or its folder.
    done: of `total`, texts, or distinct texts while it is unfinished. changed: seconds since 1970.
    """

    source: str
    title: str
    encoder: str
    is_finished: bool
    done: int
    total: int
    width: int
    megabytes: float
    changed: float


def folder_of(workspace: Path) -> Path:
    return workspace / "embeddings"


def open_texts(workspace: Path, source: str) -> tuple[Any, Texts]:
    """(data set, its texts). Raises DataError when it holds none."""
    dataset = open_source(source, workspace)
    if not isinstance(dataset.x, Texts):
        raise DataError(
            tr("Only texts can be embedded; {title} holds {kind}s.").format(
                title=dataset.title, kind=dataset.kind
            ),
            code="no-texts",
            remedy=tr("Choose a data set of texts; for images and tables use the code of an autoencoder."),
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
    """`vectors` (N, D) float32, `row`, `label` ("" where there is none) and the texts: in Parquet as `text`,
    in NPZ as `texts_json`, the bytes of a JSON list (an array of strings is as wide as its longest text).

    Raises:
        DataError: there are none yet, or no such data set. SettingError: another kind.
    """
    if kind not in FORMATS:
        raise SettingError(
            tr("Embeddings are written as {formats}; found {kind!r}.").format(
                formats=" or ".join(FORMATS), kind=kind
            )
        )
    dataset, _ = open_texts(workspace, source)
    x = read_embeddings(workspace, source, encoder)
    if x is None:
        raise DataError(
            tr("{title} has no embeddings by {encoder} yet.").format(title=dataset.title, encoder=encoder),
            code="no-embeddings",
            remedy=tr("Create them first, on the page Language model under Embed, or with `language embed`."),
        )
    labels = dataset.label_names() if dataset.y is not None else [""] * len(x)
    buffer = io.BytesIO()
    if kind == "npz":
        texts = np.frombuffer(json.dumps(list(dataset.x)).encode(), np.uint8)
        named = {"row": np.arange(len(x)), "label": np.array(labels, dtype=np.str_), TEXTS_JSON: texts}
        np.savez(buffer, vectors=x, **named)  # type: ignore[arg-type]
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


def list_embedded(workspace: Path) -> list[Embedded]:
    """All embeddings on disk, unfinished ones first, then the newest."""
    sources = digests_of_texts(workspace)
    found: list[Embedded] = []
    for part in list_unfinished(workspace):
        source, title = sources.get(part["data_digest"], ("", ""))
        found.append(
            {
                "source": source,
                "title": title,
                "encoder": part["encoder"],
                "is_finished": False,
                "done": part["done"],
                "total": part["distinct"],
                "width": 0,
                "megabytes": 0.0,
                "changed": part["touched"],
            }
        )
    for whole in list_embeddings(workspace):
        source, title = sources.get(whole["data_digest"], ("", ""))
        found.append(
            {
                "source": source,
                "title": title,
                "encoder": whole["encoder"],
                "is_finished": True,
                "done": whole["rows"],
                "total": whole["rows"],
                "width": whole["width"],
                "megabytes": whole["bytes"] / 1e6,
                "changed": float(whole["made"]),
            }
        )
    return found


def digests_of_texts(workspace: Path) -> dict[str, tuple[str, str]]:
    """Digest of the data → (id, title), of each set of texts that is in the workspace; nothing is made for
    it.
    """
    found = {}
    for name, source in list_sources(workspace).items():
        made = name if OWN_NAME.fullmatch(name) else f"{name}-v{source.version}"
        folder = workspace / "datasets" / made
        if source.kind != "text" or not (folder / "dataset.json").is_file():
            continue
        with contextlib.suppress(StudioError):  # damaged: it cannot be opened, either
            found[load_dataset(folder).digest or name] = (name, source.title)
    return found
