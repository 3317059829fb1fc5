"""Networks as ONNX: of every preset that can have one, the same numbers as in torch for batches of any
size.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selfsup_core.data.sources import SOURCES
from selfsup_core.errors import RunError, StudioError
from selfsup_core.export import onnx_check
from selfsup_core.export.onnx_check import Exportable, compare, export_module, of_values
from selfsup_core.export.onnx_file import build, wrap_classifier, wrap_network, write_onnx
from selfsup_core.export.onnx_scenarios import (
    wrap_detector,
    wrap_generator,
    wrap_reader,
    wrap_transcriber,
    wrap_translator,
)
from selfsup_core.export.onnx_tokens import wrap_language, wrap_text_classifier, wrap_text_encoder
from selfsup_core.export.run_classifier import load_run
from selfsup_core.models import MODELS
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, make_spec, task_of
from tests.helpers import make_run, run_here, tiny_spec
from tests.tasks.answer_helpers import tiny_minilm
from tests.tasks.classify_helpers import make_pets, text_spec

WIDTH = 12  # of features that are no samples, such as TF-IDF
TOKENS, LENGTH = 40, 12


def specs() -> dict[str, RunSpec]:
    """The first preset of each network and objective."""
    found: dict[tuple[str, ...], tuple[str, RunSpec]] = {}
    for name in list_presets(""):
        spec = preset_spec(name)
        found.setdefault((task_of(spec), spec.model.kind, spec.objective.kind), (name, spec))
    return dict(found.values())


def tiny_layout(kind: type, **more: Any) -> Any:
    """The layout of a transformer with 16 numbers a token."""
    return kind(
        vocab_size=TOKENS,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=LENGTH,
        **more,
    )


def reads_tokens(spec: RunSpec) -> Exportable | None:
    """A network that reads tokens at a tiny size; None for any other."""
    import transformers

    from selfsup_core.models.modules.heads import TextClassifier
    from selfsup_core.pretrained import text_body

    if spec.model.kind in ("gpt", "bert"):
        small = {"layers": 2, "heads": 2, "width": 16, "context": LENGTH}
        model = MODELS[spec.model.kind].build(spec.model.model_copy(update=small), (TOKENS,))
        return wrap_language(model.eval(), LENGTH)
    if spec.model.kind == "pretrained":  # the preset continues SmolLM, which has Llama's layers
        layout = tiny_layout(transformers.LlamaConfig, num_key_value_heads=1)
        return wrap_language(transformers.LlamaForCausalLM(layout).eval(), LENGTH)
    bert = transformers.BertModel(tiny_layout(transformers.BertConfig)).eval()
    if spec.model.kind == "text-classifier":
        return wrap_text_classifier(TextClassifier(bert, "mean", 3, width=16).eval(), LENGTH)
    if spec.model.kind == "text-encoder":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_body, "load_minilm", lambda: (bert, None))
            body = text_body.TextBody(lora_rank=2, dropout=0.1).eval()
        return wrap_text_encoder(body, LENGTH)
    return None


def draws_or_writes(spec: RunSpec) -> Exportable | None:
    """A network of a scenario at a tiny size; None for any other."""
    if spec.model.kind == "unet":
        small = spec.model.model_copy(update={"channels": (4, 8)})
        return wrap_generator(MODELS["unet"].build(small, (8, 8, 3, 2)).eval())
    if spec.model.kind == "code-generator":
        small = spec.model.model_copy(update={"code": 4, "channels": (4,), "width": 8, "depth": 1})
        return wrap_generator(MODELS["code-generator"].build(small, (8, 8, 3, 2)).eval())
    if spec.model.kind == "translator":
        small = spec.model.model_copy(update={"layers": 1, "heads": 2, "width": 16})
        return wrap_translator(MODELS["translator"].build(small, (TOKENS,)).eval())
    if spec.model.kind == "reader":
        with tiny_minilm():
            small = spec.model.model_copy(update={"layers": 2, "frozen": 1})
            return wrap_reader(MODELS["reader"].build(small, ()).eval(), LENGTH)
    if spec.model.kind == "transcriber":
        small = spec.model.model_copy(update={"width": 4, "layers": 1})
        return wrap_transcriber(MODELS["transcriber"].build(small, (6, 5)).eval(), 6)
    if spec.model.kind == "detector":
        small = spec.model.model_copy(update={"width": 4})
        return wrap_detector(MODELS["detector"].build(small, (32, 48, 3, 2)).eval(), (32, 48, 3))
    return None


def exportable(spec: RunSpec) -> Exportable:
    if found := reads_tokens(spec):
        return found
    if found := draws_or_writes(spec):
        return found
    source = SOURCES[spec.data.source]
    shape = (WIDTH,) if source.kind in ("text", "table") else source.shape
    if task_of(spec) in ("classify", "pseudo"):
        network = MODELS[spec.model.kind]
        return wrap_classifier(network.build(spec.model, (*shape, 3)).eval(), int(np.prod(shape)))
    groups = ((1, 2, 3), (5, 6)) if source.kind == "table" and spec.objective.kind == "reconstruction" else ()
    return wrap_network(build(spec, shape, groups).eval(), int(np.prod(shape)))


@pytest.mark.parametrize("preset", specs())
def test_every_preset_gives_the_numbers_of_torch(preset: str):
    torch.manual_seed(0)
    found = exportable(preset_spec(preset))
    assert compare(export_module(found, {}), found) <= 1e-4


def test_another_network_is_not_taken_for_the_same():
    found = exportable(preset_spec("dense-64-32-16"))
    blob = export_module(found, {})
    with torch.no_grad():
        next(found.module.parameters()).add_(0.1)
    with pytest.raises(RunError, match="computes another code than torch"):
        compare(blob, found)


@pytest.fixture(scope="module")
def variational(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("onnx") / "workspace"
    folder = make_run(root, tiny_spec(objective__kind="variational", train__epochs=1))
    run_here(folder)
    return folder


def test_a_variational_run_gives_its_distribution(variational, tmp_path: Path):
    import onnx
    import onnxruntime

    path = tmp_path / "vae.onnx"
    written = write_onnx(variational, path)
    assert list(written.outputs) == ["mean", "log_variance", "reconstruction"]
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(4).random((4, 13), dtype=np.float32)
    first, again = session.run(None, {"x": x}), session.run(None, {"x": x})
    assert [value.shape for value in first] == [(4, 4), (4, 4), (4, 13)]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other), "nothing is drawn at random"
    props = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert (props["run"], props["epoch"], props["item_shape"]) == (variational.id, "1", "[13]")


def test_a_missing_package_is_named_with_its_remedy(variational, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(StudioError, match="onnxruntime, which is not installed") as error:
        write_onnx(variational, tmp_path / "vae.onnx")
    assert error.value.remedy == "Install it with `pip install -r requirements-onnx.txt`."


def test_what_differs_is_not_written(variational, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(onnx_check, "TOLERANCE", -1.0)
    with pytest.raises(RunError, match="Nothing was written"):
        write_onnx(variational, tmp_path / "vae.onnx")
    assert not list(tmp_path.iterdir())


def session_of(path: Path) -> tuple[Any, Any]:
    """(what computes the file, its own tokenizer)."""
    import onnx
    import onnxruntime
    from tokenizers import Tokenizer

    props = {p.key: p.value for p in onnx.load(path).metadata_props}
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return session, Tokenizer.from_str(props["tokenizer"])


def batch_of(texts: list[str], tokenizer: Any, length: int) -> dict[str, np.ndarray]:
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    found = tokenizer.encode_batch(texts)
    return {
        "input_ids": np.array([one.ids for one in found]),
        "attention_mask": np.array([one.attention_mask for one in found]),
    }


def test_a_classifier_of_texts_gives_its_scores_with_the_tokenizer_of_the_file(
    workspace: Path, tmp_path: Path
):
    make_pets(workspace)
    folder = make_run(workspace, text_spec(workspace))
    run_here(folder)
    written = write_onnx(folder, tmp_path / "texts.onnx")
    assert list(written.inputs) == ["input_ids", "attention_mask"]
    session, tokenizer = session_of(tmp_path / "texts.onnx")
    texts = ["the cat on a mat", "dog sat", "a log"]
    logits, probabilities = session.run(None, batch_of(texts, tokenizer, 9))
    wanted = load_run(workspace, folder.id)[0].logits(texts)
    np.testing.assert_allclose(logits, wanted.numpy(), atol=1e-4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_language_model_predicts_the_next_token(workspace: Path, tmp_path: Path):
    from selfsup_core.tasks.parts.language_loading import load_run_model

    make_pets(workspace)
    small = {"layers": 1, "heads": 2, "width": 16, "context": LENGTH}
    values = {
        "data": {"source": "my-pets", "text_unit": "texts"},
        "model": {"kind": "gpt", "tokenizer": "characters"} | small,
        "objective": {"kind": "causal-language"},
        "train": {"epochs": 2, "steps_per_epoch": 2, "device": "cpu", "threads": 1},
        "frames": {"written": 0, "samples": 10},
    }
    folder = make_run(workspace, make_spec(values))
    state = run_here(folder)
    written = write_onnx(folder, tmp_path / "gpt.onnx")
    assert written.epoch == state["best"]["epoch"]
    session, tokenizer = session_of(tmp_path / "gpt.onnx")
    ids = np.array([tokenizer.encode("the cat").ids])
    (logits,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
    model, _, _ = load_run_model(workspace, folder.id, written.epoch)
    with torch.inference_mode():
        wanted = model(input_ids=torch.from_numpy(ids)).logits.numpy()
    np.testing.assert_allclose(logits, wanted, atol=1e-4)


def test_the_encoder_of_texts_gives_the_codes_of_its_rows():
    """Its own forward takes token numbers alone, and what is padding from them."""
    import transformers

    from selfsup_core.pretrained import text_body

    bert = transformers.BertModel(tiny_layout(transformers.BertConfig)).eval()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_body, "load_minilm", lambda: (bert, None))
        body = text_body.TextBody(lora_rank=0, dropout=0.1).eval()
    rows = torch.tensor([[5, 9, 3, 0, 0], [7, 2, 4, 8, 1]])
    with torch.inference_mode():
        wanted = body(rows.float())
        (code,) = wrap_text_encoder(body, 5).module(rows, (rows > 0).long())
    torch.testing.assert_close(code, wanted, atol=1e-5, rtol=1e-4)


def test_what_cannot_be_a_file_says_why(monkeypatch):
    found = exportable(preset_spec("gpt-characters"))
    monkeypatch.setattr(onnx_check, "MOST_BYTES", 100)
    with pytest.raises(RunError, match="one ONNX file holds less") as error:
        export_module(found, {})
    assert error.value.code == "no-onnx"
    monkeypatch.undo()

    class Odd(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            return (torch.special.bessel_j0(x),)

    with pytest.raises(RunError, match="torch cannot write this network as ONNX: ") as error:
        export_module(of_values(Odd(), 4, {"y": ""}), {})
    assert "optimum" in error.value.remedy
