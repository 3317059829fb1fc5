"""Which run a check is about, and what the one that comes closest lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import model_validator

from selfsup_core.data.sources import SOURCES
from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.runs.assignments import values_at
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import known_settings, value_at
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

# A run → "" or what it lacks, as the end of a sentence that begins with the run.
Wish = Callable[[RunSeen], str]


class RunWish(Config):
    """Which run is meant; what is empty may be anything."""

    preset: str = setting("", "Preset that it was made from.")
    data: str = setting("", "Data set that it is trained on.")
    set: dict[str, Any] = setting({}, "Settings by path that it must have; a preset is then needed.")

    @model_validator(mode="after")
    def settings_exist(self) -> RunWish:
        if self.set and not self.preset:
            raise ValueError(tr("set needs a preset"))
        if self.preset:
            self.wanted()
        return self

    def wanted(self) -> dict[str, object]:
        """Path → value as a spec has it. Raises SettingError."""
        source = {"data.source": self.data} if self.data else {}
        return values_at(preset_spec(self.preset, source | self.set), self.set)

    def words(self) -> str:
        """ "the model Dense 64-32-16 on Digits with Layer sizes 64, 2" """
        parts = [tr("the model {title_of}").format(title_of=title_of(self.preset))] if self.preset else []
        if self.data:
            parts.append(tr("on {data_title}").format(data_title=data_title(self.data)))
        if self.set:
            known = known_settings(preset_spec(self.preset, self.set))
            said = [f"{known[path].title} {known[path].say(v)}" for path, v in self.wanted().items()]
            parts.append(tr("with {said}").format(said=tr(" and ").join(said)))
        return " ".join(parts) or tr("any settings")

    def wishes(self) -> list[Wish]:
        """In the order in which a person chooses: model, data, settings."""
        return [self.has_preset, self.has_data, self.has_settings]

    def has_preset(self, run: RunSeen) -> str:
        if not self.preset or run.state["preset"] == self.preset:
            return ""
        return tr("uses the model {title_of}; the task needs {title_of_2}").format(
            title_of=title_of(run.state["preset"]), title_of_2=title_of(self.preset)
        )

    def has_data(self, run: RunSeen) -> str:
        source = run.spec.data.source
        if not self.data or source == self.data:
            return ""
        return tr("is trained on {data_title}; the task needs {data_title_2}").format(
            data_title=data_title(source), data_title_2=data_title(self.data)
        )

    def has_settings(self, run: RunSeen) -> str:
        if not self.set:
            return ""
        known = known_settings(run.spec)
        for path, value in self.wanted().items():
            found = value_at(run.spec, path)
            if found != value and path in known:
                return tr("has {title} {found}; the task needs {value}").format(
                    title=known[path].title, found=known[path].say(found), value=known[path].say(value)
                )
            if found != value:
                return tr("has no setting {path}").format(path=path)
        return ""


def is_set_up(run: RunSeen, wish: RunWish) -> bool:
    """Whether a run has all the settings that are wished for, however far it has come."""
    return not any(lacks(run) for lacks in wish.wishes())


def say_missing(wish: RunWish) -> str:
    return tr("Still missing: {words}.").format(words=wish.words())


def is_under_way(run: RunSeen) -> bool:
    """Whether a run trains, or is about to."""
    return run.state["status"] in ("queued", "starting", "running")


def title_of(preset: str) -> str:
    """What the form calls a preset; the preset itself where it is gone."""
    presets = list_presets("")
    return presets[preset]["title"] if preset in presets else preset or tr("of its own")


def data_title(source: str) -> str:
    return SOURCES[source].title if source in list(SOURCES) else source


def find_closest(runs: Sequence[RunSeen], wishes: Sequence[Wish]) -> tuple[RunSeen | None, str]:
    """The run that meets the most wishes in their order, the newest of equals; and what it lacks, "" for
    nothing.
    """
    best: RunSeen | None = None
    most, lack = -1, ""
    for run in runs:
        lacks = next(((at, said) for at, wish in enumerate(wishes) if (said := wish(run))), None)
        met = len(wishes) if lacks is None else lacks[0]
        if met > most:
            best, most, lack = run, met, "" if lacks is None else lacks[1]
    return best, lack


def no_run(evidence: Evidence, wish: RunWish) -> str:
    """What is said where no run has been begun at all."""
    assert not evidence.runs
    return tr("No run has been started since you opened this lesson. The task needs one: {words}.").format(
        words=wish.words()
    )


def has_ended(epochs: int) -> Wish:
    """epochs: enough of them; 0 for all that the run is to have."""

    def lacks(run: RunSeen) -> str:
        state = run.state
        if state["epoch"] >= epochs if epochs else state["status"] == "finished":
            return ""
        if state["status"] in ("failed", "stopped", "interrupted"):
            return tr("is {status} at epoch {epoch}; the task needs one trained to the end").format(
                status=state["status"], epoch=state["epoch"]
            )
        if state["status"] == "finished":
            return tr("has ended after {epoch} epochs; the task needs {epochs}").format(
                epoch=state["epoch"], epochs=epochs
            )
        return tr("is at epoch {epoch} of {value}").format(
            epoch=state["epoch"], value=epochs or state["epochs"]
        )

    return lacks
