"""Output of processes that must outlive their log: a line that cannot be written is lost, and nothing else
is.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys


class Log(io.TextIOBase):
    """Writes each text at once; on a full disk it is left out."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.handle

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            os.write(self.handle, text.encode("utf-8", "replace"))
        return len(text)


def write_what_fits() -> None:
    """From now on, output of this process cannot fail."""
    sys.stdout, sys.stderr = Log(1), Log(2)
