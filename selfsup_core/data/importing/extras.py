"""Packages that read further formats, which need not be installed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from selfsup_core.errors import DataError
from selfsup_core.translation import tr, tr_later

# What a reader stumbles over in a damaged file, said of its own variables.
INTERNAL = (
    AttributeError,
    TypeError,
    LookupError,
    AssertionError,
    NameError,
    ArithmeticError,
    RecursionError,
    struct.error,
)
UNTOLD = tr_later("its content is damaged or incomplete")


def why(error: Exception, most: int = 120) -> str:
    """What a reader found wrong with a file, where it says so in words; no line of its own code."""
    text = " ".join(str(error).split("<", 1)[0].split()).strip(" :")
    is_words = " " in text and " object" not in text and "()" not in text
    return text[:most] if is_words and not isinstance(error, INTERNAL) else UNTOLD


@contextmanager
def damage_refused(refuse: Callable[[Exception], DataError]) -> Iterator[None]:
    """Raise `refuse(error)` for whatever a library raises while it reads a file.

    Libraries list no exceptions for damaged files, and a list that is made by trying is never whole. Only the
    app's own errors and a full memory pass.
    """
    try:
        yield
    except (DataError, MemoryError):
        raise
    except Exception as error:
        raise refuse(error) from error


def load_reader(file: str, module: str, *, package: str = "", instead: str = "") -> Any:
    """The module that reads a file.

    Args:
        package: its name for pip, where that is another one.
        instead: what else a person can do, as "convert the sound to WAV".

    Raises:
        DataError: it is not installed.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:  # OSError: a library that it needs is missing
        package = package or module.partition(".")[0]
        raise DataError(
            tr("{file} is read by the package {package}, which is not installed.").format(
                file=file, package=package
            ),
            code="no-reader",
            remedy=tr("Install it with pip install {package}, or all with requirements-formats.txt").format(
                package=package
            )
            + (f"; or {instead}." if instead else "."),
        ) from error
