"""What of several runs can be compared and what cannot, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfsup_core.evaluate.compared import Measure
from selfsup_core.runs.identity import differing
from selfsup_core.runs.matching import Compared
from selfsup_core.runs.spec import RunSpec, value_at
from selfsup_core.translation import tr, tr_later

TASKS = {
    "autoencoder": "autoencoder",
    "language": tr_later("language model"),
    "classify": "classifier",
    "pseudo": tr_later("classifier with pseudo-labels"),
    "answer": tr_later("reader of passages"),
    "detect": tr_later("detector"),
    "translate": tr_later("translator"),
    "transcribe": tr_later("transcriber of speech"),
    "views": tr_later("encoder that learns from views"),
    "generate": tr_later("generator of images"),
}
# What decides on which rows a run is measured.
SPLIT = ("validation", "test", "split_seed", "leave_out", "text_unit")
TOKENS = ("model.tokenizer", "model.vocabulary", "data.text_unit")


def notes_on(runs: Sequence[Compared]) -> list[str]:
    """One sentence or two on each difference that limits the comparison; empty where nothing does."""
    found = []
    if len({run.task for run in runs}) > 1:
        tasks = ", ".join(dict.fromkeys(TASKS.get(run.task, run.task) for run in runs))
        found.append(
            tr(
                "These runs are of different kinds: {tasks}. Settings, time and the metrics that all of them "
                "have can be compared, other metrics and what the runs produce cannot."
            ).format(tasks=tasks)
        )
    if not same_sources(runs):
        titles = ", ".join(dict.fromkeys(run.state["source_title"] or run.state["source"] for run in runs))
        found.append(
            tr(
                "These runs were trained on different data: {titles}. A metric on other data is another "
                "quantity, so no best value is marked, and samples and maps are not matched."
            ).format(titles=titles)
        )
    elif not same_data(runs):
        found.append(
            tr(
                "The data set has been changed between these runs. A metric on other data is another "
                "quantity, so no best value is marked."
            )
        )
    elif not same_rows(runs):
        found.append(
            tr(
                "These runs are measured on different validation or test rows of the same "
                "data, so no best value "
                "is marked."
            )
        )
    if len({run.task for run in runs}) == 1 and not same_objective(runs):
        found.append(
            tr(
                "The objectives differ, so the losses are different quantities. Compare the "
                "runs by the other "
                "metrics."
            )
        )
    if len({run.spec.train.epochs for run in runs}) > 1:
        found.append(
            tr(
                "The runs have different numbers of epochs. After its last epoch, a run "
                "stays at what it reached "
                "there."
            )
        )
    return found + say_start(runs)


def say_start(runs: Sequence[Compared]) -> list[str]:
    """What of the start is not the same beside the settings; or that all of it is, where seed and network
    are, too, and all of it is known.
    """
    devices = list(dict.fromkeys(run.state["device"]["label"] for run in runs if run.state["device"]))
    identities = [run.state["identity"] for run in runs if "identity" in run.state]
    others = differing(identities)
    if len(devices) > 1:
        others.insert(0, tr("the device or its threads ({devices})").format(devices="; ".join(devices)))
    if not same_sources(runs):
        others = [one for one in others if one != tr("the data")]  # that is said already
    if others:
        return [
            tr(
                "Not the same conditions: {others} differ. Even with the same settings and seed, the numbers "
                "of these runs would differ a little."
            ).format(others=", ".join(others))
        ]
    specs = [run.spec for run in runs]
    is_known = len(identities) == len(runs) and all(run.state["device"] for run in runs)
    is_branched = any(run.state.get("parent") for run in runs)
    if is_known and not is_branched and same_at(specs, ("seed", "model", "data", "objective.kind")):
        return [
            tr(
                "Same conditions: these runs begin with the same weights, on the same data, and were "
                "computed by the same code and versions on the same device."
            )
        ]
    return []


def unfair(runs: Sequence[Compared], one: Measure) -> str:
    """Why the runs cannot be ranked by a metric; "" where they can."""
    if not same_data(runs):
        return tr("The data differ.")
    if not same_rows(runs):
        return tr("The rows that are measured differ.")
    if one.is_loss and not same_objective(runs):
        return tr("The objectives differ.")
    if one.by_token and not same_at([run.spec for run in runs], TOKENS):
        return tr("The tokens differ.")
    return ""


def same_sources(runs: Sequence[Compared]) -> bool:
    return same_at([run.spec for run in runs], ("data.source",))


def same_data(runs: Sequence[Compared]) -> bool:
    """Whether the data set is the same, and its contents, too, as far as they are known."""
    digests = {run.state["identity"]["data"] for run in runs if "identity" in run.state}
    return same_sources(runs) and len(digests) <= 1


def same_rows(runs: Sequence[Compared]) -> bool:
    """Whether the same rows are measured: by the settings of the split, and by what the runs show."""
    if not same_at([run.spec for run in runs], tuple(f"data.{name}" for name in SPLIT)):
        return False
    known = [run for run in runs if run.samples and run.task != "language"]
    if len({(run.task, run.spec.frames.samples) for run in known}) != 1:
        return True
    # With these settings the same, other rows mean that the data set has been changed in between.
    return len({(run.samples.points, run.samples.splits) for run in known if run.samples}) == 1


def same_objective(runs: Sequence[Compared]) -> bool:
    return all(run.spec.objective == runs[0].spec.objective for run in runs)


def same_at(specs: Sequence[RunSpec], paths: Sequence[str]) -> bool:
    """Whether settings are the same in all specs."""
    values: list[list[Any]] = [[value_at(spec, path) for path in paths] for spec in specs]
    return all(one == values[0] for one in values)
