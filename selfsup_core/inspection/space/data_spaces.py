"""Spaces of data sets: their values as they are, and embeddings of texts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import Split
from selfsup_core.errors import DataError
from selfsup_core.inspection.space.base import BATCH, Space, read_given
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.export.features import Features
    from selfsup_core.features.batches import Prepared


class DataSpace(Space):
    """Pixels, columns, words or spectrograms as they are."""

    def __init__(self, name: str, workspace: Path) -> None:
        super().__init__(name, workspace)
        from selfsup_core.data.library.own import read_split
        from selfsup_core.features.config import DataConfig

        self.source = name.split(":", 1)[1]
        self.dataset = open_source(self.source, workspace)
        self.title, self.kind = self.dataset.title, self.dataset.kind
        kept = read_split(workspace, self.source)
        shares = {name: value for name, value in kept.items() if not name.startswith("labels")}
        values = {"source": self.source, "text_features": "tfidf-unit", **shares}
        self.config = DataConfig.model_validate(values)

    @cached_property
    def prepared(self) -> Prepared:
        from selfsup_core.features.batches import prepare

        return prepare(self.dataset, self.config, "cpu", workspace=self.workspace, needs_split=False)

    @property
    def width(self) -> int:
        return self.prepared.width

    def split(self) -> Split | None:
        return self.prepared.split

    def vectors(self, epoch: int | None) -> np.ndarray:
        data = self.prepared
        return np.concatenate(
            [
                data.values(data.rows(self.rows[i : i + BATCH])).numpy()
                for i in range(0, len(self.rows), BATCH)
            ]
        )

    def digest(self, epoch: int | None) -> str:
        return f"{self.dataset.digest or self.dataset.id} {self.config.model_dump_json()}"

    @cached_property
    def features(self) -> Features:
        from selfsup_core.export.features import fit_features

        return fit_features(self.dataset, self.config, self.workspace)

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        names, items = read_given(self.features.about, given)
        return names, self.features.apply(items)


class EmbeddingSpace(Space):
    """Texts by an encoder."""

    def __init__(self, name: str, workspace: Path) -> None:
        super().__init__(name, workspace)
        from selfsup_core.export.embeddings import open_texts, read_embeddings

        _, self.source, self.encoder = name.split(":", 2)
        self.dataset, _ = open_texts(workspace, self.source)
        found = read_embeddings(workspace, self.source, self.encoder)
        if found is None:
            raise DataError(
                tr("{title} has no embeddings by {encoder} yet.").format(
                    title=self.dataset.title, encoder=self.encoder
                ),
                code="no-embeddings",
                remedy=tr("Create them on the page Language model under Embed, or with `language embed`."),
            )
        self.x, self.kind = found, "text"
        self.title = f"{self.dataset.title}, embeddings"

    @property
    def width(self) -> int:
        return int(self.x.shape[1])

    def vectors(self, epoch: int | None) -> np.ndarray:
        return np.array(self.x, np.float32)

    def digest(self, epoch: int | None) -> str:
        return f"{self.dataset.digest or self.dataset.id} {self.encoder}"

    def encode(self, given: list[str], epoch: int | None) -> tuple[list[str], np.ndarray]:
        from selfsup_core.features.embedding.embed import EmbedConfig, embed

        return given, np.asarray(embed(given, EmbedConfig(encoder=self.encoder)), np.float32)
