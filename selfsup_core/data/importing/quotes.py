"""Quotes of CSV that are opened and never closed: all that follows would be read as one cell."""

from __future__ import annotations

import re

from selfsup_core.errors import DataError
from selfsup_core.translation import tr

ENDS = b"\r\n"


def find_open_quote(data: bytes, delimiter: str) -> int | None:
    """Line, from 1, of the first quote that begins a cell and is not closed (RFC 4180, 2005), or None.

    A quote that is first closed lines later, in the middle of another cell, counts as not closed.
    """
    if data.count(b'"') % 2 == 0:
        return None
    between = delimiter.encode() + ENDS
    opened: int | None = None
    skip = -1
    for match in re.finditer(rb'"', data):
        at = match.start()
        if at == skip:
            continue
        if opened is None:
            if at == 0 or data[at - 1 : at] in (between[i : i + 1] for i in range(len(between))):
                opened = at
        elif data[at + 1 : at + 2] == b'"':
            skip = at + 1
        else:
            is_ended = at + 1 == len(data) or data[at + 1] in between
            if not is_ended and b"\n" in data[opened:at]:
                break
            opened = None
    return None if opened is None else data.count(b"\n", 0, opened) + 1


def refuse_open_quote(name: str, data: bytes, delimiter: str, before: int) -> None:
    """before: lines above that have been taken off.

    Raises:
        DataError: a quote is not closed.
    """
    line = find_open_quote(data, delimiter)
    if line is None:
        return
    raise DataError(
        tr(
            "{name}, line {line:,}: a quote opens a cell there and is never closed, so all that "
            "follows would be one cell."
        ).format(name=name, line=line + before),
        code="open-quote",
        remedy=tr(
            'Close it with another ", or delete it. A quote within a quoted cell is written twice ("").'
        ),
    )
