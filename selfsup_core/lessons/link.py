"""A link that opens a lesson, a view or an experiment: what the address of a page may say.

Opening a link starts nothing. What it asks for is checked here and again by the page that it opens.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlencode

from pydantic import ValidationError, field_validator, model_validator

from selfsup_core.errors import SettingError
from selfsup_core.lessons.model import App, Page
from selfsup_core.lessons.reading import find_lesson
from selfsup_core.runs.recipes import find_preset, preset_spec
from selfsup_core.runs.spec import task_of
from selfsup_core.settings import Values, explain, setting
from selfsup_core.translation import tr, tr_later

# Controls that a link can hide, by the names that its address has.
HIDDEN = {
    "pages": tr_later("The list of pages"),
    "modes": tr_later("The modes of a page"),
    "settings": tr_later("All settings of a new run"),
    "data": tr_later("The choice of data"),
    "model": tr_later("The choice of model"),
    "epochs": tr_later("The number of epochs"),
    "advanced": tr_later("Advanced settings"),
    "tools": tr_later("The tools below the live view"),
}
BETWEEN = ","  # names of hidden controls
# Where runs of a task are set up and shown: page, and its mode.
PAGE_OF_TASK: dict[str, tuple[Page, str]] = {
    "language": ("language", "train"),
    "classify": ("classify", "train"),
    "pseudo": ("classify", "pseudo"),
    "views": ("views", "train"),
    "translate": ("scenarios", "translate"),
    "transcribe": ("scenarios", "speech"),
    "answer": ("scenarios", "answers"),
    "detect": ("scenarios", "detect"),
    "generate": ("scenarios", "generate"),
}
AUTOENCODER: tuple[Page, str] = ("autoencoder", "")


class Link(App):
    """What a link opens, and how it is shown."""

    name: ClassVar[str] = "link"
    lesson: int = setting(0, "Number of the lesson that opens beside the page; 0 for none.", ge=0)
    step: int = setting(0, "Step of the lesson; 0 for where it was left.", ge=0)
    hide: tuple[str, ...] = setting((), "Groups of controls that are hidden at first.")
    present: bool = setting(False, "Whether the page opens in presenter's mode.")

    @field_validator("hide")
    @classmethod
    def groups_are_known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := unknown_hidden(value):
            raise ValueError(say_unknown(unknown))
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def lesson_is_there(self) -> Link:
        if self.step and not self.lesson:
            raise SettingError(
                tr("step is {step}, and there is no lesson.").format(step=self.step),
                remedy=tr("Choose a lesson."),
            )
        if self.lesson:
            steps = len(find_lesson(self.lesson).steps)
            if self.step > steps:
                raise SettingError(
                    tr("Lesson {lesson} has no step {step}; it has {steps} steps.").format(
                        lesson=self.lesson, step=self.step, steps=steps
                    )
                )
        return self

    def address(self) -> dict[str, str | list[str]]:
        said = super().address()
        if self.lesson:
            said["lesson"] = str(self.lesson)
        if self.step:
            said["step"] = str(self.step)
        if self.hide:
            said["hide"] = BETWEEN.join(self.hide)
        if self.present:
            said["present"] = "1"
        return said

    def write(self, base: str) -> str:
        """The whole link.

        Args:
            base: where the app is, such as https://studio.example.org.
        """
        page = "" if self.page == "home" else self.page
        query = urlencode(self.address(), doseq=True, safe=":/,")
        return f"{base.rstrip('/')}/{page}" + (f"?{query}" if query else "")


def unknown_hidden(names: tuple[str, ...] | list[str]) -> list[str]:
    """Those that are no group of controls."""
    return [name for name in names if name not in HIDDEN]


def say_unknown(names: list[str]) -> str:
    return tr("there are no controls called {names!r}. Known: {hidden}").format(
        names=", ".join(names), hidden=", ".join(HIDDEN)
    )


def read_hidden(text: str) -> tuple[str, ...]:
    """The groups that an address asks to hide: "advanced,data".

    Raises:
        SettingError: one of them is not known.
    """
    names = [name.strip() for name in text.split(BETWEEN) if name.strip()]
    if unknown := unknown_hidden(names):
        raise SettingError(
            tr("The address asks to hide {unknown!r}. Known: {hidden}.").format(
                unknown=", ".join(unknown)[:80], hidden=", ".join(HIDDEN)
            )
        )
    return tuple(dict.fromkeys(names))


def read_present(text: str) -> bool:
    """Whether an address asks for presenter's mode.

    Raises:
        SettingError: it says neither 0 nor 1.
    """
    if text not in ("", "0", "1"):
        raise SettingError(
            tr(
                "The address asks for present={text!r}. 1 turns presenter's mode on, and 0 turns it off."
            ).format(text=text[:40])
        )
    return text == "1"


def make_link(values: Values) -> Link:
    """A link from its fields; without a page, the one on which the preset is trained.

    Raises:
        SettingError: names the field, and what is known.
    """
    chosen = dict(values)
    if chosen.get("preset") and not chosen.get("page"):
        find_preset(str(chosen["preset"]))
        page, mode = PAGE_OF_TASK.get(task_of(preset_spec(str(chosen["preset"]))), AUTOENCODER)
        chosen |= {"page": page, "do": chosen.get("do") or mode}
    if chosen.get("set") and not chosen.get("preset"):
        raise SettingError(
            tr("Settings belong to a preset, and there is none."), remedy=tr("Choose a preset.")
        )
    if not chosen.get("page"):
        chosen["page"] = "home"
    try:
        return Link.model_validate(chosen)
    except ValidationError as error:
        raise explain(error, Link) from error
