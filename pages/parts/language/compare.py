"""Two models on one text: token probabilities, totals, and the parts on which they differ most."""

from __future__ import annotations

import math

import streamlit as st

from pages.parts.language.pick import ask, secrets
from pages.parts.language.token_chart import token_chart
from pages.parts.shared.workspace import plain
from selfsup_core.evaluate.reading.comparing import Comparison, compare_readings
from selfsup_core.figures.comparison import comparison_figure
from selfsup_core.figures.tokens import power_of_ten
from selfsup_core.inspection.remote_reading import REMOTE, read_remote
from selfsup_core.pretrained.reading import Reading
from selfsup_core.translation import tr
from selfsup_core.wording import local

MOST_PARTS = 6
MOST_KEPT = 20
LARGE = math.log(10_000)


def read_other(other: str, text: str) -> Reading:
    """The other model's reading; a remote one is asked once for a text, since it may cost."""
    if other != REMOTE:
        return ask(other, "read", text=text)
    kept = st.session_state.setdefault("language-remote", {})
    if text not in kept:
        with st.spinner(tr("Asking the remote model …")):
            found = read_remote(text, secrets())
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)))
        kept[text] = found
    return kept[text]


def names_of(readings: list[Reading]) -> list[str]:
    """The models' titles; distinguished where they are the same."""
    names = [r["title"] if r["epoch"] is None else f"{r['title']}, epoch {r['epoch']}" for r in readings]
    return names if names[0] != names[1] else [f"A: {names[0]}", f"B: {names[1]}"]


def show_comparison(model: str, first: Reading, other: str, text: str) -> None:
    """Raises StudioError when the other model cannot read the text."""
    readings = [first, read_other(other, text)]
    names = names_of(readings)
    figure = comparison_figure(tuple(readings), tuple(names), text)
    token_chart(figure, max((r["pieces"] for r in readings), key=len), key="language-comparison")
    found = compare_readings(*readings, text)
    whole, parts = st.columns(2, gap="large")
    with whole:
        show_totals(readings, names, found)
    with parts:
        show_parts(names, found)
    for name, reading in zip(names, readings, strict=True):
        if reading["note"]:
            st.caption(f"{plain(name)}: {plain(reading['note'])}")


def show_totals(readings: list[Reading], names: list[str], found: Comparison) -> None:
    totals, kinds = found["totals"], {reading["kind"] for reading in readings}
    st.markdown(tr("**The whole text**"))
    columns = {tr("Model"): names}
    is_masked = kinds == {"masked"}
    for title, key, digits in (
        (tr("Bits per character"), "bits_per_character", 3),
        (tr("Pseudo-log-lik.") if is_masked else tr("Log-probability"), "log_probability", 2),
        (tr("Pseudo-perplexity") if is_masked else tr("Perplexity"), "perplexity", 2),
    ):
        columns[title] = ["–" if t[key] is None else f"{t[key]:,.{digits}f}" for t in totals]
    st.dataframe(columns, hide_index=True, width="stretch", key="language-totals")
    if len(kinds) > 1:
        said = tr(
            "A masked model sees both sides of a token, a causal model only what comes before it: their "
            "numbers are not comparable."
        )
    elif not found["parts"]:
        said = tr("There is no part of the text that both models predict.")
    elif found["same_tokens"]:
        said = tr("Both models split the text into the same tokens, so all three numbers are comparable.")
    else:
        said = tr(
            "Their tokens differ: bits per character are comparable, but perplexity is not, since it is per "
            "token."
        )
    if found["parts"]:
        said += tr(" Measured on the {characters:,} characters that both predict.").format(
            characters=found["characters"]
        )
    st.caption(said)


def times(log_ratio: float) -> str:
    """e^x as a factor: "1.3", "903", "2.4 × 10⁷"."""
    if log_ratio > LARGE:
        return power_of_ten(log_ratio)
    factor = math.exp(log_ratio)
    return local(f"{factor:.2f}" if factor < 10 else f"{factor:,.0f}")


def show_parts(names: list[str], found: Comparison) -> None:
    ranked = sorted(found["parts"], key=lambda part: -abs(part["difference"]))
    ranked = [part for part in ranked if abs(part["difference"]) > 1e-4][:MOST_PARTS]
    st.markdown(tr("**Where they differ most**"))
    if not ranked:
        st.caption(tr("They do not differ."))
        return
    rows = {
        tr("Part"): [part["text"].replace("\n", "⏎") for part in ranked],
        **{
            tr("P by {value}").format(value="AB"[i]): [power_of_ten(part["log_p"][i]) for part in ranked]
            for i in (0, 1)
        },
        tr("More likely by"): [
            f"{'A' if part['difference'] > 0 else 'B'}, × {times(abs(part['difference']))}" for part in ranked
        ],
    }
    st.dataframe(rows, hide_index=True, width="stretch", key="language-parts")
    if not names[0].startswith("A: "):
        st.caption(tr("A is {names}, B is {names_2}.").format(names=plain(names[0]), names_2=plain(names[1])))
