"""Which augmentation helps? A run again at a short budget: without each transformation, and each alone.

The runs are ordinary ones. Each is found again by what it computes, so a comparison that was interrupted goes
on with those that are missing. All have the split and the labels of the first run; only the training seed
differs. Accuracies are those of the linear probe on validation rows.

A margin is half of a 95% interval over seeds: Student's t with the deviation pooled over all variants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from typing_extensions import TypedDict

from selfsup_core.augment.transformations import only, switched_on, without
from selfsup_core.data.sources import find_source
from selfsup_core.errors import RunError
from selfsup_core.evaluate.benefit import Outcome, t_quantile
from selfsup_core.evaluate.words.ablation import judge_ablation
from selfsup_core.files import read_shaped, write_json
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.runs.folder import RunFolder, read_state
from selfsup_core.runs.queue import find_submission
from selfsup_core.runs.spec import RunSpec, make_spec, read_spec
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr
from selfsup_core.wording import inline

FILE = "ablation.json"
START_SECONDS = 2.0  # a run takes beside its epochs: data, baselines, first look
SHORT = 3  # times shorter than the run itself
LEAST_EPOCHS = 3

Kind = Literal["all", "without", "alone", "none"]


class AblationConfig(Config):
    """How long, and how often."""

    epochs: int = setting(5, "Epochs of each short run.", title="Epochs", ge=1, le=1000)
    seeds: int = setting(
        2,
        "Runs of each variant, which differ in their first weights and views.",
        title="Seeds",
        why="Two seeds of all variants together tell how much chance there is.",
        ge=2,
        le=10,
    )


@dataclass(frozen=True)
class Variant:
    """One augmentation to try. name: of the transformation that is left out or alone, else ""."""

    kind: Kind
    title: str
    augment: Any
    name: str = ""


class AskedFile(TypedDict):
    """ablation.json of a run."""

    epochs: int
    seeds: int


class Trial(TypedDict):
    """One short run, as far as it is there."""

    run: str
    seed: int
    status: str
    accuracy: float | None
    seconds: float


class Row(TypedDict):
    """One variant. accuracy: mean over seeds once all are done; difference: to the whole augmentation, as
    shares; seconds: of all its runs.
    """

    kind: Kind
    name: str
    title: str
    trials: list[Trial]
    accuracy: float | None
    margin: float | None
    difference: float | None
    difference_margin: float | None
    outcome: Outcome | None
    seconds: float


class Ablation(TypedDict):
    """The comparison so far. done, total: runs."""

    epochs: int
    seeds: int
    done: int
    total: int
    rows: list[Row]


def short_epochs(spec: RunSpec) -> int:
    """A short budget for a run."""
    return max(min(LEAST_EPOCHS, spec.train.epochs), round(spec.train.epochs / SHORT))


def variants_of(spec: RunSpec, folder: RunFolder) -> list[Variant]:
    """The whole augmentation, it without each transformation, each alone, and none; no two are the same.

    Raises:
        RunError: the run varies nothing.
    """
    own: Any = spec.objective
    augment: Any = getattr(own, "augment", None)
    shape = find_source(spec.data.source, folder.workspace).shape
    learns_from_views = OBJECTIVES[spec.objective.kind].task == "views"
    known = switched_on(augment, shape) if learns_from_views and own.augmented else []
    if learns_from_views and augment.kind == "text" and known and not getattr(spec.model, "dropout", 0.0):
        raise RunError(
            tr(
                "Without word deletion two views of a text would be the same, since dropout is off: there is "
                "nothing to compare with."
            ),
            code="no-augmentation",
            remedy=tr("Train with Dropout of 0.1 or more (model.dropout), and ask that run."),
        )
    if not known:
        raise RunError(
            tr("{why_nothing} There is no augmentation to compare.").format(why_nothing=why_nothing(spec)),
            code="no-augmentation",
            remedy=tr("Open a run that learns from views with at least one transformation."),
        )
    found = [Variant("all", tr("All of them"), augment)]
    found += [
        Variant(
            "without", tr("Without {title}").format(title=inline(t.title)), without(augment, t.name), t.name
        )
        for t in known
    ]
    found += [
        Variant("alone", tr("{title} alone").format(title=t.title), only(augment, t.name), t.name)
        for t in known
    ]
    found.append(Variant("none", tr("None"), only(augment)))
    kept: list[Variant] = []
    for one in found:
        if all(one.augment != other.augment for other in kept):
            kept.append(one)
    return kept


def why_nothing(spec: RunSpec) -> str:
    """What a run without transformations learns from."""
    own: Any = spec.objective
    objective: Any = OBJECTIVES[own.kind]
    if objective.task != "views":
        return tr("This run does not learn from views.")
    if objective.own_puzzle:
        return str(objective.own_puzzle)
    if own.augment.kind == "text" and own.augmented:
        return tr("Dropout in the network is all that tells two views of a text apart in this run.")
    return tr("This run varies nothing.")


def short_spec(spec: RunSpec, variant: Variant, seed: int, epochs: int) -> RunSpec:
    """Args: seed: counted from 0."""
    title = f" · {variant.title[0].lower()}{variant.title[1:]} · seed {seed + 1}"
    changes: dict[str, object] = {
        f"objective.augment.{name}": value for name, value in dict(variant.augment).items()
    }
    name = f"{spec.name[: 110 - len(title)]}{title}"
    changes |= {"seed": spec.seed + seed, "train.epochs": epochs, "name": name}
    return make_spec(spec.as_dict(), changes)


def token_of(spec: RunSpec) -> str:
    """The submission of a short run, which finds it again: the same for all that computes the same."""
    return f"ablation-{spec.digest()}"


def plan_of(folder: RunFolder, config: AblationConfig) -> list[RunSpec]:
    """All short runs, seed by seed, so that a first comparison is there early. Raises as `variants_of`."""
    spec = read_spec(folder.spec)
    variants = variants_of(spec, folder)
    return [short_spec(spec, one, seed, config.epochs) for seed in range(config.seeds) for one in variants]


def find_short(folder: RunFolder, spec: RunSpec) -> RunFolder | None:
    """The run with a short run's recipe, if there is one: the compared run itself may be it."""
    if spec.digest() == read_spec(folder.spec).digest() and read_state(folder)["status"] == "finished":
        return folder
    return find_submission(folder.workspace, token_of(spec))


