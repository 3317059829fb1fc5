"""Tools against what the network itself computes, and what they say to rubbish."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from selfsup_core.errors import RunError, SettingError, StudioError
from selfsup_core.inspection.answer import Answer, pack
from selfsup_core.inspection.asking import questions_about
from selfsup_core.inspection.model_at import ModelAt
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.thinned import frame_path
from selfsup_core.train.checkpoint import list_checkpoints, load_checkpoint
from tests.inspection.asking import ask_run


def use(runs: Any, run: str, tool: str, **values: Any) -> Answer:
    return ask_run(runs.kits, runs[run].id, tool, values)


def at(runs: Any, run: str, epoch: int | None = None) -> ModelAt:
    return runs.kits.kit(runs[run].id).at(epoch)


def decoded(model: ModelAt, codes: torch.Tensor) -> np.ndarray:
    with torch.inference_mode():
        return (model.model.decode(codes).clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def test_weights_of_the_last_epoch_are_those_of_the_checkpoint(runs):
    folder = runs["plain"]
    saved = load_checkpoint(list_checkpoints(folder.checkpoints)[0], {})["loop"]["model"]
    for name, value in at(runs, "plain").model.state_dict().items():
        assert torch.allclose(value, saved[name], rtol=1e-3, atol=1e-5), name


def test_each_epoch_has_its_own_weights_and_an_epoch_that_was_not_kept_takes_the_nearest(runs):
    first, last = at(runs, "plain", 0), at(runs, "plain", 2)
    assert (first.epoch, last.epoch) == (0, 2)
    assert not torch.equal(first.codes, last.codes)
    assert at(runs, "plain", 99).epoch == 2
    assert use(runs, "plain", "decode", points=[[0, 0]], epoch=1).about["epoch"] == 1


@pytest.mark.parametrize("run", ["plain", "two", "convolutional", "quantized"])
def test_the_place_of_a_sample_decodes_to_its_own_reconstruction(runs, run):
    model = at(runs, run)
    frame = read_frame(frame_path(runs[run].frames, 2))
    for sample in (0, 7, 33):
        place = [float(v) for v in frame["map"][sample][:2]]
        answer = use(runs, run, "decode", points=[place], sample=sample)
        expected = decoded(model, model.codes[sample][None])
        assert np.abs(answer.arrays["images"].astype(int) - expected).max() <= 2


def test_without_a_sample_the_rest_of_the_code_is_the_mean_and_that_is_said(runs):
    model = at(runs, "plain")
    mean, axes = model.projection
    answer = use(runs, "plain", "decode", points=[[0.0, 0.0], [1.0, -1.0]])
    assert np.allclose(answer.arrays["codes"][0], mean.numpy(), atol=1e-5)
    assert np.allclose(answer.arrays["codes"][1], (mean + axes[0] - axes[1]).numpy(), atol=1e-5)
    assert "the other 2 stay at their mean" in answer.about["how"]
    assert "the code itself" in use(runs, "two", "decode", points=[[0, 0]]).about["how"]


def test_the_posterior_on_the_map_is_that_of_the_network(runs):
    model = at(runs, "variational")
    answer = use(runs, "variational", "posterior", sample=5)
    mean, axes = model.projection
    assert np.allclose(answer.arrays["mean"], ((model.codes[5] - mean) @ axes.T).numpy(), atol=1e-4)
    assert np.linalg.eigvalsh(answer.arrays["covariance"]).min() > 0
    with pytest.raises(RunError, match="Only a variational"):
        use(runs, "plain", "posterior", sample=5)


def test_a_traversal_is_ordered_and_its_middle_is_the_sample(runs):
    model = at(runs, "plain")
    answer = use(runs, "plain", "traversal", sample=3, dimensions=4, steps=5)
    importance = answer.arrays["importance"]
    assert (np.diff(importance) <= 0).all()
    assert sorted(answer.arrays["order"].tolist()) == [0, 1, 2, 3]
    images = answer.arrays["images"].reshape(4, 5, -1)
    expected = decoded(model, model.codes[3][None])[0]
    assert all(np.abs(row[2].astype(int) - expected).max() <= 1 for row in images)
    assert use(runs, "variational", "traversal").about["by"] == "KL divergence"


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_a_way_begins_and_ends_at_the_samples(runs, kind):
    model = at(runs, "plain")
    answer = use(runs, "plain", "interpolate", a=2, b=9, steps=7, kind=kind)
    images = answer.arrays["images"].astype(int)
    for place, sample in ((0, 2), (-1, 9)):
        assert np.abs(images[place] - decoded(model, model.codes[sample][None])[0]).max() <= 1
    x = model.kit.data.values(model.kit.data.rows(model.kit.samples[[2, 9]]))
    assert np.allclose(answer.arrays["inputs"] / 255, x.numpy(), atol=0.003)


def test_arithmetic_goes_from_one_class_mean_to_another(runs):
    model, labels = at(runs, "plain"), torch.from_numpy(at(runs, "plain").labels())
    answer = use(runs, "plain", "arithmetic", plus=3, minus=8, steps=4)
    assert answer.arrays["weights"].tolist() == [0.0, 0.5, 1.0, 1.5]
    for weight, label in ((0, 8), (2, 3)):
        expected = decoded(model, model.codes[labels == label].mean(0)[None])[0]
        assert np.abs(answer.arrays["images"][weight].astype(int) - expected).max() <= 1
    with pytest.raises(SettingError, match="no sample of the map has class 77"):
        use(runs, "plain", "arithmetic", plus=77, minus=0)


def test_draws_depend_on_the_seed_and_a_run_without_a_prior_says_so(runs):
    one = use(runs, "plain", "sample", count=5, seed=1)
    assert one.arrays["images"].shape == (5, 64)
    assert np.array_equal(
        one.arrays["images"], use(runs, "plain", "sample", count=5, seed=1).arrays["images"]
    )
    assert not np.array_equal(
        one.arrays["images"], use(runs, "plain", "sample", count=5, seed=2).arrays["images"]
    )
    assert "no prior" in use(runs, "plain", "sample", source="prior").about["note"]
    assert "pulled" in use(runs, "variational", "sample", source="prior").about["note"]


def encoded(values: np.ndarray) -> str:
    return base64.b64encode(values.astype(np.uint8).tobytes()).decode()


def test_repair_hides_what_was_painted_and_tells_both_errors(runs):
    mask = np.zeros(64, np.uint8)
    mask[:16] = 1
    answer = use(runs, "plain", "repair", sample=4, mask=encoded(mask))
    arrays, about = answer.arrays, answer.about
    assert arrays["corrupted"][:16].max() == 0
    assert np.array_equal(arrays["corrupted"][16:], arrays["input"][16:])
    model = at(runs, "plain")
    x = torch.from_numpy(arrays["corrupted"].astype(np.float32) / 255)[None]
    with torch.inference_mode():
        expected = decoded(model, model.model.encode(x))[0]
    assert np.abs(arrays["restored"].astype(int) - expected).max() <= 1
    assert about["mse_restored"] == pytest.approx(float(arrays["error"].mean()), rel=1e-5)
    difference = (arrays["corrupted"] / 255 - arrays["input"] / 255) ** 2
    assert about["mse_corrupted"] == pytest.approx(difference.mean(), abs=1e-4)


def test_repair_of_a_drawn_image_and_of_a_masked_network(runs):
    drawn = np.arange(64) * 3
    answer = use(runs, "plain", "repair", image=encoded(drawn))
    assert np.array_equal(answer.arrays["input"], drawn)
    mask = np.zeros((8, 8), np.uint8)
    mask[1, 1] = 1  # one pixel hides its whole patch of 2 × 2
    masked = use(runs, "masked", "repair", sample=1, mask=encoded(mask))
    changed = (masked.arrays["input"] != masked.arrays["restored"]).reshape(8, 8)
    assert not changed[2:].any()
    assert not changed[:, 2:].any()
    assert masked.about["note"] == "1 of 16 patches are hidden."
    with pytest.raises(SettingError, match="leave at least one patch"):
        use(runs, "masked", "repair", sample=1, mask=encoded(np.ones(64)))


def test_what_it_cannot_explain_is_ranked_without_test_rows(runs):
    kit = runs.kits.kit(runs["plain"].id)
    arrays = use(runs, "plain", "unexplained").arrays
    assert (np.diff(arrays["error"]) <= 0).all()
    assert not set(arrays["rows"].tolist()) & set(kit.data.split.test.tolist())
    assert set(arrays["rows"].tolist()) == set(kit.data.split.train) | set(kit.data.split.validation)
    assert arrays["images"].shape == arrays["restored"].shape == (64, 64)
    worst = (arrays["images"][0] / 255 - arrays["restored"][0] / 255) ** 2
    assert worst.mean() == pytest.approx(arrays["error"][0], abs=2e-3)
    validation = arrays["splits"] == 1
    assert set(arrays["rows"][validation].tolist()) == set(kit.data.split.validation.tolist())


def test_a_class_left_out_is_judged_on_validation_rows(runs):
    kit = runs.kits.kit(runs["left out"].id)
    y = kit.data.y
    assert not (y[kit.data.split.train] == 7).any()
    assert (y[kit.data.split.validation] == 7).any()
    answer = use(runs, "left out", "unexplained")
    validation = answer.arrays["splits"] == 1
    expected = roc_auc_score(answer.arrays["labels"][validation] == 7, answer.arrays["error"][validation])
    assert answer.about["auroc"] == pytest.approx(expected, abs=1e-6)
    assert answer.about["left_out"] == "7"


@pytest.mark.parametrize(
    "run", ["plain", "variational", "quantized", "masked", "convolutional", "table", "texts"]
)
def test_every_network_shows_its_inside_and_a_saliency(runs, run):
    answer = use(runs, run, "inside", sample=2)
    layers = answer.about["layers"]
    assert len(answer.arrays) == len(layers)
    assert sum(layer["parameters"] for layer in layers) == sum(
        p.numel() for p in at(runs, run).model.parameters()
    )
    found = use(runs, run, "saliency", sample=2, dimension=1).arrays["saliency"]
    assert found.shape == (runs.kits.kit(runs[run].id).data.width,)
    with pytest.raises(SettingError, match="dimension must be less than"):
        use(runs, run, "saliency", sample=2, dimension=999)


def test_a_masked_network_says_why_it_does_not_decode(runs):
    for tool in ("decode", "traversal", "interpolate", "sample"):
        values = {"points": [[0, 0]]} if tool == "decode" else {}
        with pytest.raises(RunError, match="it cannot decode a code alone"):
            use(runs, "masked", tool, **values)


@pytest.mark.parametrize("run", ["table", "texts"])
def test_tables_and_texts_can_be_tried_out_too(runs, run):
    width = runs.kits.kit(runs[run].id).data.width
    assert use(runs, run, "decode", points=[[0, 0]]).arrays["images"].shape == (1, width)
    assert use(runs, run, "repair", sample=0, noise="masking").arrays["restored"].shape == (width,)
    assert use(runs, run, "unexplained").arrays["images"].shape == (64, width) if run == "table" else True


RUBBISH = [
    ("decode", {"points": []}),
    ("decode", {"points": [[0, float("nan")]]}),
    ("decode", {"points": [[0, 0]] * 442}),
    ("decode", {"points": [[0, 0]], "sample": 9999}),
    ("decode", {"points": [[0, 0]], "epoch": "x"}),
    ("decode", {"points": "x"}),
    ("decode", {"points": [[1, 2, 3]]}),
    ("traversal", {"steps": 1000}),
    ("traversal", {"sample": -1}),
    ("interpolate", {"a": 0, "b": 10**9}),
    ("interpolate", {"kind": "cubic"}),
    ("sample", {"count": 0}),
    ("repair", {"image": "!!"}),
    ("repair", {"image": "AAAA"}),
    ("repair", {"mask": "AAAA"}),
    ("repair", {"noise": "x"}),
    ("inside", {"sample": 10**6}),
    ("none such", {}),
    ("sample", {"x": 1}),
]


@pytest.mark.parametrize(("tool", "values"), RUBBISH)
def test_rubbish_gets_a_sentence(runs, tool, values):
    with pytest.raises(StudioError) as caught:
        use(runs, "plain", tool, **values)
    assert str(caught.value).endswith(".")


def test_a_run_that_kept_no_weights_says_how_to_keep_them(runs):
    from selfsup_core.runs.spec import make_spec
    from tests.helpers import make_run, run_here

    spec = make_spec({"data": {"source": "wine"}, "train": {"epochs": 1}, "frames": {"weights_megabytes": 0}})
    folder = make_run(runs.workspace, spec)
    run_here(folder)
    with pytest.raises(RunError, match=r"frames\.weights_megabytes"):
        ask_run(runs.kits, folder.id, "sample", {})


def test_answers_are_safetensors_whose_words_are_json(runs):
    import json

    from safetensors import deserialize

    blob = pack(use(runs, "plain", "decode", points=[[0, 0]]))
    size = int.from_bytes(blob[:8], "little")
    about = json.loads(blob[8 : 8 + size])["__metadata__"]
    assert json.loads(about["epoch"]) == 2
    assert dict(deserialize(blob))["images"]["shape"] == [1, 64]


def test_scripts_and_the_archive_come_as_tools(runs):
    assert "torch.optim.Adam" in use(runs, "plain", "script").about["text"]
    assert "keras" in use(runs, "plain", "script", kind="keras").about["text"]
    assert bytes(use(runs, "plain", "archive").arrays["zip"][:2]) == b"PK"
    assert set(questions_about("run")) >= {"decode", "repair", "archive"}
