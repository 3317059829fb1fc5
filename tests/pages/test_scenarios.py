"""The page Scenarios through AppTest: its modes, the control of known labels, and what a run can be asked."""

from __future__ import annotations

from selfsup_core.runs.folder import list_states
from selfsup_core.runs.spec import read_spec
from tests.models.tiny import tiny_gpt
from tests.models.tiny_whisper import tiny_whisper
from tests.pages.test_pages import buttons, texts
from tests.tasks.transcribe_helpers import NAME, make_clips


def test_pairs_are_hidden_and_a_run_starts(studio, workspace):
    page = studio("pages/scenarios.py", data="phrases-zh")
    assert page.segmented_control[0].value == "translate"
    main = [w for w in [*page.selectbox, *page.number_input, *page.button] if w.key.startswith("translate-")]
    assert all(w.help for w in main)
    known = page.number_input(key="scenarios-known-translate-phrases-phrases-zh")
    assert (known.value, known.label) == (100.0, "Labels known, %")
    assert "training rows show their answer" not in texts(page)
    known.set_value(1.0).run()
    assert "40 of 4,000 training rows show their answer" in texts(page)
    assert "too little to label anything well" in texts(page)
    known.set_value(12.5).run()
    assert "too little" not in texts(page)
    assert "--set data.labels_fraction=0.125" in next(c.value for c in page.code if "train" in c.value)
    assert "set" in page.query_params
    buttons(page)["translate-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("translate", "phrases-zh")
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "translate")


def test_data_without_pairs_are_refused_in_words(studio):
    page = studio("pages/scenarios.py", data="newsgroups")
    assert "Translation takes sentence pairs." in texts(page)
    page = studio("pages/scenarios.py", do="cook")
    assert "There is no mode" in texts(page)


def test_transcripts_are_hidden_what_would_be_left_is_said_and_a_run_starts(studio, workspace):
    make_clips(workspace)
    page = studio("pages/scenarios.py", do="speech", data=NAME)
    assert not page.exception
    main = [w for w in [*page.selectbox, *page.number_input, *page.button] if w.key.startswith("speech-")]
    assert all(w.help for w in main)
    known = page.number_input(key=f"scenarios-known-speech-digits-{NAME}")
    assert known.value == 100.0
    assert "nearly nothing" not in texts(page)
    known.set_value(5.0).run()
    assert "nearly nothing would be left after filtering" in texts(page)
    assert "minutes of training sound are transcribed (4 clips). At most 80% of the rest" in texts(page)
    buttons(page)["speech-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert (state["task"], state["source"]) == ("transcribe", NAME)
    assert (page.query_params["run"], page.query_params["do"]) == (state["run"], "speech")


def test_sounds_without_transcripts_are_refused_in_words(studio):
    page = studio("pages/scenarios.py", do="speech", data="tones")
    assert "Speech to text takes sounds with transcripts." in texts(page)


def test_a_whisper_model_is_named_and_what_it_will_do_is_said(studio, workspace, tmp_path):
    make_clips(workspace)
    page = studio("pages/scenarios.py", do="speech", data=NAME, set="data.labels_fraction=0.5")
    assert not page.exception
    field = page.text_input(key="advanced-speech-digits-objective.teacher")
    assert "the run's own first network" in field.help
    field.set_value(str(tmp_path / "none")).run()
    assert "There is no folder" in texts(page)
    assert "Give the full path of a Whisper model's folder" in texts(page)
    gpt = tiny_gpt(tmp_path / "gpt")
    page.text_input(key="advanced-speech-digits-objective.teacher").set_value(str(gpt)).run()
    assert "gpt is a GPT2LMHeadModel, not a Whisper model" in texts(page)
    whisper = tiny_whisper(tmp_path / "tiny.en")
    page.text_input(key="advanced-speech-digits-objective.teacher").set_value(str(whisper)).run()
    assert not page.exception
    assert "Whisper transcribes" in texts(page)
    assert "not a Whisper model" not in texts(page)
    assert f"--set objective.teacher={whisper}" in next(c.value for c in page.code if "train" in c.value)
    buttons(page)["speech-train"].click().run()
    assert not page.exception
    (state,) = list_states(workspace)
    assert read_spec(workspace / "runs" / state["run"] / "spec.yaml").objective.teacher == str(whisper)
