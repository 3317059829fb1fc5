"""New samples through runs of every task: the values of the network itself, files read as in training, and
what is written read again.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.errors import DataError, RunError
from selfsup_core.export.predicted import Predicted, write_predicted
from selfsup_core.export.predicting import Predictor, load_predictor, predict
from selfsup_core.inspection.model_at import Kits
from selfsup_core.inspection.reconstruction import reconstruction_errors
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import make_spec, read_spec
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here
from tests.inspection.conftest import save_texts
from tests.tasks.classify_helpers import head_spec

QUICK = {"epochs": 2, "batch_size": 64, "device": "cpu", "threads": 1}
FEW = {"samples": 60, "tiles": 8}
LANGUAGE = {"kind": "gpt", "layers": 1, "heads": 2, "width": 16, "context": 32}
SPECS: dict[str, dict[str, Any]] = {
    "table": {"data": {"source": "wine"}, "model": {"widths": [8, 4]}},
    "image": {"data": {"source": "digits"}, "model": {"kind": "convolutional", "channels": [4], "code": 3}},
    "text": {"data": {"source": "my-texts", "vocabulary": 50}, "model": {"widths": [8, 3]}},
    "views": {
        "data": {"source": "digits"},
        "model": {"kind": "perceptron", "widths": [16, 4]},
        "objective": {"kind": "simclr"},
    },
    "language": {
        "data": {"source": "my-texts", "text_unit": "texts"},
        "model": LANGUAGE,
        "objective": {"kind": "causal-language"},
        "train": QUICK | {"steps_per_epoch": 2, "batch_size": 8},
        "frames": {"written": 0, "samples": 10},
    },
}


class Runs:
    """Finished runs by name, and their predictors; each is made when it is first asked for."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.made: dict[str, RunFolder] = {}
        self.loaded: dict[str, Predictor] = {}
        save_texts(workspace)

    def __getitem__(self, name: str) -> RunFolder:
        if name not in self.made:
            common: dict[str, Any] = {"train": QUICK, "frames": FEW}
            spec = head_spec() if name == "classes" else make_spec(common | SPECS[name])
            self.made[name] = make_run(self.workspace, spec)
            state = run_here(self.made[name])
            assert state["status"] == "finished", state["error"]
        return self.made[name]

    def predictor(self, name: str) -> Predictor:
        if name not in self.loaded:
            self.loaded[name] = load_predictor(self.workspace, self[name].id)
        return self.loaded[name]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("predicting") / "workspace")


def wine_csv(path: Path, rows: list[int]) -> Path:
    """Rows of the wines as a file, with the header of the training data."""
    wines = open_source("wine", path.parent)
    lines = [",".join(wines.columns)]
    lines += [",".join(str(float(str(v))) for v in wines.x[row]) for row in rows]
    path.write_text("\n".join(lines))
    return path


def digit_png(runs: Runs, path: Path, row: int) -> Path:
    digits = open_source("digits", runs.workspace)
    values = np.asarray(digits.x[row], np.float64) * digits.scale * 255
    Image.fromarray(np.rint(values).astype(np.uint8)).save(path)
    return path


