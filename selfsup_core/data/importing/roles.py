"""The roles of a table's columns: those that were guessed, with a person's changes laid over them."""

from __future__ import annotations

from selfsup_core.data.details import ColumnAbout
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.fixes import other_label
from selfsup_core.errors import DataError
from selfsup_core.translation import tr


def apply_roles(columns: list[ColumnAbout], config: ImportConfig) -> list[ColumnAbout]:
    """The guesses with a person's changes laid over them.

    Raises:
        DataError: a column is named that is not there.
    """
    wanted: dict[str, str] = dict(config.roles)
    for role, name in (("label", config.label), ("text", config.text)):
        if name:
            for c in columns:
                if c["role"] == role and c["name"] != name:
                    wanted.setdefault(c["name"], "ignore")
        if name and name != "-":
            wanted[name] = role
    names = [c["name"] for c in columns]
    for name in wanted:
        if name not in names:
            raise DataError(
                tr("There is no column {name!r}. Columns: {names}.").format(
                    name=name, names=", ".join(names[:20])
                ),
                code="no-column",
                remedy=tr("Check the name."),
                fix=other_label(name, names) if name == config.label else None,
            )
    columns = [{**c, "role": wanted.get(c["name"], c["role"])} for c in columns]
    return [{**c, "reason": "chosen"} if c["name"] in wanted else c for c in columns]
