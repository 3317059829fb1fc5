"""Look inside: how a model reads a text, its next token, its continuation; two models side by side."""

from __future__ import annotations

import contextlib
from typing import Any

import streamlit as st

from pages.parts.language.compare import show_comparison
from pages.parts.language.examples import offer
from pages.parts.language.export import show_export
from pages.parts.language.pick import ask, choose_model, choose_other, load_all, readable_models
from pages.parts.language.token_chart import BARS, token_chart
from pages.parts.language.writing import PROBLEM, SHAPE, TEXT, show_written, write_more
from pages.parts.shared.forms import widget
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.figures.tokens import (
    attention_figure,
    next_figure,
    power_of_ten,
    reading_figure,
)
from selfsup_core.inspection.loaded import RUN
from selfsup_core.inspection.questions.language import MOST_CHARACTERS, AttentionAsk, WriteAsk
from selfsup_core.inspection.remote_reading import REMOTE
from selfsup_core.pretrained.reading import Reading
from selfsup_core.settings import list_settings
from selfsup_core.tasks.parts.language_runs import held_out_lines
from selfsup_core.translation import tr
from selfsup_core.wording import counted, local

EXAMPLE = "The capital of France is Paris, and the capital of Italy is"
EXAMPLES = (
    EXAMPLE,
    "Once upon a time there was a small fox who",
    "One, two, three, four, five, six,",
    "def add(a, b):\n    return",
)
MASKED_EXAMPLES = (
    "Paris is the [MASK] of France.",
    "The doctor said that [MASK] would be late.",
)
LINES = 3  # of a run's validation text
SETTINGS = {s.path: s for config in (WriteAsk, AttentionAsk) for s in list_settings(config)}
STEPS = (1, 20)
SUGGESTED, KEPT = "language-suggested", "language-kept-text"


def suggest_text(model: str) -> None:
    """Fill the prompt with a line that the run was not trained on, unless something else was typed."""
    run = model.partition("@")[0]
    before: dict[str, Any] = st.session_state.setdefault(
        SUGGESTED, {"model": "", "text": EXAMPLE, "where": "", "lines": []}
    )
    if not run or run == before["model"]:
        return
    lines, where = [], ""
    if run.startswith(RUN):
        with contextlib.suppress(StudioError):  # its data set may have been deleted since
            lines, where = held_out_lines(workspace(), run.removeprefix(RUN), LINES)
    text = lines[0] if lines else EXAMPLE
    st.session_state[SUGGESTED] = {
        "model": run,
        "text": text,
        "where": where if lines else "",
        "lines": lines,
    }
    if st.session_state[TEXT] == before["text"]:
        st.session_state[TEXT] = text


def show_examples(model: str, kind: str) -> None:
    """Texts to begin with: of a run, lines that it has not trained on."""
    lines = st.session_state.get(SUGGESTED, {}).get("lines", [])
    is_run = model.startswith(RUN) and lines
    examples = lines if is_run else MASKED_EXAMPLES if kind == "masked" else EXAMPLES
    offer(tr("Try it with"), TEXT, list(examples))


