"""Choosing the language model to look inside: built-in, downloaded, a run at an epoch, or a folder."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.shared import routes, viewer
from pages.parts.shared.choice import choose_asked, take_typed, write_asked
from pages.parts.shared.epochs import asked_epoch, is_wish, refuse_epoch, write_epoch
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
from selfsup_core.translation import tr, tr_later

FOLDER = tr_later("a folder on this machine")
NONE = "none"
MOST_RUNS = 40
READS = ("causal", "masked")
PATIENCE = 1.5  # seconds that a page waits before it says that a model is being loaded
POLL = 1.0
HELP = tr_later("A model on this machine: built-in, downloaded under Models, or a run of your own.")


def secrets() -> dict[str, Any] | None:
    """Streamlit's secrets, where there are any; none in a room, whose people may not use the host's keys."""
    if viewer.in_room():
        return None
    try:
        return st.secrets.to_dict()
    except (FileNotFoundError, OSError, ValueError, KeyError):
        return None


def readable_models() -> dict[str, ModelEntry]:
    """Models that predict tokens, by name."""
    entries = [e for e in list_models(workspace()) if e["kind"] in READS]
    runs = [e for e in entries if e["model"].startswith(RUN)]
    asked = (st.query_params.get("model", ""), st.query_params.get("other", ""))
    runs = [e for place, e in enumerate(runs) if place < MOST_RUNS or e["model"] in asked]
    return {e["model"]: e for e in entries if not e["model"].startswith(RUN) or e in runs}


def label(entry: ModelEntry) -> str:
    if "epochs" not in entry:
        return entry["title"]
    running = " (training)" if entry["status"] == "running" else ""
    return f"Run: {entry['title']}{running}"


def choose_model(models: dict[str, ModelEntry]) -> str:
    """The name of the chosen model, or "" when there is none yet."""
    labels = {name: label(entry) for name, entry in models.items()}
    if serves_this_machine_only():
        labels |= {FOLDER: FOLDER}
        take_typed("model", key="language-model", option=FOLDER, field="language-folder")
    if not labels:
        return ""
    forget_epoch("model", "language-model", "epoch")
    name = choose_asked(
        st,
        tr("Model"),
        labels,
        key="language-model",
        param="model",
        default=next(iter(labels)),
        refusal=refuse_model,
        writes=True,
        unwritten=(FOLDER,),
        drops=("epoch",),
        help=HELP,
    )
    if name is None:
        return ""
    if name == FOLDER:
        return choose_folder("language-folder", key="language-model", param="model")
    entry = models[name]
    if entry["missing"]:
        st.warning(entry["missing"], icon=":material/download:")
        return ""
    st.caption(plain(describe(entry)))
    return choose_epoch(entry, "epoch")


def refuse_model(name: str) -> str:
    return tr(
        "There is no model {name!r} on this machine. It may have been deleted, or its weights are not here."
    ).format(name=name)


def choose_other(models: dict[str, ModelEntry]) -> str:
    """The model to compare with, or ""."""
    remote = remote_title(secrets())
    labels = {NONE: NONE} | {n: label(e) for n, e in models.items() if not e["missing"]}
    if serves_this_machine_only():
        labels |= {FOLDER: FOLDER}
        take_typed("other", key="language-other", option=FOLDER, field="language-other-folder")
    labels |= {REMOTE: f"{remote} (remote)"} if remote else {}
    asked = st.query_params.get("other", "")
    if asked == REMOTE and st.session_state.get("language-other-taken") != REMOTE:
        st.session_state["language-remote-asked"] = False  # by a link: the text is not sent before a click
    forget_epoch("other", "language-other", "other-epoch")
    name = choose_asked(
        st,
        tr("Compare with"),
        labels,
        key="language-other",
        param="other",
        default=NONE,
        refusal=refuse_model,
        writes=True,
        unwritten=(NONE, FOLDER),
        drops=("other-epoch",),
        help=tr("A second model on the same text. To compare two epochs of a run, choose the run twice."),
    )
    if name is None:
        return ""
    if name == NONE:
        st.query_params.pop("other", None)
        return ""
    if name == FOLDER:
        return choose_folder("language-other-folder", key="language-other", param="other")
    if name == REMOTE:
        st.caption(tr("Your text is sent to that server."))
        if st.session_state.setdefault("language-remote-asked", True):
            return REMOTE
        st.button(
            tr("Ask the remote model"), key="language-remote-go", icon=":material/send:", on_click=ask_remote
        )
        return ""
    return choose_epoch(models[name], "other-epoch")


def ask_remote() -> None:
    st.session_state["language-remote-asked"] = True


def forget_epoch(param: str, key: str, epoch: str) -> None:
    """A model that a link asks for is shown at the link's epoch, and not at the one that was chosen
    before.
    """
    asked = st.query_params.get(param, "")
    if asked and st.session_state.get(f"{key}-taken") != asked:
        st.session_state.setdefault("language-epochs", {}).pop(f"{epoch}-{asked}", None)


def choose_folder(field: str, *, key: str, param: str) -> str:
    path = st.text_input(
        tr("Folder"),
        key=field,
        placeholder="/home/me/models/my-gpt",
        label_visibility="collapsed",
        help=tr(
            "A folder in Hugging Face's layout: config.json, *.safetensors and a tokenizer. No code is run."
        ),
    ).strip()
    if path:
        write_asked(path, key=key, param=param)
    else:
        st.query_params.pop(param, None)
    return path


def choose_epoch(entry: ModelEntry, param: str) -> str:
    """The name of a run's model at an epoch; the newest one is followed while the run continues. "" while one
    is refused.
    """
    epochs, owner = entry.get("epochs", []), entry["model"]
    wanted = asked_epoch(epochs, param=param)
    if refuse_epoch(epochs, owner, of=tr("The model {title!r}").format(title=entry["title"]), param=param):
        return ""
    if len(epochs) < 2:
        return owner
    chosen: dict[str, int | None] = st.session_state.setdefault("language-epochs", {})
    mine = f"{param}-{owner}"
    key = f"language-{mine}-{len(epochs)}"
    if is_wish(owner, param=param):
        chosen[mine] = wanted
        st.session_state.pop(key, None)
    old = chosen.get(mine, wanted)
    epoch = st.select_slider(
        tr("Epoch"),
        epochs,
        value=old if old in epochs else epochs[-1],
        key=key,
        help=tr("The model as it was after this epoch; the newest is at the right end."),
    )
    chosen[mine] = None if epoch == epochs[-1] else epoch
    write_epoch(chosen[mine], owner, param=param)
    return f"{owner}@{epoch}"


def describe(entry: ModelEntry) -> str:
    """What a model is, in a line."""
    parts = [entry["languages"], entry["licence"]]
    if entry["parameters"]:
        parts.insert(0, tr("{parameters:.0f} million weights").format(parameters=entry["parameters"] / 1e6))
    facts = ", ".join(part for part in parts if part)
    return f"{entry['about']} {facts}{'.' if facts else ''}".strip()


def ask(model: str, tool: str, **values: Any) -> dict[str, Any]:
    """Ask a question about a model. Raises StudioError."""
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
    """Show the progress of loading; rerun the page when it is done."""
    where = tr("loading {names}").format(names=" ".join(names))
    if not is_refused(where):  # asking again would start loading again
        try:
            found = [ask(name, "loading") for name in names]
        except StudioError as error:
            refuse(where, error)
    if is_refused(where):
        show_refusal(where)
        st.button(
            tr("Try again"),
            key="language-again",
            icon=":material/refresh:",
            on_click=forget_refusal,
            help=tr("Load the model again."),
        )
        return
    waiting = [status for status in found if status["state"] != "ready"]
    if not waiting:
        rerun()
    for status in waiting:
        st.info(
            tr("{said} {seconds:.0f} s so far.").format(
                said=plain(status["said"]), seconds=status["seconds"]
            ),
            icon=":material/hourglass_top:",
        )
