"""What libraries raise for damaged files."""

from __future__ import annotations

import csv

import pytest

from selfsup_core.data.importing.extras import damage_refused
from selfsup_core.errors import DataError


@pytest.mark.parametrize(
    "error", [csv.Error("x"), StopIteration(), SyntaxError("x"), AssertionError(), RecursionError("x")]
)
def test_whatever_a_library_raises_is_a_refusal(error: Exception) -> None:
    with (
        pytest.raises(DataError, match="not readable") as caught,
        damage_refused(lambda _: DataError("not readable")),
    ):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [DataError("too large"), MemoryError(), KeyboardInterrupt()])
def test_other_errors_pass(error: BaseException) -> None:
    with (
        pytest.raises(type(error)) as caught,
        damage_refused(lambda _: DataError("not readable")),
    ):
        raise error
    assert caught.value is error
