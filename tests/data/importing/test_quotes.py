"""A quote that is not closed is found by its line, and files with proper quotes are left alone."""

from __future__ import annotations

import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.quotes import find_open_quote
from selfsup_core.errors import DataError
from tests.data.importing.make import write

ROWS = "".join(f"words {i},x\n" for i in range(30))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'text,label\n"never ends,y\n{ROWS}', 2),
        (f'text,label\n{ROWS}"open,y\nmore,x\n', 32),
        (f'text,label\n{ROWS}"a, b",y\n"open,y\n{ROWS}"c, d",x\n', 33),
        (f'sep=,\ntext,label\n"open,y\n{ROWS}', 3),
    ],
)
def test_the_refusal_names_the_line(tmp_path, text: str, line: int):
    path = write(tmp_path, "a.csv", text.encode())
    with pytest.raises(DataError, match=f"a.csv, line {line}: a quote opens a cell") as caught:
        build_dataset([path], ImportConfig(), "my-x")
    assert caught.value.code == "open-quote"
    assert "Close it" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "text",
    ['a,b\n"x, y",1\n', 'a,b\n"two\nlines",1\n', 'a,b\n"say ""so""",1\n', 'a,b\n5" pipe,1\n', 'a\n"x"'],
)
def test_closed_quotes_and_inches_are_fine(text: str):
    assert find_open_quote(text.encode(), ",") is None
