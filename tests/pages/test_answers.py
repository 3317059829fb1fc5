"""The page Scenarios, mode Answers, through AppTest."""

from __future__ import annotations

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.client import LabClient
from selfsup_core.runs.folder import list_states
from selfsup_core.runs.thinned import frame_path
from tests.helpers import make_run
from tests.pages.test_pages import buttons, texts
from tests.tasks.answer_helpers import NAME, make_passages, rows_of, tiny

PAGE = "pages/scenarios.py"


def test_questions_are_hidden_and_a_run_starts(studio, workspace):
    make_passages(workspace)
    page = studio(PAGE, do="answers", data=NAME)
    assert page.segmented_control[0].value == "answers"
    main = [w for w in [*page.selectbox, *page.number_input, *page.button] if w.key.startswith("answers-")]
    assert main
    assert all(w.help for w in main)
    assert "points to where the answer starts and ends" in texts(page)
    assert page.table[0].value.iloc[0].tolist() == ["Where is the tower?", "Oslo"]
    known = page.number_input(key=f"scenarios-known-question-answering-{NAME}")
    assert known.value == 25.0
    known.set_value(50.0).run()
    assert "of 30 training questions are known" in texts(page)
    buttons(page)["answers-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("answer", NAME)
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "answers")


def test_texts_without_questions_are_refused_in_words(studio):
    page = studio(PAGE, do="answers", data="newsgroups")
    assert "Question answering takes passages with questions." in texts(page)


def test_a_question_of_ones_own_is_marked_in_its_passage(studio, workspace, monkeypatch):
    make_passages(workspace)
    folder = make_run(workspace, tiny())
    folder.weights.mkdir(exist_ok=True)
    frame_path(folder.weights, 3).touch()
    asked = []

    def ask(client, subject, question, values):
        asked.append((subject.kind, question, values))
        start = values["passage"].index("O*slo")
        found = {"text": "O*slo", "start": start, "end": start + 5, "probability": 0.61}
        about = {"answers": [found, found | {"text": "market", "probability": 0.2}], "epoch": 3}
        return Answer(about=about | {"passage": values["passage"], "note": "It was read in 2 windows."})

    monkeypatch.setattr(LabClient, "ask", ask)
    page = studio(PAGE, do="answers", run=folder.id)
    passage = page.text_area(key=f"answers-passage-{folder.id}")
    assert passage.value == rows_of()[-1].passage
    buttons(page)["answers-go"].click().run()
    assert "Write a question and a passage first." in texts(page)
    assert not asked
    page.text_area(key=f"answers-passage-{folder.id}").set_value("It is in O*slo [x](http://y).")
    page.text_input(key="answers-question").set_value("Where is it?")
    buttons(page)["answers-go"].click().run()
    (kind, question, values) = asked[-1]
    assert (kind, question, values["question"], values["epoch"]) == ("reader", "answer", "Where is it?", 3)
    shown = texts(page)
    assert r":blue-background[O\*slo]" in shown
    assert "probability 61%" in shown
    assert "market 20%" in shown
    assert "It was read in 2 windows." in shown
