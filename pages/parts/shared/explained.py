"""Ways from what the app says of a run to the lesson that explains it."""

from __future__ import annotations

from typing import Any

from pages.parts.shared.address import whole_address, wish
from pages.parts.shared.go import link_here, rerun
from selfsup_core.lessons.explained import SIGNS, Place, verdicts_of
from selfsup_core.translation import tr

LOOK = "lesson-look"  # of the session: panel that the open step of a lesson is about, or ""


def explained_for(task: str) -> dict[str, Any]:
    """Which lessons explain what the stage says of a run."""
    return {"signs": SIGNS, "verdicts": verdicts_of(task)}


def address_with(place: Place) -> dict[str, str | list[str]]:
    """This page with the step of the lesson beside it."""
    return whole_address() | {"lesson": [str(place["lesson"])], "step": [str(place["step"])]}


def open_lesson(said: str) -> None:
    """Args: said: lesson and step, as the stage says them ("10.4")."""
    lesson, step = (int(number) for number in said.split("."))
    wish(address_with({"lesson": lesson, "step": step}))
    rerun()


def offer_lesson(place: Place | None, key: str) -> None:
    """A button, where a lesson explains what stands above it."""
    if place:
        link_here(
            tr("What does this mean? Lesson {lesson}").format(lesson=place["lesson"]),
            icon=":material/school:",
            key=f"{key}-lesson",
            params=address_with(place),
        )
