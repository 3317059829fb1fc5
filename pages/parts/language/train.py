"""Train: a small language model from scratch on one's own text, or a loaded one further; then watch it learn
to write.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.language.export import show_export
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS
from pages.parts.shared.asked import Asked
from pages.parts.shared.forms import help_text
from pages.parts.shared.go import link_here, rerun
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import (
    Form,
    Places,
    Recipe,
    new_run,
    open_here,
)
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.samples import show_samples
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import errors_shown, workspace
from selfsup_core.data.library.own import import_files
from selfsup_core.data.limits import LIMITS
from selfsup_core.data.sources import Source
from selfsup_core.inspection.loaded import RUN
from selfsup_core.models.gpt import SIZES
from selfsup_core.runs.assignments import values_at
from selfsup_core.runs.estimate import estimate
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, make_spec, value_at
from selfsup_core.settings import Setting
from selfsup_core.translation import tr, tr_later

CUSTOM = "as in the run"
SIZE_TITLES = {
    "tiny": tr_later("Tiny"),
    "small": tr_later("Small"),
    "medium": tr_later("Medium"),
    CUSTOM: tr_later("As in the run"),
}
SIZED_BY = tuple(SIZES["small"])
SIZED = tuple(f"model.{name}" for name in SIZED_BY)
MOST_PASTED = 2_000_000
LEAST_WORDS, LEAST_LETTERS = 20, 200
ADVANCED = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (
        *STEPS,
        "train.beta2",
        "train.devices",
        *(path for path in PACE if path != "train.epochs_per_second"),
    ),
    "Text": ("data.text_unit", *SPLIT),
    "Recording": ("frames.written", *KEPT),
}


def paste_text() -> None:
    """Import a pasted text as a data set."""
    if st.session_state.pop("paste-done", False):
        st.session_state["paste-open"] = False
    with st.popover(
        tr("Paste text"),
        icon=":material/content_paste:",
        width="stretch",
        key="paste-open",
        on_change="rerun",
    ):
        title = st.text_input(
            tr("Name"),
            key="paste-name",
            placeholder=tr("My text"),
            max_chars=80,
            help=tr("Name of the new data set."),
        )
        text = st.text_area(
            tr("Text"),
            key="paste-text",
            height=200,
            help=tr(
                "A few pages or more, at most {most_pasted:,} characters. Upload longer texts on the Data "
                "page."
            ).format(most_pasted=MOST_PASTED),
        )
        if st.button(
            tr("Use this text"),
            key="paste-use",
            type="primary",
            help=tr("Save it as a data set and choose it."),
        ):
            if problem := problem_of(text):
                st.error(problem, icon=":material/error:")
                return
            with errors_shown(), tempfile.TemporaryDirectory() as folder:
                name = "".join(c for c in title if c.isalnum() or c in " -_").strip() or tr("My text")
                path = Path(folder) / f"{name}.txt"
                path.write_text(text, "utf-8")
                st.session_state["lm-wanted"] = import_files(workspace(), [path])
                st.session_state["paste-done"] = True
                rerun()


def problem_of(text: str) -> str:
    """Why a pasted text cannot be used and what to do about it, or ""."""
    if not text.strip():
        return tr("There is no text yet. Paste some into the box above.")
    if len(text.split()) < LEAST_WORDS and len(text) < LEAST_LETTERS:
        return tr(
            "The text has {count:,} characters; at least {least_letters:,} are needed. Paste a longer text."
        ).format(count=len(text), least_letters=LEAST_LETTERS)
    if len(text) > MOST_PASTED:
        return tr(
            "The text has {count:,} characters; at most {most_pasted:,} can be pasted. "
            "Save it as a .txt file and upload it on the Data page."
        ).format(count=len(text), most_pasted=MOST_PASTED)
    longest = max(text.splitlines(), key=len)
    if len(longest.encode()) > LIMITS.line_bytes:
        return tr(
            "One line of the text has {count:,} characters; at most {line_bytes:,} bytes may "
            "stand in a line. Put line breaks between its paragraphs and paste it again."
        ).format(count=len(longest), line_bytes=LIMITS.line_bytes)
    return ""


def text_sources() -> dict[str, Source]:
    return usable_sources(lambda source: source.kind == "text")


def columns() -> Places | None:
    """None, and a word on what to do, when there is no text on this machine."""
    if not text_sources():
        paste_text()
        st.info(
            tr("There is no text on this machine yet. Paste one, or upload a file on the Data page."),
            icon=":material/info:",
        )
        return None
    data, model, size, epochs = st.columns((2, 2, 1.4, 1.2), vertical_alignment="bottom")
    prompt, paste, train, more = st.columns((3, 1.2, 1.2, 1.2), vertical_alignment="bottom")
    return Places(data, model, size, epochs, train, more, own=(prompt, paste))


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    """A text, a model and its size."""
    presets, sources = list_presets("language"), text_sources()
    source = choose_source(
        at.data,
        tr("Text"),
        sources,
        asked=asked,
        key="lm-data",
        default=preset_spec(next(iter(presets))).data.source,
        wanted=st.session_state.pop("lm-wanted", ""),
        help=tr("What the model learns from."),
    )
    preset = choose_preset(
        at.model,
        tr("Model"),
        list(presets),
        "language",
        asked=asked,
        key="lm-preset",
        default=next(iter(presets)),
    )
    plain = preset_spec(preset)
    base, size = choose_size(plain, at.detail, asked, preset)
    name = f"{sources[source].title}, {presets[preset]['title']}"
    return Recipe(
        preset,
        source,
        base,
        mark=preset,
        asked=asked,
        variant=f"{preset}{size}",
        values={"name": name},
        before=values_at(plain, SIZED) if size else {},
    )


def begin_size(base: RunSpec, asked: Asked) -> None:
    """Have the size be that of the model that is asked for, or the one that is most like it."""
    wanted = {name: asked.raw.get(f"model.{name}", value_at(base, f"model.{name}")) for name in SIZED_BY}
    alike = {size: sum(wanted[name] == own[name] for name in SIZED_BY) for size, own in SIZES.items()}
    found = max(alike, key=lambda size: alike[size])
    if asked.is_run and wanted != SIZES[found]:
        found = CUSTOM
        st.session_state[CUSTOM] = wanted
    st.session_state["lm-size"] = found


def choose_size(base: RunSpec, place: DeltaGenerator, asked: Asked, preset: str) -> tuple[RunSpec, str]:
    """The spec with a network of that size, and what tells it from other sizes."""
    if base.model.kind == "pretrained":
        place.selectbox(
            tr("Size"),
            ["fixed"],
            key="lm-size-fixed",
            disabled=True,
            help=tr("A pretrained model has a fixed size."),
        )
        return base, ""
    if asked.is_first("lm-size", preset):
        asked.given.add("lm-size")
        begin_size(base, asked)
    sizes = SIZES | ({CUSTOM: st.session_state[CUSTOM]} if CUSTOM in st.session_state else {})
    if st.session_state.get("lm-size") not in sizes:
        st.session_state["lm-size"] = list(SIZES)[1]
    chosen = place.selectbox(
        tr("Size"),
        list(sizes),
        key="lm-size",
        format_func=lambda size: tr(SIZE_TITLES[size]),
        help=tr(
            "Sets layers, heads, width and context together; each can be changed under Advanced. Small is "
            "nanoGPT's configuration for a CPU."
        ),
    )
    return make_spec(base.as_dict(), {f"model.{k}": v for k, v in sizes[chosen].items()}), f"-{chosen}"


def choose_prompt(recipe: Recipe, settings: Mapping[str, Setting], at: Places) -> dict[str, object]:
    setting, (prompt, paste) = settings["frames.prompt"], at.own
    with paste:
        paste_text()
    recipe.asked.begin(setting, "lm-prompt", recipe.base.frames.prompt)
    written = prompt.text_input(
        setting.title, key="lm-prompt", placeholder=tr("From your text when empty"), help=help_text(setting)
    )
    return {"frames.prompt": written}


FORM = Form(
    task="language",
    prefix="lm-",
    columns=columns,
    recipe=choose_recipe,
    detail=choose_prompt,
    groups=lambda recipe: ADVANCED,
    always="lm-data",
    offer=lambda recipe, spec: {"frames.prompt": None},
    address={"do": "train"},
)


def open_read_run() -> None:
    """Open the run whose model was looked at in the mode before, so that changing modes keeps it."""
    model = st.query_params.get("model", "")
    if model.startswith(RUN):
        run = model.removeprefix(RUN).partition("@")[0]
        st.query_params.from_dict({"do": "train", "run": run})


def show() -> None:
    """The whole mode."""
    open_read_run()
    spec = new_run(FORM).spec
    run = st.query_params.get("run", "")
    if not run:
        if spec:
            st.markdown(
                tr("Before you start: {sentence}.").format(sentence=estimate(spec, workspace()).sentence())
            )
            caption(
                tr(
                    "The model reads your text and learns to predict each [[token]] from those before it: "
                    "P(w₁…wₙ) = ∏ P(wᵢ | w₁…wᵢ₋₁). No labels are needed. An [[epoch]] is a fixed number of "
                    "steps; after each epoch the model writes a sample."
                )
            )
            show_samples(spec.data.source)
        return
    if not (asked := open_here(run, ("language",))):
        return
    folder, _ = asked
    show_run(folder.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        link_here(
            tr("Look inside this model"),
            icon=":material/visibility:",
            key="look-inside-this-model",
            params={"do": "inside", "model": f"run:{folder.id}"},
        )
        show_export(f"run:{folder.id}")
