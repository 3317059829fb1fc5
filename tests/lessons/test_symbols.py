"""Symbols of a formula show what a run has recorded, and curves are compared with its rows."""

import json

import numpy as np
import pytest

from selfsup_core.errors import StudioError
from selfsup_core.lessons.drawn import check_drawn, mean_distance, say_distance
from selfsup_core.lessons.evidence import see_maps
from selfsup_core.lessons.model import Draw, Formula
from selfsup_core.lessons.symbols import MOST_SAMPLES, live_numbers, map_numbers
from selfsup_core.runs.folder import RunFolder, read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path
from tests.helpers import make_run, run_here, tiny_spec
from tests.lessons.helpers import place_map, place_run

FORMULA = Formula.model_validate(
    {
        "text": "{L} {x} {x̃} {h} {x̂} {f}",
        "symbols": {
            "L": {"called": "loss", "metric": "val_loss"},
            "x": {"called": "input", "value": "input"},
            "x̃": {"called": "damaged", "value": "damaged"},
            "h": {"called": "code", "value": "code"},
            "x̂": {"called": "output", "value": "output"},
            "f": {"called": "encoder"},
        },
    }
)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    spec = tiny_spec(data__source="digits", objective__kind="denoising", train__epochs=2)
    folder = make_run(tmp_path_factory.mktemp("symbols") / "workspace", spec)
    run_here(folder)
    return folder


@pytest.mark.parametrize(("asked", "epoch"), [(None, 2), (0, 0), (99, 2)])
def test_symbols_have_the_numbers_of_the_epoch(run, asked, epoch):
    live = live_numbers(run, FORMULA, asked)
    assert live["epoch"] == epoch
    frame = read_frame(frame_path(run.frames, epoch))
    static = read_frame(run.frames / "static.safetensors")
    symbols = live["symbols"]
    for name, array in (("x", static["inputs"]), ("x̂", frame["reconstructions"]), ("x̃", frame["corrupted"])):
        assert symbols[name]["shape"] == [8, 8]
        assert len(symbols[name]["samples"]) == MOST_SAMPLES
        np.testing.assert_allclose(symbols[name]["samples"], array[:MOST_SAMPLES] / 255, atol=6e-4)
    place = static["rows"].tolist().index(static["tile_rows"][1])
    np.testing.assert_allclose(symbols["h"]["samples"][1], frame["latents"][place].astype(float), atol=6e-4)
    assert len(symbols["h"]["samples"][1]) == 4
    assert symbols["f"] == {"called": "encoder"}
    (row,) = [row for row in epoch_rows(read_rows(run.metrics)) if row["epoch"] == epoch]
    assert symbols["L"]["number"] == row["val_loss"]
    assert live["labels"][0] == str(static["tile_labels"][0])
    json.dumps(live, allow_nan=False)


def test_before_the_first_epoch_only_words_are_there(workspace):
    live = live_numbers(place_run(workspace), FORMULA)
    assert (live["epoch"], live["labels"]) == (None, [])
    assert live["symbols"]["h"] == {"called": "code"}


def test_a_damaged_frame_is_named(run, tmp_path):
    import shutil

    copy = RunFolder(tmp_path / "workspace" / "runs" / run.id)
    shutil.copytree(run.path, copy.path)
    frame_path(copy.frames, 2).write_bytes(b"torn")
    with pytest.raises(StudioError, match="000002"):
        live_numbers(copy, FORMULA)


DRAW = Draw.model_validate({"ask": "Draw.", "epochs": 2, "low": 0, "high": 1, "of": {"kind": "finished"}})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([0.5, 2, -1], [0.5, 1.0, 0.0]),
        ([0.5, 0.4], None),
        ([0.5, None, 0.4], None),
        ([0.5, float("nan"), 0.4], None),
        ("abc", None),
        (None, None),
    ],
)
def test_a_curve_from_the_browser_is_checked(sent, kept):
    assert check_drawn(sent, DRAW) == kept


