"""How new samples become the numbers that a classifier head was trained on: the same steps as for the data
set's rows.

What was fitted on training rows (ranges of columns, terms and their weights) is kept as arrays and JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError
from selfsup_core.export.about import FeaturesAbout, Novelty, PictureFacts, SoundFacts
from selfsup_core.export.novelty import (
    PICTURES_SAID,
    far_rows,
    far_texts,
    fit_pictures,
    fit_rows,
    fit_words,
    scaled,
)
from selfsup_core.features.batches import category_groups, fill_missing, leave_out
from selfsup_core.features.config import DataConfig
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.data.importing.tones import ToneAbout

FEW_ROWS = 500  # training rows of a table with which a new row is compared


@dataclass
class Features:
    """Steps from a sample to (D,) values in [0, 1].

    Attributes:
        about: kind, and what else JSON holds of the steps. arrays: what was fitted.
        encoder: an autoencoder whose code is the outcome, or None.
    """

    about: FeaturesAbout
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    encoder: Any = None

    def apply(self, items: list[Any], *, is_clipped: bool = True) -> np.ndarray:
        """Texts, arrays of stored values (images, sounds: bytes; tables: a row's numbers) → (B, D) float32.

        Args:
            is_clipped: whether columns of tables beyond the training rows' range are cut to it.

        Raises:
            DataError: the encoder is not on this machine, or a row has another width.
        """
        if self.about["kind"] == "text":
            steps = embeddings if self.about["features"] == "embeddings" else weigh_words
            return steps(self, items)
        if self.encoder is not None:
            return self._encode(self._stack(items))
        return self.plain(items, is_clipped=is_clipped)

    def _stack(self, items: list[Any]) -> np.ndarray:
        """(B, D) stored values."""
        rows = np.stack([np.asarray(item).reshape(-1) for item in items])
        if rows.shape[1] != self.about["width"]:
            raise DataError(
                tr("Expected samples of {width} values; found {shape}.").format(
                    width=self.about["width"], shape=rows.shape[1]
                )
            )
        return rows

    def plain(self, items: list[Any], *, is_clipped: bool = True) -> np.ndarray:
        """As `apply`, without the encoder: by these features samples are compared. Not for texts."""
        rows = self._stack(items)
        if "low" not in self.arrays:
            return (rows.astype(np.float32) * np.float32(self.about["scale"])).astype(np.float32)
        rows = rows * self.about["scale"]
        rows = np.where(np.isnan(rows), self.arrays["medians"], rows)
        scaled = to_range(rows, self.arrays, is_clipped=is_clipped)
        levels = self.arrays["levels"]
        scaled[:, levels] = rows[:, levels]
        return scaled

    def why_far(self, items: list[Any]) -> list[str]:
        """Of each sample why it is unlike the training rows, or ""."""
        novelty = self.about.get("novelty", Novelty())
        if "words" in novelty:
            return far_texts(novelty, items)
        if "most_distance" not in novelty:
            return [""] * len(items)
        x = self.plain(items, is_clipped=False)
        reference, most = self.arrays["reference"], novelty["most_distance"]
        if reference.dtype == np.uint8:  # images and sounds are kept as they are stored
            return far_rows(scaled(reference, self.about["scale"]), most, x, PICTURES_SAID)
        return far_rows(reference, most, x)

    def restore(self, values: np.ndarray) -> np.ndarray:
        """(B, D) values in [0, 1] that a network has made → rows of a table as a file has them; all else as
        it is.
        """
        if "low" not in self.arrays:
            return values
        low, high = self.arrays["low"], self.arrays["high"]
        found: np.ndarray = low + values.astype(np.float64) * (high - low)
        levels = self.arrays["levels"]
        found[:, levels] = values[:, levels]
        return found / self.about["scale"]

    def _encode(self, rows: np.ndarray) -> np.ndarray:
        import torch

        x = torch.from_numpy((rows.astype(np.float32) * np.float32(self.about["scale"])).astype(np.float32))
        with torch.inference_mode():
            found: np.ndarray = self.encoder.encode(x).float().numpy()
            return found


def fit_features(dataset: Dataset, config: DataConfig, workspace: Path) -> Features:
    """The steps of `data.batches.prepare` for these settings, fitted on the same training rows.

    Raises:
        DataError: as `prepare`.
    """
    split = split_rows(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    y = None if dataset.y is None else np.asarray(dataset.y)
    if config.leave_out:
        split = leave_out(split, y, dataset.classes, config.leave_out)
    about: FeaturesAbout = {"kind": dataset.kind}
    if isinstance(dataset.x, Texts):
        return fit_texts(dataset, dataset.x, split.train, config, workspace)
    about |= {
        "item_shape": list(dataset.item_shape),
        "columns": list(dataset.columns),
        "scale": dataset.scale,
        "width": dataset.width,
        "sound": sound_facts(dataset),
        "picture": picture_facts(dataset),
        "cells": list(dataset.details.get("columns", ())),
    }
    if dataset.x.dtype == np.uint8:
        reference, most = fit_pictures(dataset.x, dataset.scale, split.train, split.validation)
        if not np.isfinite(most):
            return Features(about)
        return Features(about | {"novelty": {"most_distance": most}}, {"reference": reference})
    flat = np.asarray(dataset.x).reshape(len(dataset), -1) * dataset.scale
    known = np.where(np.isnan(flat[split.train]).all(axis=0), 0.0, flat[split.train])
    levels = [column for group in category_groups(dataset) for column in group]
    filled, _ = fill_missing(flat, split.train)
    arrays = column_range(filled[split.train])
    arrays |= {"medians": np.nanmedian(known, axis=0), "levels": np.array(levels, np.int64)}
    found = Features(about, arrays)
    if dataset.kind == "table":
        sample = split.train[:: -(-len(split.train) // FEW_ROWS) or 1]
        rows = [np.asarray(dataset.x[int(row)]) for row in sample]
        reference, most = fit_rows(found.plain(rows, is_clipped=False))
        if np.isfinite(most):
            found.arrays["reference"], about["novelty"] = reference, {"most_distance": most}
    return found


def column_range(train: np.ndarray) -> dict[str, np.ndarray]:
    return {"low": train.min(axis=0), "high": train.max(axis=0)}


def to_range(x: np.ndarray, arrays: dict[str, np.ndarray], *, is_clipped: bool = True) -> np.ndarray:
    """As `data.batches.scale_columns`, with the ranges that were kept."""
    low, high = arrays["low"], arrays["high"]
    scaled = (x - low) / np.where(high > low, high - low, 1.0)
    found: np.ndarray = (np.clip(scaled, 0.0, 1.0) if is_clipped else scaled).astype(np.float32)
    return found


def fit_texts(
    dataset: Dataset, texts: Texts, train: np.ndarray, config: DataConfig, workspace: Path
) -> Features:
    from selfsup_core.features.vectorize import embed, word_options

    about: FeaturesAbout = {"kind": "text", "features": config.text_features}
    about["novelty"] = fit_words(texts, train)
    if config.text_features == "embeddings":
        x = embed(texts, workspace / "embeddings", dataset.digest or dataset.id, encoder=config.encoder)
        return Features(about | {"encoder": config.encoder}, column_range(x[train]))
    from sklearn.feature_extraction.text import TfidfVectorizer

    options, how = word_options(texts, train)
    vectorizer = TfidfVectorizer(
        max_features=config.vocabulary, sublinear_tf=True, dtype=np.float32, **options
    )
    weights = vectorizer.fit_transform(texts[int(row)] for row in train)
    terms = [str(term) for term in vectorizer.get_feature_names_out()]
    about |= {"terms": terms, "options": options, "how": how, "width": config.vocabulary}
    largest = np.asarray(weights.max(axis=0).todense()).reshape(-1)
    if config.text_features == "tfidf-unit":
        largest = np.ones_like(largest)
    return Features(about, {"idf": vectorizer.idf_, "largest": largest})


def embeddings(features: Features, texts: list[str]) -> np.ndarray:
    from selfsup_core.features.vectorize import embed

    x = embed(Texts.pack(texts), None, "", encoder=features.about["encoder"])
    return to_range(x, features.arrays)


def weigh_words(features: Features, texts: list[str]) -> np.ndarray:
    from sklearn.feature_extraction.text import TfidfVectorizer

    about, arrays = features.about, features.arrays
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in about["options"].items()}
    vectorizer = TfidfVectorizer(vocabulary=about["terms"], sublinear_tf=True, dtype=np.float32, **options)
    vectorizer.idf_ = arrays["idf"]
    found = np.zeros((len(texts), about["width"]), np.float32)
    largest = np.where(arrays["largest"] > 0, arrays["largest"], 1.0)
    found[:, : len(about["terms"])] = vectorizer.transform(texts).toarray() / largest
    return np.clip(found, 0.0, 1.0)


def sound_facts(dataset: Dataset) -> SoundFacts:
    details, found = dataset.details, SoundFacts()
    if "rate" in details:
        found["rate"] = details["rate"]
    if "seconds" in details:
        found["seconds"] = details["seconds"]
    audio = dataset.extra.get("audio")
    if "rate" in found and isinstance(audio, np.ndarray):
        found.setdefault("seconds", audio.shape[1] / found["rate"])
    return found


def picture_facts(dataset: Dataset) -> PictureFacts:
    """How the pictures of an imported set became squares of bytes."""
    config, found = dataset.details.get("config", {}), PictureFacts()
    if dataset.kind == "image" and config.get("fit") in ("pad", "crop", "stretch"):
        found["fit"] = str(config["fit"])
    if tone := dataset.details.get("tone"):
        found["tone"] = cast("ToneAbout", tone)
    return found
