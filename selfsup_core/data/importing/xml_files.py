"""XML of strangers, read element by element: no entities of its own, no other file, no endless nesting.

Python's documentation names what a few lines of XML can do: entities that unfold to gigabytes, and entities
that are read from another file or address. A file that declares an entity is refused; a DOCTYPE alone (as
TMX has) is passed over, and what it points to is never opened.
"""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

from selfsup_core.errors import DataError
from selfsup_core.settings import short
from selfsup_core.translation import tr

DEEPEST = 64  # elements in elements


class Listener(Protocol):
    """Is told what stands in a file, in its order. What it raises ends the reading."""

    def start(self, tag: str, attributes: dict[str, str], line: int) -> None: ...

    def end(self, tag: str, line: int) -> None: ...

    def letters(self, text: str) -> None: ...


def damaged(name: str, line: int, why: str) -> DataError:
    return DataError(
        tr("{name}, line {line} cannot be read as XML: {why}.").format(name=name, line=line, why=why),
        code="damaged-xml",
        remedy=tr("Export the file again."),
    )


def read_xml(name: str, data: bytes, listener: Listener, encoding: str = "") -> None:
    """Read a whole file.

    Args:
        encoding: instead of the one that the file says it has.

    Raises:
        DataError: it is not well-formed, declares entities, or is nested too deep; with the line.
    """
    try:
        parser = expat.ParserCreate(encoding or None)
    except ValueError as error:  # an encoding with a NUL in it
        raise damaged(name, 1, tr("unknown encoding {encoding!r}").format(encoding=encoding)) from error
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise damaged(name, parser.CurrentLineNumber, tr("elements are nested too deep"))
        listener.start(tag, attributes, parser.CurrentLineNumber)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        listener.end(tag, parser.CurrentLineNumber)

    def declares(entity: str, *rest: object) -> None:
        why = tr("it declares the entity {entity}, which is not allowed").format(entity=short(entity, 40))
        raise damaged(name, parser.CurrentLineNumber, why)

    def unknown(entity: str, *rest: object) -> None:
        why = tr("it uses the unknown entity {entity}").format(entity=short(entity, 40))
        raise damaged(name, parser.CurrentLineNumber, why)

    def elsewhere(context: str, *rest: object) -> int:
        raise damaged(name, parser.CurrentLineNumber, tr("it refers to another file"))

    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = listener.letters
    parser.EntityDeclHandler, parser.SkippedEntityHandler = declares, unknown
    parser.ExternalEntityRefHandler = elsewhere
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise damaged(name, error.lineno, expat.ErrorString(error.code)) from error
    except (LookupError, UnicodeError, ValueError) as error:  # an encoding that Python does not know
        raise damaged(name, parser.CurrentLineNumber, str(error)[:80]) from error
