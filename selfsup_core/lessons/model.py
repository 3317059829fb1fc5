"""A lesson as it is read: steps, and the parts of a step in the order of the file.

A part beside plain text is a block of YAML; its Config here is all that says what the block may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import field_validator, model_validator

from selfsup_core.evaluate.words.glossary import read_words
from selfsup_core.lessons.checks import CHECKS, CheckConfig
from selfsup_core.lessons.checks.mapped import MAPS
from selfsup_core.projection.config import TITLES as MAP_TITLES
from selfsup_core.projection.config import USED, MapConfig
from selfsup_core.runs.assignments import write_assignment
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import by_kind
from selfsup_core.settings import Config, setting
from selfsup_core.translation import ENGLISH, tr_later

Page = Literal["home", "data", "autoencoder", "language", "classify", "latent", "views", "scenarios", "runs"]
PAGES = {
    "home": "Home",
    "data": "Data",
    "autoencoder": "Autoencoder",
    "language": "Language model",
    "classify": "Classifier",
    "latent": "Latent space",
    "views": "Views",
    "scenarios": "Scenarios",
    "runs": "Runs",
}
VALUES = {
    "": "None",
    "input": "Input x",
    "damaged": "Damaged input",
    "code": "Code h",
    "output": "Reconstruction",
}
MAP_VALUES = {
    "": "None",
    "trustworthiness": "Trustworthiness",
    "continuity": "Continuity",
    "kept": "Kept neighbors",
    "neighbors": "Neighbors looked at",
    "rows": "Points",
    "width": "Numbers per point",
}
SYMBOL = re.compile(r"\{(\w[^{}]*)\}")


class Text(Config):
    """Markdown between blocks."""

    name: ClassVar[str] = "text"
    markdown: str = setting("", "Markdown.")


class App(Config):
    """A button that opens a page with everything set up for the step."""

    name: ClassVar[str] = "app"
    page: Page = setting("autoencoder", "Page to open.", titles=PAGES)
    do: str = setting("", "Mode of the page, as its address says it.")
    tab: str = setting("", "Tab of the page Data, as its address says it.")
    preset: str = setting("", "Preset; empty for none.")
    data: str = setting("", "Data set; empty for the preset's own.")
    map: Literal["", "pca", "umap", "tsne", "random"] = setting(
        "", "Kind of map on the page Latent space; empty elsewhere.", titles={"": "None"} | MAPS
    )
    set: dict[str, Any] = setting(
        {}, "Settings by path that differ from the preset, the seed included; or settings of the map."
    )
    label: str = setting(
        tr_later("Fill in the settings"), "Words on the button.", min_length=1, max_length=40
    )

    @model_validator(mode="after")
    def settings_exist(self) -> App:
        if self.map:
            if self.preset or not self.data or self.page != "latent":
                raise ValueError("a map needs the page latent, data and no preset")
            if unused := [name for name in self.set if name not in USED[self.map]]:
                raise ValueError(f"{unused[0]} is not a setting of {MAP_TITLES[self.map]}")
            MapConfig(kind=self.map, **self.set)
            return self
        if self.set and not self.preset:
            raise ValueError("set needs a preset")
        if self.preset:
            preset_spec(self.preset, ({"data.source": self.data} if self.data else {}) | self.set)
        return self

    def address(self) -> dict[str, str | list[str]]:
        """What the page's address says."""
        said: dict[str, str | list[str]] = {
            name: value
            for name in ("do", "tab", "preset", "data", "map")
            if (value := str(getattr(self, name)))
        }
        if self.map:
            said["space"] = f"data:{said.pop('data')}"
        if self.set:
            said["set"] = [write_assignment(path, value) for path, value in self.set.items()]
        return said


class Symbol(Config):
    """What a symbol of a formula stands for, and where its numbers come from."""

    called: str = setting(..., "What it stands for, in a few words.", min_length=1, max_length=120)
    value: Literal["", "input", "damaged", "code", "output"] = setting(
        "", "Numbers of one sample at the epoch that is shown.", titles=VALUES
    )
    metric: str = setting("", "A measure of that epoch by its name, such as val_loss.")
    map: Literal["", "trustworthiness", "continuity", "kept", "neighbors", "rows", "width"] = setting(
        "", "A number of the map that is on the screen.", titles=MAP_VALUES
    )


class Formula(Config):
    """A formula whose symbols show the numbers of the run that is open."""

    name: ClassVar[str] = "formula"
    text: str = setting(..., "The formula, with each symbol in braces: {h} = f({x}).", min_length=1)
    symbols: dict[str, Symbol] = setting(..., "Symbol → what it stands for.", min_length=1)

    @model_validator(mode="after")
    def symbols_fit(self) -> Formula:
        used = dict.fromkeys(SYMBOL.findall(self.text))
        for name in used:
            if name not in self.symbols:
                raise ValueError(f"{{{name}}} in the text has no entry in symbols")
        for name in self.symbols:
            if name not in used:
                raise ValueError(f"the symbol {name} is not in the text")
        return self

    def pieces(self) -> list[tuple[str, str]]:
        """("text", " → ") or ("symbol", "h"), in the order of the formula."""
        found = SYMBOL.split(self.text)
        return [("symbol" if at % 2 else "text", piece) for at, piece in enumerate(found) if piece]


