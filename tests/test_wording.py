"""Numbers in texts have one form: "88%", without a space, whoever writes them."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

from selfsup_core.wording import counted, percent

ROOT = Path(__file__).parents[1]
WRITTEN = ("*.js", "*.css", "*.html", "*.md", "*.yaml", "*.yml")
SPACED = re.compile(r"[0-9}] %(?![\w(])")


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


def test_counts_agree_with_their_noun():
    assert [counted(1, "row"), counted(2000, "row"), counted(0, "row")] == ["1 row", "2,000 rows", "0 rows"]
    assert counted(3, "class", "classes") == "3 classes"


def files(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts_of(source: str) -> list[str]:
    """Strings, f-strings (each value as "}") and comments of a Python file."""
    found = [
        t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT
    ]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(str(v.value) if isinstance(v, ast.Constant) else "}" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def test_no_text_has_a_space_before_the_percent_sign():
    bad = []
    for file in files("*.py"):
        texts = texts_of(file.read_text(encoding="utf-8"))
        bad += [f"{file.relative_to(ROOT)}: {t[:80]!r}" for t in texts if SPACED.search(t)]
    for file in files(*WRITTEN):
        lines = file.read_text(encoding="utf-8").splitlines()
        bad += [
            f"{file.relative_to(ROOT)}:{n}: {line.strip()[:80]}"
            for n, line in enumerate(lines, 1)
            if SPACED.search(line)
        ]
    assert not bad, "No space before the percent sign:\n" + "\n".join(bad)
