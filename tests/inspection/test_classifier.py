"""A run's classifier in the lab process: names texts and files, and is given away as a zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from selfsup_core.errors import DataError, RunError, SettingError
from selfsup_core.export.portable_classifier import load_classifier
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here
from tests.inspection.asking import ask_classifier
from tests.tasks.classify_helpers import NAME, head_spec, make_pets


@pytest.fixture
def words(workspace: Path):
    """A linear classifier on words, trained in a moment."""
    make_pets(workspace)
    spec = make_spec(
        {
            "data": {
                "source": NAME,
                "text_features": "tfidf-unit",
                "vocabulary": 50,
                "validation": 0.2,
                "test": 0.2,
            },
            "model": {"kind": "head", "scaling": "whole"},
            "objective": {"kind": "cross-entropy"},
            "train": {
                "epochs": 10,
                "batch_size": 16,
                "learning_rate": 0.1,
                "epsilon": 1.0,
                "device": "cpu",
                "threads": 1,
            },
        }
    )
    folder = make_run(workspace, spec)
    assert run_here(folder)["status"] == "finished"
    return folder


def test_texts_files_and_a_zip(words, workspace: Path, tmp_path: Path):
    made = ask_classifier(workspace, words.id, "predict", {"texts": ["the cat and a mat", "dog sat sat"]})
    assert [one["label"] for one in made["found"]] == ["cats", "dogs"]
    file = tmp_path / "some.txt"
    file.write_text("the cat and a mat\n\ndog sat sat\n")
    assert ask_classifier(workspace, words.id, "predict", {"files": [str(file)]})["found"] == made["found"]
    # What is typed is never taken for a file's name.
    typed = ask_classifier(workspace, words.id, "predict", {"texts": [str(file)]})["found"]
    assert len(typed) == 1
    assert typed[0]["item"] == str(file)
    target = tmp_path / "it.zip"
    assert (
        ask_classifier(workspace, words.id, "export", {"target": str(target)})["bytes"]
        == target.stat().st_size
    )
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "out")
    again = load_classifier(tmp_path / "out").name(["x"], ["the cat and a mat"])[0]
    wanted = made["found"][0]["probabilities"]
    assert np.allclose([again["probabilities"][c] for c in wanted], list(wanted.values()), atol=1e-5)


def test_what_does_not_fit_is_said(words, workspace: Path):
    table = make_run(workspace, head_spec(train__epochs=1))
    run_here(table)
    with pytest.raises(DataError, match="is for tables, not texts"):
        ask_classifier(workspace, table.id, "predict", {"texts": ["a"]})
    with pytest.raises(RunError):
        ask_classifier(workspace, "no-such-run", "predict", {"texts": ["a"]})
    with pytest.raises(SettingError, match="no tool 'delete'"):
        ask_classifier(workspace, words.id, "delete", {})


def test_the_gauge_before_a_run(workspace: Path):
    from selfsup_core.runs.recipes import preset_spec

    spec = preset_spec("pseudo-table", {"data.labels_per_class": 6})
    said = ask_classifier(workspace, "", "gauge", {"spec": spec.as_dict()})
    assert said["accuracy"] > 0.7
    assert said["rows"] == 18
    make_pets(workspace)
    texts = preset_spec("pseudo-text", {"data.source": NAME})
    with pytest.raises(DataError, match="not embedded yet"):
        ask_classifier(workspace, "", "gauge", {"spec": texts.as_dict()})
