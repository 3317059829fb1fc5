"""A map of a space is on the screen, and the app has measured how far it can be trusted."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from selfsup_core.lessons.checks import Judged, check
from selfsup_core.lessons.evidence import Evidence, MapSeen
from selfsup_core.lessons.measures import say_value
from selfsup_core.lessons.which import data_title
from selfsup_core.projection.config import TITLES, USED, MapConfig
from selfsup_core.settings import KindConfig, list_settings, setting
from selfsup_core.translation import tr, tr_later

MEASURES = {
    "": tr_later("None"),
    "trustworthiness": tr_later("Trustworthiness"),
    "continuity": tr_later("Continuity"),
    "kept": tr_later("Kept neighbors"),
}
MAPS = {kind: TITLES[kind] for kind in ("pca", "umap", "tsne", "random")}
SETTINGS = {entry.path: entry for entry in list_settings(MapConfig)}
PANEL = tr_later("“Can I trust this map?”")


class MappedConfig(KindConfig):
    kind: Literal["mapped"] = setting("mapped", "A map of a space is on the screen.")
    data: str = setting(..., "Data set whose own numbers are mapped.", min_length=1)
    map: Literal["pca", "umap", "tsne", "random"] = setting("pca", "Kind of map.", titles=MAPS)
    set: dict[str, Any] = setting({}, "Settings that the map must have.")
    beside: dict[str, Any] = setting({}, "Settings that a second map beside it must have; empty for none.")
    metric: Literal["", "trustworthiness", "continuity", "kept"] = setting(
        "", "Measure of the panel on trust; empty for none.", titles=MEASURES
    )
    below: float | None = setting(None, "It must be less than this.")
    above: float | None = setting(None, "It must be more than this.")

    @model_validator(mode="after")
    def settings_exist(self) -> MappedConfig:
        for name in (*self.set, *self.beside):
            if name not in USED[self.map]:
                raise ValueError(
                    tr("{name} is not a setting of {titles}").format(name=name, titles=TITLES[self.map])
                )
        MapConfig(kind=self.map, **self.set)
        MapConfig(kind=self.map, **self.set | self.beside)
        if self.metric and self.below is None and self.above is None:
            raise ValueError(tr("give below, above or both"))
        return self

    def words(self) -> str:
        """ "UMAP of Digits 8 × 8 with Neighbors 2" """
        about = {"titles": tr(TITLES[self.map]), "data_title": data_title(self.data)}
        if not self.set:
            return tr("{titles} of {data_title}").format(**about)
        said = tr(" and ").join(
            f"{SETTINGS[name].title} {SETTINGS[name].say(v)}" for name, v in self.set.items()
        )
        return tr("{titles} of {data_title} with {said}").format(**about, said=said)

    def lacks(self, seen: MapSeen) -> str:
        """What the map on the screen lacks, as a sentence; "" for nothing."""
        about = seen.about
        config = about["config"]
        if about["space"] != f"data:{self.data}":
            return tr("The map shows {title}; the task needs {words}.").format(
                title=about["title"], words=self.words()
            )
        if config["kind"] != self.map:
            return tr("The map is {titles}; the task needs {words}.").format(
                titles=TITLES[str(config["kind"])], words=self.words()
            )
        for name, value in self.set.items():
            if config.get(name) != value:
                entry = SETTINGS[name]
                found = entry.say(config.get(name))
                return tr("The map has {title} {found}; the task needs {value}.").format(
                    title=entry.title, found=found, value=entry.say(value)
                )
        if not about["done"]:
            return tr("The map is being drawn.")
        return self.lacks_measure(seen)

    def lacks_measure(self, seen: MapSeen) -> str:
        if not self.metric:
            return ""
        if seen.trust is None:
            return tr("The map has not been measured yet: open the panel {panel}.").format(panel=PANEL)
        value, name = seen.trust[self.metric], MEASURES[self.metric]
        if self.below is not None and value >= self.below:
            return tr("{name}: {say_value}; the task needs less than {say_value_2}.").format(
                name=name, say_value=say_value(value), say_value_2=say_value(self.below)
            )
        if self.above is not None and value <= self.above:
            return tr("{name}: {say_value}; the task needs more than {say_value_2}.").format(
                name=name, say_value=say_value(value), say_value_2=say_value(self.above)
            )
        return ""


@check("mapped", MappedConfig)
def mapped(evidence: Evidence, config: MappedConfig) -> Judged:
    """A map of a space is on the screen."""
    if not evidence.maps:
        return Judged(False, tr("No map is open. The task needs one: {words}.").format(words=config.words()))
    first, *others = evidence.maps
    if lack := config.lacks(first):
        return Judged(False, lack)
    if config.beside:
        wanted = config.set | config.beside
        is_beside = any(
            one.about["space"] == first.about["space"]
            and one.about["config"]["kind"] == config.map
            and all(one.about["config"].get(name) == value for name, value in wanted.items())
            for one in others
        )
        if not is_beside:
            said = tr(" and ").join(f"{SETTINGS[name].title} {v}" for name, v in config.beside.items())
            return Judged(
                False,
                tr("Only one map is open; the task needs a second one with {said} beside it.").format(
                    said=said
                ),
            )
        return Judged(
            True, tr("Two maps of {data_title} are side by side.").format(data_title=data_title(config.data))
        )
    if config.metric and first.trust is not None:
        value = say_value(first.trust[config.metric])
        return Judged(
            True,
            tr("{measures}: {value} on {words}.").format(
                measures=MEASURES[config.metric], value=value, words=config.words()
            ),
        )
    return Judged(True, tr("The map is open: {words}.").format(words=config.words()))
