"""Health checks in the background, so that a page can say how many warnings there are without waiting for
them.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.data.library import own
from selfsup_core.files import read_shaped

if TYPE_CHECKING:
    from selfsup_core.data.library.health.finding import FindingAbout

_asked: dict[tuple[Path, str], Future[list[FindingAbout]]] = {}


@cache
def pool() -> ThreadPoolExecutor:
    """A single worker: each check starts a process of its own."""
    return ThreadPoolExecutor(1, "health")


def known_findings(workspace: Path, name: str) -> list[FindingAbout] | None:
    """Findings of a check, None while it runs; the first call starts it.

    Raises:
        DataError: the check failed; it is not started again by itself.
    """
    from selfsup_core.data.library.health.finding import FindingAbout

    found = read_shaped(own.folder_of(workspace, name) / "health.json", list[FindingAbout])
    if found is not None:
        return found
    key = (workspace, name)
    if key not in _asked:
        _asked[key] = pool().submit(own.check, workspace, name)
    if not _asked[key].done():
        return None
    return _asked[key].result()


def count_warnings(findings: list[FindingAbout]) -> int:
    return sum(finding["level"] == "warning" for finding in findings)
