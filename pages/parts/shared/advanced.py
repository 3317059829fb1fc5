"""The section Advanced: settings as widgets, one tab per group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.shared.asked import Asked
from pages.parts.shared.choice import choose_one
from pages.parts.shared.forms import help_text, widget
from pages.parts.shared.workspace import workspace
from selfsup_core.features.config import HAVE_CODES
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.spec import RunSpec, task_of
from selfsup_core.settings import Setting, Values
from selfsup_core.translation import tr, tr_later

ELSEWHERE = ("kind", "loss")  # shown in the row above instead
# Name of a tab → paths of its settings; one that ends with a dot takes all below it.
Groups = Mapping[str, tuple[str, ...]]

# Settings of pace and place, of every task.
PACE = (
    "train.patience",
    "train.epochs_per_second",
    "train.device",
    "train.threads",
    "train.precision",
    "seed",
)
# Settings of tasks that count steps instead of epochs.
STEPS = (
    "train.steps_per_epoch",
    "train.learning_rate",
    "train.schedule",
    "train.warmup_steps",
    "train.batch_size",
    "train.accumulation",
    "train.weight_decay",
    "train.clip_norm",
)
SPLIT = ("data.validation", "data.test", "data.split_seed")
TEXT_FEATURES = ("data.text_features", "data.vocabulary", "data.encoder")
KEPT = ("frames.max_frames", "frames.weights_megabytes", "log.tracker")

# What the groups of settings may be called.
GROUPS = (
    tr_later("Network"),
    tr_later("Objective"),
    tr_later("Augmentation"),
    tr_later("Training"),
    tr_later("Data"),
    tr_later("Text"),
    tr_later("Texts"),
    tr_later("Recording"),
    tr_later("Proposals"),
    tr_later("Keeping"),
    tr_later("Use"),
)


def choose_advanced(
    base: RunSpec,
    settings: Mapping[str, Setting],
    groups: Groups,
    mark: str,
    source: str,
    kept: Values,
    asked: Asked,
) -> dict[str, object]:
    """Path → value; split and label budget begin as the Data page set them, and others as few rows need it.

    Args:
        mark: part of the widgets' keys: of another recipe they are other widgets.
        kept: settings that begin otherwise on this data set than in the recipe.
    """
    found = {name: expand(paths, settings) for name, paths in groups.items()}
    found = {name: paths for name, paths in found.items() if paths}
    values = {}
    for tab, paths in zip(st.tabs([tr(name) for name in found]), found.values(), strict=True):
        with tab:
            for path in paths:
                value: Any = base
                for part in path.split("."):
                    value = getattr(value, part)
                own = ""
                if path.startswith("data.") or path in kept:
                    # Another set, or another split of it, is another widget, which begins with that value.
                    value, own = kept.get(path, value), f"-{source}-{kept.get(path, value)}"
                key = f"advanced-{mark}-{path}{own}"
                asked.begin(settings[path], key, value)
                if path == "data.code_of":
                    values[path] = choose_encoder(settings[path], key, source, task_of(base))
                else:
                    values[path] = widget(settings[path], value, key=key)
    return values


def choose_encoder(setting: Setting, key: str, source: str, task: str) -> str:
    """One of the runs of the same data whose code fits the task, by name; "" for none."""
    is_generator = task == "generate"
    none = tr("None: its own, trained first") if is_generator else tr("None: the values themselves")
    fitting = {"": none} | {
        state["run"]: f"{state['name']} ({state['run']})"
        for state in list_states(workspace())
        if state.get("task") in HAVE_CODES
        and state["source"] == source
        and state["status"] == "finished"
        and (not is_generator or (state["task"] == "autoencoder" and state["can_decode"]))
    }
    fitting.setdefault(st.session_state[key], st.session_state[key])
    index = list(fitting).index(st.session_state[key])
    return choose_one(st, setting.title, fitting, index=index, key=key, help=help_text(setting))


def expand(paths: tuple[str, ...], settings: Mapping[str, Setting]) -> list[str]:
    """Paths of single settings."""
    found = [
        known
        for path in paths
        for known in (settings if path.endswith(".") else [path])
        if known == path or (path.endswith(".") and known.startswith(path))
    ]
    return [path for path in found if path.rsplit(".", 1)[-1] not in ELSEWHERE]
