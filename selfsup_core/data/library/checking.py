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

Show = Callable[[Step | None, float], None]
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


def await_findings(workspace: Path, name: str, show: Show) -> list[FindingAbout]:
    """Findings of the check that is under way, or else of one that this does itself: no page waits for the
    checks of other data sets. One that has failed is begun again.

    Args:
        show: is called several times a second with the step of the check, None before its first, and the
            seconds that this has waited. What it raises ends the waiting, and a check of its own.

    Raises:
        DataError: the check failed.
    """
    key, begun = (workspace, name), time.monotonic()

    def look(_: str = "") -> None:
        show(_steps.get(key), time.monotonic() - begun)

    asked = _asked.get(key)
    if asked and asked.running():
        while not asked.done():
            look()
            wait([asked], timeout=POLL_SECONDS)
        return asked.result()
    mine: Future[list[FindingAbout]] = Future()
    mine.set_running_or_notify_cancel()
    _asked[key] = mine
    if asked:
        asked.cancel()
    try:
        found = own.check(workspace, name, tell=look, say=partial(_steps.__setitem__, key))
    except Exception as error:
        mine.set_exception(error)
        raise
    except BaseException:  # a person has clicked elsewhere
        del _asked[key]
        raise
    mine.set_result(found)
    return found


def count_warnings(findings: list[FindingAbout]) -> int:
    return sum(finding["level"] == "warning" for finding in findings)
