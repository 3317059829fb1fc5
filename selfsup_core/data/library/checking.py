"""Health checks in the background, so that a page can say how many warnings there are without waiting for
them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from selfsup_core.data.library import own
from selfsup_core.data.library.turns import POLL_SECONDS, Step
from selfsup_core.files import read_shaped

if TYPE_CHECKING:
    from selfsup_core.data.library.health.finding import FindingAbout

Key = tuple[Path, str]  # workspace and data set
_asked: dict[Key, Future[list[FindingAbout]]] = {}
_steps: dict[Key, Step] = {}


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
        _asked[key] = pool().submit(own.check, workspace, name, say=partial(_steps.__setitem__, key))
    if not _asked[key].done():
        return None
    return _asked[key].result()


def await_findings(
    workspace: Path, name: str, show: Callable[[Step | None, float], None]
) -> list[FindingAbout]:
    """Findings of a check once it has finished; one that has failed is begun again.

    Args:
        show: is called several times a second with the step of the check, None before its first, and the
            seconds that this has waited; what it raises ends the waiting, not the check.

    Raises:
        DataError: the check failed.
    """
    key, begun = (workspace, name), time.monotonic()
    if key in _asked and _asked[key].done():
        del _asked[key]
    while (found := known_findings(workspace, name)) is None:
        show(_steps.get(key), time.monotonic() - begun)
        wait([_asked[key]], timeout=POLL_SECONDS)
    return found


def count_warnings(findings: list[FindingAbout]) -> int:
    return sum(finding["level"] == "warning" for finding in findings)
