"""Data as the training loop wants it: one compact tensor on the device, batches as indices into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.splits import Split, split_or_all, split_rows
from selfsup_core.data.texts import Texts
from selfsup_core.errors import DataError, SettingError
from selfsup_core.features.config import DataConfig
from selfsup_core.features.vectorize import embed, tfidf
from selfsup_core.pretrained.encoders.catalogue import find_encoder
from selfsup_core.pretrained.encoders.language import check_language
from selfsup_core.translation import join_sentences, tr

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Prepared:
    """A data set on a device, ready to be indexed.

    Attributes:
        x: (N, D) on the device; bytes for images, floats in [0, 1] for tables. Large images stay on disk.
        note: why the rows lie where they lie, when that is not the device, or what was filled in.
        item_shape: shape of what the network is given of one sample: (28, 28), (13,), or (vocabulary,) for
        texts.
        columns: names of the values of a table's row or of a text's vector, where they have names.
        groups: columns of a table that are the levels of one category.
        scale: `x * scale` are values in [0, 1].
        y: (N,) labels on the CPU, -1 where missing, or None.
    """

    dataset: Dataset
    split: Split
    x: torch.Tensor
    scale: float
    y: np.ndarray | None
    note: str = ""
    device: str = ""
    item_shape: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()

    @property
    def width(self) -> int:
        """Values a sample, flattened."""
        return int(np.prod(self.item_shape))

    def values(self, rows: torch.Tensor) -> torch.Tensor:
        """rows: (B,) row numbers on the device → (B, D) floats in [0, 1]."""
        if self.device:
            # Rows of a mapped file: only these are read, then sent to the device.
            import torch

            assert not isinstance(self.dataset.x, Texts)  # their vectors are in memory
            picked = torch.from_numpy(self.dataset.x[rows.cpu().numpy()].reshape(len(rows), -1))
            picked = picked.to(self.device)
        else:
            picked = self.x[rows]
        return picked if picked.is_floating_point() else picked.float().mul_(self.scale)

    def rows(self, rows: np.ndarray) -> torch.Tensor:
        """Row numbers as an index on the device."""
        import torch

        index = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64))
        return index.to(self.device or self.x.device)


def scale_columns(x: np.ndarray, train: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    """(N, D) table → [0, 1] by each column's range over the training rows; outside it values are cut off.

    Raises:
        DataError: a column holds a value that is not a finite number.
    """
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        name = columns[column] if columns else column
        raise DataError(
            tr("Row {row}, column {name!r} is {x}; expected a finite number.").format(
                row=row, name=name, x=x[row, column]
            ),
            remedy=tr("Fill or drop such rows before training."),
        )
    low, high = x[train].min(axis=0), x[train].max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    found: np.ndarray = np.clip((x - low) / span, 0.0, 1.0).astype(np.float32)
    return found


def fill_missing(x: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, str]:
    """(N, D) table → the same with NaN replaced by the column's median over the training rows, and a note."""
    holes = np.isnan(x)
    if not holes.any():
        return x, ""
    known = np.where(np.isnan(x[train]).all(axis=0), 0.0, x[train])  # a column without any value
    medians = np.nanmedian(known, axis=0)
    count = int(holes.sum())
    return (
        np.where(holes, medians, x),
        tr("{count} missing cells were filled with the median of their column's training rows.").format(
            count=count
        ),
    )


