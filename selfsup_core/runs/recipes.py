"""Presets: the recipes that come with the program. Each is a YAML file in `presets/`, checked as any other
spec.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any, NotRequired

import yaml
from typing_extensions import TypedDict

from selfsup_core.data.sources import SOURCES
from selfsup_core.errors import SettingError
from selfsup_core.runs.spec import RunSpec, make_spec, task_name, value_at
from selfsup_core.settings import Values
from selfsup_core.translation import tr

PRESETS = Path(__file__).parent / "presets"


class Preset(TypedDict):
    """What a preset's file says, and its task.

    Attributes:
        order: of the list. kinds: of data that it takes; any where it says nothing.
        spec: nested settings. when: path → answer → settings that change along with that answer.
    """

    title: str
    about: str
    task: str
    spec: dict[str, dict[str, object]]
    order: NotRequired[int]
    kinds: NotRequired[list[str]]
    when: NotRequired[dict[str, dict[str, dict[str, object]]]]


def list_presets(task: str = "autoencoder") -> dict[str, Preset]:
    """Name → preset, in their order.

    Args:
        task: only those for this task; "" for all.
    """
    # Copied, since who asks may change what it gets; only what is asked for, since a page asks often.
    return {name: copy.deepcopy(one) for name, one in known_presets().items() if task in ("", one["task"])}


def find_preset(name: str) -> Preset:
    """A preset by its name. Raises SettingError when there is none."""
    presets = known_presets()
    if name not in presets:
        raise SettingError(
            tr("There is no preset {name!r}. Known: {presets}.").format(name=name, presets=", ".join(presets))
        )
    return copy.deepcopy(presets[name])


def known_presets() -> dict[str, Preset]:
    """Name → preset, in their order; not to be changed."""
    return parse_presets(tuple((path, path.stat().st_mtime_ns) for path in PRESETS.glob("*.yaml")))


@cache
def parse_presets(files: tuple[tuple[Path, int], ...]) -> dict[str, Preset]:
    """Name → what its file says, and its task; parsed once, since every run of a page asks. A file's time
    makes a changed one new.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Preset] = {path.stem: yaml.load(path.read_text("utf-8"), loader) for path, _ in files}
    for preset in found.values():
        network, objective = (preset["spec"].get(part, {}).get("kind") for part in ("model", "objective"))
        preset["task"] = task_name(str(network or "dense"), str(objective or "reconstruction"))
    return dict(sorted(found.items(), key=lambda item: (item[1].get("order", 99), item[0])))


def preset_spec(name: str, overrides: Values | None = None) -> RunSpec:
    """A preset's spec with changes. Raises SettingError when there is no such preset."""
    preset = find_preset(name)
    chosen = overrides or {}
    spec = make_spec(preset["spec"], {**following(preset, chosen), **chosen})
    if spec.name:
        return spec
    source = SOURCES[spec.data.source].title if spec.data.source in list(SOURCES) else tr("Own data")
    title = f"{source}, {preset['title']}"
    return spec.model_copy(update={"name": title})


def following(preset: Preset, chosen: Values) -> dict[str, object]:
    """Path → value: settings that a preset changes along with a chosen one, as its `when` says.

    `when: {objective.prior: {even: {objective.keep: top-k}}}`: who chooses even class shares gets another
    keeper.
    """
    found: dict[str, object] = {}
    for path, answers in preset.get("when", {}).items():
        found |= answers.get(str(chosen.get(path)), {})
    return found


def questions_of(preset: Preset) -> dict[str, list[str]]:
    """Path → answers: settings that a preset asks a person about, the default first."""
    asked = {}
    for path, answers in preset.get("when", {}).items():
        value: Any = preset["spec"]
        for part in path.split("."):
            value = value[part]
        asked[path] = [value, *answers]
    return asked


def answers_of(preset: Preset, spec: RunSpec) -> dict[str, str]:
    """Path → value: how a spec answers what its preset asks; the default is no answer."""
    values = {path: value_at(spec, path) for path in preset.get("when", {})}
    return {path: value for path, value in values.items() if value in preset["when"][path]}
