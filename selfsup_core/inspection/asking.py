"""Questions: each is one function with a name, a kind of subject and a Config of all its values.

A question is registered in a file of a folder called `questions` by a decorator of `kinds`, and asked by
`Desk.ask`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from selfsup_core.errors import SettingError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.subject import Kind
from selfsup_core.registry import Registry
from selfsup_core.settings import Config, Values, explain, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.holders import Holders

C = TypeVar("C", bound=Config)


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        about: what it answers, in a sentence.
        answer: given what holds the workspace's subjects, the subject's name and a valid `config`.
    """

    kind: Kind
    name: str
    config: type[Config]
    about: str
    answer: Callable[[Holders, str, Any], Answer]


QUESTIONS: Registry[Question] = Registry("tool", "questions")


def register_question(
    kind: Kind, name: str, config: type[C], about: str | None, answer: Callable[[Holders, str, C], Answer]
) -> None:
    """Args: about: the docstring of the question's function; its first line is kept."""
    first = (about or "").strip().partition("\n")[0]
    QUESTIONS.register(f"{kind}: {name}")(Question(kind, name, config, first, answer))


def questions_about(kind: Kind) -> dict[str, Question]:
    """Name → question, of one kind of subject."""
    return {entry.name: entry for _, entry in QUESTIONS.items() if entry.kind == kind}


def find_question(kind: Kind, name: str) -> Question:
    """Raises SettingError that lists the known names when `name` is none of them."""
    known = questions_about(kind)
    if name not in known:
        raise SettingError(
            tr("There is no tool {name!r}. Known: {known}.").format(name=name, known=", ".join(sorted(known)))
        )
    return known[name]


def checked(config: type[C], values: Values) -> C:
    """Values as a config. Raises SettingError that names the setting that is wrong."""
    try:
        return config.model_validate(dict(values))
    except ValidationError as error:
        raise explain(error, config) from error


class NoAsk(Config):
    """Nothing to set."""


class EpochAsk(Config):
    """What is asked of a run may be asked of any kept epoch."""

    epoch: int | None = setting(
        None, "Epoch; the closest one that was kept is used, or the newest if not given.", title="Epoch"
    )
