"""Questions to a map asked without waiting for them: begin one, fetch its answer, drop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.errors import SettingError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import checked, questions_about
from selfsup_core.inspection.kinds import MapAsk, Named, about_any_space, about_space
from selfsup_core.settings import Config, Plain, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.holders import Holders
    from selfsup_core.inspection.space.spaces import Spaces


class BeginAsk(Config):
    """A question to begin."""

    tool: str = setting(..., "Name of a question to a map.", title="Question")
    values: Plain = setting({}, "Settings of that question.", title="Values")


class WorkAsk(Config):
    """A question that was begun."""

    work: str = setting(..., "Its key, as `begin` gives it.", title="Work")


class FetchAsk(WorkAsk):
    """An answer to fetch."""

    wait: float = setting(0.0, "Most seconds that the answer is waited for.", title="Wait")


@about_any_space("begin", BeginAsk)
def begin(space: Named[Holders], ask: BeginAsk) -> Answer:
    """Ask a question to a map in a thread of its own: {"work"}, by which `fetch` gives the answer and `drop`
    lets go of it.

    Raises:
        SettingError: there is no such question, or a value is wrong.
    """
    known = {name: q for name, q in questions_about("space").items() if issubclass(q.config, MapAsk)}
    if ask.tool not in known:
        raise SettingError(
            tr("{tool!r} is not a tool for maps. Known: {known}.").format(
                tool=ask.tool, known=", ".join(sorted(known))
            )
        )
    asked = known[ask.tool]
    values = checked(asked.config, ask.values)
    act = lambda: asked.answer(space.holder, space.name, values)  # noqa: E731
    return Answer(about={"work": space.holder.spaces.works.begin(ask.tool, act)})


@about_space("fetch", FetchAsk)
def fetch(space: Named[Spaces], ask: FetchAsk) -> Answer:
    """The answer of a question that was begun, once; {"working": seconds} while there is none. Raises what it
    raises.
    """
    return space.holder.works.fetch(ask.work, ask.wait)


@about_space("drop", WorkAsk)
def drop(space: Named[Spaces], ask: WorkAsk) -> Answer:
    """Let go of a question that was begun."""
    space.holder.works.drop(ask.work)
    return Answer()
