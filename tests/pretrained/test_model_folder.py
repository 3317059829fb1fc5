"""What a folder is, how large it is, and models that lack a part."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from selfsup_core.errors import DataError
from selfsup_core.pretrained.encoders.catalogue import find_encoder, load_encoder
from selfsup_core.pretrained.loading import load_causal, load_model
from selfsup_core.pretrained.model_folder import (
    check_folder,
    kind_of,
    measure_folder,
)
from tests.models.tiny import tiny_bert, tiny_gpt

pytestmark = pytest.mark.usefixtures("passes")


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


def load_as_encoder(folder: Path) -> None:
    load_encoder(find_encoder(str(folder)))


LOADERS = {"language": load_model, "encoder": load_as_encoder}


@pytest.fixture(params=LOADERS)
def load(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """Loads a folder as a language model or as a sentence encoder."""
    return LOADERS[request.param]


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A folder that both loaders take."""
    return tiny_bert(tmp_path / "bert", head=False)


class Evil:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def change(folder: Path, **values: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


@pytest.mark.parametrize(
    "named", ["evil.bin", "../other/model.safetensors", "/etc/passwd", "gone.safetensors", 5, None, ["a"]]
)
@pytest.mark.parametrize("index", ["model.safetensors.index.json", "other.safetensors.index.json"])
def test_an_index_that_leads_elsewhere_is_refused(bert: Path, load, named, index: str):
    torch.save(Evil(bert / "ran"), bert / "evil.bin")
    (bert / "model.safetensors").rename(bert / "part.safetensors")  # else the index is not asked
    weights = {"weight_map": {"a": "part.safetensors", "b": named}}
    (bert / index).write_text(json.dumps(weights))
    with pytest.raises(DataError, match=r"safetensors\.index\.json of bert names .* as a file of weights"):
        load(bert)
    assert not (bert / "ran").exists()


def test_an_index_of_files_that_are_there_is_taken(bert: Path, load):
    (bert / "model.safetensors").rename(bert / "part.safetensors")
    names = dict.fromkeys(load_file(bert / "part.safetensors"), "part.safetensors")
    (bert / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    load(bert)


def test_an_index_that_is_put_there_after_the_description_is_refused(bert: Path):
    encoder = find_encoder(str(bert))
    (bert / "model.safetensors.index.json").write_text('{"weight_map": {"a": "evil.bin"}}')
    with pytest.raises(DataError, match=r"names 'evil\.bin' as a file of weights"):
        load_encoder(encoder)


def test_weights_that_the_settings_name_are_refused(bert: Path, load):
    change(bert, transformers_weights="adapter_model.bin")
    with pytest.raises(DataError, match=r"names 'adapter_model\.bin' as its weights"):
        load(bert)


def test_an_adapter_is_refused(bert: Path, load):
    (bert / "adapter_config.json").write_text('{"base_model_name_or_path": "../other"}')
    with pytest.raises(DataError, match="holds an adapter"):
        load(bert)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("num_hidden_layers", 1_000_000, "1,000,000 layers; at most 1,000"),
        ("hidden_size", 10**9, "1,000,000,000 numbers per token; at most 65,536"),
        ("vocab_size", 10**10, "10,000,000,000 tokens in the vocabulary; at most 4,000,000"),
        ("intermediate_size", 10**9, "numbers inside a layer"),
        ("max_position_embeddings", 10**12, "positions"),
        ("num_labels", 10**9, "labels"),
        ("hidden_size", 1e12, "numbers per token"),
    ],
)
def test_a_network_beyond_reason_is_refused(
    bert: Path, load, key: str, value: float, said: str, nested: bool
):
    change(bert, **({"parts": [{"text_config": {key: value}}]} if nested else {key: value}))
    with pytest.raises(DataError, match=said):
        load(bert)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "vocab.txt", "model.safetensors"])
def test_a_pipe_is_not_waited_for(bert: Path, load, name: str):
    (bert / name).unlink(missing_ok=True)
    os.mkfifo(bert / name)
    with pytest.raises(DataError, match=r"of bert is (missing|not a regular file)"):
        load(bert)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_deep_settings_are_refused(bert: Path, load, name: str):
    (bert / name).write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    with pytest.raises(DataError, match=f"{name} of bert is missing, too large or not valid JSON"):
        load(bert)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt"])
def test_a_sparse_file_of_terabytes_is_not_read(bert: Path, load, name: str):
    with open(bert / name, "ab") as file:
        file.truncate(2**40)
    with pytest.raises(DataError, match=r"too large|1,099,511,627,776 bytes; at most 128 MB"):
        load(bert)


def test_links_of_the_hubs_cache_are_followed(bert: Path, load):
    for path in list(bert.iterdir()):
        blob = bert.parent / f"blob-{path.name}"
        path.rename(blob)
        path.symlink_to(blob)
    load(bert)
