"""Translation: from sentence pairs, and from back-translations where pairs are hidden; then one's own
sentence.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.scenarios.mode import Scenario
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.workspace import errors_shown, plain
from selfsup_core.data.dataset import Dataset
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

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


def show_samples(dataset: Dataset) -> None:
    """Some of the pairs."""
    targets = dataset.extra["target"]
    pairs = [(str(dataset.x[row]), str(targets[row])) for row in range(min(SHOWN, len(dataset)))]
    st.table({tr("Sentence"): [one for one, _ in pairs], tr("Translation"): [other for _, other in pairs]})


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


SCENARIO = Scenario(
    name="translate",
    task="translate",
    kind="text",
    beside="target",
    about=ABOUT,
    known=KNOWN,
    data_help=tr_later(
        "Sentences in two languages. Your own come from a translation memory (TMX) or a table with two "
        "columns."
    ),
    needs=tr_later("Translation takes sentence pairs."),
    show_samples=show_samples,
    show_own=show_own,
)
