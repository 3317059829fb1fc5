"""The Keras model of the dense network: the same layers, and with the same weights the same outputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from selfsup_core.errors import StudioError
from selfsup_core.export.keras import keras_script
from selfsup_core.models import MODELS
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.runs.spec import make_spec
from tests.helpers import python

# Runs in a process of its own: Keras reads its backend at import.
CODE = """
import os, sys, json
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np
found = []
for folder in sys.argv[1:]:
    space = {}
    exec(open(folder + "/model.py").read(), space)
    import keras
    assert keras.backend.backend() == "torch"
    given = np.load(folder + "/weights.npz")
    dense = [l for part in (space["encoder"], space["decoder"]) for l in part.layers if l.weights]
    for i, layer in enumerate(dense):
        layer.set_weights([given[f"w{i}"], given[f"b{i}"]])
    out = keras.ops.convert_to_numpy(space["autoencoder"](given["x"]))
    found.append([float(np.abs(out - given["y"]).max()), len(dense)])
print(json.dumps(found))
"""
NETWORKS = [((64, 32, 16), "relu", "relu"), ((9,), "tanh", "linear"), ((20, 5), "gelu", "sigmoid")]


def test_keras_gives_the_same_outputs(tmp_path: Path):
    folders = [tmp_path / str(i) for i in range(len(NETWORKS))]
    wanted = [write_network(folder, *about) for folder, about in zip(folders, NETWORKS, strict=True)]
    done = python(CODE, *map(str, folders))
    assert done.returncode == 0, done.stderr
    for (error, layers), count in zip(json.loads(done.stdout.splitlines()[-1]), wanted, strict=True):
        assert layers == count
        assert error <= 1e-5


def write_network(folder: Path, widths: tuple[int, ...], activation: str, code: str) -> int:
    """A network's weights and outputs, and the script that Keras is given; how many layers it has."""
    folder.mkdir()
    model = {"widths": widths, "activation": activation, "code_activation": code}
    spec = make_spec({"model": model, "name": "any"})
    network = MODELS["dense"].build(spec.model, (28, 28)).eval()
    glorot_init(network, torch.Generator().manual_seed(1))
    x = torch.rand(7, 784, generator=torch.Generator().manual_seed(2))
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    arrays = {"x": x.numpy(), "y": network.decode(network.encode(x)).detach().numpy()}
    for i, layer in enumerate(linear):
        arrays |= {f"w{i}": layer.weight.detach().numpy().T, f"b{i}": layer.bias.detach().numpy()}
    np.savez(folder / "weights.npz", **arrays)
    (folder / "model.py").write_text(keras_script(spec, (28, 28)))
    return len(linear)


def test_other_networks_and_objectives_say_what_there_is_instead():
    for values in ({"model": {"kind": "convolutional"}}, {"objective": {"kind": "variational"}}):
        with pytest.raises(StudioError, match="PyTorch script"):
            keras_script(make_spec(values), (28, 28))


def test_what_the_objective_adds_is_said_beside_the_layers():
    text = keras_script(make_spec({"objective": {"kind": "sparse"}}), (28, 28))
    assert "penalty on the code is not in this loss" in text
    compile(text, "model.py", "exec")
