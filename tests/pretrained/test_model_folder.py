"""What a folder is, how large it is, and models that lack a part."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from selfsup_core.errors import DataError
from selfsup_core.pretrained.model_folder import (
    check_folder,
    kind_of,
    load_causal,
    load_model,
    measure_folder,
)
from tests.models.tiny import tiny_bert, tiny_gpt


def test_kinds(tmp_path: Path):
    made = {
        "causal": tiny_gpt(tmp_path / "gpt"),
        "masked": tiny_bert(tmp_path / "bert"),
        "encoder": tiny_bert(tmp_path / "body", head=False),
    }
    for kind, folder in made.items():
        assert kind_of(check_folder(folder), folder.name) == kind
        model, _ = load_model(folder)
        assert not model.training
        expected = sum(p.numel() for p in model.parameters())
        assert measure_folder(folder).parameters == expected
        assert measure_folder(folder).memory_bytes == 4 * expected
    with pytest.raises(DataError, match="is a BertForMaskedLM, not a causal"):
        load_causal(made["masked"])


@pytest.mark.parametrize(
    "architecture", ["T5ForConditionalGeneration", "BertForSequenceClassification", None, 5]
)
def test_other_architectures_are_refused_by_name(tmp_path: Path, architecture):
    folder = tiny_gpt(tmp_path / "gpt")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": [architecture]}))
    with pytest.raises(DataError, match=f"gpt is a {architecture}: neither a causal nor a masked"):
        check_folder(folder)


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path):
    folder = tiny_bert(tmp_path / "bert")
    path = folder / "model.safetensors"
    kept = {k: v for k, v in load_file(path).items() if "transform.dense" not in k}
    save_file(kept, path, metadata={"format": "pt"})
    with pytest.raises(DataError, match=r"bert lacks weights of a BertForMaskedLM: .* and 1 more"):
        load_model(folder)


def test_a_body_that_says_it_has_a_head_is_refused(tmp_path: Path):
    folder = tiny_bert(tmp_path / "body", head=False)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["BertForMaskedLM"]}))
    with pytest.raises(DataError, match="lacks weights"):
        load_model(folder)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"[]", b"\x40" + b"\0" * 7 + b"{"]
)
def test_a_damaged_header_is_said(tmp_path: Path, content: bytes):
    folder = tiny_gpt(tmp_path / "gpt")
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        measure_folder(folder)


def test_half_precision_is_loaded_as_single(tmp_path: Path):
    folder = tiny_gpt(tmp_path / "gpt")
    path = folder / "model.safetensors"
    save_file({k: v.bfloat16() for k, v in load_file(path).items()}, path, metadata={"format": "pt"})
    model, _ = load_model(folder)
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    "named", ["evil.bin", "../other/model.safetensors", "/etc/passwd", "gone.safetensors", 5, None]
)
def test_an_index_that_leads_elsewhere_is_refused(tmp_path: Path, named):
    folder = tiny_gpt(tmp_path / "gpt")
    (folder / "evil.bin").write_bytes(b"x")
    weights = {"weight_map": {"a": "model.safetensors", "b": named}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(weights))
    with pytest.raises(DataError, match=r"model\.safetensors\.index\.json of gpt names"):
        check_folder(folder)


def test_an_index_of_files_that_are_there_is_taken(tmp_path: Path):
    folder = tiny_gpt(tmp_path / "gpt")
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "model.safetensors"}})
    )
    assert check_folder(folder)


def test_a_million_layers_and_pipes_are_refused(tmp_path: Path):
    folder = tiny_gpt(tmp_path / "gpt")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"n_layer": 1_000_000}))
    with pytest.raises(DataError, match="1,000,000 layers; at most 1,000"):
        check_folder(folder)
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    with pytest.raises(DataError, match=r"config\.json of gpt is missing"):
        check_folder(folder)
