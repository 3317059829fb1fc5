"""What people read in the browser's scripts is marked for translation: a literal given to `tr`."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel.messages.extract import extract

from tests.helpers import ROOT

WEB = ROOT / "assets" / "web"
PROSE = re.compile(r"[A-Za-z]{2,}[,.:;]? [A-Za-z]{2,}|[A-Z][a-z]{2,} …|^ ?[A-Z][a-z]{2,}[:.]?$")
MARKED = re.compile(r"(?<![\w.])tr\(\s*$")
CALL = re.compile(r"(?<![\w.])tr\(")
# Where a literal is no text: classes, styles, selectors, fonts of a canvas, keys, console messages.
CODE = re.compile(
    r"(?:\b(?:class|style|d|uirevision|color): |class(?:Name)?\W+"
    r"|\b(?:matches|querySelector|querySelectorAll)\??\.?\("
    r"|\.(?:font|fillStyle|transform) = |\bstyle\.\w+ = |case |key === |console\.\w+\()$"
)
ALLOWED = {
    "Escape",  # a key
    "Keras",  # a library's name
    "kept neighbors",  # a color of the map, as the server calls it
    "plotly.min.js did not load",  # goes to Python, which says it in its own words
    "(prefers-reduced-motion: reduce)",
    "color-mix(in srgb, … 72%, …)",
}
SHADERS = WEB / "scatter" / "shader.js"  # strings in a language of graphics cards


@dataclass(frozen=True)
class Literal:
    """A string or template of a script.

    text: a template's values as "…". before: the code in front of it, as far as its line and the one above.
    """

    text: str
    before: str
    line: int


def literals_of(source: str) -> Iterator[Literal]:
    """All literals, those within a template's values too; no comments."""
    at = 0
    while at < len(source):
        char, pair = source[at], source[at : at + 2]
        if pair == "//":
            at = source.find("\n", at) % (len(source) + 1)
        elif pair == "/*":
            at = source.index("*/", at) + 2
        elif char == "/" and re.search(r"(^|[(,=:\[!&|?{};\n]|return)\s*$", source[max(0, at - 40) : at]):
            at = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/").match(source, at).end()
        elif char in "\"'":
            found = re.compile(rf"{char}((?:[^{char}\\\n]|\\.)*){char}").match(source, at)
            yield literal(found[1], source, at)
            at = found.end()
        elif char == "`":
            text, at, inner = read_template(source, at)
            yield text
            yield from inner
        else:
            at += 1


def literal(text: str, source: str, at: int) -> Literal:
    return Literal(text, source[max(0, at - 80) : at], source.count("\n", 0, at) + 1)


def read_template(source: str, start: int) -> tuple[Literal, int, list[Literal]]:
    """The template that begins here, where it ends, and the literals in its values."""
    text, inner, at = "", [], start + 1
    while source[at] != "`":
        if source[at : at + 2] != "${":
            text += source[at]
            at += 1 + (source[at] == "\\")
            continue
        begin, depth = at + 2, 1
        at = begin
        while depth:
            if source[at] == "`":
                at = read_template(source, at)[1]
                continue
            depth += {"{": 1, "}": -1}.get(source[at], 0)
            at += 1
        inner += literals_of(source[begin : at - 1])
        text += "…"
    return literal(text, source, start), at + 1, inner


def unmarked(source: str) -> list[str]:
    """Texts that are not looked up, and calls of `tr` that the catalog would not find."""
    found = []
    for one in literals_of(source):
        if one.text in ALLOWED or CODE.search(one.before) or MARKED.search(one.before):
            continue
        if PROSE.search(one.text):
            found.append(one.text)
    code = re.sub(r"^\s*(?://|/?\*).*$", "", source, flags=re.MULTILINE)
    known = extract("javascript", io.BytesIO(code.encode()), keywords={"tr": None})
    if (calls := len(CALL.findall(code.replace("function tr(", "")))) != len(list(known)):
        found.append(f"{calls} calls of tr, but not as many messages")
    return found


def test_every_text_of_a_script_is_marked():
    files = sorted(set(WEB.rglob("*.js")) - {SHADERS})
    assert len(files) > 90
    bad = [
        f"{file.relative_to(ROOT)}: {text!r}" for file in files for text in unmarked(file.read_text("utf-8"))
    ]
    assert not bad, "look these up with tr(), one literal each:\n" + "\n".join(bad)


def test_a_text_that_is_not_marked_is_found():
    source = """
    // No text at all.
    const a = el("p", { class: "stage-muted is-old" }, "Nothing is here.")
    const b = tr("Nothing is here.")
    const c = el("b", {}, `Round ${row.epoch}: ${n > 1 ? `${n} rows are kept` : tr("One row")}`, "Pause")
    const d = /no text here/.test(e) // nor here
    """
    assert unmarked(source) == [
        "Nothing is here.",
        "Round …: …",
        "… rows are kept",
        "Pause",
        "2 calls of tr, but not as many messages",
    ]
    assert unmarked('tr("A text", { name: tr("Another text") })') == [
        "2 calls of tr, but not as many messages"
    ]
    assert unmarked('const a = cond ? tr("A text") : tr("Another {name}", { name })') == []
