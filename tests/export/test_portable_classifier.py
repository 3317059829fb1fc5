"""A classifier from a run and from the folder that it was written to: the same logits, and plain
transformers' too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.errors import DataError, RunError
from selfsup_core.export.portable_classifier import load_classifier
from selfsup_core.export.run_classifier import export_classifier, load_run
from selfsup_core.files import read_json
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here, tiny_spec
from tests.tasks.classify_helpers import head_spec, make_pets, text_spec

TEXTS = ["the cat on a mat", "dog sat", "", "a [SEP] log </s> [MASK] " + "the " * 40]


def finished(workspace: Path, spec) -> str:
    folder = make_run(workspace, spec)
    state = run_here(folder)
    assert state["status"] == "finished", state["error"]
    return folder.id


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("pooling", ["mean", "cls", "last", "own"])
def test_a_transformer(workspace: Path, tmp_path: Path, tuning: str, pooling: str):
    make_pets(workspace)
    spec = text_spec(workspace, model__tuning=tuning, model__pooling=pooling, train__learning_rate=0.01)
    run = finished(workspace, spec)
    first, epoch = load_run(workspace, run)
    logits = first.logits(TEXTS)
    assert epoch == read_json(workspace / "runs" / run / "state.json")["best"]["epoch"]
    target = tmp_path / "out"
    assert export_classifier(workspace, run, target) == epoch
    second = load_classifier(target)
    assert second.classes == ["cats", "dogs", "logs"]
    assert torch.allclose(second.logits(TEXTS), logits, atol=1e-5)
    # A text's scores do not depend on what it is padded beside.
    alone = torch.cat([second.logits([text]) for text in TEXTS])
    assert torch.allclose(alone, logits, atol=1e-5)
    with pytest.raises(DataError, match="already exists"):
        export_classifier(workspace, run, target)


def test_plain_transformers_loads_it(workspace: Path, tmp_path: Path):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    make_pets(workspace)
    run = finished(workspace, text_spec(workspace, model__pooling="own"))
    export_classifier(workspace, run, tmp_path / "out")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    assert model.config.id2label == {0: "cats", 1: "dogs", 2: "logs"}
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    given = tokenizer("the cat on a mat", return_tensors="pt", return_token_type_ids=False)
    with torch.inference_mode():
        found = model(**given).logits
    assert torch.allclose(found, load_run(workspace, run)[0].logits(["the cat on a mat"]), atol=1e-5)


@pytest.mark.parametrize("source", ["gpt", "run"])
def test_causal_models_and_runs_of_ones_own(workspace: Path, tmp_path: Path, source: str):
    from tests.models.tiny import tiny_gpt

    make_pets(workspace)
    name = str(tiny_gpt(tmp_path / "gpt"))
    if source == "run":
        language = make_spec(
            {
                "data": {"source": "my-pets", "text_unit": "texts"},
                "model": {
                    "kind": "bert",
                    "layers": 1,
                    "heads": 2,
                    "width": 16,
                    "context": 16,
                    "tokenizer": "bpe",
                    "vocabulary": 300,
                },
                "objective": {"kind": "masked-language"},
                "train": {"epochs": 1, "steps_per_epoch": 2, "device": "cpu", "threads": 1},
                "frames": {"written": 0, "samples": 10},
            }
        )
        name = f"run:{finished(workspace, language)}"
    for pooling in ("auto", "own"):
        run = finished(workspace, text_spec(workspace, model__source=name, model__pooling=pooling))
        logits = load_run(workspace, run)[0].logits(TEXTS)
        export_classifier(workspace, run, tmp_path / pooling)
        assert torch.allclose(load_classifier(tmp_path / pooling).logits(TEXTS), logits, atol=1e-5)
        about = read_json(workspace / "runs" / run / "base.json")
        assert about["epoch"] == (1 if source == "run" else None)


@pytest.mark.parametrize("source", ["wine", "digits", "my-pets"])
def test_a_head(workspace: Path, tmp_path: Path, source: str):
    from selfsup_core.data.sources import open_source

    make_pets(workspace)
    run = finished(workspace, head_spec(data__source=source, data__vocabulary=50))
    first, _ = load_run(workspace, run)
    dataset = open_source(source, workspace)
    items = [dataset.x[row] for row in range(12)]
    logits = first.logits(items)
    export_classifier(workspace, run, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "classifier.json",
        "head.safetensors",
    ]
    second = load_classifier(tmp_path / "out")
    assert torch.equal(second.logits(items), logits)


def test_it_is_the_network_that_was_measured(workspace: Path):
    """The test rows given as new samples have the accuracy that the run found."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.data.splits import split_rows

    run = finished(workspace, head_spec(train__epochs=5))
    dataset = open_source("wine", workspace)
    rows = split_rows(dataset, validation=0.1, test=0.1, seed=0).test
    found = load_run(workspace, run)[0].logits([np.asarray(dataset.x[r]) for r in rows])
    accuracy = float((found.argmax(dim=1).numpy() == np.asarray(dataset.y)[rows]).mean())
    metrics = read_json(workspace / "runs" / run / "state.json")["metrics"]
    assert accuracy == pytest.approx(metrics["test_accuracy"])


def test_what_is_no_classifier(workspace: Path, tmp_path: Path):
    folder = make_run(workspace, tiny_spec())
    with pytest.raises(RunError, match="is not a classifier"):
        load_run(workspace, folder.id)
    with pytest.raises(RunError, match="no weights"):
        load_run(workspace, make_run(workspace, head_spec()).id)
    with pytest.raises(DataError, match="an exported classifier"):
        load_classifier(tmp_path)
    run = finished(workspace, head_spec())
    export_classifier(workspace, run, tmp_path / "out")
    (tmp_path / "out" / "head.safetensors").write_bytes(b"damaged")
    with pytest.raises(DataError, match="could not be loaded"):
        load_classifier(tmp_path / "out")
