"""A few samples of a data set, each with several random views: to be looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfsup_core.augment.config import Augmentation, TextAugmentation, augmentation_of
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library import own
from selfsup_core.data.texts import Texts
from selfsup_core.errors import SettingError
from selfsup_core.features.batches import Prepared, prepare
from selfsup_core.features.config import DataConfig
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    import torch

WORDS = 40  # of a text that are shown, and varied


class SamplesConfig(Config):
    """Which samples are looked at, and how many views of each."""

    samples: int = setting(6, "Number of samples.", title="Samples", ge=1, le=64)
    views: int = setting(5, "Number of views of each sample.", title="Views", ge=1, le=64)
    choice: int = setting(0, "Another number chooses other samples.", title="Choice", ge=0, le=2**31 - 1)
    seed: int = setting(0, "Another seed draws other views.", title="Seed", ge=0, le=2**31 - 1)


@dataclass(frozen=True)
class SampleViews:
    """S samples with V views each.

    Attributes:
        labels: class of each sample, names: what it is called; "" where it has none.
        values: (S, 1 + V, *shape) float32 in [0, 1], the sample itself first; of texts (0,).
        texts: the same of texts.
        columns: names of the values of a table.
    """

    rows: tuple[int, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    texts: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()


def choose_rows(dataset: Dataset, count: int, choice: int) -> np.ndarray:
    """Up to `count` rows at random, from as many classes as possible, in order."""
    count = min(count, len(dataset))
    order = np.random.default_rng(choice).permutation(len(dataset))
    if dataset.y is None or len(dataset.classes) < 2:
        return np.sort(order[:count])
    y = np.asarray(dataset.y)[order]
    turn = np.zeros(len(order), int)  # which one of its class a row is
    for label in np.unique(y):
        turn[y == label] = np.arange((y == label).sum())
    return np.sort(order[np.argsort(turn, kind="stable")[:count]])


def label_of(dataset: Dataset, row: int) -> str:
    """The class of a row, "" where it has none."""
    label = -1 if dataset.y is None else int(dataset.y[row])
    return dataset.classes[label] if label >= 0 else ""


def make_views(
    dataset: Dataset,
    config: Augmentation,
    asked: SamplesConfig,
    workspace: Path,
    prepared: Prepared | None = None,
) -> SampleViews:
    """Samples and their views.

    Args:
        prepared: of a table, where it is at hand.

    Raises:
        SettingError: the settings are those of another kind of data. DataError: a value is not fit.
    """
    import torch

    from selfsup_core.augment.pipeline import view

    if not isinstance(config, augmentation_of(dataset.kind)):
        raise SettingError(
            tr("These are settings for {kind} data; {title} is {kind_2}.").format(
                kind=config.kind, title=dataset.title, kind_2=dataset.kind
            )
        )
    rows = choose_rows(dataset, asked.samples, asked.choice)
    labels = tuple(label_of(dataset, row) for row in rows)
    called = dataset.extra.get("names")
    names = tuple(called[int(row)] if isinstance(called, Texts) else "" for row in rows)
    generator = torch.Generator().manual_seed(asked.seed)
    if isinstance(dataset.x, Texts):
        assert isinstance(config, TextAugmentation)
        texts = vary_texts([dataset.x[int(row)] for row in rows], config, asked.views, generator)
        return SampleViews(tuple(rows.tolist()), labels, names, np.zeros(0, np.float32), texts=texts)
    shape, reference = dataset.item_shape, None
    groups: tuple[tuple[int, ...], ...] = ()
    if dataset.kind == "table":
        prepared = prepared or prepare_table(dataset, workspace)
        x = prepared.x[torch.from_numpy(rows)]
        reference = prepared.x[torch.from_numpy(prepared.split.train)]
        groups, shape = prepared.groups, prepared.item_shape
    else:
        stored = np.asarray(dataset.x[rows], np.float32) * dataset.scale
        x = torch.from_numpy(stored.reshape(len(rows), -1))
    repeated = x.repeat_interleave(asked.views, dim=0)  # (S V, D)
    varied = view(repeated, config, generator, shape, reference=reference, groups=groups)
    both = torch.cat([x[:, None], varied.view(len(rows), asked.views, -1)], dim=1)
    values = both.numpy().reshape(len(rows), 1 + asked.views, *shape)
    return SampleViews(tuple(rows.tolist()), labels, names, values, columns=dataset.columns)


def prepare_table(dataset: Dataset, workspace: Path) -> Prepared:
    """Rows scaled by the training rows, as training will see them. Raises DataError."""
    kept = own.read_split(workspace, dataset.id)
    return prepare(dataset, DataConfig(source=dataset.id, **kept), needs_split=False)


def vary_texts(
    texts: Sequence[str], config: TextAugmentation, views: int, generator: torch.Generator
) -> tuple[tuple[str, ...], ...]:
    """The beginning of each text, followed by its views."""
    from selfsup_core.augment.pipeline import text_view
    from selfsup_core.augment.texts import split_words

    short = ["".join(gap + word for gap, word in split_words(text)[:WORDS]).strip() for text in texts]
    varied = text_view([text for text in short for _ in range(views)], config, generator)
    return tuple((text, *varied[i * views : (i + 1) * views]) for i, text in enumerate(short))
