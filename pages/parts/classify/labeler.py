"""A language model as proposer: model, prompt, and a trial on a few rows; after a run, all its answers."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from pages.parts.shared import routes
from pages.parts.shared.choice import choose_one
from pages.parts.shared.forms import help_text, number_field
from pages.parts.shared.new_run import Recipe
from pages.parts.shared.remote import show_remote_settings
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import open_source
from selfsup_core.errors import StudioError
from selfsup_core.inspection.catalogue import ModelEntry, list_models
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import value_at
from selfsup_core.settings import Setting
from selfsup_core.tasks.parts.labelers import PROMPTS, asking, read_said, said_row, trial_rows
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import ROW, percent

TRIED = 5
MOST_SHOWN = 200
NAMES = {
    "zero-shot": tr_later("Likeliest name"),
    "generated": tr_later("Its answer"),
    "remote": tr_later("Remote model"),
}


def offer_labeler(how: str) -> dict[str, Collection[object] | None]:
    """Path → what may be chosen there, None for anything."""
    names = [entry["model"] for entry in list_models(workspace()) if is_usable(entry)]
    model: dict[str, Collection[object] | None] = {} if how == "remote" else {"objective.labeler": names}
    return model | {"objective.labeler_rows": None, "objective.labeler_prompt": None}


def choose_labeler(recipe: Recipe, settings: Mapping[str, Setting], how: str) -> dict[str, object]:
    """Path → value of the settings of a language model as proposer."""
    asked, base, source = recipe.asked, recipe.base.objective, recipe.source
    model, rows = st.columns((3, 1), vertical_alignment="bottom")
    values: dict[str, object] = {}
    if how == "remote":
        show_remote(model)
        with st.expander(tr("Connection"), icon=":material/cloud_upload:"):
            show_remote_settings("pseudo-remote")
    else:
        models = {e["model"]: e["title"] for e in list_models(workspace()) if is_usable(e)}
        if not models:
            model.warning(
                tr("There is no causal language model on this machine."), icon=":material/download:"
            )
            return {}
        asked.begin(settings["objective.labeler"], "pseudo-labeler", value_at(base, "labeler"))
        if st.session_state.get("pseudo-labeler") not in models:
            st.session_state["pseudo-labeler"] = next(iter(models))
        values["objective.labeler"] = choose_one(
            model,
            tr("Language model"),
            models,
            key="pseudo-labeler",
            help=help_text(settings["objective.labeler"]),
        )
    entry = settings["objective.labeler_rows"]
    asked.begin(entry, "pseudo-labeler-rows", value_at(base, "labeler_rows"))
    values["objective.labeler_rows"] = number_field(
        rows, tr("Rows asked about"), 0, 10_000_000, key="pseudo-labeler-rows", help=help_text(entry)
    )
    asked.begin(
        settings["objective.labeler_prompt"],
        f"pseudo-prompt-{how}",
        value_at(base, "labeler_prompt"),
        lambda own: own or PROMPTS[how],
    )
    prompt = st.text_area(
        tr("Prompt"),
        key=f"pseudo-prompt-{how}",
        height=150,
        help=tr("{text} and {classes} stand for the text and the classes' names."),
    )
    values["objective.labeler_prompt"] = "" if prompt == PROMPTS[how] else prompt
    show_trial(how, source, prompt, values.get("objective.labeler", ""))
    return values


def is_usable(entry: ModelEntry) -> bool:
    return entry["kind"] == "causal" and not entry["missing"]


def show_remote(place: Any) -> None:
    """Where texts are sent, and what it may cost; or how to configure it."""
    from selfsup_core.pretrained.remote import read_config, read_connection

    try:
        connection, config = read_connection(os.environ), read_config(os.environ)
    except StudioError as error:
        place.warning(plain(str(error)), icon=":material/cloud_off:")
        return
    price = (
        tr("{price_in:g} and {price_out:g} per million tokens read and written").format(
            price_in=config.price_in, price_out=config.price_out
        )
        if config.price_in or config.price_out
        else tr("no price is set")
    )
    place.info(
        plain(
            tr(
                "Texts are sent to {value} at {host}: at most "
                "{requests_per_minute:,} requests per minute and {most_requests:,} in all; "
                "{price}. {warning}"
            ).format(
                value=connection.model or "the model",
                host=connection.host,
                requests_per_minute=config.requests_per_minute,
                most_requests=config.most_requests,
                price=price,
                warning=connection.warning,
            )
        ),
        icon=":material/cloud_upload:",
    )


def show_trial(how: str, source: str, prompt: str, labeler: str) -> None:
    """A few rows, asked at once: text, raw answer, class."""
    mark = (how, source, prompt, labeler)
    if st.button(
        tr("Try it on {tried} rows").format(tried=TRIED),
        key="pseudo-try",
        icon=":material/science:",
        help=tr("Shows what the model answers before a run asks about many rows."),
    ):
        with errors_shown(), st.spinner(tr("Asking the language model …")):
            st.session_state["pseudo-tried"] = (mark, try_rows(how, source, prompt, labeler))
    tried, rows = st.session_state.get("pseudo-tried", (None, []))
    if tried == mark:
        show_table(rows, key="pseudo-tried-table")


def try_rows(how: str, source: str, prompt: str, labeler: str) -> list[Any]:
    """A model's answers to a few training texts."""
    dataset = open_source(source, workspace())
    drawn = trial_rows(workspace(), dataset, TRIED)
    texts = [str(dataset.x[row]) for row in drawn]
    if how == "remote":
        from selfsup_core.pretrained.remote import label_texts
        from selfsup_core.pseudo.remote import as_said, connect

        found = label_texts(connect(), texts, dataset.classes, asking(how, prompt, 400))
        rows = [
            said_row(row, text, as_said(one), dataset.classes)
            for row, text, one in zip(drawn, texts, found, strict=True)
        ]
        return list(rows)
    values = {"texts": texts, "classes": list(dataset.classes), "how": how, "prompt": prompt}
    made = list(routes.lab().ask(Subject("language-model", labeler), "label", values).about["rows"])
    return [one | {"row": row} for row, one in zip(drawn, made, strict=True)]


def show_table(rows: list[Any], *, key: str) -> None:
    """Text → raw answer → class, one row each."""
    columns = {
        ROW: [r["row"] for r in rows],
        "Text": [" ".join(r["text"].split()) for r in rows],
        "Answer": [r["answer"].strip() for r in rows],
        "Class": [r["label"] or f"none: {r['reason']}" for r in rows],
        "P": [percent(r["p"], 1) for r in rows],
    }
    st.dataframe(columns, hide_index=True, width="stretch", key=key)


def show_said(folder: RunFolder) -> None:
    """After a run: the answers of its language models, one row per text."""
    said = read_said(folder.path)
    if not said:
        st.caption(tr("No language model proposed labels in this run."))
    for how, rows in said.items():
        open_rows = sum(not row["label"] for row in rows)
        st.markdown(
            tr("**{names}**: {count:,} rows, {open_rows:,} of them got no class.").format(
                names=NAMES.get(how, how), count=len(rows), open_rows=open_rows
            )
        )
        show_table(rows[:MOST_SHOWN], key=f"review-said-{how}")
        if len(rows) > MOST_SHOWN:
            st.caption(
                tr("The first {most_shown} rows; `pseudo said` prints all.").format(most_shown=MOST_SHOWN)
            )
