"""Heads and pooling: shapes, counts, standardized features, texts that are padded."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.modules.heads import Head, Standardize, pool
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import make_spec


def test_presets_fit_together():
    found = list_presets("classify")
    assert {name for name in found if name.startswith("classify-")} == {
        "classify-embeddings",
        "classify-tfidf",
        "classify-lora",
        "classify-full",
        "classify-spoken",
        "classify-table",
        "classify-image",
        "classify-conv",
    }
    for name, preset in found.items():
        assert preset_spec(name).objective.kind == "cross-entropy" or not name.startswith("classify-")
        assert preset["kinds"]


@pytest.mark.parametrize("widths", [(), (7,), (7, 5)])
def test_a_head_has_as_many_weights_as_it_says(widths):
    network = MODELS["head"]
    config = network.config(widths=widths, dropout=0.2)
    shape = (4, 3, 6)
    model = network.build(config, shape)
    assert network.shapes(config, shape) == [12, *widths, 6]
    assert sum(p.numel() for p in model.parameters()) == network.parameters(config, shape)
    assert model(torch.rand(2, 12)).shape == (2, 6)


def test_what_cannot_be():
    with pytest.raises(SettingError, match="widths"):
        make_spec({"model": {"kind": "head", "widths": [0]}, "objective": {"kind": "cross-entropy"}})
    with pytest.raises(SettingError, match="cannot train"):
        make_spec({"model": {"kind": "head"}, "objective": {"kind": "reconstruction"}})
    with pytest.raises(SettingError):
        MODELS["text-classifier"].build(MODELS["text-classifier"].config(), (3,))


def test_standardized_features():
    generator = torch.Generator().manual_seed(0)
    x = 5 + 3 * torch.randn(500, 4, generator=generator)
    x[:, 3] = 0.2  # says nothing, and must not be blown up
    layer = Standardize(4)
    deviation, mean = torch.std_mean(x, dim=0, correction=0)
    layer.fit(mean, deviation)
    found = layer(x)
    assert torch.allclose(found.mean(dim=0), torch.zeros(4), atol=1e-5)
    assert torch.allclose(found[:, :3].std(dim=0), torch.ones(3), atol=1e-2)
    assert found[:, 3].abs().max() < 1e-3
    head = Head(4, [], 2)
    assert {"standardize.mean", "standardize.scale"} <= head.state_dict().keys()


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_padding_changes_no_vector(pooling):
    states = torch.randn(1, 5, 3)
    longer = torch.cat([states, torch.full((1, 4, 3), 99.0)], dim=1)
    mask = torch.ones(1, 5, dtype=torch.int64)
    padded = torch.cat([mask, torch.zeros(1, 4, dtype=torch.int64)], dim=1)
    assert torch.allclose(pool(states, mask, pooling), pool(longer, padded, pooling))
    expected = {"mean": states.mean(dim=1), "cls": states[:, 0], "last": states[:, -1]}[pooling]
    assert torch.allclose(pool(states, mask, pooling), expected, atol=1e-6)
