"""Which language model is looked into: a built-in one, a fetched one, a run at an epoch, or a folder."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one
from pages.parts.shared.go import rerun
from pages.parts.shared.workspace import (
    forget_refusal,
    is_refused,
    plain,
    refuse,
    serves_this_machine_only,
    show_refusal,
    workspace,
)
from selfsup_core.errors import StudioError
from selfsup_core.inspection.catalogue import ModelEntry, list_models
from selfsup_core.inspection.loaded import RUN
from selfsup_core.inspection.remote_reading import REMOTE, remote_title
from selfsup_core.inspection.subject import Subject

FOLDER = "a folder on this machine"
NONE = "none"
MOST_RUNS = 40
READS = ("causal", "masked")
PATIENCE = 1.5  # seconds that a page waits before it says that a model is being loaded
POLL = 1.0
HELP = "A model on this machine: built-in, downloaded under Models, or a run of your own."


def secrets() -> dict[str, Any] | None:
    """Streamlit's secrets, where there are any."""
    try:
        return st.secrets.to_dict()
    except (FileNotFoundError, OSError, ValueError, KeyError):
        return None


def readable_models() -> dict[str, ModelEntry]:
    """Models that predict tokens, by name."""
    entries = [e for e in list_models(workspace()) if e["kind"] in READS]
    runs = [e for e in entries if e["model"].startswith(RUN)][:MOST_RUNS]
    return {e["model"]: e for e in entries if not e["model"].startswith(RUN) or e in runs}


def label(entry: ModelEntry) -> str:
    if "epochs" not in entry:
        return entry["title"]
    running = " (training)" if entry["status"] == "running" else ""
    return f"Run: {entry['title']}{running}"


def choose_model(models: dict[str, ModelEntry]) -> str:
    """The name of the model that is looked into, or "" when there is none yet."""
    labels = {name: label(entry) for name, entry in models.items()}
    labels |= {FOLDER: FOLDER} if serves_this_machine_only() else {}
    wanted = st.query_params.get("model", "")
    is_new = wanted != st.session_state.get("language-asked") or "language-model" not in st.session_state
    if wanted in models and is_new:
        st.session_state["language-model"] = wanted
    elif wanted and wanted not in models:
        st.warning(
            f"The address names the model {plain(wanted)}, which is not on this machine.",
            icon=":material/link_off:",
        )
    name = choose_one(st, "Model", labels, key="language-model", help=HELP)
    if name == FOLDER:
        st.query_params.pop("model", None)
        return choose_folder("language-folder")
    if name is None:
        return ""
    st.query_params["model"] = st.session_state["language-asked"] = name
    entry = models[name]
    if entry["missing"]:
        st.warning(entry["missing"], icon=":material/download:")
        return ""
    st.caption(plain(describe(entry)))
    return choose_epoch(entry, "language-epoch")


def choose_other(models: dict[str, ModelEntry], first: str) -> str:
    """The model to compare with, or ""."""
    remote = remote_title(secrets())
    labels = {NONE: NONE} | {n: label(e) for n, e in models.items() if not e["missing"]}
    labels |= {FOLDER: FOLDER} if serves_this_machine_only() else {}
    labels |= {REMOTE: f"{remote} (remote)"} if remote else {}
    name = choose_one(
        st,
        "Compare with",
        labels,
        key="language-other",
        help="A second model on the same text. To compare two epochs of a run, choose the run twice.",
    )
    if name == NONE:
        return ""
    if name == FOLDER:
        return choose_folder("language-other-folder")
    if name == REMOTE:
        st.caption("Your text is sent to that server.")
        return REMOTE
    return choose_epoch(models[name], "language-other-epoch")


def choose_folder(key: str) -> str:
    return st.text_input(
        "Folder",
        key=key,
        placeholder="/home/me/models/my-gpt",
        label_visibility="collapsed",
        help="A folder in Hugging Face's layout: config.json, *.safetensors and a tokenizer. No code is run.",
    ).strip()


def choose_epoch(entry: ModelEntry, key: str) -> str:
    """The name of a run's model at an epoch; the newest one is followed while the run continues."""
    epochs = entry.get("epochs", [])
    if len(epochs) < 2:
        return entry["model"]
    chosen = st.session_state.setdefault("language-epochs", {})
    mine = f"{key}-{entry['model']}"
    old = chosen.get(mine)
    epoch = st.select_slider(
        "Epoch",
        epochs,
        value=old if old in epochs else epochs[-1],
        key=f"{mine}-{len(epochs)}",
        help="The model as it was after this epoch; the newest is at the right end.",
    )
    chosen[mine] = None if epoch == epochs[-1] else epoch
    return f"{entry['model']}@{epoch}"


def describe(entry: ModelEntry) -> str:
    """What a model is, in a line."""
    parts = [entry["languages"], entry["licence"]]
    if entry["parameters"]:
        parts.insert(0, f"{entry['parameters'] / 1e6:.0f} million weights")
    facts = ", ".join(part for part in parts if part)
    return f"{entry['about']} {facts}{'.' if facts else ''}".strip()


def ask(model: str, tool: str, **values: Any) -> dict[str, Any]:
    """What a model's tool says. Raises StudioError."""
    return dict(routes.lab().ask(Subject("language-model", model), tool, values).about)


def load_all(names: list[str]) -> list[dict[str, Any]] | None:
    """What is known of the models once all are in memory; None while one is loaded, which the page shows.

    Raises:
        StudioError: one cannot be loaded.
    """
    found = [ask(name, "loading", wait=PATIENCE) for name in names]
    if all(status["state"] == "ready" for status in found):
        return found
    show_loading(names)
    return None


@st.fragment(run_every=POLL)
def show_loading(names: list[str]) -> None:
    """Say how far the loading is; when it is done, the whole page runs again."""
    where = f"loading {' '.join(names)}"
    if not is_refused(where):  # asked once more, it would begin once more
        try:
            found = [ask(name, "loading") for name in names]
        except StudioError as error:
            refuse(where, error)
    if is_refused(where):
        show_refusal(where)
        st.button(
            "Try again",
            key="language-again",
            icon=":material/refresh:",
            on_click=forget_refusal,
            help="Load the model again.",
        )
        return
    waiting = [status for status in found if status["state"] != "ready"]
    if not waiting:
        rerun()
    for status in waiting:
        st.info(f"{plain(status['said'])} {status['seconds']:.0f} s so far.", icon=":material/hourglass_top:")
