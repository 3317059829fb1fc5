"""JSON text → records of flat cells: lines, arrays, objects over several lines; chats as dialogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from selfsup_core.data.limits import LIMITS, MB
from selfsup_core.errors import DataError
from selfsup_core.files import JsonObject
from selfsup_core.settings import short
from selfsup_core.translation import tr

DEPTH = 20  # levels of objects in objects
BLANKS = " \t\r\n,"
WHO = ("role", "from")
SAID = ("content", "value")


def unlike(pairs: list[tuple[str, Any]]) -> JsonObject:
    """The pairs of a JSON object as a dictionary. Raises ValueError when a key occurs twice."""
    found: JsonObject = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(tr("key {key} occurs twice").format(key=short(key, 40)))
        found[key] = value
    return found


DECODER = json.JSONDecoder(object_pairs_hook=unlike)


def each_record(name: str, text: str) -> Iterator[JsonObject]:
    """The objects of JSON lines, of an array, or one after the other.

    An object that stands alone and holds one list of objects gives those, as in {"data": [{…}, {…}]}.

    Raises:
        DataError: with the line.
    """
    place = skip(text, 0)
    is_array = text.startswith("[", place)
    place = first = skip(text, place + 1) if is_array else place
    line, counted = 1, 0
    while place < len(text) and not (is_array and text[place] == "]"):
        line += text.count("\n", counted, place)
        counted = place
        try:
            value, end = DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]
            raise DataError(
                tr("{name}, line {at} is not valid JSON ({why}).").format(name=name, at=at, why=why),
                code="damaged-json",
                remedy=tr("Give one JSON object a line, or an array of objects, with each key once."),
            ) from error
        if end - place > LIMITS.line_bytes and not (isinstance(value, dict) and rows_in(value)):
            raise DataError(
                tr("{name}, line {line} has an object of over {line_bytes} MB.").format(
                    name=name, line=line, line_bytes=LIMITS.line_bytes // MB
                ),
                code="line-too-long",
                remedy=tr("Shorten it."),
            )
        if not isinstance(value, dict):
            raise DataError(
                tr("{name}, line {line} holds a {name_2}, not an object.").format(
                    name=name, line=line, name_2=type(value).__name__
                ),
                code="damaged-json",
                remedy=tr('Give objects, as in {"text": "…"}.'),
            )
        after = skip(text, end)
        inner = rows_in(value) if place == first and after >= len(text) else None
        yield from inner or [value]
        place = after
    if is_array and (place >= len(text) or skip(text, place + 1) < len(text)):
        line += text.count("\n", counted)
        raise DataError(
            tr(
                "{name}, line {line} is not valid JSON (the array is not closed, or something follows it)."
            ).format(name=name, line=line),
            code="damaged-json",
            remedy=tr("Write the file again."),
        )


def skip(text: str, place: int) -> int:
    """The next place that holds neither a blank nor a comma."""
    while place < len(text) and text[place] in BLANKS:
        place += 1
    return place


def rows_in(value: JsonObject) -> list[JsonObject] | None:
    """The one list of several objects in an object, except a chat; None where there is none."""
    lists = [v for v in value.values() if isinstance(v, list) and len(v) > 1]
    if len(lists) != 1 or not all(isinstance(v, dict) for v in lists[0]) or as_dialogue(lists[0]):
        return None
    return lists[0]


def flat(record: JsonObject, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(path, cell) of each value; lists of one object are gone through, other lists stay JSON.

    Raises:
        ValueError: two values have one path.
    """
    for key, value in record.items():
        name = f"{prefix}{key}"
        while isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            if as_dialogue(value):
                break
            value = value[0]
        if isinstance(value, dict) and value and depth < DEPTH:
            yield from flat(value, f"{name}.", depth + 1)
        else:
            yield name, as_dialogue(value) or json_cell(value)


def as_dialogue(value: Any) -> str:
    """A list of messages as "user: …", one a line; "" for anything else."""
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        return ""
    lines = []
    for message in value:
        who = next((message[k] for k in WHO if isinstance(message.get(k), str)), None)
        said = next((message[k] for k in SAID if k in message), None)
        if isinstance(said, list):  # parts of a message, of which texts are kept
            said = "\n".join(str(p["text"]) for p in said if isinstance(p, dict) and "text" in p)
        if who is None or not isinstance(said, str | None):
            return ""
        lines.append(f"{who}: {said or ''}")
    return "\n".join(lines)


def json_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
