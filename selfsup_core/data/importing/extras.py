"""Packages that read further formats, which need not be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from selfsup_core.errors import DataError


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
            f"{file} is read by the package {package}, which is not installed.",
            code="no-reader",
            remedy=f"Install it with pip install {package}, or all with requirements-formats.txt"
            + (f"; or {instead}." if instead else "."),
        ) from error
