"""Health of a data set before training: what is odd, why it matters and which safe mend there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import cast

from selfsup_core.data.dataset import Dataset
from selfsup_core.data.library.health.contents import check_images, check_texts
from selfsup_core.data.library.health.finding import Finding, FindingAbout
from selfsup_core.data.library.health.labels import check_labels
from selfsup_core.data.library.health.rows import check_aside, check_classes, check_copies, check_split
from selfsup_core.data.library.health.tables import check_table
from selfsup_core.data.library.turns import Say
from selfsup_core.translation import tr_later


def check_dataset(dataset: Dataset, say: Say | None = None) -> list[FindingAbout]:
    """All findings as plain values, warnings first; say: is told each check before it begins."""
    found: list[Finding] = []
    for done, (title, check) in enumerate(CHECKS):
        if say:
            say({"title": title, "done": done, "total": len(CHECKS)})
        found += check(dataset)
    return [cast("FindingAbout", asdict(f)) for f in sorted(found, key=lambda f: f.level != "warning")]


CHECKS: tuple[tuple[str, Callable[[Dataset], Iterable[Finding]]], ...] = (
    (tr_later("Splitting the rows"), check_split),
    (tr_later("Counting rows that were left out"), check_aside),
    (tr_later("Looking for copies"), check_copies),
    (tr_later("Counting the classes"), check_classes),
    (tr_later("Looking at the columns"), check_table),
    (tr_later("Looking at the texts"), check_texts),
    (tr_later("Looking at the pictures"), check_images),
    (tr_later("Comparing labels with those of similar rows"), check_labels),
)