def prepare(
    dataset: Dataset,
    config: DataConfig,
    device: torch.device | str = "cpu",
    *,
    workspace: Path | None = None,
    progress: Callable[[str], None] | None = None,
    needs_split: bool = True,
) -> Prepared:
    """Split a data set, scale it from its training rows only, and put it on the device.

    Args:
        workspace: where slow results (embeddings) are kept for the next time.
        progress: told in words what takes its time.
        needs_split: False for a look, not for training: all rows stand in for training rows where they
            cannot be split.

    Raises:
        DataError: a value, a text or a category is not fit for this. SettingError: the class left out is
        unknown.
    """
    import torch

    how = split_rows if needs_split else split_or_all
    split = how(dataset, validation=config.validation, test=config.test, seed=config.split_seed)
    y = None if dataset.y is None else np.array(dataset.y)
    if config.leave_out:
        split = leave_out(split, y, dataset.classes, config.leave_out)
    prepared = partial(Prepared, dataset=dataset, split=split, y=y)
    if isinstance(dataset.x, Texts):
        x, columns, note = vectorize(dataset, dataset.x, split, config, workspace, progress, str(device))
        return prepared(
            x=torch.from_numpy(x).to(device),
            scale=1.0,
            note=note,
            item_shape=x.shape[1:],
            columns=columns,
        )
    prepared = partial(prepared, item_shape=dataset.item_shape, columns=dataset.columns)
    size = dataset.x.nbytes
    if dataset.x.dtype == np.uint8 and size > room_for_data():
        note = tr("{size:.1f} GB is more than half of the free memory, so rows are read from disk.").format(
            size=size / 1e9
        )
        empty = torch.empty((0, dataset.width), dtype=torch.uint8)
        return prepared(x=empty, scale=dataset.scale, note=note, device=str(device))
    flat = np.array(dataset.x).reshape(len(dataset), -1)  # (N, D), a copy in memory
    scale, note = dataset.scale, ""
    groups: tuple[tuple[int, ...], ...] = ()
    if flat.dtype != np.uint8:
        groups = category_groups(dataset)
        flat, note = fill_missing(flat * dataset.scale, split.train)
        levels = [column for group in groups for column in group]
        kept = flat[:, levels]
        flat, scale = scale_columns(flat, split.train, dataset.columns), 1.0
        flat[:, levels] = kept  # a level that no training row has stays 0 or 1
    return prepared(x=torch.from_numpy(flat).to(device), scale=scale, note=note, groups=groups)


def leave_out(split: Split, y: np.ndarray | None, classes: tuple[str, ...], name: str) -> Split:
    """The same split without a class in its training rows.

    Raises:
        SettingError: there is no such class, or nothing would be left to train on.
    """
    if y is None or name not in classes:
        known = ", ".join(classes[:20]) or tr("none, since the data have no labels")
        raise SettingError(
            tr("Class left out (data.leave_out): there is no class {name!r}. Classes: {known}.").format(
                name=name, known=known
            )
        )
    train = split.train[y[split.train] != classes.index(name)]
    if len(train) == 0:
        raise SettingError(
            tr("Class left out (data.leave_out): without class {name!r} no training row is left.").format(
                name=name
            )
        )
    return replace(split, train=train)


def category_groups(dataset: Dataset) -> tuple[tuple[int, ...], ...]:
    """Columns of an imported table that are the levels "name=level" of one category, two or more of them."""
    place = {name: index for index, name in enumerate(dataset.columns)}
    groups = []
    for about in dataset.details.get("columns", ()):
        if about["role"] != "category":
            continue
        start = f"{about['name']}="
        found = tuple(index for name, index in place.items() if name.startswith(start))
        assert not isinstance(dataset.x, Texts)
        values = np.asarray(dataset.x[:, list(found)]) if len(found) > 1 else np.empty((0, 0))
        # A number's own name may begin like this too: the levels of a category are 0 or 1, one of them at
        # most.
        is_one_hot = values.size and np.isin(values, (0, 1)).all() and values.sum(axis=1).max() <= 1
        if is_one_hot:
            groups.append(found)
    return tuple(groups)


def vectorize(
    dataset: Dataset,
    texts: Texts,
    split: Split,
    config: DataConfig,
    workspace: Path | None,
    progress: Callable[[str], None] | None,
    device: str = "cpu",
) -> tuple[np.ndarray, tuple[str, ...], str]:
    """(N, V) values in [0, 1], names of the columns, and how it was done."""
    if config.text_features != "embeddings":
        is_unit = config.text_features == "tfidf-unit"
        return tfidf(texts, split.train, config.vocabulary, is_unit=is_unit)
    cache = None if workspace is None else workspace / "embeddings"
    digest = dataset.digest or dataset.id
    x = embed(texts, cache, digest, progress, encoder=config.encoder, device=device)
    title = find_encoder(config.encoder).title
    note = tr("Sentence embeddings by {title}, each of the {shape} numbers scaled to 0…1.").format(
        title=title, shape=x.shape[1]
    )
    if warning := check_language(texts, config.encoder):
        note = join_sentences([note, warning])
    return scale_columns(x, split.train, ()), (), note


def room_for_data() -> int:
    """Bytes that a data set may take in memory: half of what is free."""
    import psutil

    return psutil.virtual_memory().available // 2
