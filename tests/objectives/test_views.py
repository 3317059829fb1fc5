"""Objectives on views: losses equal slow formulas in NumPy, gradients flow where they should, safeguards are
settings, teachers follow and resume.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models import MODELS
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.barlow_twins import cross_correlation
from selfsup_core.objectives.byol import byol_loss
from selfsup_core.objectives.dino import dino_loss
from selfsup_core.objectives.rotation import all_turns
from selfsup_core.objectives.sigreg import epps_pulley, sigreg
from selfsup_core.objectives.simclr import nt_xent
from selfsup_core.objectives.simsiam import simsiam_loss
from selfsup_core.objectives.swav import sinkhorn, swapped_loss
from selfsup_core.objectives.two_views import TwoViews, follow
from selfsup_core.objectives.vicreg import covariance_penalty, variance_hinge
from selfsup_core.runs.spec import make_spec
from selfsup_core.wording import inline
from tests.objectives.helpers import batch, seeded
from tests.objectives.view_helpers import embeddings, make_views, noisy

VIEWS = [name for name, made in OBJECTIVES.items() if issubclass(made, TwoViews)]
IMAGES = ("rotation", "jepa")  # which need images
DENSE = [name for name in VIEWS if name not in IMAGES]


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-5, abs=1e-5)


def unit(x: torch.Tensor) -> np.ndarray:
    rows = x.double().numpy()
    return rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("negatives", [0, 1, 3])
@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_nt_xent_is_the_papers_formula(temperature, negatives):
    one, two = embeddings()
    size = len(one)
    z = np.concatenate([unit(one), unit(two)])
    total = 0.0
    for i in range(2 * size):
        others = [
            k
            for k in range(2 * size)
            if k != i and (not negatives or (k % size - i % size) % size <= negatives)
        ]
        exponents = {k: np.exp(z[i] @ z[k] / temperature) for k in others}
        total -= np.log(exponents[(i + size) % (2 * size)] / sum(exponents.values()))
    assert float(nt_xent(one, two, temperature, negatives)) == near(total / (2 * size))


def test_two_negatives_are_two():
    """With equal embeddings everywhere, the loss is the logarithm of the number of candidates."""
    z = torch.ones(9, 4)
    assert float(nt_xent(z, z, 0.2, 1)) == near(np.log(3))
    assert float(nt_xent(z, z, 0.2)) == near(np.log(17))
    assert float(nt_xent(z[:1], z[:1], 0.2)) == near(0.0)


def test_byol_and_simsiam_are_the_papers_formulas():
    one, two = embeddings()
    u, v = unit(one), unit(two)
    squares = [((a - b) ** 2).sum() for a, b in zip(u, v, strict=True)]
    cosines = [a @ b for a, b in zip(u, v, strict=True)]
    assert float(byol_loss(one, two)) == near(np.mean(squares))
    assert float(simsiam_loss(one, two)) == near(-np.mean(cosines))


def test_barlow_twins_is_the_papers_formula():
    one, two = embeddings(40)
    a, b = (x.double().numpy() for x in (one, two))
    wanted = np.zeros((5, 5))
    for i in range(5):
        for j in range(5):
            p, q = a[:, i] - a[:, i].mean(), b[:, j] - b[:, j].mean()
            wanted[i, j] = (p * q).sum() / np.sqrt((p**2).sum() + 40e-5) / np.sqrt((q**2).sum() + 40e-5)
    assert cross_correlation(one, two).numpy() == near(wanted)


def test_vicreg_is_the_papers_formula():
    z = 0.4 * embeddings(40)[0]
    x = z.double().numpy()
    hinge = [max(0, 1 - np.sqrt(x[:, j].var(ddof=1) + 1e-4)) for j in range(5)]
    assert float(variance_hinge(z)) == near(np.mean(hinge))
    c = np.cov(x.T)
    assert float(covariance_penalty(z)) == near((np.sum(c**2) - np.sum(np.diag(c) ** 2)) / 5)


def test_sigreg_is_the_integral():
    z, _ = embeddings(40)
    directions = torch.randn(5, 7, generator=seeded())
    a = directions.double().numpy()
    a = a / np.sqrt((a**2).sum(axis=0))
    x = z.double().numpy() @ a
    t = np.linspace(-3, 3, 33)
    wanted = []
    for column in x.T:
        phi = np.array([np.exp(1j * s * column).mean() for s in t])
        error = np.abs(phi - np.exp(-(t**2) / 2)) ** 2 * np.exp(-(t**2) / 2)
        wanted.append(40 * np.trapezoid(error, t))
    assert epps_pulley(torch.from_numpy(x).float()).numpy() == near(np.array(wanted))
    assert float(sigreg(z, directions)) == near(np.mean(wanted))


def test_dino_is_the_papers_formula():
    student, teacher = embeddings()
    s, t = student.double().numpy() / 0.1, teacher.double().numpy() / 0.04
    total = 0.0
    for a, b in zip(s, t, strict=True):
        target = np.exp(b - b.max()) / np.exp(b - b.max()).sum()
        total -= (target * (a - a.max() - np.log(np.exp(a - a.max()).sum()))).sum()
    assert float(dino_loss(student, teacher, 0.1, 0.04)) == near(total / len(s))


def test_the_center_follows_what_the_teacher_says_and_comes_back():
    objective, model = make_views("dino", prototypes=6)
    objective.step(model, batch(), seeded())
    seen = objective.seen.clone()
    objective.settle(model)
    torch.testing.assert_close(objective.center, 0.1 * seen)
    other, _ = make_views("dino", prototypes=6)
    other.load(objective.state())
    assert torch.equal(other.center, objective.center)


@pytest.mark.parametrize("rounds", [1, 3, 50])
def test_sinkhorn_scales_rows_and_columns(rounds):
    scores = torch.rand(12, 4, generator=seeded())
    q = np.exp(scores.double().numpy() / 0.05)
    for _ in range(rounds):
        q = q / q.sum(axis=0, keepdims=True) / 4
        q = q / q.sum(axis=1, keepdims=True) / 12
    found = sinkhorn(scores, 0.05, rounds).numpy()
    assert found == near(12 * q)
    assert found.sum(axis=1) == near(np.ones(12))
    if rounds == 50:
        assert found.sum(axis=0) == pytest.approx(np.full(4, 3.0), rel=1e-3)


def test_swav_is_the_papers_formula():
    scores, other = (torch.rand(8, 4, generator=seeded(i)) for i in range(2))
    shares = other / other.sum(dim=1, keepdim=True)
    s, q = scores.double().numpy() / 0.1, shares.double().numpy()
    wanted = [-(b * (a - np.log(np.exp(a).sum()))).sum() for a, b in zip(s, q, strict=True)]
    assert float(swapped_loss(scores, shares, 0.1)) == near(np.mean(wanted))


def test_the_queue_joins_the_assignment_once_it_is_full():
    objective, model = make_views("swav", prototypes=6, queue=20, queue_after=0.5)
    seen = []
    for index in range(3):
        x = batch(8, seed=index)
        one, two = noisy(x, seeded(index))
        with torch.no_grad():
            seen.append(
                torch.stack([torch.nn.functional.normalize(z) for z in objective.both(model, one, two)])
            )
        objective.step(model, x, seeded(index))
        assert not objective.uses_queue
        objective.settle(model)
    assert objective.filled == 20
    torch.testing.assert_close(objective.queue, torch.cat(seen[::-1], dim=1)[:, :20])
    scores = torch.rand(8, 6, generator=seeded())
    alone = sinkhorn(scores, 0.05, 3)
    assert torch.equal(objective.assign(model, scores, 1), alone)  # it is not time yet
    objective.progress = 0.5
    assert objective.uses_queue
    others = objective.queue[1].double().numpy() @ unit(model.predictor.directions.weight.detach()).T
    q = np.exp(np.concatenate([scores.double().numpy(), others]) / 0.05)
    for _ in range(3):
        q = q / q.sum(axis=0, keepdims=True)
        q = q / q.sum(axis=1, keepdims=True)
    assert objective.assign(model, scores, 1).numpy() == near(q[:8])
    assert not torch.allclose(objective.assign(model, scores, 1), alone)
    model.eval()
    objective.step(model, batch(8), seeded())
    kept = objective.queue.clone()
    objective.settle(model)
    assert torch.equal(objective.queue, kept)  # measured rows do not enter it
    other, _ = make_views("swav", prototypes=6, queue=20, queue_after=0.5)
    other.load(objective.state())
    assert torch.equal(other.queue, kept)
    assert other.filled == 20


def test_prototypes_give_cosines():
    _, model = make_views("swav", prototypes=6)
    z = torch.randn(3, 5)
    weight = model.predictor.directions.weight.detach()
    assert model.predict(z).detach().numpy() == near(unit(z) @ unit(weight).T)


def test_images_are_turned_by_every_quarter():
    x = batch(2, 4 * 4 * 3)
    turned, which = all_turns(x, (4, 4, 3))
    images = x.numpy().reshape(2, 4, 4, 3)
    for k in range(4):
        for i in range(2):
            assert int(which[2 * k + i]) == k
            assert turned[2 * k + i].numpy().reshape(4, 4, 3) == near(np.rot90(images[i], k))


def test_rotation_learns_turns_and_needs_squares():
    entry = MODELS["residual"]
    config = entry.config(channels=(4, 8))
    objective = OBJECTIVES["rotation"](OBJECTIVES["rotation"].Config())
    model = entry.build(config, (8, 8))
    objective.equip(model)
    ramp = torch.linspace(0, 1, 8).repeat(8).expand(6, -1)  # dark on the left, light on the right
    objective.make_views = noisy
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        terms = objective.step(model, ramp, seeded())
        terms["loss"].backward()
        optimizer.step()
    assert float(terms["accuracy"]) == 1
    with pytest.raises(SettingError, match="square images; found 8 × 6"):
        objective.equip(entry.build(config, (8, 6)))


def test_sigreg_is_lowest_for_a_gaussian():
    generator = seeded()
    gauss = torch.randn(500, 4, generator=generator)
    line = torch.randn(500, 1, generator=generator) @ torch.ones(1, 4)
    directions = torch.randn(4, 64, generator=generator)
    good = float(sigreg(gauss, directions))
    for bad in (torch.zeros(500, 4), line, 3 * gauss, gauss + 2):
        assert float(sigreg(bad, directions)) > 10 * good


@pytest.mark.parametrize("kind", DENSE)
def test_a_few_steps_lower_the_loss_and_every_term_is_finite(kind):
    objective, model = make_views(kind)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, losses = batch(48), []
    for _ in range(30):
        optimizer.zero_grad()
        terms = objective.step(model, x, seeded())
        terms["loss"].backward()
        optimizer.step()
        objective.settle(model)
        # A teacher that moves changes the loss too: of DINO's only what the student can change is compared.
        losses.append(float(terms.get("divergence", terms["loss"]).detach()))
        assert all(torch.isfinite(value) for value in terms.values())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("kind", DENSE)
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_batch_may_be_one_row(kind, rows):
    objective, model = make_views(kind)
    terms = objective.step(model, batch(rows), seeded())
    terms["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("kind", DENSE)
def test_measuring_changes_nothing(kind):
    objective, model = make_views(kind)
    model.eval()
    state = {k: v.clone() for k, v in model.state_dict().items()}
    kept = str(objective.state())
    with torch.inference_mode():
        first = objective.step(model, batch(20), seeded())
        again = objective.step(model, batch(20), seeded())
    assert {k: float(v) for k, v in first.items()} == {k: float(v) for k, v in again.items()}
    assert str(objective.state()) == kept
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())


def test_without_augmentation_both_views_are_the_sample():
    objective, model = make_views("simclr", augmented=False)
    x = batch()
    one, two = objective.views(x, seeded())
    assert one is x
    assert two is x
    assert float(objective.step(model, x, seeded())["agreement"].detach()) == near(1.0)


def test_the_stopped_gradient_is_stopped():
    one, two = (x.requires_grad_() for x in embeddings())
    simsiam_loss(one, two).backward()
    assert two.grad is None
    simsiam_loss(one, two, stop_gradient=False).backward()
    assert two.grad.abs().sum() > 0


def test_without_predictor_there_is_none():
    for kind in ("byol", "simsiam"):
        with_it, without = (make_views(kind, predictor=there)[1] for there in (True, False))
        z = torch.randn(4, 5)
        assert torch.equal(without.predict(z), z)
        assert not torch.equal(with_it.predict(z), z)


def test_a_teacher_follows_slowly_and_a_frozen_one_does_not():
    for decay in (0.9, 1.0):
        objective, model = make_views("byol", decay=decay)
        before = [p.clone() for p in objective.teacher.parameters()]
        with torch.no_grad():
            for p in model.parameters():
                p.add_(1.0)
        objective.settle(model)
        for old, p in zip(before, objective.teacher.parameters(), strict=True):
            torch.testing.assert_close(p, old + (1 - decay))
            assert not p.requires_grad


def test_a_teachers_state_comes_back():
    objective, model = make_views("byol")
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(2)
    follow(objective.teacher, model, 0.5)
    other, _ = make_views("byol")
    other.load(objective.state())
    for a, b in zip(objective.teacher.parameters(), other.teacher.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("kind", VIEWS)
def test_each_break_names_settings_that_there_are_and_says_the_remedy(kind):
    cls = OBJECTIVES[kind]
    assert ("augmentation" in cls.breaks) == cls.Config().augmented
    assert cls(cls.Config()).remedies() == {}
    for one in cls.breaks.values():
        broken = cls(cls.Config(**one.settings))
        assert broken.config != cls.Config()
        assert inline(one.title) in broken.remedies()["complete"]


def test_a_wrong_augmentation_is_named_as_it_is_set():
    def spec(**augment):
        return make_spec({"model": {"kind": "residual"}, "objective": {"kind": "simclr", "augment": augment}})

    assert spec(crop=0.5).objective.augment.crop == 0.5
    assert spec(kind="table").as_dict()["objective"]["augment"]["corruption"] == 0.6
    with pytest.raises(SettingError, match=r"objective.augment.crop must be at least 0 and at most 0.95"):
        spec(crop=2)
    with pytest.raises(SettingError, match=r"no setting 'objective.augment.krop'. Did you mean .*crop"):
        spec(krop=0.2)
    with pytest.raises(SettingError, match="kind"):
        spec(kind="smell")
