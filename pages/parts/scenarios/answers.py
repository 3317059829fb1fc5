"""Question answering: from questions about passages, and from pseudo-questions where questions are hidden;
then one's own question.
"""

from __future__ import annotations

import streamlit as st

from pages.parts.scenarios.mode import Scenario
from pages.parts.scenarios.try_own import choose_epoch
from pages.parts.shared import routes
from pages.parts.shared.workspace import errors_shown, plain, workspace
from selfsup_core.data.dataset import Dataset
from selfsup_core.data.questions import MOST_LETTERS, QUESTION, questions_of
from selfsup_core.data.sources import open_source
from selfsup_core.errors import StudioError
from selfsup_core.inspection.subject import Subject
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import read_spec
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

MOST_QUESTION = 300  # letters
SHOWN = 4  # questions, before a run
ASKED = "answers-asked"  # of the session: the run, the question and the passage that it is asked
ABOUT = tr_later(
    "A network reads a question and a passage, and points to where the answer starts and ends ([[span]]). "
    "Hide most questions, and rules make questions of the passages ([[cloze]]): the [[student]] learns from "
    "them too, its [[twin]] does not. Press Train to watch."
)
KNOWN = tr_later(
    "Share of the training questions that are known. For passages whose questions are hidden, rules make "
    "pseudo-questions. With 100 nothing is hidden."
)


def show_samples(dataset: Dataset) -> None:
    """A passage with its questions."""
    rows = questions_of(dataset)
    first = rows[0].passage
    shown = [row for row in rows if row.passage == first and row.is_answered][:SHOWN]
    st.markdown(plain(first))
    st.table(
        {tr("Question"): [row.question for row in shown], tr("Answer"): [row.answers[0] for row in shown]}
    )


def first_passage(folder: RunFolder) -> str:
    """A passage of the run's data, to begin with; "" where the data are gone."""
    try:
        dataset = open_source(read_spec(folder.spec).data.source, workspace())
    except StudioError:
        return ""
    return str(dataset.x[len(dataset) - 1])[:MOST_LETTERS]


@st.fragment
def show_own(folder: RunFolder) -> None:
    """A question of one's own, answered by the network at an epoch."""
    with st.container(border=True, key="answers-own"):
        st.markdown(tr("**Ask your own question**"))
        epoch = choose_epoch(folder, "answers-epoch")
        if epoch is None:
            st.caption(tr("The first epoch has not been measured yet."))
            return
        with st.form("answers-form", border=False):
            passage = st.text_area(
                tr("Passage"),
                first_passage(folder),
                key=f"answers-passage-{folder.id}",
                max_chars=MOST_LETTERS,
                height=150,
                help=tr("The answer must stand in it, word for word. Put your own text here."),
            )
            question = st.text_input(tr("Question"), key="answers-question", max_chars=MOST_QUESTION)
            is_asked = st.form_submit_button(tr("Answer"), key="answers-go", icon=":material/quiz:")
        if is_asked:
            st.session_state[ASKED] = folder.id, question.strip(), passage.strip()
        run, asked, text = st.session_state.get(ASKED, ("", "", ""))
        if run != folder.id:
            return
        if not asked or not text:
            st.warning(tr("Write a question and a passage first."), icon=":material/edit:")
            return
        with errors_shown(), st.spinner(tr("Reading …")):
            say_own(folder, asked, text, epoch)


def say_own(folder: RunFolder, question: str, passage: str, epoch: int) -> None:
    """The answers; asked again whenever another epoch is chosen."""
    asked = {"question": question, "passage": passage, "epoch": epoch}
    about = routes.lab().ask(Subject("reader", folder.id), "answer", asked).about
    found = about["answers"]
    best = found[0]
    with st.container(key="answers-said"):
        st.text(best["text"] or "…")
        st.markdown(mark(about["passage"], best["start"], best["end"]))
    others = " · ".join(f"{one['text']} {percent(one['probability'])}" for one in found[1:])
    st.caption(
        plain(
            tr("Epoch {epoch}; probability {share}.").format(
                epoch=about["epoch"], share=percent(best["probability"])
            )
        )
    )
    if others:
        st.caption(plain(tr("Next: {others}").format(others=others)))
    if about["note"]:
        st.caption(plain(about["note"]))


def mark(passage: str, start: int, end: int) -> str:
    """The passage in Markdown, with the answer marked."""
    before, answer, after = (plain(part) for part in (passage[:start], passage[start:end], passage[end:]))
    return f"{before}:blue-background[{answer}]{after}" if answer.strip() else plain(passage)


SCENARIO = Scenario(
    name="answers",
    task="answer",
    kind="text",
    beside=QUESTION,
    about=ABOUT,
    known=KNOWN,
    data_help=tr_later(
        "Passages with questions. Your own come from a JSON file of SQuAD's form, or a table with the "
        "columns context, question and answer."
    ),
    needs=tr_later("Question answering takes passages with questions."),
    show_samples=show_samples,
    show_own=show_own,
)
