"""Settings of an import that mend a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import Fix

KINDS = {
    "image": "Read as images",
    "table": "Read as a table",
    "text": "Read as texts",
    "sound": "Read as sounds",
}
DETECT_ENCODING: Fix = {"setting": "encoding", "value": "", "title": "Detect the encoding"}
DETECT_DELIMITER: Fix = {"setting": "delimiter", "value": "", "title": "Detect the delimiter"}
NO_HEADER: Fix = {"setting": "header", "value": "no", "title": "Read without a header"}
NOT_AGAINST: Fix = {"setting": "against", "value": "", "title": "Keep all labels"}
NO_LABELS: Fix = {"setting": "label", "value": "-", "title": "Import without labels"}
MIDDLE_SLICES: Fix = {"setting": "slices", "value": "middle", "title": "Take the middle slice of each volume"}


def as_kind(kind: str) -> Fix:
    return {"setting": "kind", "value": kind, "title": KINDS[kind]}


def from_sheet(name: str) -> Fix:
    return {"setting": "sheet", "value": name, "title": f"Read sheet {name!r}"}


def without_damaged(count: int, what: str) -> Fix:
    """what: files or rows, in the singular."""
    many = f"the {count:,} damaged {what}s" if count > 1 else f"the damaged {what}"
    return {"setting": "damaged", "value": "leave-out", "title": f"Leave out {many}"}


def read_only(which: str) -> Fix:
    """Of files that do not belong together: one of them, or one kind."""
    return {"setting": "only", "value": which, "title": f"Read only {which}"}


def first_columns(rows: int) -> Fix:
    count = max(1, min(LIMITS.table_columns, LIMITS.table_cells // max(1, rows)))
    return {"setting": "columns", "value": count, "title": f"Take the first {count:,} columns"}


def other_label(asked: str, known: Sequence[str]) -> Fix:
    """The name that was probably meant, else the studio's own choice."""
    plain = {name.lower(): name for name in reversed(known)}
    if close := get_close_matches(asked.lower(), plain, 1):
        return {"setting": "label", "value": plain[close[0]], "title": f"Take the label {plain[close[0]]!r}"}
    return {"setting": "label", "value": "", "title": "Detect the label"}
