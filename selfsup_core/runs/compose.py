"""A new run's spec, as the page and the command line put it together: a recipe, what was chosen, what the
workspace keeps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfsup_core.data.budget import is_partly_labeled
from selfsup_core.data.library.own import read_split
from selfsup_core.data.sources import OWN_NAME, open_source
from selfsup_core.errors import StudioError
from selfsup_core.pseudo.hand import read_hand_labels
from selfsup_core.runs.fitted import Fitted, fit_length
from selfsup_core.runs.names import auto_name
from selfsup_core.runs.spec import MOST_NAME, RunSpec, make_spec, task_of
from selfsup_core.settings import Values
from selfsup_core.translation import tr

HAND = "objective.hand"
KINDS = ("model.kind", "objective.kind")


def kept_settings(workspace: Path, source: str) -> dict[str, object]:
    """Path → value: the split and label budget that the Data page set for a data set, {} for a set that is
    not known.

    Where only some rows have a label and nothing was set, all labels may be seen: those without are the
    unlabeled rows.
    """
    try:
        kept = read_split(workspace, source)
        if not kept and OWN_NAME.fullmatch(source) and is_partly_labeled(open_source(source, workspace)):
            kept = {"labels_per_class": 0, "labels_fraction": 1.0}
    except StudioError:
        return {}  # the spec's own check names the set that is missing
    return {f"data.{name}": value for name, value in kept.items()}


def compose_spec(
    workspace: Path,
    make: Callable[[Values], RunSpec],
    chosen: Values,
    *,
    with_hand: bool = True,
    preset: str = "",
) -> RunSpec:
    """The spec that a person means.

    Where a data set is chosen, its split and label budget come from the workspace unless they are chosen too.
    A small set gets as many epochs as its preset needs on it. Labels made by hand for the data join every run
    with pseudo-labels.

    Args:
        make: overrides by path → the recipe's spec with them (a preset, a file, another run).
        chosen: settings by path ({"data.source": "wine"}); these win over what is kept.
        with_hand: whether hand labels join; they are left alone where `chosen` names them.
        preset: by whose title the run is called, unless `chosen` has a name.

    Raises:
        SettingError: as `make_spec`.
    """
    source = chosen.get("data.source")
    kept = kept_settings(workspace, str(source)) if source else {}
    if preset and source and (fitted := fitted_to(workspace, make, preset, kept, chosen)):
        kept |= fitted.values
    spec = make({**kept, **chosen})
    if with_hand and HAND not in chosen and task_of(spec) == "pseudo":
        spec = join_hand_labels(workspace, spec)
    if preset and not chosen.get("name"):
        spec = spec.model_copy(update={"name": auto_name(spec, workspace, preset)})
    return spec


def fitted_to(
    workspace: Path, make: Callable[[Values], RunSpec], preset: str, kept: Values, chosen: Values
) -> Fitted | None:
    """What a recipe fits to a small data set; of what was chosen, network and objective decide with it."""
    kinds = {path: value for path, value in chosen.items() if path in (*KINDS, "data.source")}
    return fit_length(workspace, make({**kept, **kinds}), preset)


def with_epochs(spec: RunSpec, epochs: int) -> RunSpec:
    """The same run for another number of epochs, as fast as it goes."""
    begun = re.sub(r" · (epochs [\d,]+|longer \(.*\))", "", spec.name)
    name = tr("{begun} · longer ({epochs:,} epochs)").format(begun=begun[:95], epochs=epochs)
    return make_spec(spec.as_dict(), {"train.epochs": epochs, "train.epochs_per_second": 0.0, "name": name})


def extended(name: str, addition: str) -> str:
    """A run's name with what is special about it, cut before that to the length that names may have."""
    addition = f" · {addition}"
    return f"{name[: MOST_NAME - len(addition)]}{addition}"


def with_threshold(spec: RunSpec, threshold: float) -> RunSpec:
    """The same run with pseudo-labels, which keeps every proposal of at least this probability."""
    name = extended(spec.name.split(" · above ")[0], tr("above {threshold:.2f}").format(threshold=threshold))
    changed = {"objective.keep": "fixed", "objective.threshold": threshold, "name": name}
    return make_spec(spec.as_dict(), changed)


def with_careless(spec: RunSpec) -> RunSpec | None:
    """The same run with a careless network beside it; None where it has one already, or cannot have one."""
    objective: Any = spec.objective
    if task_of(spec) != "pseudo" or objective.is_online or objective.careless:
        return None
    name = extended(spec.name, tr("without safeguards beside it"))
    return make_spec(spec.as_dict(), {"objective.careless": True, "name": name})


def join_hand_labels(workspace: Path, spec: RunSpec) -> RunSpec:
    """The spec with the labels that were made by hand for its data, or as it is when there are none."""
    try:
        hand = read_hand_labels(workspace, spec.data.source)
    except StudioError:
        return spec  # no such data set; reported when the run is submitted
    return make_spec(spec.as_dict(), {HAND: list(hand.items())}) if hand else spec