def show_expected(kind: str) -> None:
    """Describe what will appear here once the model is in memory."""
    fills = kind == "masked"
    coming = (
        (
            tr("How likely is each token?"),
            tr("A bar for each token of the text: how well the model predicts it from ")
            + (tr("all other tokens.") if fills else tr("the tokens before it.")),
        ),
        (
            tr("What fits in the gap?") if fills else tr("What could come next?"),
            tr("The most likely tokens with their probabilities")
            + (tr(" for a gap of the text.") if fills else tr(", and buttons that let the model write on.")),
        ),
        (
            tr("What does each token look at?"),
            tr("The attention of each head, as a matrix of the text against itself."),
        ),
    )
    for column, (title, text) in zip(st.columns(3), coming, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.caption(text)


def show_reading(found: Reading) -> None:
    """Bars of token probabilities, and the totals."""
    token_chart(reading_figure(found), found["pieces"], key="language-bars")
    if found["log_probability"] is None:
        st.caption(tr("This text has no token that the model predicts."))
        return
    total, bits = found["log_probability"], found["bits_per_character"]
    perplexity = "∞" if found["perplexity"] is None else f"{found['perplexity']:,.2f}"
    bits_text = "–" if bits is None else local(f"{bits:.3f}")
    if found["kind"] == "masked":
        cells = [
            (
                tr("Pseudo-log-likelihood"),
                local(f"{total:.2f}"),
                tr(
                    "Sum of ln P(token | all others), each token hidden in turn. It is not a "
                    "probability of the "
                    "text."
                ),
            ),
            (
                tr("Pseudo-perplexity"),
                perplexity,
                tr("Not comparable with the perplexity of a causal model: exp(−sum ÷ tokens)."),
            ),
            (
                tr("Bits per character"),
                bits_text,
                tr("From the same sum; comparable between masked models only."),
            ),
        ]
    else:
        cells = [
            (
                tr("Product of all"),
                power_of_ten(total),
                tr("The probability of the whole text: P(w₁…wₙ) = ∏ P(wᵢ | w₁…wᵢ₋₁)."),
            ),
            (
                tr("Log-probability"),
                local(f"{total:.2f}"),
                tr("Its natural logarithm: the sum over the tokens."),
            ),
            (
                tr("Perplexity"),
                perplexity,
                tr("The number of equally likely tokens that the model chose among, on average."),
            ),
            (tr("Bits per character"), bits_text, tr("Comparable between models with different tokens.")),
        ]
    with st.container(key="language-metrics", horizontal=True):
        for name, value, help_ in cells:
            st.metric(name, value, help=help_)
    if found["note"]:
        st.caption(found["note"])


def choose_place(reading: Reading) -> int:
    """Which token of the text is hidden from a masked model: at first the first gap, or the last token."""
    pieces = reading["pieces"]
    gaps = [i for i, value in enumerate(reading["log_p"]) if value is None]
    return st.selectbox(
        tr("Place"),
        range(len(pieces)),
        index=gaps[0] if gaps else len(pieces) - 1,
        format_func=lambda i: f"{i + 1}: {pieces[i].replace(' ', '␣')}",
        key=f"language-place-{hash(tuple(pieces))}",
        help=tr(
            "This token is hidden, and the model predicts it from all other tokens. Or type [MASK] into the "
            "text."
        ),
    )


def show_next(model: str, reading: Reading, text: str) -> None:
    """What could come next, or stand in a gap, and the buttons that write."""
    is_masked = reading["kind"] == "masked"
    st.subheader(tr("What fits in the gap?") if is_masked else tr("What could come next?"), anchor=False)
    with st.container(key="language-shape"):
        columns = st.columns((1, 1, 1, 1.2, 1.2), vertical_alignment="bottom")
        values: dict[str, Any] = {}
        for column, name in zip(columns, SHAPE, strict=False):
            with column:
                values[name] = widget(SETTINGS[name], SETTINGS[name].default, key=f"language-{name}")
        if is_masked:
            with columns[3]:
                values["place"] = choose_place(reading)
        else:
            for column, count in zip(columns[3:], STEPS, strict=True):
                column.button(
                    tr("Write a token") if count == 1 else tr("Write {count} tokens").format(count=count),
                    key=f"language-write-{count}",
                    width="stretch",
                    on_click=write_more,
                    args=(model, count),
                    help=tr("Sampled from the distribution after temperature, top-k and top-p."),
                    icon=":material/edit:",
                )
    if not is_masked:
        show_written()  # beside the buttons: at the text above, it would be out of view
    with errors_shown():
        rows = ask(model, "next", text=text, **values)["next"]
        st.plotly_chart(next_figure(rows), key="language-next", config=BARS)
        if is_masked:
            st.caption(tr("A masked model fills gaps; it cannot continue a text."))


def show_attention(model: str, text: str) -> None:
    """Heat map of one attention head; drawn only while its section is open."""
    with st.expander(tr("What does each token look at?"), key="language-attention", on_change="rerun") as box:
        if not box.open:
            return
        where = {}
        for column, name in zip(st.columns((1, 1, 3)), ("layer", "head"), strict=False):
            with column:
                where[name] = widget(SETTINGS[name], 0, key=f"language-{name}")
        found = ask(model, "attention", text=text, **where)
        looks_ahead = found["kind"] != "causal"
        figure = attention_figure(found["pieces"], found["weights"], looks_ahead=looks_ahead)
        token_chart(figure, found["pieces"], key="language-heat")
        among = tr("all tokens") if looks_ahead else tr("itself and those before it")
        st.caption(
            tr(
                "{layers} with {heads} heads each. Each row is a token; its colors show how "
                "it distributes its "
                "attention over {among}. Attention is a hint, not an explanation."
            ).format(layers=counted(found["layers"], "layer"), heads=found["heads"], among=among)
        )


def take_run() -> None:
    """Begin with the run that is open on the page, unless the address names a model."""
    if (run := st.query_params.get("run", "")) and "model" not in st.query_params:
        st.query_params["model"] = f"{RUN}{run}"


def show() -> None:
    """The whole mode."""
    take_run()
    st.session_state.setdefault(TEXT, st.session_state.get(KEPT, EXAMPLE))
    models = readable_models()
    left, right = st.columns((1, 2), gap="large")
    with left:
        model = choose_model(models)
        other = choose_other(models)
        if model.startswith(RUN):
            show_export(model)
    suggest_text(model)
    with right:
        text = st.text_area(
            tr("Text"),
            key=TEXT,
            height=190,
            help=tr(
                "One bar per token: how likely it is given everything before it. For a masked model, [MASK] "
                "is a gap."
            ),
        )
        st.session_state[KEPT] = text
        suggested = st.session_state.get(SUGGESTED, {})
        if suggested.get("where") and text == suggested["text"]:
            st.caption(
                tr("From the {where}, which this run was not trained on.").format(
                    where=plain(suggested["where"])
                )
            )
        if len(text) > MOST_CHARACTERS:
            st.warning(
                tr("The text has {count:,} characters; the first {most_characters:,} are read.").format(
                    count=len(text), most_characters=MOST_CHARACTERS
                ),
                icon=":material/info:",
            )
            text = text[:MOST_CHARACTERS]
        kind = models.get(model.partition("@")[0], {}).get("kind", "")
        show_examples(model, kind)
    if problem := st.session_state.pop(PROBLEM, ""):
        st.warning(plain(problem), icon=":material/info:")
    if not model:
        st.caption(tr("Choose a model to begin."))
        show_expected(kind)
        return
    with errors_shown():
        if load_all([model, *([other] if other and other != REMOTE else [])]) is None:
            show_expected(kind)
            return
        with st.spinner(tr("Reading …")):
            reading = ask(model, "read", text=text)
        st.subheader(tr("How likely is each token?"), anchor=False)
        if other:
            with errors_shown():
                show_comparison(model, reading, other, text)
        else:
            show_reading(reading)
        show_next(model, reading, text)
        show_attention(model, text)
