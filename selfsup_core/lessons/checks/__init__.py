"""Where checks of tasks register: a check is a Config and a function, in a file of this folder.

    @check("finished", FinishedConfig)
    def finished(evidence, config): ...     # → Judged

A check never only says no: `Judged.said` tells which run came closest and what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from selfsup_core.lessons.evidence import Evidence
from selfsup_core.registry import Registry
from selfsup_core.settings import KindConfig

CheckConfig = KindConfig
C = TypeVar("C", bound=KindConfig)


@dataclass(frozen=True)
class Judged:
    """Whether a task is passed, why (not) in one or two sentences, and by which runs."""

    is_passed: bool
    said: str
    runs: tuple[str, ...] = ()


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
