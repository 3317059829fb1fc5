"""Train: a small language model from scratch on one's own text, or a loaded one further; then watch it learn to write."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.language.export import show_export
from pages.parts.shared.advanced import choose_advanced
from pages.parts.shared.forms import help_text
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.live import open_asked, show_run
from pages.parts.shared.new_run import choose_source, form_place, start_clicked, take_over, train_button
from pages.parts.shared.runlist import AUTOENCODER, PAGES
from pages.parts.shared.samples import show_samples
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.library.own import import_files
from selfsup_core.data.limits import LIMITS
from selfsup_core.data.sources import list_sources
from selfsup_core.models.gpt import SIZES
from selfsup_core.runs.compose import compose_spec
from selfsup_core.runs.estimate import estimate
from selfsup_core.runs.spec import RunSpec, known_settings, list_presets, make_spec, preset_spec

CUSTOM = "as in the run"
MOST_PASTED = 2_000_000
LEAST_WORDS, LEAST_LETTERS = 20, 200
ADVANCED = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (
        "train.steps_per_epoch",
        "train.learning_rate",
        "train.schedule",
        "train.warmup_steps",
        "train.batch_size",
        "train.accumulation",
        "train.weight_decay",
        "train.beta2",
        "train.clip_norm",
        "train.patience",
        "train.device",
        "train.threads",
        "seed",
    ),
    "Text": ("data.text_unit", "data.validation", "data.test", "data.split_seed"),
    "Recording": ("frames.written", "frames.max_frames", "frames.weights_megabytes"),
}


def paste_text() -> None:
    """Import a pasted text as a data set."""
    if st.session_state.pop("paste-done", False):
        st.session_state["paste-open"] = False
    with st.popover(
        "Paste text", icon=":material/content_paste:", width="stretch", key="paste-open", on_change="rerun"
    ):
        title = st.text_input(
            "Name", key="paste-name", placeholder="My text", max_chars=80, help="Name of the new data set."
        )
        text = st.text_area(
            "Text",
            key="paste-text",
            height=200,
            help=f"A few pages or more, at most {MOST_PASTED:,} characters. Upload longer texts on the Data page.",
        )
        if st.button(
            "Use this text", key="paste-use", type="primary", help="Save it as a data set and choose it."
        ):
            if problem := problem_of(text):
                st.error(problem, icon=":material/error:")
                return
            with errors_shown(), tempfile.TemporaryDirectory() as folder:
                name = "".join(c for c in title if c.isalnum() or c in " -_").strip() or "My text"
                path = Path(folder) / f"{name}.txt"
                path.write_text(text, "utf-8")
                st.session_state["lm-wanted"] = import_files(workspace(), [path])
                st.session_state["paste-done"] = True
                rerun()


def problem_of(text: str) -> str:
    """Why a pasted text cannot be used and what to do about it, or ""."""
    if not text.strip():
        return "There is no text yet. Paste some into the box above."
    if len(text.split()) < LEAST_WORDS and len(text) < LEAST_LETTERS:
        return f"The text has {len(text):,} characters; at least {LEAST_LETTERS:,} are needed. Paste a longer text."
    if len(text) > MOST_PASTED:
        return (
            f"The text has {len(text):,} characters; at most {MOST_PASTED:,} can be pasted. "
            "Save it as a .txt file and upload it on the Data page."
        )
    longest = max(text.splitlines(), key=len)
    if len(longest.encode()) > LIMITS.line_bytes:
        return (
            f"One line of the text has {len(longest):,} characters; at most {LIMITS.line_bytes:,} bytes may stand in a line. "
            "Put line breaks between its paragraphs and paste it again."
        )
    return ""


def choose_spec() -> tuple[RunSpec | None, str, bool]:
    """The row of controls: (spec or None when it is not valid, preset, whether Train was clicked)."""
    presets = list_presets("language")
    sources = {
        name: source
        for name, source in list_sources(workspace()).items()
        if source.kind == "text" and not source.missing()
    }
    if not sources:
        paste_text()
        st.info(
            "There is no text on this machine yet. Paste one, or upload a file on the Data page.",
            icon=":material/info:",
        )
        return None, "", False
    data, model, size, epochs = st.columns((2, 2, 1.4, 1.2), vertical_alignment="bottom")
    source = choose_source(
        data,
        "Text",
        {n: s.title for n, s in sources.items()},
        key="lm-data",
        default=preset_spec(next(iter(presets))).data.source,
        wanted=st.session_state.pop("lm-wanted", ""),
        help="What the model learns from.",
    )
    preset = model.selectbox(
        "Model",
        list(presets),
        key="lm-preset",
        format_func=lambda n: presets[n]["title"],
        help=presets[st.session_state.get("lm-preset", next(iter(presets)))]["about"],
    )
    base = preset_spec(preset)
    settings = known_settings(base)
    name = preset
    values: dict[str, Any] = {
        "data.source": source,
        "name": f"{sources[source].title}, {presets[name]['title']}",
    }
    with size:
        if base.model.kind == "pretrained":
            st.selectbox(
                "Size",
                ["fixed"],
                key="lm-size-fixed",
                disabled=True,
                help="A pretrained model has a fixed size.",
            )
        else:
            sizes = SIZES | ({CUSTOM: st.session_state[CUSTOM]} if CUSTOM in st.session_state else {})
            if st.session_state.get("lm-size") not in sizes:
                st.session_state["lm-size"] = list(SIZES)[1]
            chosen = st.selectbox(
                "Size",
                list(sizes),
                key="lm-size",
                format_func=str.capitalize,
                help="Sets layers, heads, width and context together; each can be changed under Advanced. Small is nanoGPT's configuration for a CPU.",
            )
            base = make_spec(base.as_dict(), {f"model.{k}": v for k, v in sizes[chosen].items()})
            preset = f"{preset}-{chosen}"
    with epochs:
        entry = settings["train.epochs"]
        st.session_state.setdefault(f"lm-epochs-{name}", base.train.epochs)
        values["train.epochs"] = st.number_input(
            entry.title,
            int(entry.low or 1),
            int(entry.high or 1_000_000),
            key=f"lm-epochs-{name}",
            help=help_text(entry),
        )
    prompt, paste, train, more = st.columns((3, 1.2, 1.2, 1.2), vertical_alignment="bottom")
    values["frames.prompt"] = prompt.text_input(
        settings["frames.prompt"].title,
        key="lm-prompt",
        placeholder="From your text when empty",
        help=help_text(settings["frames.prompt"]),
    )
    with paste:
        paste_text()
    with more.popover("Advanced", icon=":material/tune:", width="stretch"):
        values |= choose_advanced(base, settings, ADVANCED, preset, source)
    clicked = train_button(train, "lm-train")
    with errors_shown():
        return compose_spec(workspace(), partial(make_spec, base.as_dict()), values), name, clicked
    return None, name, clicked


def controls_of(preset: str, state: dict[str, Any], spec: RunSpec) -> dict[str, Any]:
    """Widget keys and what they show for a run."""
    found = {
        "lm-preset": preset,
        "lm-data": state["source"],
        "lm-prompt": spec.frames.prompt,
        f"lm-epochs-{preset}": spec.train.epochs,
    }
    if spec.model.kind != "pretrained":
        own = {name: getattr(spec.model, name) for name in ("layers", "heads", "width", "context")}
        size = next((name for name, values in SIZES.items() if values == own), CUSTOM)
        found["lm-size"] = size
        if size == CUSTOM:
            st.session_state[CUSTOM] = own
    return found


def show() -> None:
    """The whole mode."""
    take_over(st.query_params.get("run", ""), task="language", keys=controls_of)
    with form_place(st.query_params.get("run", "")):
        spec, preset, clicked = choose_spec()
    if clicked and spec:
        start_clicked(spec, preset=preset, button="lm-train", do="train")
    run = st.query_params.get("run", "")
    if not run:
        if spec:
            st.markdown(f"Before you start: {estimate(spec, workspace()).sentence()}.")
            st.caption(
                "P(w₁…wₙ) = ∏ P(wᵢ | w₁…wᵢ₋₁): the model reads your text and learns to predict each token from those "
                "before it. No labels are needed. An epoch is a fixed number of steps; after each epoch the model writes a sample."
            )
            show_samples(spec.data.source)
        return
    if not (asked := open_asked(run)):
        return
    folder, state = asked
    page, mode = PAGES.get(state.get("task", ""), AUTOENCODER)
    if state.get("task") != "language":
        st.switch_page(page, query_params={"run": folder.id} | ({"do": mode} if mode else {}))
    show_run(folder.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        link_here(
            "Look inside this model",
            icon=":material/visibility:",
            key="look-inside-this-model",
            params={"do": "inside", "model": f"run:{folder.id}"},
        )
        show_export(f"run:{folder.id}")
