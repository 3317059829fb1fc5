"""Modules of `assets/web` as one script that needs no server: each becomes a function, called after those
that it imports.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

from selfsup_core.places import WEB

IMPORT = re.compile(r'^import (?P<names>[^;"]*?) from "(?P<path>\.[^"]*)"\n?', re.MULTILINE)
DECLARED = re.compile(
    r"^export (?P<rest>(?:async )?(?:const|let|class|function\*?) (?P<name>[\w$]+))", re.MULTILINE
)
DEFAULT = re.compile(r"^export default ", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*|(?<![{.<|] )(?<![{.<|])\bimport\(", re.MULTILINE)


def bundle(entry: str, root: Path = WEB) -> str:
    """The script of a module, such as "report/main.js", with all that it imports.

    Raises:
        ValueError: a module is written in a way that is not known here.
    """
    parts: list[str] = []
    add(entry, root, {}, parts)
    return '"use strict";\nconst studio = {}\n' + "\n".join(parts)


def add(name: str, root: Path, exports: dict[str, set[str]], parts: list[str]) -> None:
    """Append a module after those that it imports; exports: what each module before it gives."""
    if name in exports:
        return
    text = (root / name).read_text("utf-8")
    for found in IMPORT.finditer(text):
        add(place_of(name, found["path"]), root, exports, parts)
    for found in IMPORT.finditer(text):
        source = place_of(name, found["path"])
        wanted = {part.split(" as ")[0].strip() for part in found["names"].partition("{")[2].split(",")}
        if missing := {part.strip(" }\n") for part in wanted} - exports[source] - {""}:
            raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which {source} does not export")
    exports[name] = {found["name"] for found in DECLARED.finditer(text)}
    parts.append(as_function(name, text))


def place_of(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def as_function(name: str, text: str) -> str:
    """A module as a function that returns what it exports. Raises ValueError as `bundle`."""

    def imported(found: re.Match[str]) -> str:
        source = f"studio[{json.dumps(place_of(name, found['path']))}]"
        names = " ".join(found["names"].split())
        if names.startswith("* as "):
            return f"const {names.removeprefix('* as ')} = {source}\n"
        alone, _, braces = names.partition("{")
        lines = []
        if default := alone.strip().rstrip(","):
            lines.append(f"const {default} = {source}.default\n")
        if braces:
            taken = braces.rstrip("} ").replace(" as ", ": ")
            lines.append(f"const {{ {taken} }} = {source}\n")
        return "".join(lines)

    body = IMPORT.sub(imported, text)
    names = [found["name"] for found in DECLARED.finditer(body)]
    body = DECLARED.sub(lambda found: found["rest"], body)
    body = DEFAULT.sub("exports.default = ", body)
    if left := LEFT.search(body):
        raise ValueError(f"{name}: {left[0]!r} cannot be bundled")
    exports = ", ".join(names)
    # "</script" would end the script of the page, wherever it is written.
    body = body.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    return (
        f"studio[{json.dumps(name)}] = (() => {{\nconst exports = {{}}\n{body}\n"
        f"return Object.assign(exports, {{ {exports} }})\n}})()"
    )
