"""Networks as ONNX: of every preset that can have one, the same numbers as in torch for batches of any
size.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.data.sources import SOURCES
from selfsup_core.errors import RunError, StudioError
from selfsup_core.export import onnx_file
from selfsup_core.export.onnx_file import (
    UNFIT,
    Exportable,
    build,
    compare,
    export_module,
    sample,
    wrap_classifier,
    wrap_network,
    write_onnx,
)
from selfsup_core.models import MODELS
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, task_of
from tests.helpers import make_run, run_here, tiny_spec

WIDTH = 12  # of features that are no samples, such as TF-IDF


def specs() -> dict[str, RunSpec]:
    """The first preset of each network and objective."""
    found: dict[tuple[str, ...], tuple[str, RunSpec]] = {}
    for name in list_presets(""):
        spec = preset_spec(name)
        key = (task_of(spec), spec.model.kind, spec.objective.kind)
        if spec.model.kind not in UNFIT and key[0] != "language":
            found.setdefault(key, (name, spec))
    return dict(found.values())


def exportable(spec: RunSpec) -> Exportable:
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
    x = sample(13, 4)
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
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    with pytest.raises(RunError, match="Nothing was written"):
        write_onnx(variational, tmp_path / "vae.onnx")
    assert not list(tmp_path.iterdir())


def test_a_language_model_is_refused_in_words(workspace: Path, tmp_path: Path):
    folder = make_run(workspace, preset_spec("gpt-characters"))
    with pytest.raises(RunError, match="reads tokens") as error:
        write_onnx(folder, tmp_path / "gpt.onnx")
    assert error.value.code == "no-onnx"
