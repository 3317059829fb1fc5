"""Catalogs of messages: what the code says, gathered; what a language lacks, found.

Messages are gathered from the Python code (`tr`, `tr_later`, the texts of a `setting`, the nouns of
`counted` and `noun_later`), from the JavaScript of assets/web (`tr`) and from the titles of presets. Babel
reads and writes the files.
"""

from __future__ import annotations

import ast
import io
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from selfsup_core.errors import SettingError
from selfsup_core.files import parse_yaml, write_bytes
from selfsup_core.settings import title_of_name
from selfsup_core.translation import COUNTED, FOLDER, read_catalog, tr

ROOT = Path(__file__).parent.parent
KEYWORDS: dict[str, Any] = {"tr": None, "tr_later": None}
PRESET_TEXTS = ("title", "about")
# A message of these alone has nothing to translate; it may be the same in every language.
SYMBOLS = set(string.punctuation + string.digits + string.whitespace + "·–—…×→≈≤≥±“”")

__all__ = ["Message", "check_catalog", "gather", "update_catalog"]


@dataclass(frozen=True)
class Message:
    """One message of the code.

    text: as it is written there. context: "" or, of a noun that is counted, `COUNTED`.
    place: file:line, the first of several; of a script, if one says it, since scripts get theirs apart.
    """

    text: str
    context: str
    place: str


def gather(root: Path = ROOT) -> list[Message]:
    """Every message, in the order of the files, each once."""
    found: dict[tuple[str, str], Message] = {}
    for message in (*script_messages(root), *python_messages(root), *preset_messages(root)):
        found.setdefault((message.context, message.text), message)
    return list(found.values())


def python_messages(root: Path) -> Iterator[Message]:
    files = [root / "app.py", *sorted(root.glob("pages/**/*.py")), *sorted(root.glob("selfsup_core/**/*.py"))]
    for file in files:
        source, place = file.read_bytes(), file.relative_to(root)
        for line, text, _, _ in extract("python", io.BytesIO(source), keywords=KEYWORDS):
            if text:
                yield Message(str(text), "", f"{place}:{line}")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AnnAssign) and is_call(node.value, "setting"):
                for text in setting_texts(node):
                    yield Message(text, "", f"{place}:{node.lineno}")
            elif is_call(node, "counted"):
                for noun in strings_of(node.args[1:2]):
                    yield Message(noun, COUNTED, f"{place}:{node.lineno}")
            elif is_call(node, "tr"):  # within an f-string, where Babel does not look
                for text in strings_of(node.args[:1]):
                    yield Message(text, "", f"{place}:{node.lineno}")
            elif is_call(node, "noun_later"):
                for noun in strings_of(node.args[:1]):
                    yield Message(noun, COUNTED, f"{place}:{node.lineno}")


def is_call(node: Any, name: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def setting_texts(declared: ast.AnnAssign) -> Iterator[str]:
    """The title, description, reason and titles of choices of one declaration."""
    assert isinstance(declared.value, ast.Call)
    call = declared.value
    if isinstance(declared.target, ast.Name) and all(keyword.arg != "title" for keyword in call.keywords):
        yield title_of_name(declared.target.id)
    yield from strings_of(call.args[1:2])
    for keyword in call.keywords:
        if keyword.arg in ("description", "title", "why", "zero"):
            yield from strings_of([keyword.value])
        elif keyword.arg == "titles" and isinstance(keyword.value, ast.Dict):
            yield from strings_of(keyword.value.values)


def strings_of(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value


def script_messages(root: Path) -> Iterator[Message]:
    for file in sorted(root.glob("assets/web/**/*.js")):
        for line, text, _, _ in extract("javascript", io.BytesIO(file.read_bytes()), keywords=KEYWORDS):
            yield Message(str(text), "", f"{file.relative_to(root)}:{line}")


def preset_messages(root: Path) -> Iterator[Message]:
    for file in sorted(root.glob("selfsup_core/runs/presets/*.yaml")):
        about = parse_yaml(file.read_text(encoding="utf-8"))
        for name in PRESET_TEXTS:
            if text := about.get(name):
                yield Message(text, "", str(file.relative_to(root)))


def load(code: str, folder: Path = FOLDER) -> Catalog:
    """Raises SettingError where there is no such language."""
    try:
        return read_catalog(code, folder)
    except KeyError as error:
        raise SettingError(tr("There is no catalog for the language {code!r}.").format(code=code)) from error


def update_catalog(code: str, folder: Path = FOLDER, root: Path = ROOT) -> int:
    """Have the file of a language list every message of the code; new ones are empty, and what the code no
    longer says is dropped.

    Returns: how many are empty. A language without a file gets one.
    """
    file = folder / f"{code}.po"
    before = load(code, folder) if file.is_file() else Catalog(locale=code)
    after = Catalog(locale=code, project="SelfSup Studio", charset="utf-8", fuzzy=False)
    missing = 0
    for message in gather(root):
        known = before.get(message.text, context=message.context or None)
        said = str(known.string) if known and not known.fuzzy else ""
        missing += not said
        place = message.place.partition(":")[0]
        after.add(message.text, said, locations=[(place, 0)], context=message.context or None)
    written = io.BytesIO()
    write_po(written, after, width=110, include_lineno=False)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(file, written.getvalue())
    return missing


def fields_of(text: str) -> list[str]:
    """What stands in braces, with its format: "{share:.0%}" → "share:.0%"; sorted."""
    return sorted(
        f"{name}{'!' + how if how else ''}{':' + spec if spec else ''}"
        for _, name, spec, how in string.Formatter().parse(text)
        if name is not None
    )


def check_catalog(code: str, folder: Path = FOLDER, root: Path = ROOT) -> list[str]:
    """What is wrong with the catalog of a language, a sentence each; [] when it is complete."""
    catalog = load(code, folder)
    wrong = []
    for message in gather(root):
        known = catalog.get(message.text, context=message.context or None)
        if known is None:
            wrong.append(f"{message.place}: {message.text!r} is not in {code}.po.")
        elif known.fuzzy:
            wrong.append(f"{message.place}: {message.text!r} is marked as fuzzy in {code}.po.")
        elif not known.string:
            wrong.append(f"{message.place}: {message.text!r} has no translation in {code}.po.")
        elif placeholders(message.text) != placeholders(str(known.string)):
            wrong.append(f"{message.place}: placeholders of {known.string!r} differ from {message.text!r}.")
    return wrong


def placeholders(text: str) -> list[str]:
    """The fields of a text; braces that are no fields are taken as they are."""
    try:
        return fields_of(text)
    except ValueError:
        return ["no format"]
