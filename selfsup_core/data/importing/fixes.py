"""Settings of an import that mend a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from selfsup_core.data.limits import LIMITS
from selfsup_core.errors import Fix
from selfsup_core.translation import tr, tr_later

KINDS = {
    "image": tr_later("Read as images"),
    "table": tr_later("Read as a table"),
    "text": tr_later("Read as texts"),
    "sound": tr_later("Read as sounds"),
}
DETECT_ENCODING: Fix = {"setting": "encoding", "value": "", "title": tr_later("Detect the encoding")}
DETECT_DELIMITER: Fix = {"setting": "delimiter", "value": "", "title": tr_later("Detect the delimiter")}
NO_HEADER: Fix = {"setting": "header", "value": "no", "title": tr_later("Read without a header")}
NOT_AGAINST: Fix = {"setting": "against", "value": "", "title": tr_later("Keep all labels")}
NO_LABELS: Fix = {"setting": "label", "value": "-", "title": tr_later("Import without labels")}
MIDDLE_SLICES: Fix = {
    "setting": "slices",
    "value": "middle",
    "title": tr_later("Take the middle slice of each volume"),
}


def as_kind(kind: str) -> Fix:
    return {"setting": "kind", "value": kind, "title": KINDS[kind]}


def from_sheet(name: str) -> Fix:
    return {"setting": "sheet", "value": name, "title": tr("Read sheet {name!r}").format(name=name)}


def without_damaged(count: int, what: str) -> Fix:
    """what: "file" or "row"."""
    if what == "row":
        message = tr("Leave out the {count:,} damaged rows") if count > 1 else tr("Leave out the damaged row")
    else:
        message = (
            tr("Leave out the {count:,} damaged files") if count > 1 else tr("Leave out the damaged file")
        )
    return {"setting": "damaged", "value": "leave-out", "title": message.format(count=count)}


def read_only(which: str) -> Fix:
    """Of files that do not belong together: one of them, or one kind."""
    return {"setting": "only", "value": which, "title": tr("Read only {which}").format(which=which)}


def first_columns(rows: int) -> Fix:
    count = max(1, min(LIMITS.table_columns, LIMITS.table_cells // max(1, rows)))
    return {
        "setting": "columns",
        "value": count,
        "title": tr("Take the first {count:,} columns").format(count=count),
    }


def other_label(asked: str, known: Sequence[str]) -> Fix:
    """The name that was probably meant, else the studio's own choice."""
    plain = {name.lower(): name for name in reversed(known)}
    if close := get_close_matches(asked.lower(), plain, 1):
        return {
            "setting": "label",
            "value": plain[close[0]],
            "title": tr("Take the label {plain!r}").format(plain=plain[close[0]]),
        }
    return {"setting": "label", "value": "", "title": tr("Detect the label")}
