"""Health of a data set before training: what is odd, why it matters and which safe mend there is."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.health.contents import check_images, check_texts
from selfsup_core.data.library.health.finding import FindingAbout
from selfsup_core.data.library.health.labels import check_labels
from selfsup_core.data.library.health.rows import check_aside, check_classes, check_copies, check_split
from selfsup_core.data.library.health.tables import check_table


def check_dataset(dataset: Dataset) -> list[FindingAbout]:
    """All findings as plain values, warnings first."""
    found = [f for check in CHECKS for f in check(dataset)]
    return [cast("FindingAbout", asdict(f)) for f in sorted(found, key=lambda f: f.level != "warning")]


CHECKS = (
    check_split,
    check_aside,
    check_copies,
    check_classes,
    check_table,
    check_texts,
    check_images,
    check_labels,
)