def expected(runs: Runs, name: str, rows: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, reconstructions in [0, 1] and errors of rows of the data, by the code that looks into runs."""
    best = json.loads(runs[name].state.read_bytes())["best"]["epoch"]
    at = Kits(runs.workspace).kit(runs[name].id).at(best)
    data = at.kit.data
    errors, again = reconstruction_errors(at, np.array(rows))
    codes = at.model.encode(data.values(data.rows(np.array(rows)))).numpy()
    return codes, again(np.arange(len(rows))) / 255, errors


def test_rows_of_a_file_give_the_codes_and_reconstructions_of_the_networks_own_data(runs, tmp_path):
    rows = [0, 5, 90, 177]
    found = runs.predictor("table").predict([wine_csv(tmp_path / "new.csv", rows)])
    codes, rebuilt, errors = expected(runs, "table", rows)
    # Weights that are looked into are kept in half precision.
    assert np.allclose(found.codes, codes, atol=0.01)
    assert np.allclose(found.scores, errors, atol=1e-3)
    wines = open_source("wine", runs.workspace)
    data = read_spec(runs["table"].spec).data
    train = split_rows(wines, validation=data.validation, test=data.test, seed=data.split_seed).train
    low, span = wines.x[train].min(axis=0), np.ptp(wines.x[train], axis=0)
    assert np.allclose((found.rebuilt - low) / span, rebuilt, atol=0.01), "in the units of the file"
    assert found.columns == list(wines.columns)
    assert found.names[1] == "new.csv, row 2"
    assert float(found.cells[0][wines.columns[0]]) == pytest.approx(float(wines.x[0][0]))


def test_pictures_in_a_zip_are_those_of_the_data_and_a_stranger_is_unusual(runs, tmp_path):
    rows = [3, 40]
    paths = [digit_png(runs, tmp_path / f"{row}.png", row) for row in rows]
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        for path in (*paths, tmp_path / "white.png"):
            archive.write(path, path.name)
        archive.writestr("damaged.png", b"\x89PNG\r\n\x1a\n and no more")
    found = runs.predictor("image").predict([tmp_path / "new.zip"])
    codes, rebuilt, errors = expected(runs, "image", rows)
    assert np.allclose(found.codes[:2], codes, atol=0.02)
    assert np.allclose(found.rebuilt[:2].reshape(2, -1), rebuilt, atol=0.02)
    assert np.allclose(found.scores[:2], errors, atol=2e-3)
    assert found.is_unusual.tolist()[2]
    assert found.far[2]
    assert not found.far[0]
    assert len(found) == 3
    assert any(note.startswith("damaged.png was left out") for note in found.notes)


def test_the_limit_is_that_of_training_rows(runs):
    """1% of the rows that the network was trained on are called unusual."""
    predictor = runs.predictor("table")
    _, _, errors = predictor.rebuild(predictor.rows(np.arange(178)))
    share = float((errors > predictor.limit).mean())
    assert 0 < share < 0.1


def test_an_encoder_that_learned_from_views_gives_codes_and_distances(runs, tmp_path):
    predictor = runs.predictor("views")
    found = predictor.predict([digit_png(runs, tmp_path / "d.png", 3)])
    digits = open_source("digits", runs.workspace)
    own = predictor.codes([digits.x[3]])
    assert np.allclose(found.codes, own, atol=1e-2)
    assert found.rebuilt is None
    brute = np.linalg.norm(predictor.reference - found.codes, axis=1).min()
    assert found.scores[0] == pytest.approx(brute, abs=1e-3)


def test_texts_by_their_words_and_by_a_language_model(runs, tmp_path):
    file = tmp_path / "new.txt"
    file.write_text("rocket orbit moon\n\nteam ice goal\n")
    found = runs.predictor("text").predict(["engine moon", file])
    assert found.names == ["engine moon", "rocket orbit moon", "team ice goal"]
    assert found.codes.shape == (3, 3)
    again = runs.predictor("text").predict(["rocket orbit moon"])
    assert np.allclose(again.codes[0], found.codes[1], atol=1e-6), "alone or beside others"
    read = runs.predictor("language").predict(["rocket moon", "zzzz", str(file)])
    assert read.names[2] == str(file), "what is typed is a text, never a file's name"
    assert read.codes.shape == (3, 16)
    assert (read.perplexity > 1).all()
    model, tokenizer = runs.predictor("language").model, runs.predictor("language").tokenizer
    ids = torch.tensor(
        [[tokenizer.bos_token_id, *tokenizer("rocket moon", add_special_tokens=False).input_ids]]
    )
    with torch.inference_mode():
        plain = model(ids, labels=ids, output_hidden_states=True)
    assert read.perplexity[0] == pytest.approx(plain.loss.exp().item(), rel=1e-4)
    assert np.allclose(read.codes[0], plain.hidden_states[-1][0, 1:].mean(dim=0), atol=1e-5)


def test_classes_as_the_classifier_names_them(runs, tmp_path):
    predictor = runs.predictor("classes")
    found = predictor.predict([wine_csv(tmp_path / "new.csv", [1, 100])])
    wines = open_source("wine", runs.workspace)
    named = predictor.classifier.name(["a", "b"], [wines.x[1], wines.x[100]])
    for one, wanted in zip(found.samples(), named, strict=True):
        assert one["label"] == wanted["label"]
        assert one["probabilities"] == pytest.approx(wanted["probabilities"], abs=1e-5)


@pytest.mark.parametrize("name", ["table", "image", "classes", "language"])
def test_what_is_written_is_read_again(runs, tmp_path, name: str):
    given: list[Any] = {
        "table": lambda: [wine_csv(tmp_path / "new.csv", [2, 3])],
        "image": lambda: [digit_png(runs, tmp_path / f"{row}.png", row) for row in (2, 3)],
        "classes": lambda: [wine_csv(tmp_path / "new.csv", [2, 3])],
        "language": lambda: ["=rocket moon", ""],
    }[name]()
    found = runs.predictor(name).predict(given)
    written = write_predicted(found, tmp_path / "out")
    write_predicted(found, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.namelist() == written
        for file in written:
            assert archive.read(file) == (tmp_path / "out" / file).read_bytes()
    lines = list(csv.DictReader(io.StringIO((tmp_path / "out" / "predictions.csv").read_text())))
    assert len(lines) == 2
    if found.codes is not None:
        codes = list(csv.reader(io.StringIO((tmp_path / "out" / "codes.csv").read_text())))[1:]
        known = np.array([[float(v) if v else np.nan for v in row[1:]] for row in codes], np.float32)
        assert np.array_equal(known, found.codes, equal_nan=True)
    if name == "table":
        rows = list(csv.reader(io.StringIO((tmp_path / "out" / "reconstructions.csv").read_text())))
        assert rows[0][1:] == found.columns
        again = np.array([row[1:] for row in rows[1:]], np.float64)
        assert np.allclose(again, found.rebuilt, rtol=1e-5)
        assert [float(line["anomaly score"]) for line in lines] == pytest.approx(found.scores.tolist())
    if name == "image":
        picture = np.asarray(Image.open(tmp_path / "out" / "reconstructions" / "000002.png"))
        assert np.abs(picture / 255 - found.rebuilt[1]).max() <= 0.5 / 255 + 1e-6
    if name == "classes":
        assert [line["class"] for line in lines] == [one["label"] for one in found.samples()]
        assert float(lines[0]["probability"]) == pytest.approx(found.samples()[0]["probability"], abs=1e-6)
    if name == "language":
        assert [line["sample"] for line in lines] == ["'=rocket moon", ""], "no cell is a formula"
        assert (lines[1]["perplexity"], "code" in found.samples()[1]) == ("", False)
    json.dumps(found.samples(), allow_nan=False)
    with pytest.raises(DataError, match="already exists"):
        write_predicted(found, tmp_path / "out")
    assert not list(tmp_path.glob(".*")), "nothing half-written stays"


def test_hostile_and_unfit_files_are_refused_in_words(runs, tmp_path):
    table, image = runs.predictor("table"), runs.predictor("image")
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    cases: list[tuple[Predictor, str, bytes, str]] = [
        (table, "a.csv", b"alcohol\n1\n", "lacks the column"),
        (table, "b.csv", b"", "empty"),
        (image, "c.png", b"no picture", "c.png"),
        (image, "d.csv", b"a,b\n1,2\n", "not a file of images"),
        (image, "model.pkl", (tmp_path / "model.pkl").read_bytes(), "may run code"),
    ]
    for predictor, name, content, said in cases:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=said):
            predictor.predict([tmp_path / name])
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(20_000_000))
    with pytest.raises(DataError, match="times its size"):
        image.predict([tmp_path / "bomb.zip"])
    path = wine_csv(tmp_path / "e.csv", [0, 1])
    path.write_text(path.read_text().replace(path.read_text().splitlines()[2].split(",")[0], "much", 1))
    with pytest.raises(DataError, match=r"e\.csv, row 2: alcohol is 'much'"):
        table.predict([path])
    with pytest.raises(DataError, match="There is no file 'typed'"):
        table.predict(["typed"])
    with pytest.raises(DataError, match="no samples"):
        predict(runs.workspace, runs["table"].id, [])
    with pytest.raises(RunError):
        predict(runs.workspace, "nothing", ["a"])
    assert not list(runs.workspace.glob(".job-*"))


@pytest.mark.real_child
def test_files_are_read_in_a_process_of_its_own(runs, tmp_path):
    path = digit_png(runs, tmp_path / "d.png", 7)
    (tmp_path / "huge.png").write_bytes(large_png())
    found = runs.predictor("image").predict([path, tmp_path / "huge.png"])
    assert len(found) == 1
    assert "megapixels" in found.notes[0]
    assert np.allclose(found.codes, expected(runs, "image", [7])[0], atol=0.02)


def large_png() -> bytes:
    """20 KB that decode to 100 megapixels."""
    buffer = io.BytesIO()
    Image.new("L", (10_000, 10_000)).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_command_line_says_the_same(runs, tmp_path):
    path, out = wine_csv(tmp_path / "new.csv", [0, 1]), tmp_path / "out"
    run = runs["table"].id
    done = cli("predict", run, str(path), "--out", str(out), "--json", workspace=runs.workspace)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    found: Predicted = runs.predictor("table").predict([path])
    assert said["samples"] == found.samples()
    assert said["written"] == ["predictions.csv", "codes.csv", "reconstructions.csv"]
    assert out.joinpath("codes.csv").is_file()
    done = cli("predict", run, str(path), "--epoch", "0", workspace=runs.workspace)
    assert "SCORE" in done.stdout
    assert "Weights of epoch 0." in done.stdout
    done = cli("predict", run, str(path), "--out", str(out), workspace=runs.workspace)
    assert (done.returncode, "already exists" in done.stderr) == (1, True)
