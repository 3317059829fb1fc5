"""Translation: from sentence pairs, and from back-translations where pairs are hidden; then one's own
sentence.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.scenarios.labels_known import choose_known
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.advanced import KEPT, PACE, SPLIT, STEPS, Groups
from pages.parts.shared.asked import Asked
from pages.parts.shared.live import show_run
from pages.parts.shared.new_run import Form, Places, Recipe, new_run, open_here
from pages.parts.shared.preset_and_data import choose_preset, choose_source, usable_sources
from pages.parts.shared.terms import caption
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.sources import Source, open_source
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

DIRECTION = "objective.direction"
ADVANCED: Groups = {
    "Network": ("model.",),
    "Objective": ("objective.",),
    "Training": (*STEPS, *PACE),
    "Data": SPLIT,
    "Recording": KEPT,
}
MOST_LETTERS = 1000
SHOWN = 6  # pairs, before a run
ASKED = "translate-asked"  # of the session: the run, and the sentence that it is asked
ABOUT = tr_later(
    "An encoder reads a sentence, and a decoder writes its translation, [[token]] by token. Hide most of the "
    "pairs, and a network of the other direction makes up sources for the rest (back-translation): the "
    "[[student]] learns from them too, its [[twin]] does not. Press Train to watch."
)
KNOWN = tr_later(
    "Share of the training sentences whose pair is known. The others show their translation only, and a "
    "source for them is made up by back-translation. With 100 nothing is hidden."
)


def pair_sources() -> dict[str, Source]:
    return usable_sources(lambda source: source.kind == "text" and "target" in source.beside)


def columns() -> Places:
    data, recipe, known, epochs, train, more = st.columns(
        (2, 1.7, 1.2, 1.2, 1.2, 1.4), vertical_alignment="bottom"
    )
    return Places(data, recipe, known, epochs, train, more)


def choose_recipe(at: Places, asked: Asked) -> Recipe:
    wanted = st.query_params.get("preset", "")
    presets, sources = list_presets("translate"), pair_sources()
    first = wanted if wanted in presets else next(iter(presets))
    source = choose_source(
        at.data,
        tr("Data"),
        sources,
        asked=asked,
        key="translate-data",
        default=preset_spec(first).data.source,
        help=tr("Sentences in two languages. Your own come from a table with two columns of texts."),
        needs=tr("Translation takes sentence pairs."),
    )
    own = [name for name in presets if preset_spec(name).data.source == source]
    preset = choose_preset(
        at.model,
        tr("Recipe"),
        list(presets),
        "translate",
        asked=asked,
        key=f"translate-preset-{source}",
        default=(own or list(presets))[0],
    )
    return Recipe(preset, source, preset_spec(preset), mark=preset, asked=asked)


FORM = Form(
    task="translate",
    prefix="translate-",
    columns=columns,
    recipe=choose_recipe,
    detail=lambda recipe, settings, at: choose_known(recipe, settings, at, about=tr(KNOWN)),
    groups=lambda recipe: ADVANCED,
    always="translate-data",
    offer=lambda recipe, spec: {"data.labels_fraction": None},
    address={"do": "translate"},
)


def show_about(spec: RunSpec) -> None:
    """What is learned, and some of the pairs."""
    caption(tr(ABOUT))
    with errors_shown():
        dataset = open_source(spec.data.source, workspace())
        targets = dataset.extra["target"]
        pairs = [(str(dataset.x[row]), str(targets[row])) for row in range(min(SHOWN, len(dataset)))]
        st.table(
            {tr("Sentence"): [one for one, _ in pairs], tr("Translation"): [other for _, other in pairs]}
        )


@st.fragment
def show_own(folder: RunFolder) -> None:
    """A sentence of one's own, translated by the network at an epoch."""
    with st.container(border=True, key="translate-own"):
        st.markdown(tr("**Try your own sentence**"))
        epoch = choose_epoch(folder, "translate-epoch")
        if epoch is None:
            st.caption(tr("The first epoch has not been measured yet."))
            return
        with st.form("translate-form", border=False):
            text = st.text_input(tr("Sentence"), key="translate-text", max_chars=MOST_LETTERS)
            is_asked = st.form_submit_button(tr("Translate"), key="translate-go", icon=":material/translate:")
        if is_asked:
            st.session_state[ASKED] = folder.id, text.strip()
        run, asked = st.session_state.get(ASKED, ("", ""))
        if run != folder.id:
            return
        if not asked:
            st.warning(tr("Write a sentence first."), icon=":material/edit:")
            return
        with errors_shown(), st.spinner(tr("Translating …")):
            say_own(folder, asked, epoch)


def say_own(folder: RunFolder, text: str, epoch: int) -> None:
    """The translation; asked again whenever another epoch is chosen."""
    asked = {"text": text, "epoch": epoch}
    about = routes.lab().ask(Subject("translator", folder.id), "translate", asked).about
    st.text(about["text"] or "…")
    st.caption(
        tr("Epoch {epoch}; mean probability per token {share}.").format(
            epoch=about["epoch"], share=percent(about["probability"])
        )
    )
    if about["note"]:
        st.caption(plain(about["note"]))


def show() -> None:
    """The whole mode."""
    chosen = new_run(FORM)
    run = st.query_params.get("run", "")
    if not run:
        if chosen.spec:
            show_about(chosen.spec)
        return
    if not (asked := open_here(run, ("translate",))):
        return
    folder, _ = asked
    show_run(folder.id)
    show_own(folder)
