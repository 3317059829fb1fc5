"""Errors that a person may see: one plain sentence, a stable code and, where there is one, the remedy."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from selfsup_core.translation import tr


class Fix(TypedDict):
    """A setting of the same command that mends an error, for a button or an option.

    title: what a button that sets it says.
    """

    setting: str
    value: str | float
    title: str


class ErrorAbout(TypedDict):
    """An error as plain values, in a run's state or the answer of a helper process."""

    code: str
    message: str
    remedy: str
    fix: NotRequired[Fix]


class StudioError(Exception):
    """Base of every error that pages and the CLI show as it is.

    Args:
        message: what was expected and what was found, naming the setting, file or row.
        code: stable name of the kind of error, for programs.
        remedy: how to mend it, or "".
        fix: a setting that mends it, where there is one.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, remedy: str = "", fix: Fix | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.remedy = remedy
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def as_dict(self) -> ErrorAbout:
        about: ErrorAbout = {"code": self.code, "message": self.message, "remedy": self.remedy}
        if self.fix:
            about["fix"] = self.fix
        return about


class SettingError(StudioError):
    """A setting is unknown, of the wrong type or out of bounds."""

    code = "bad-setting"


class DataError(StudioError):
    """Data are missing, damaged or unfit for what was asked."""

    code = "bad-data"


class RunError(StudioError):
    """A run cannot do what was asked of it."""

    code = "bad-run"


class CheckpointError(StudioError):
    """A checkpoint is damaged or belongs to another run."""

    code = "bad-checkpoint"


class Diverged(StudioError):
    """The loss stopped being a finite number."""

    code = "diverged"


class RankLost(StudioError):
    """A process that shared a run with this one has ended."""

    code = "rank-lost"

    def __init__(self) -> None:
        super().__init__(
            tr(
                "One of the processes that shared the training ended unexpectedly. Resume continues from the "
                "last checkpoint."
            )
        )
