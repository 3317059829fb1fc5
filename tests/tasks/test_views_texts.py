"""SimCSE: MiniLM reads the tokens of texts, and its own dropout makes two views of each."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.data.dataset import save_dataset
from selfsup_core.data.sources import open_source
from selfsup_core.inspection.model_at import Kits
from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.pretrained.encoders.catalogue import ENCODERS
from selfsup_core.runs.folder import read_rows
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.signs import epoch_rows
from selfsup_core.runs.thinned import frame_path
from tests.helpers import kill_and_resume, last_tensors, make_run, rows_without_times, run_here, same
from tests.objectives.helpers import seeded

pytestmark = pytest.mark.skipif(ENCODERS["minilm"].find() is None, reason="the encoder is not installed")

SMALL = {
    "model.most_tokens": 8,
    "model.lora_rank": 2,
    "data.validation": 0.2,
    "train.epochs": 1,
    "train.steps_per_epoch": 3,
    "train.batch_size": 8,
    "train.device": "cpu",
    "train.threads": 1,
    "data.labels_per_class": 3,
    "frames.samples": 24,
    "frames.tiles": 4,
}
FEW, ROWS = "my-posts", 600  # the whole set takes a minute
TEXTS = ["A cat sat on the mat.", "[SEP] is no end here", ""]


@pytest.fixture(scope="module")
def simcse(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("simcse")
    whole = open_source("newsgroups", workspace)
    few = dataclasses.replace(
        whole,
        id=FEW,
        x=whole.x.take(np.arange(ROWS)),
        y=whole.y[:ROWS],
        groups=None,
        details={"rows": ROWS, "shape": []},
    )
    save_dataset(few, workspace / "datasets" / FEW)
    spec = preset_spec("views-simcse", SMALL | {"train.checkpoint_seconds": 1e-6, "data.source": FEW})
    folder = make_run(workspace, spec)
    return folder, run_here(folder), spec


def test_a_run_trains_loras_matrices_alone_and_says_what_it_compares(simcse):
    folder, state, _ = simcse
    assert state["status"] == "finished", state["error"]
    rows = epoch_rows(read_rows(folder.metrics))
    assert rows[0]["probe_accuracy"] == pytest.approx(state["baseline"]["untrained_probe_accuracy"])
    # Raw input are the word counts, not the numbers of tokens, by which six topics could only be guessed.
    assert state["baseline"]["raw_probe_accuracy"] > 0.25
    assert "MiniLM reads the first 8 tokens of each text." in state["notices"][0]
    trained = [name for name in last_tensors(folder) if name.startswith("state/loop/model/body")]
    assert trained
    assert all("lora_" in name for name in trained)
    assert read_frame(frame_path(folder.frames, 1))["latents"].shape == (24, 384)


def test_killed_and_resumed_it_ends_bit_for_bit_the_same(simcse, monkeypatch):
    whole, first, spec = simcse
    cut = make_run(whole.workspace, spec)
    again = kill_and_resume(cut, monkeypatch, saves=2)
    assert same(last_tensors(whole), last_tensors(cut))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert first["metrics"] == again["metrics"]


def test_the_kit_has_the_codes_of_the_frame(simcse):
    folder, _, _ = simcse
    at = Kits(folder.workspace).kit(folder.id).at(1)
    frame = read_frame(frame_path(folder.frames, 1))
    np.testing.assert_allclose(at.codes.numpy(), frame["latents"].astype(np.float32), atol=0.02)


def test_texts_become_tokens_and_their_encoders_own_vectors():
    from selfsup_core.pretrained.text_body import load_minilm, token_rows

    rows = token_rows(TEXTS, 12)
    assert rows.shape == (3, 12)
    network, tokenizer = load_minilm()
    assert tokenizer.decode(rows[0].long(), skip_special_tokens=True) == "a cat sat on the mat."
    assert int((rows[1] == tokenizer.sep_token_id).sum()) == 1
    assert rows[2].tolist() == [tokenizer.cls_token_id, tokenizer.sep_token_id, *[0] * 10]
    entry = MODELS["text-encoder"]
    model = entry.build(entry.config(most_tokens=12, lora_rank=2), (12,))
    glorot_init(model, seeded())
    model.body.reset(seeded())
    model.eval()
    with torch.inference_mode():
        codes = model.encode(rows)
        for row, code in zip(rows, codes, strict=True):
            ids = row[row > 0].long()[None]
            states = network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            torch.testing.assert_close(code, states[0].mean(dim=0), atol=1e-4, rtol=1e-3)
        model.train()
        assert not torch.allclose(model.encode(rows), model.encode(rows))
    model.body.reset(seeded(1))
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert all("lora_" in name for name in weights)
    model.eval()
    model.encode(rows).sum().backward()
    assert any(p.grad.abs().sum() > 0 for name, p in weights.items() if "lora_B" in name)


def test_what_is_no_text_is_refused(workspace: Path):
    changes = {"data.source": "wine", "objective.augment.kind": "table"}
    error = run_here(make_run(workspace, preset_spec("views-simcse", SMALL | changes)))["error"]
    assert "The text encoder needs texts" in error["message"]
    changes = {"model.dropout": 0.0}
    error = run_here(make_run(workspace, preset_spec("views-simcse", SMALL | changes)))["error"]
    assert "Two views of a text would be the same" in error["message"]
