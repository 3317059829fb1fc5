"""Where checks of tasks register: a check is a Config and a function, in a file of this folder.

    @check("finished", FinishedConfig)
    def finished(evidence, config): ...     # → Judged

A check never only says no: `Judged.said` tells which run came closest and what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.lessons.which import RunWish, is_set_up, is_under_way
from selfsup_core.registry import Registry
from selfsup_core.settings import KindConfig
from selfsup_core.translation import tr

CheckConfig = KindConfig
C = TypeVar("C", bound=KindConfig)


@dataclass(frozen=True)
class Judged:
    """Whether a task is passed, why (not) in one or two sentences, and by which runs.

    Attributes:
        done: how many of its runs are there. needed: how many it needs.
        missing: a run of which there is none with these settings.
        waits: whether a run is under way that may pass it.
        lack: what the run that comes closest to it lacks, as a sentence; "" where there is none.
    """

    is_passed: bool
    said: str
    runs: tuple[str, ...] = ()
    done: int = 0
    needed: int = 1
    missing: RunWish | None = None
    waits: bool = False
    lack: str = ""


@dataclass(frozen=True)
class Check:
    """A kind of check. about: the first line of its function's docstring."""

    Config: type[KindConfig]
    judge: Callable[[Evidence, Any], Judged]
    about: str


CHECKS: Registry[Check] = Registry("check of a task", "checks")


def check(
    kind: str, config: type[C]
) -> Callable[[Callable[[Evidence, C], Judged]], Callable[[Evidence, C], Judged]]:
    """Register a check under the kind that a lesson's file names."""

    def register(judge: Callable[[Evidence, C], Judged]) -> Callable[[Evidence, C], Judged]:
        about = (judge.__doc__ or "").split("\n")[0]
        CHECKS.register(kind)(Check(config, judge, about))
        return judge

    return register


def judge(evidence: Evidence, config: KindConfig) -> Judged:
    """What the check of a task says. Raises SettingError for an unknown kind."""
    return CHECKS[config.kind].judge(evidence, config)


def not_yet(evidence: Evidence, wish: RunWish, run: RunSeen, lack: str) -> Judged:
    """Of a task that one run would pass: whether it has to be set up, or only goes on.

    Args:
        run: that comes closest. lack: what it lacks, without the run at the beginning.
    """
    said = tr("{run} {lack}.").format(run=run.called, lack=lack)
    if any(is_set_up(one, wish) for one in evidence.runs):
        return Judged(False, said, waits=is_set_up(run, wish) and is_under_way(run))
    return Judged(False, said, missing=wish, lack=said)
