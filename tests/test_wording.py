"""Numbers in texts have one form: "88%", without a space, whoever writes them."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

from selfsup_core.wording import brief, counted, percent
from tests.helpers import parse

ROOT = Path(__file__).parents[1]
WRITTEN = ("*.js", "*.css", "*.html", "*.md", "*.yaml", "*.yml")
SPACED = re.compile(r"[0-9}] %(?![\w(])")
# Phrases that were replaced because no one in the field would say them, and what is said instead.
RETIRED = {
    r"\b(labels?|rows?|images?|samples?|of a kind) a class\b": "Labels per class",
    r"[Tt]ake (the|your|a) classifier away|classifier away\b": "Export classifier",
    r"^Use one\W*$": "Try it",
    r"^Name the class(es)?\W*$": "Classify",
    r"\b[Yy]our beginning\b": "Your prompt",
    r"\b[Ww]ritten from nothing\b": "Without a prompt",
    r"\b[Ss]ame start\b": "Rerun, same seed",
    r"\b[Ss]low rise\b": "Ramp-up",
    r"\b[Tt]eacher's slowness\b": "EMA decay",
    r"\b[Pp]arts of a batch\b": "Gradient accumulation",
    r"\bat work or waiting\b": "running or queued",
    r"\bwork(ed|s|ing)? off\b": "processed",
    r"\b(names|named|is|are|was)\b[^.]*\brightly\b": "classifies 42% correctly",
    r"\btold from chance\b": "No significant difference",
    r"\bstands? (here|there)\b": "appears here",
    r"(?<![Tt]here )\b(is|are) no (?!longer\b|more\b|one\b|better\b)[a-z]": "is not an image",
    r"\b[Ff]ore(tell|told)": "predicts",
    r"\bdid not take it\b": "Could not write to disk",
    r"\b[Nn]othing to complain\b": "No problems found",
    r"\b[Ss]tanding figures?\b": "Static figures",
    r"\bcareless way\b": "Compare without safeguards",
    r"\bnats (per|a) token\b": "validation loss 1.234 per token",
    r"[Vv]alidation MSE\b": "Error on validation samples (MSE)",
    r"^\+ add$|^− take$": "Add, Remove",
    r"\bmacro f1\b|\blargest true share\b": "Macro-F1",
}
SHOWN = (
    "pages/**.py",
    "selfsup_core/**.py",
    "assets/web/**.js",
    "assets/**.html",
    "*.yaml",
    "README.md",
    "assets/docs/**.md",
)
JS_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.883, 0, "88%"),
        (0.883, 1, "88.3%"),
        (0.0, 0, "0%"),
        (1.0, 1, "100.0%"),
        (1 - 1e-12, 0, "100%"),
        (0.0004, 1, "under 0.1%"),
        (0.004, 0, "under 1%"),
        (0.996, 0, "over 99%"),
        (0.9999, 1, "over 99.9%"),
        (None, 0, "–"),
        (float("nan"), 0, "–"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share, decimals, text):
    assert percent(share, decimals) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (220.4, 2, "220"),
        (1118.2, 3, "1,120"),
        (0.0012345, 3, "0.00123"),
        (-12.5, 3, "-12.5"),
        (3.0, 3, "3"),
        (0.0, 3, "0"),
        (2.2e21, 3, "2.2 × 10^21"),
        (float("nan"), 3, "nan"),
    ],
)
def test_a_number_is_read_without_an_exponent(value, digits, text):
    assert brief(value, digits) == text


def test_counts_agree_with_their_noun():
    assert [counted(1, "row"), counted(2000, "row"), counted(0, "row")] == ["1 row", "2,000 rows", "0 rows"]
    assert counted(3, "class", "classes") == "3 classes"


def files(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts_of(source: str) -> list[str]:
    """Strings, f-strings (each value as "}") and comments of a Python file."""
    comments = [
        t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT
    ]
    return comments + strings_of(parse(source))


def strings_of(tree: ast.AST) -> list[str]:
    """Strings, and f-strings with each value as "}"."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(str(v.value) if isinstance(v, ast.Constant) else "}" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_no_text_has_a_space_before_the_percent_sign():
    bad = []
    for file in files("*.py"):
        source = file.read_text(encoding="utf-8")
        texts = texts_of(source) if SPACED.search(source) else []  # taking it apart takes long
        bad += [f"{file.relative_to(ROOT)}: {t[:80]!r}" for t in texts if SPACED.search(t)]
    for file in files(*WRITTEN):
        lines = file.read_text(encoding="utf-8").splitlines()
        bad += [
            f"{file.relative_to(ROOT)}:{n}: {line.strip()[:80]}"
            for n, line in enumerate(lines, 1)
            if SPACED.search(line)
        ]
    assert not bad, "No space before the percent sign:\n" + "\n".join(bad)


def shown_texts(file: Path) -> list[str]:
    """What people can read of a file: strings of programs, docstrings of commands, whole documents."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("//", "*", "/*"))]
        return [re.sub(r"\$\{[^}]*\}", "}", text[1:-1]) for text in JS_TEXT.findall("\n".join(lines))]
    if file.suffix != ".py":
        return source.splitlines()
    tree = parse(source)
    if "cli" not in file.parts:
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
                node.body = node.body[1:] or [ast.Pass()]
    return strings_of(tree)


FORMULA_FIRST = re.compile(r"^(\S{1,3} → \S+ = |P\(|exp\(|L = ).*\.$", re.DOTALL)


def test_a_sentence_comes_before_its_formula():
    shown = [
        text
        for file in files(*SHOWN)
        if "pages" in file.parts and file.suffix == ".py"
        for text in shown_texts(file)
    ]
    assert len(shown) > 500
    assert [text for text in shown if FORMULA_FIRST.search(text)] == []
    assert FORMULA_FIRST.search("x → h = f(x): the encoder compresses.")


def test_retired_phrases_do_not_come_back():
    bad = [
        f"{file.relative_to(ROOT)}: {text[:80]!r}: say {instead!r}"
        for file in files(*SHOWN)
        for text in shown_texts(file)
        for phrase, instead in RETIRED.items()
        if re.search(phrase, text)
    ]
    assert not bad, "\n".join(bad)


def test_rows_count_from_0_wherever_a_person_sees_their_number():
    shown = re.compile(r"[Rr]ow \{[^}]*\+ 1\}")
    places = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "selfsup_core").rglob("*.py")]
    # An import names rows of a file, which is no data set yet.
    places = [path for path in places if path.name == "preview.py" or path.parent.name != "importing"]
    assert [path.name for path in places if shown.search(path.read_text())] == []
