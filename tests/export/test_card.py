"""The model card, and the model as files that are loaded again."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch
import yaml

from selfsup_core.errors import RunError, SettingError
from selfsup_core.export.card import escape, keep_card, read_card, write_card
from selfsup_core.export.model_files import load_network, write_model
from selfsup_core.inspection.model_at import RunKit
from selfsup_core.runs.folder import RunFolder, update_state
from selfsup_core.runs.pack import list_files
from tests.helpers import make_run, run_here


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = make_run(tmp_path_factory.mktemp("card") / "workspace", name="Wine *bold* <b>")
    run_here(folder)
    return folder


def test_the_card_says_what_the_run_is(finished: RunFolder):
    card = write_card(finished)
    head, _, text = card.removeprefix("---\n").partition("---")
    assert yaml.safe_load(head)["tags"] == ["selfsup-studio", "autoencoder", "dense", "reconstruction"]
    for said in ("## Data", "80% training, 10% validation, 10% test; seed 0", "3 of 3 epochs", "## Limits"):
        assert said in text
    assert "It has learned from Wine alone" in text
    assert "Error on validation samples (MSE) |" in text
    assert r"Wine \*bold\* \<b\>" in text


def test_a_run_that_was_stopped_says_so(finished: RunFolder):
    update_state(finished, status="stopped")
    assert "The run did not finish: it is stopped after epoch 3." in write_card(finished)
    update_state(finished, status="finished")


def test_a_text_of_ones_own_is_kept_until_it_is_emptied(finished: RunFolder):
    made = read_card(finished)
    assert made == (write_card(finished), False)
    keep_card(finished, "# Mine")
    assert read_card(finished) == ("# Mine", True)
    assert "card.md" in list_files(finished)[0], "it travels with the run"
    keep_card(finished, " ")
    assert read_card(finished) == made
    with pytest.raises(SettingError, match="at most 100,000"):
        keep_card(finished, "x" * 100_001)


def test_what_people_wrote_stays_text():
    assert escape("[a](javascript:x)\n# <img> |") == r"\[a\](javascript:x) \# \<img\> \|"


@pytest.mark.parametrize("changed", [{}, {"objective__kind": "variational"}])
def test_the_model_comes_back_from_its_files(finished: RunFolder, tmp_path: Path, changed):
    folder = finished
    if changed:
        folder = make_run(finished.workspace, **changed, train__epochs=1)
        run_here(folder)
    written = write_model(folder, tmp_path / "model.zip")
    assert {"README.md", "config.json", "model.safetensors", "spec.yaml"} == set(written.files)
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        archive.extractall(tmp_path)
    model = load_network(tmp_path / folder.id)
    at = RunKit(folder).at(written.epoch)
    x = at.kit.data.values(at.kit.data.rows(at.kit.samples))
    # Kept weights are in half precision, those of the file in full where a checkpoint has them.
    torch.testing.assert_close(model.encode(x), at.model.encode(x), atol=0.02, rtol=0.02)
    assert (tmp_path / folder.id / "README.md").read_text("utf-8") == read_card(folder)[0]


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match="is not the model of a run"):
        load_network(tmp_path)


def test_without_weights_nothing_is_written(workspace: Path, tmp_path: Path):
    with pytest.raises(RunError):
        write_model(make_run(workspace), tmp_path / "model.zip")
    assert not list(tmp_path.glob("*.zip"))
