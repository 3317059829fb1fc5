"""Look inside: a text as the model reads it, what it would say next, and what it writes."""

from __future__ import annotations

import random
from typing import Any

import streamlit as st

from pages.parts import routes
from pages.parts.forms import widget
from pages.parts.workspace import errors_shown, plain, serves_this_machine_only
from selfsup_core.errors import StudioError
from selfsup_core.figures.tokens import attention_figure, next_figure, power_of_ten, reading_figure
from selfsup_core.lab.language import MOST_CHARACTERS, AttentionAsk, WriteAsk
from selfsup_core.models.pretrained import BUILT_IN, explain_missing
from selfsup_core.settings import list_settings

EXAMPLE = "The capital of France is Paris, and the capital of Italy is"
FOLDER = "a folder on this machine"
SETTINGS = {s.path: s for config in (WriteAsk, AttentionAsk) for s in list_settings(config)}
BARS = {"displayModeBar": False}
STEPS = (1, 20)
SHAPE = ("temperature", "top_k", "top_p")


def choose_model() -> str:
    """A built-in model's name, a folder's path, or ""."""
    name = st.selectbox(
        "Model", [*BUILT_IN, *([FOLDER] if serves_this_machine_only() else [])], key="language-model",
        format_func=lambda key: BUILT_IN[key].title if key in BUILT_IN else key,
        help="A generator that is on this machine. Nothing is downloaded.",
    )  # fmt: skip
    if name == FOLDER:
        return st.text_input(
            "Folder", key="language-folder", placeholder="/home/me/models/my-gpt",
            help="A folder in Hugging Face's layout: config.json, *.safetensors and a tokenizer. No code is run.",
        ).strip()  # fmt: skip
    model = BUILT_IN[name]
    if missing := explain_missing(model):
        st.warning(missing, icon=":material/download:")
        return ""
    st.caption(
        f"{model.about} {model.parameters / 1e6:.0f} million weights, {model.languages}, {model.licence}."
    )
    return name


def ask(model: str, tool: str, **values: Any) -> dict[str, Any]:
    return routes.lab().ask_model(model, tool, values)


def write_more(model: str, tokens: int) -> None:
    """Let the model go on; its words come behind the text."""
    # Read here: arguments of a button are those of the last whole run, a changed number may be newer.
    shape = {name: st.session_state[f"language-{name}"] for name in SHAPE}
    try:
        made = ask(
            model, "write", text=st.session_state["language-text"], tokens=tokens,
            seed=random.randrange(2**31), **shape,
        )  # fmt: skip
    except StudioError as error:
        st.session_state["language-problem"] = str(error)
        return
    if not made["text"]:
        st.session_state["language-problem"] = "The model ended the text here."
    text = st.session_state["language-text"] + made["text"]
    if len(text) > MOST_CHARACTERS:
        st.session_state["language-problem"] = f"The text ends at {MOST_CHARACTERS:,} characters."
    st.session_state["language-text"] = text[:MOST_CHARACTERS]


def show_reading(found: dict[str, Any]) -> None:
    """The bars, and what they come to."""
    st.plotly_chart(
        reading_figure(found["pieces"], found["log_p"], found["alternatives"]),
        key="language-bars", config=BARS,
    )  # fmt: skip
    if found["log_probability"] is None:
        st.caption("One token, and nothing before it: there is nothing to foretell.")
        return
    total = found["log_probability"]
    cells = [
        ("Product of all", power_of_ten(total), "P(w₁…wₙ) = ∏ P(wᵢ | w₁…wᵢ₋₁)."),
        ("Log-probability", f"{total:.2f}", "Its natural logarithm: the sum over the tokens."),
        ("Perplexity", f"{found['perplexity']:.2f}", "Of how many equally likely tokens the model chose, on average."),
        ("Bits a character", f"{found['bits_per_character']:.3f}", "Comparable between models with different tokens."),
    ]  # fmt: skip
    with st.container(key="language-metrics", horizontal=True):
        for name, value, help_ in cells:
            st.metric(name, value, help=help_)
    if found["note"]:
        st.caption(found["note"])


def show_next(model: str, shape: dict[str, Any], text: str) -> None:
    rows = ask(model, "next", text=text, **shape)["next"]
    st.plotly_chart(next_figure(rows), key="language-next", config=BARS)


def show_attention(model: str, text: str) -> None:
    """One head's shares as a map; drawn only when somebody opens it."""
    with st.expander(
        "What does each token look at?", key="language-attention", on_change="rerun"
    ) as box:
        if not box.open:
            return
        where = {}
        for column, name in zip(st.columns((1, 1, 3)), ("layer", "head"), strict=False):
            with column:
                where[name] = widget(SETTINGS[name], 0, key=f"language-{name}")
        found = ask(model, "attention", text=text, **where)
        st.plotly_chart(
            attention_figure(found["pieces"], found["weights"]), key="language-heat", config=BARS
        )
        st.caption(
            f"{found['layers']} layers with {found['heads']} heads each. A row is a token, its colors how it shares its "
            "attention among itself and those before it. Attention is a hint, not an explanation."
        )


def show() -> None:
    """The whole mode."""
    st.session_state.setdefault("language-text", EXAMPLE)
    left, right = st.columns((1, 2), gap="large")
    with left:
        model = choose_model()
    with right:
        text = st.text_area(
            "Text", key="language-text", height=104, max_chars=MOST_CHARACTERS,
            help="One bar a token: how likely it is after everything before it.",
        )  # fmt: skip
    if problem := st.session_state.pop("language-problem", ""):
        st.warning(plain(problem), icon=":material/info:")
    if not model:
        st.caption("Choose a model to begin.")
        return
    with (
        errors_shown(),
        st.spinner("Reading. The first time a model is unpacked: about half a minute."),
    ):
        st.subheader("How likely is each token?", anchor=False)
        show_reading(ask(model, "read", text=text))
    st.subheader("What could come next?", anchor=False)
    with st.container(key="language-shape"):
        columns = st.columns((1, 1, 1, 1.2, 1.2), vertical_alignment="bottom")
        shape = {}
        for column, name in zip(columns, SHAPE, strict=False):
            with column:
                shape[name] = widget(SETTINGS[name], SETTINGS[name].default, key=f"language-{name}")
        for column, count in zip(columns[3:], STEPS, strict=True):
            column.button(
                "Write a token" if count == 1 else f"Write {count} tokens", key=f"language-write-{count}",
                width="stretch", on_click=write_more, args=(model, count),
                help="Drawn from the reshaped distribution.", icon=":material/edit:",
            )  # fmt: skip
    with errors_shown():
        show_next(model, shape, text)
    with errors_shown():
        show_attention(model, text)
