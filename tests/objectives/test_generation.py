"""Flow matching and DDPM against closed forms: of Gaussian data the best answer of a network is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from selfsup_core.models.modules.generator import Generator
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.ddpm import Ddpm, add_noise, kept_signal, make_betas, step_back
from selfsup_core.objectives.flow_matching import FlowMatching, interpolate
from selfsup_core.objectives.generation import Images, guide
from selfsup_core.runs.recipes import list_presets, preset_spec
from tests.objectives.helpers import seeded

MEAN, SD = 0.4, 0.3
ROWS = 4000


def objective(kind: str, **more) -> FlowMatching | Ddpm:
    cls = OBJECTIVES[kind]
    return cls(cls.Config.model_validate({"kind": kind, **more}))


def gaussian(rows: int = ROWS, seed: int = 3) -> torch.Tensor:
    """(rows, 1) ~ N(MEAN, SD²)."""
    return MEAN + SD * torch.randn(rows, 1, generator=seeded(seed))


def velocity(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """E[x_1 − x_0 | x_t = x] of data N(MEAN, SD²): both are Gaussian, so it is linear in x."""
    t = t[:, None]
    slope = (t * SD**2 - (1 - t)) / (t**2 * SD**2 + (1 - t) ** 2)
    return MEAN + slope * (x - t * MEAN)


class Small(Generator):
    """Stands for a network: says how often it is asked, and for which classes."""

    classes = 3

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(4))
        self.asked: list[torch.Tensor] = []

    def forward(self, x, t, labels):
        self.asked.append(labels)
        return x * 0 + labels[:, None].to(x.dtype) + self.weight


def test_the_presets_are_flow_matching_of_their_data():
    found = list_presets("generate")
    assert {name: preset_spec(name).data.source for name in found} == {
        "generate-fashion": "fashion-5k",
        "generate-emoji": "emoji",
    }
    assert {preset_spec(name).objective.kind for name in found} == {"flow-matching"}


def test_the_target_of_flow_matching_is_the_velocity_of_its_line():
    x, noise, t = gaussian(5), torch.randn(5, 1, generator=seeded()), torch.linspace(0, 1, 5)
    torch.testing.assert_close(interpolate(x, noise, torch.zeros(5)), noise)
    torch.testing.assert_close(interpolate(x, noise, torch.ones(5)), x)
    posed = objective("flow-matching").pose(x, noise, seeded())
    width = 1e-3
    ahead = interpolate(x, noise, t + width) - interpolate(x, noise, t)
    torch.testing.assert_close(ahead / width, posed.target, atol=1e-3, rtol=0)
    torch.testing.assert_close(posed.x, interpolate(x, noise, posed.t))
    assert ((posed.t >= 0) & (posed.t < 1)).all()


def test_no_answer_is_better_than_the_exact_velocity():
    x, noise = gaussian(200_000), torch.randn(200_000, 1, generator=seeded(1))
    x, noise, t, target = x.double(), noise.double(), *objective("flow-matching").pose(x, noise, seeded())[1:]
    at = interpolate(x, noise, t.double())
    left = target.double() - velocity(at, t.double())
    for other in (torch.ones_like(at), at, at**2):  # what is left has nothing to do with x_t
        assert abs(float((left * other).mean())) < 0.01


@pytest.mark.parametrize(("solver", "steps", "tolerance"), [("euler", 400, 6e-3), ("heun", 40, 3e-3)])
def test_following_the_exact_velocity_gives_the_data(solver, steps, tolerance):
    made = objective("flow-matching", solver=solver, steps=steps)
    noise = torch.linspace(-3, 3, 61)[:, None].double()
    *_, last = made.walk(velocity, noise, seeded())
    # The flow of two Gaussians is the map between their quantiles.
    torch.testing.assert_close(last, MEAN + SD * noise, atol=tolerance, rtol=0)


def test_heun_has_the_order_that_it_should_have():
    noise = torch.tensor([[1.5]]).double()

    def error(solver: str, steps: int) -> float:
        *_, last = objective("flow-matching", solver=solver, steps=steps).walk(velocity, noise, seeded())
        return abs(float(last) - (MEAN + SD * 1.5))

    assert 1.7 < error("euler", 100) / error("euler", 200) < 2.3
    assert 3.3 < error("heun", 100) / error("heun", 200) < 4.8


def test_the_schedules_of_ddpm_are_the_published_ones():
    linear = make_betas(1000, "linear")
    assert (float(linear[0]), float(linear[-1])) == (1e-4, 0.02)
    torch.testing.assert_close(linear.diff(), torch.full((999,), (0.02 - 1e-4) / 999).double())
    kept = kept_signal(1000, "linear")
    assert kept[0] == 1
    assert float(kept[-1]) == pytest.approx(4.04e-5, rel=0.01)  # as Ho et al. have it
    cosine = kept_signal(1000, "cosine")
    for t in (1, 250, 500, 900):
        wanted = math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2
        wanted /= math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        assert float(cosine[t]) == pytest.approx(wanted, rel=1e-9)
    for levels in (10, 200, 1000):
        for schedule in ("cosine", "linear"):
            made = kept_signal(levels, schedule)
            assert (made.diff() < 0).all()
            assert made[-1] < 1e-3


def test_noise_is_added_as_in_a_chain_of_small_steps():
    betas, kept = make_betas(50, "linear"), kept_signal(50, "linear")
    x = torch.full((20_000, 1), 0.7)
    for beta in betas[:20]:
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn(x.shape, generator=seeded(int(beta * 1e9)))
    at_once = add_noise(
        torch.full((20_000, 1), 0.7), torch.randn(20_000, 1, generator=seeded(9)), kept[20].expand(20_000)
    )
    assert float(x.mean()) == pytest.approx(float(at_once.mean()), abs=0.03)
    assert float(x.var()) == pytest.approx(float(1 - kept[20]), rel=0.05)
    assert float(at_once.var()) == pytest.approx(float(1 - kept[20]), rel=0.05)


def test_a_step_back_is_the_posterior_of_ho_et_al():
    kept, betas, t = kept_signal(1000, "linear"), make_betas(1000, "linear"), 400
    now, then, beta = float(kept[t]), float(kept[t - 1]), float(betas[t - 1])
    x, clean = torch.tensor([[0.3], [-0.9]]).double(), torch.tensor([[0.8], [0.1]]).double()
    noise = (x - math.sqrt(now) * clean) / math.sqrt(1 - now)
    quiet = step_back(x, noise, torch.zeros_like(x), now=now, then=then, eta=1.0)
    mean = math.sqrt(then) * beta / (1 - now) * clean + math.sqrt(1 - beta) * (1 - then) / (1 - now) * x
    torch.testing.assert_close(quiet, mean)  # eq. 7
    loud = step_back(x, noise, torch.ones_like(x), now=now, then=then, eta=1.0)
    variance = (1 - then) / (1 - now) * beta
    torch.testing.assert_close(loud - quiet, torch.full_like(x, math.sqrt(variance)))
    end = step_back(x, noise, torch.ones_like(x), now=now, then=1.0, eta=1.0)
    torch.testing.assert_close(end, clean)
    beyond = step_back(x, noise - 5, torch.zeros_like(x), now=now, then=1.0, eta=0.0)
    assert beyond.abs().max() <= 1, "what is predicted stays where data can be"


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_taking_away_the_exact_noise_gives_the_data(eta):
    made = objective("ddpm", steps=400, eta=eta)

    def noise_in(x, t):
        kept = made.kept[(t * 1000).round().long()].to(x)[:, None]
        return (1 - kept).sqrt() / (kept * SD**2 + 1 - kept) * (x - kept.sqrt() * MEAN)

    *_, last = made.walk(noise_in, torch.randn(ROWS, 1, generator=seeded(5)), seeded(6), is_bounded=False)
    assert float(last.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(last.std()) == pytest.approx(SD, abs=0.02)


@pytest.mark.parametrize("kind", ["flow-matching", "ddpm"])
def test_a_way_has_all_its_steps_and_the_same_seed_the_same_end(kind):
    made, noise = objective(kind, steps=7), torch.randn(3, 4, generator=seeded())

    def predict(x, t):
        assert ((t >= 0) & (t <= 1)).all()
        return x / 2

    one, two = (torch.stack(list(made.walk(predict, noise, seeded(1)))) for _ in range(2))
    assert one.shape == (8, 3, 4)
    torch.testing.assert_close(one[0], noise)
    assert torch.equal(one, two)
    assert Generator().leave(one).min() >= 0
    assert Generator().leave(one).max() <= 1


def test_guidance_is_a_line_through_the_answers_with_and_without_the_class():
    named, other = torch.tensor([[2.0]]), torch.tensor([[1.0]])
    assert [float(guide(named, other, w)) for w in (0.0, 1.0, 3.0)] == [1.0, 2.0, 4.0]
    made, x, t, labels = objective("flow-matching"), torch.zeros(2, 4), torch.zeros(2), torch.tensor([0, 2])
    for weight, asked, answer in ((0.0, [3, 3], [3, 3]), (1.0, [0, 2], [0, 2]), (2.0, [0, 2, 3, 3], [-3, 1])):
        model = Small()
        found = made.predictor(model, labels, weight)(x, t)
        assert [one.tolist() for one in model.asked] == [asked]
        assert found[:, 0].tolist() == answer
    untold = Small()
    objective("flow-matching", guided=False, guidance=4.0).predictor(untold, labels)(x, t)
    assert untold.asked[0].tolist() == [3, 3]


def test_classes_are_hidden_as_often_as_it_is_said():
    labels, model = torch.arange(3).repeat(2000), Small()
    batch = Images(torch.rand(6000, 4, generator=seeded()), labels)
    objective("flow-matching", hidden=0.25).step(model, batch, seeded())
    assert float((model.asked[0] == 3).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert (model.asked[0][model.asked[0] < 3] == labels[model.asked[0] < 3]).all()
    objective("flow-matching", guided=False).step(model, batch, seeded())
    assert (model.asked[1] == 3).all()


def test_the_average_follows_fast_at_first_then_as_slowly_as_set():
    model, made = Small(), objective("flow-matching", average=0.5)
    made.begin(model)
    expected = 0.0
    for n in range(6):
        with torch.no_grad():
            model.weight.fill_(float(n))
        made.settle(model)
        decay = min(0.5, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay) * n
    np.testing.assert_allclose(made.average.weight.detach().numpy(), expected, rtol=1e-5)
    again = objective("flow-matching", average=0.5)
    again.begin(Small())
    again.load(made.state())
    assert again.updates == 6
    assert torch.equal(again.average.weight, made.average.weight)


@pytest.mark.parametrize("kind", ["flow-matching", "ddpm"])
def test_a_small_network_learns(kind):
    from selfsup_core.models.modules.autoencoder import glorot_init
    from selfsup_core.models.unet import UNetConfig, build

    made, model = objective(kind), build(UNetConfig(channels=(8,), patch=2, attention=False), (6, 6, 2))
    glorot_init(model, seeded())
    model.reset(seeded())
    x = torch.rand(16, 36, generator=seeded()).round()
    batch, optimizer = Images(x, torch.arange(16) % 2), torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(40):
        optimizer.zero_grad()
        loss = made.step(model, batch, seeded(step))["loss"]
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])
