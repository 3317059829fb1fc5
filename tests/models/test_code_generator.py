"""The generator in a code: as many weights as it says, codes as noise is, and an autoencoder that stays."""

from __future__ import annotations

import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.models.code_generator import CodeGeneratorConfig, build, build_for
from selfsup_core.models.dense import DenseConfig
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.generation import Images
from selfsup_core.runs.spec import make_spec
from tests.objectives.helpers import seeded

SMALL = CodeGeneratorConfig(code=5, channels=(4,), width=16, depth=2)


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 7, 3, 0)])
def test_it_has_as_many_weights_as_it_says(shape):
    network, model = MODELS["code-generator"], build(SMALL, shape)
    assert sum(p.numel() for p in model.parameters()) == network.parameters(SMALL, shape)
    x = torch.randn(3, 5)
    assert model(x, torch.rand(3), torch.tensor([0, shape[-1], 0])).shape == x.shape
    assert network.task == "generate"


def dense(width: int = 12):
    model = MODELS["dense"].build(DenseConfig(widths=(8, 3), code_activation="linear"), (width,))
    glorot_init(model, seeded())
    return model


def test_another_autoencoder_stays_as_it_is_and_its_code_becomes_like_noise():
    autoencoder, x = dense(), torch.rand(40, 12, generator=seeded())
    before = [p.clone() for p in autoencoder.parameters()]
    model = build_for(SMALL, autoencoder, 2)
    glorot_init(model, seeded(1))
    model.reset(seeded(1))
    codes = autoencoder.encode(x)
    model.fit(codes)
    entered = model.enter(x)
    torch.testing.assert_close(entered.mean(dim=0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(entered.std(dim=0, correction=0), torch.ones(3))
    torch.testing.assert_close(model.leave(entered), autoencoder.decode(codes))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    objective = OBJECTIVES["flow-matching"](OBJECTIVES["flow-matching"].Config())
    losses = []
    for step in range(30):
        optimizer.zero_grad()
        loss = objective.step(model, Images(x, torch.arange(40) % 2), seeded(step))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.95 * sum(losses[:5])
    after = list(autoencoder.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_number_of_the_code_that_never_changes_is_not_blown_up():
    model = build_for(SMALL, dense(), 0)
    codes = torch.randn(50, 3, generator=seeded())
    codes[:, 1] = 4.0
    model.fit(codes)
    assert float(model.spread[1]) == pytest.approx(1e-3 * float(model.spread.max()))
    model.fit(torch.full((5, 3), 2.0))
    assert torch.isfinite(model.leave(torch.randn(4, 3))).all()


def test_its_own_autoencoder_learns_first_and_alone():
    model = build(SMALL, (8, 8, 2))
    batch = Images(torch.rand(6, 64, generator=seeded()), torch.zeros(6, dtype=torch.int64))
    objective = OBJECTIVES["ddpm"](OBJECTIVES["ddpm"].Config())

    def learned() -> set[str]:
        model.zero_grad(set_to_none=True)
        objective.step(model, batch, seeded())["loss"].backward()
        return {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}

    assert learned() == {"autoencoder"}
    terms = objective.step(model, batch, seeded())
    rebuilt = model.autoencoder.decode(model.autoencoder.encode(batch.x))
    torch.testing.assert_close(terms["reconstruction"], (rebuilt - batch.x).square().mean())
    model.is_coding = True
    assert learned() == {"time", "label", "stem", "blocks", "out"}


def test_a_code_and_a_network_of_pixels_do_not_go_together():
    given = {"data": {"source": "digits", "code_of": "one"}, "objective": {"kind": "flow-matching"}}
    with pytest.raises(SettingError, match="draws pixels"):
        make_spec(given | {"model": {"kind": "unet"}})
    assert make_spec(given | {"model": {"kind": "code-generator"}}).data.code_of == "one"