def test_the_distance_counts_only_epochs_that_both_have():
    assert mean_distance([1.0, 0.5, 0.5], [(0, 0.8), (2, 0.1)]) == pytest.approx(0.3)
    assert mean_distance([1.0], []) is None
    assert say_distance([0.5, 0.5, 0.5], [(0, 0.52)], DRAW).startswith("Very close: ")
    assert say_distance([0.5, 0.5, 0.5], [(0, 0.6)], DRAW).startswith("Close: ")
    assert "0.5 away" in say_distance([0.5, 0.5, 0.5], [(0, 1.0)], DRAW)
    assert say_distance([0.5], [], DRAW) == "The run that drew the real curve is gone."


def test_symbols_of_a_map_wait_until_it_is_measured(workspace):
    part = {"kept": {"called": "kept", "map": "kept"}, "n": {"called": "points", "map": "rows"}}
    formula = Formula.model_validate({"text": "{kept} of {n}", "symbols": part})
    for kept, shown in ((None, None), (0.25, 0.25)):
        (seen,) = see_maps(workspace, [place_map(workspace, kept=kept)])
        symbols = map_numbers(seen, formula)["symbols"]
        assert symbols["kept"] == {"called": "kept", "of_map": True, "number": shown}
        assert symbols["n"]["number"] == 3
    assert map_numbers(None, formula)["symbols"]["n"]["number"] is None


LOSSES = Formula.model_validate(
    {
        "text": "{MSE} {BCE} {L}",
        "symbols": {
            "MSE": {"called": "squared error", "metric": "val_mse"},
            "BCE": {"called": "cross-entropy", "metric": "val_loss"},
            "L": {"called": "loss", "metric": "val_loss"},
        },
    }
)


def numbers_with(workspace, preset="dense-64-32-16", rows=None, **settings):
    """The symbols of LOSSES at the only epoch of a run."""
    folder = place_run(workspace, preset, losses=(0.25,), train__epochs=1, **settings)
    if rows:
        row = {"kind": "epoch", "epoch": 0, "step": 0, "signs": []} | rows
        folder.metrics.write_text(json.dumps(row) + "\n")
    folder.frames.mkdir()
    frame_path(folder.frames, 0).touch()
    return live_numbers(folder, LOSSES)["symbols"]


def test_a_loss_by_its_name_is_only_that_of_a_run_trained_with_it(workspace):
    both = {"val_loss": 0.01, "val_mse": 0.01}
    of_mse = numbers_with(workspace, rows=both, objective__loss="mse")
    assert "number" not in of_mse["BCE"]
    assert of_mse["BCE"]["note"] == (
        "This run was trained with MSE. Open one that was trained with BCE to see its number."
    )
    assert (of_mse["MSE"]["number"], of_mse["L"]["number"]) == (0.01, 0.01)
    assert "note" not in of_mse["MSE"]

    of_bce = numbers_with(workspace, rows={"val_loss": 0.3, "val_mse": 0.02})
    assert (of_bce["BCE"]["number"], of_bce["MSE"]["number"]) == (0.3, 0.02)
    assert of_bce["MSE"]["note"] == "This run was trained with BCE. Its MSE is measured as well."

    with_penalty = {"val_loss": 0.5, "val_reconstruction": 0.3, "val_mse": 0.02}
    of_more = numbers_with(workspace, "contractive", rows=with_penalty)
    assert (of_more["BCE"]["number"], of_more["L"]["number"]) == (0.3, 0.5)


def test_a_run_of_another_task_has_no_number_for_a_loss_by_its_name(workspace):
    found = numbers_with(workspace, "classify-image")
    asked = {name: found[name].get("note") for name in ("BCE", "MSE")}
    assert asked == {
        name: f"Open a run that was trained with {name} to see its number." for name in ("BCE", "MSE")
    }
    assert "number" not in found["BCE"]
    assert found["L"]["number"] == 0.25