class Option(Config):
    """One of the answers to choose from."""

    text: str = setting(..., "The answer.", min_length=1, max_length=300)
    image: str = setting("", "File in the folder images beside the lesson; empty for none.")
    alt: str = setting("", "The image in words; needed where there is one.")
    why: str = setting("", "Why it is not right: said of a question where it is chosen.")

    @model_validator(mode="before")
    @classmethod
    def from_text(cls, value: Any) -> Any:
        return {"text": str(value)} if isinstance(value, (str, int, float)) else value

    @model_validator(mode="after")
    def image_has_words(self) -> Option:
        if self.image and not self.alt:
            raise ValueError("an image needs alt, the image in words")
        return self


class Choice(Config):
    """A question with answers to choose from."""

    ask: str = setting(..., "The question.", min_length=1)
    options: list[Option] = setting(..., "Answers.", min_length=2, max_length=6)
    right: int = setting(..., "Number of the right answer, from 1.", ge=1)
    why: str = setting(..., "Said once an answer is revealed.", min_length=1)

    @model_validator(mode="after")
    def right_exists(self) -> Choice:
        if self.right > len(self.options):
            raise ValueError(f"right is {self.right}, and there are {len(self.options)} options")
        return self


class Predict(Choice):
    """A choice made before it can be seen in the app: any answer will do, and is then compared."""

    name: ClassVar[str] = "predict"


class Question(Choice):
    """A question at the end; it may be tried until the answer is right."""

    name: ClassVar[str] = "question"


class Draw(Config):
    """A curve to be drawn before the run draws its own."""

    name: ClassVar[str] = "draw"
    ask: str = setting(..., "What to draw.", min_length=1)
    metric: str = setting("val_loss", "Measure of an epoch by its name.", min_length=1)
    called: str = setting("validation loss", "The measure in words, on the axis.", min_length=1)
    epochs: int = setting(10, "Last epoch on the axis.", ge=1, le=500)
    low: float = setting(0.0, "Lower end of the vertical axis.")
    high: float = setting(1.0, "Upper end of the vertical axis.")
    of: CheckConfig = setting(..., "Which run draws the real curve: a check, as a task has it.")
    why: str = setting("", "Said beside the real curve.")

    @field_validator("of", mode="before")
    @classmethod
    def of_by_kind(cls, value: Any) -> Any:
        return by_kind(value, "of", "finished", lambda kind: CHECKS[kind].Config)

    @model_validator(mode="after")
    def axis_rises(self) -> Draw:
        if self.low >= self.high:
            raise ValueError(f"low must be less than high; found {self.low:g} and {self.high:g}")
        return self


class Task(Config):
    """Something to do in the app, which the app checks from the runs themselves."""

    name: ClassVar[str] = "task"
    do: str = setting(..., "What to do, in Markdown.", min_length=1)
    check: CheckConfig = setting(..., "What passes it: a kind of check with its settings.")
    hint: str = setting("", "Help for who is stuck.")
    seen: str = setting("", "Said once it is passed: what to notice.")
    look: str = setting("", "Panel of the live view that it is about, which then stands first.")

    @field_validator("look")
    @classmethod
    def panel_is_known(cls, value: str) -> str:
        known = dict.fromkeys(name.split(" of ")[0] for name in read_words(ENGLISH)["panels"])
        if value and value not in known:
            raise ValueError(f"there is no panel {value!r}; known: {', '.join(known)}")
        return value

    @field_validator("check", mode="before")
    @classmethod
    def check_by_kind(cls, value: Any) -> Any:
        return by_kind(value, "check", "finished", lambda kind: CHECKS[kind].Config)


Part = Text | App | Formula | Predict | Draw | Task | Question
BLOCKS: Mapping[str, type[Config]] = {
    part.name: part for part in (App, Formula, Predict, Draw, Task, Question)
}
TO_DO = (Predict, Draw, Task, Question)


@dataclass(frozen=True)
class Step:
    """title: its heading. parts: in the order of the file."""

    title: str
    parts: tuple[Part, ...]

    @property
    def look(self) -> str:
        """The panel of the live view that it is about, "" for none."""
        return next((part.look for part in self.parts if isinstance(part, Task) and part.look), "")


class Head(Config):
    """What stands above the first step."""

    title: str = setting(..., "Title.", min_length=1, max_length=100)
    about: str = setting(..., "One sentence for the list of lessons.", min_length=1, max_length=300)
    minutes: int = setting(15, "How long it takes, about.", ge=1, le=240)


@dataclass(frozen=True)
class Lesson:
    """One lesson. folder: where its file is, and a folder `images`."""

    number: int
    name: str
    language: str
    head: Head
    steps: tuple[Step, ...]

    def to_do(self) -> Iterator[tuple[str, int, Part]]:
        """(place, number of the step from 1, part) of everything that asks for something.

        The place ("3.task.1") names it in the file of progress.
        """
        for number, step in enumerate(self.steps, 1):
            for place, part in places_of(number, step):
                if isinstance(part, TO_DO):
                    yield place, number, part


def places_of(number: int, step: Step) -> Iterator[tuple[str, Part]]:
    """(place, part): the kind of the part and its number among those of its kind in the step."""
    counts: dict[str, int] = {}
    for part in step.parts:
        counts[part.name] = counts.get(part.name, 0) + 1
        yield f"{number}.{part.name}.{counts[part.name]}", part
