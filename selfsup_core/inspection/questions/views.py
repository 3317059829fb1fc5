"""What is asked of a data set before training: how its samples look once they are augmented."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.augment.config import augmentation_of
from selfsup_core.augment.samples import SamplesConfig, make_views, prepare_table
from selfsup_core.data.library.own import read_split
from selfsup_core.data.sources import open_source
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import checked
from selfsup_core.inspection.kinds import Named, about_data
from selfsup_core.settings import setting

if TYPE_CHECKING:
    from selfsup_core.data.dataset import Dataset
    from selfsup_core.features.batches import Prepared
    from selfsup_core.inspection.holders import Holders


class ViewsAsk(SamplesConfig):
    """Samples, views, and the augmentation."""

    settings: dict[str, float] = setting(
        {}, "Settings of the augmentation for this kind of data; see `augment list`.", title="Settings"
    )


@lru_cache(maxsize=4)
def table_of(workspace: Path, source: str, digest: str, split: str) -> Prepared:
    """Another split is another range of the columns."""
    return prepare_table(open_source(source, workspace), workspace)


def prepared_of(dataset: Dataset, source: str, workspace: Path) -> Prepared | None:
    if dataset.kind != "table":
        return None
    return table_of(workspace, source, dataset.digest, str(read_split(workspace, source)))


@about_data("views", ViewsAsk)
def views(data: Named[Holders], ask: ViewsAsk) -> Answer:
    """A few samples, each with several random views."""
    workspace = data.holder.workspace
    dataset = open_source(data.name, workspace)
    config = checked(augmentation_of(dataset.kind), ask.settings)
    made = make_views(dataset, config, ask, workspace, prepared_of(dataset, data.name, workspace))
    about = {
        "kind": dataset.kind,
        "rows": list(made.rows),
        "labels": list(made.labels),
        "names": list(made.names),
        "texts": [list(texts) for texts in made.texts],
        "columns": list(made.columns),
    }
    return Answer({"values": made.values}, about)
