"""Automatic run names: data, recipe, and the settings that distinguish the run from others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfsup_core.data.sources import find_source
from selfsup_core.errors import StudioError
from selfsup_core.models import MODELS
from selfsup_core.pseudo.objectives.pseudo_labels import describe_proposers
from selfsup_core.runs.recipes import answers_of, find_preset, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings, task_of, value_at
from selfsup_core.translation import tr
from selfsup_core.wording import counted, inline, percent

MOST = 120  # characters, as `RunSpec.name` takes them
CHANGED = 3  # settings that differ from the recipe's
# Part of the name already, or not worth naming.
COVERED = (
    "name",
    "version",
    "data.source",
    "data.labels_per_class",
    "data.labels_fraction",
    "model.",
    "objective.proposers",
    "objective.keep",
    "objective.hand",
    "train.epochs_per_second",
    "train.device",
    "train.threads",
    "frames.",
    "log.",
)


def auto_name(spec: RunSpec, workspace: Path, preset: str) -> str:
    """ "Wine, Few labels of a table · hidden 64 · 2 labels per class · similar rows and the student itself ·
    surest of each class · seed 3"
    """
    try:
        data = find_source(spec.data.source, workspace).title
    except StudioError:
        data = spec.data.source
    about = find_preset(preset)
    name = f"{data}, {about['title']}"[:MOST]
    answers = answers_of(about, spec)
    recipe = preset_spec(preset, answers)
    changes = [
        *(tr("{answer} classes").format(answer=answer) for answer in answers.values()),
        *list_changes(spec, recipe),
    ]
    for fact in (*describe_size(spec), *describe_labels(spec), *changes):
        if len(name) + len(fact) + 3 <= MOST:
            name += f" · {fact}"
    return name


def describe_size(spec: RunSpec) -> list[str]:
    """Of the network: the code of an autoencoder, hidden widths, or layers of a transformer."""
    model: Any = spec.model
    if task_of(spec) == "autoencoder":
        widths = getattr(model, "widths", ())
        hidden = "-".join(map(str, widths[:-1]))
        return [
            tr("code {code_size}").format(code_size=MODELS[model.kind].code_size(model))
            + (f" (hidden {hidden})" if hidden else "")
        ]
    if widths := getattr(model, "widths", ()):
        return ["hidden " + "-".join(map(str, widths))]
    if hasattr(model, "layers") and hasattr(model, "width"):
        words = tr("1 layer of {width}") if model.layers == 1 else tr("{layers} layers of {width}")
        return [words.format(layers=model.layers, width=model.width)]
    return []


def describe_labels(spec: RunSpec) -> list[str]:
    """Of a classifier: who proposes, what is kept, and how many labels may be seen."""
    task = task_of(spec)
    objective: Any = spec.objective
    if task not in ("classify", "pseudo"):
        return []
    number, share = spec.data.labels_per_class, spec.data.labels_fraction
    if number:
        facts = [tr("{number} per class").format(number=counted(number, "label"))]
    else:
        facts = [tr("all labels") if share >= 1 else tr("{share} of the labels").format(share=percent(share))]
    if task == "pseudo":
        keep = known_settings(spec)["objective.keep"].say(objective.keep)
        facts += [inline(describe_proposers(objective.proposers, objective.vote)), inline(keep)]
    if hand := getattr(objective, "hand", ()):
        facts.append(tr("{count:,} by hand").format(count=len(hand)))
    return facts


def list_changes(spec: RunSpec, recipe: RunSpec) -> list[str]:
    """Settings that differ from the recipe's: "seed 3"."""
    changes = []
    for path, setting in known_settings(spec).items():
        if path.startswith(COVERED):
            continue
        value, usual = value_at(spec, path), value_at(recipe, path)
        if value != usual and len(str(value)) <= 24:
            changes.append(f"{inline(setting.title)} {inline(setting.say(value))}")
    return changes[:CHANGED]