def trial_of(folder: RunFolder, spec: RunSpec, seed: int) -> Trial:
    found = find_short(folder, spec)
    if found is None:
        return {"run": "", "seed": seed, "status": "", "accuracy": None, "seconds": 0.0}
    state = read_state(found)
    is_done = state["status"] == "finished"
    accuracy = state["metrics"].get("probe_accuracy") if is_done else None
    return {
        "run": found.id,
        "seed": seed,
        "status": state["status"],
        "accuracy": accuracy,
        "seconds": state["seconds"],
    }


def keep_asked(folder: RunFolder, config: AblationConfig) -> None:
    """Remember with the run what was asked last."""
    write_json(folder.path / FILE, config.model_dump())


def asked_of(folder: RunFolder) -> AblationConfig | None:
    """What was asked last; None where nothing was."""
    kept = read_shaped(folder.path / FILE, AskedFile)
    return AblationConfig(**kept) if kept else None


def read_ablation(folder: RunFolder, config: AblationConfig) -> Ablation:
    """The comparison as far as its runs are finished. Raises as `variants_of`."""
    spec = read_spec(folder.spec)
    variants = variants_of(spec, folder)
    trials = [
        [trial_of(folder, short_spec(spec, one, seed, config.epochs), seed) for seed in range(config.seeds)]
        for one in variants
    ]
    every = [trial for one in trials for trial in one]
    return {
        "epochs": config.epochs,
        "seeds": config.seeds,
        "done": sum(trial["status"] in ("finished", "failed") for trial in every),
        "total": len(every),
        "rows": summarize(variants, trials),
    }


def summarize(variants: Sequence[Variant], trials: Sequence[Sequence[Trial]]) -> list[Row]:
    """Means, margins, and differences to the first variant, of those whose runs are all finished."""
    whole = [
        None if any(t["accuracy"] is None for t in mine) else np.array([t["accuracy"] for t in mine], float)
        for mine in trials
    ]
    there = [values for values in whole if values is not None]
    degrees = sum(len(values) - 1 for values in there)
    if degrees:
        deviation = np.sqrt(sum(float(((v - v.mean()) ** 2).sum()) for v in there) / degrees)
        margin = float(t_quantile(degrees) * deviation / np.sqrt(len(there[0])))
    rows = []
    for variant, mine, values in zip(variants, trials, whole, strict=True):
        row: Row = {
            "kind": variant.kind,
            "name": variant.name,
            "title": variant.title,
            "trials": list(mine),
            "accuracy": None,
            "margin": None,
            "difference": None,
            "difference_margin": None,
            "outcome": None,
            "seconds": sum(trial["seconds"] for trial in mine),
        }
        if values is not None:
            row |= {"accuracy": float(values.mean()), "margin": margin}
            if variant.kind != "all" and whole[0] is not None:
                difference, wide = float((values - whole[0]).mean()), margin * 2**0.5
                outcome: Outcome = "none" if abs(difference) <= wide else "gain" if difference > 0 else "loss"
                row |= {"difference": difference, "difference_margin": wide, "outcome": outcome}
        rows.append(row)
    return rows


def estimate_seconds(folder: RunFolder, config: AblationConfig) -> float | None:
    """What the missing runs will take, by the speed of the run itself; None where it is not known."""
    state = read_state(folder)
    if not state["epoch"] or not state["seconds"]:
        return None
    each = state["seconds"] / state["epoch"] * config.epochs + START_SECONDS
    found = read_ablation(folder, config)
    return each * (found["total"] - found["done"])


def verdict_of(found: Ablation) -> str:
    """What is known so far, in words; "" where nothing is."""
    left_out, none = [], None
    for row in found["rows"]:
        if row["outcome"] is None or row["difference"] is None:
            continue
        if row["kind"] == "without":
            left_out.append((row["title"].removeprefix("Without "), row["difference"], row["outcome"]))
        if row["kind"] == "none":
            none = row["difference"], row["outcome"]
    return judge_ablation(left_out, none)
