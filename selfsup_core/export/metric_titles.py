"""What a metric is called in a file that people read: as in the loss panel, which has the list."""

from __future__ import annotations

import re
from functools import cache

from selfsup_core.places import WEB
from selfsup_core.translation import tr, tr_later

LABEL = re.compile(r'^\s+(\w+): tr\("([^"]+)"\),$', re.MULTILINE)
PARTS = {
    "train": tr_later("{metric} (training)"),
    "val": tr_later("{metric} (validation)"),
    "test": tr_later("{metric} (test)"),
}


@cache
def titles() -> dict[str, str]:
    source = (WEB / "stage" / "panels" / "curves.js").read_text("utf-8")
    block = source.partition("const labelsOf = () => ({")[2].partition("\n})")[0]
    return dict(LABEL.findall(block)) | {"knn_accuracy": tr_later("Nearest neighbors in the code")}


def metric_title(name: str) -> str:
    """ "Loss (validation)" of val_loss."""
    if name in titles():
        return tr(titles()[name])
    split, _, rest = name.partition("_")
    if split in PARTS and rest:
        return tr(PARTS[split]).format(metric=metric_title(rest))
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
