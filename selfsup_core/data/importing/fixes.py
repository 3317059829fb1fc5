"""Settings of an import that mend a refusal."""

from __future__ import annotations

from selfsup_core.errors import Fix

KINDS = {
    "image": "Read as images",
    "table": "Read as a table",
    "text": "Read as texts",
    "sound": "Read as sounds",
}
NO_LABELS: Fix = {"setting": "label", "value": "-", "title": "Import without labels"}
MIDDLE_SLICES: Fix = {"setting": "slices", "value": "middle", "title": "Take the middle slice of each volume"}


def as_kind(kind: str) -> Fix:
    return {"setting": "kind", "value": kind, "title": KINDS[kind]}


def from_sheet(name: str) -> Fix:
    return {"setting": "sheet", "value": name, "title": f"Read sheet {name!r}"}
