"""Latent prediction of hidden patches: blocks, loss and gradients, what is taken away, killed and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selfsup_core.errors import SettingError
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.models.modules.encoder import Encoder
from selfsup_core.objectives.jepa import Jepa, choose_context, draw_blocks, latent_loss
from selfsup_core.runs.frames import read_frame
from selfsup_core.runs.spec import make_spec
from tests.helpers import (
    frame_bytes,
    kill_and_resume,
    last_tensors,
    make_run,
    rows_without_times,
    run_here,
    same,
)
from tests.objectives.helpers import batch, make, seeded

SIDE = 12
VIT = {"kind": "vit", "patch": 2, "size": 12, "depth": 2}


def made(side: int = SIDE, patch: int = 2, **settings: Any) -> tuple[Jepa, Encoder]:
    """With a network whose weights are set, ready to train."""
    objective, model = make(
        {"kind": "jepa", "predictor_size": 8, **settings}, {**VIT, "patch": patch}, (side, side)
    )
    objective.begin(model)
    return objective, model


def test_the_loss_is_the_papers_formula():
    p, t = (3 * torch.randn(4, 5, 6, generator=seeded(i)) for i in range(2))
    wanted = torch.rand(4, 5, generator=seeded(2)) < 0.5
    found = []
    for i in range(4):
        for j in range(5):
            if wanted[i, j]:
                errors = np.abs(p[i, j].double().numpy() - t[i, j].double().numpy())
                found.append(np.mean([e**2 / 2 if e < 1 else e - 0.5 for e in errors]))
    assert float(latent_loss(p, t, wanted)) == pytest.approx(np.mean(found), rel=1e-5)
    assert float(latent_loss(p, t, torch.zeros_like(wanted))) == 0


@pytest.mark.parametrize("is_predicted", [True, False])
def test_a_step_is_the_loss_of_what_the_teacher_makes_of_hidden_patches(is_predicted):
    objective, model = made(predictor=is_predicted)
    x = batch(5, SIDE * SIDE)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.1)  # the teacher is another network by now
        found = objective.step(model, x, seeded())
    keep, wanted = objective.draw(5, seeded())
    total, alike, count = 0.0, 0.0, 0
    with torch.no_grad():
        for i in range(5):
            teacher = objective.teacher.body.see(x[i : i + 1])[0].double().numpy()
            context = model.body.see(x[i : i + 1], keep[i : i + 1])
            if is_predicted:
                said = model.predictor(context, keep[i : i + 1])[0].double().numpy()
            else:
                said = np.repeat(
                    context[0].double().numpy().mean(axis=0, keepdims=True), len(teacher), axis=0
                )
            for j in np.flatnonzero(wanted[i]):
                t = (teacher[j] - teacher[j].mean()) / np.sqrt(teacher[j].var() + 1e-5)
                errors = np.abs(said[j] - t)
                total += np.where(errors < 1, errors**2 / 2, errors - 0.5).mean()
                alike += said[j] @ t / np.linalg.norm(said[j]) / np.linalg.norm(t)
                count += 1
    assert float(found["loss"]) == pytest.approx(total / count, rel=1e-4)
    assert float(found["agreement"]) == pytest.approx(alike / count, rel=1e-4)


def test_blocks_are_rectangles_of_the_papers_size():
    hidden = draw_blocks(400, (10, 12), 1, 0.2, seeded()).reshape(400, 10, 12)
    sizes, shapes, corners = [], [], set()
    for block in hidden.numpy():
        down, across = np.flatnonzero(block.any(axis=1)), np.flatnonzero(block.any(axis=0))
        assert block[down[0] : down[-1] + 1, across[0] : across[-1] + 1].all()
        assert block.sum() == len(down) * len(across)
        sizes.append(block.sum() / 120)
        shapes.append(len(down) / len(across))
        corners.add((down[0], across[0]))
    assert np.mean(sizes) == pytest.approx(0.175, abs=0.01)
    assert min(sizes) > 0.11
    assert max(sizes) < 0.25
    assert 0.5 < min(shapes) < 0.8
    assert 1.3 < max(shapes) < 2
    assert len(corners) > 25
    assert draw_blocks(400, (10, 12), 4, 0.2, seeded()).float().mean() == pytest.approx(0.52, abs=0.05)


def test_the_context_is_outside_of_the_blocks_as_far_as_there_is_room():
    hidden = draw_blocks(100, (6, 6), 4, 0.2, seeded())
    keep, wanted = choose_context(hidden, 15, seeded(1))
    assert (keep[:, 1:] > keep[:, :-1]).all()
    seen = torch.zeros_like(hidden).scatter(1, keep, True)
    assert not (seen & wanted).any()
    assert torch.equal(seen | wanted, seen | hidden)
    has_room = (~hidden).sum(dim=1) >= 15
    assert 0 < int(has_room.sum()) < 100
    assert torch.equal(wanted[has_room], hidden[has_room])
    assert ((~hidden)[~has_room] <= seen[~has_room]).all()
    assert len({tuple(row) for row in keep.tolist()}) > 90


def test_the_same_generator_hides_the_same_and_pictures_show_it():
    objective, _ = made()
    x = 0.9 * batch(6, SIDE * SIDE)
    one, two = objective.views(x, seeded())
    again = objective.views(x, seeded())
    assert torch.equal(one, again[0])
    assert torch.equal(two, again[1])
    assert not torch.equal(one, objective.views(x, seeded(1))[0])
    is_seen, is_wanted = one == x, two == x
    assert not (is_seen & is_wanted).any()
    assert (one[~is_seen] == 0.5).all()
    assert (two[~is_wanted] == 0.5).all()
    keep, wanted = objective.draw(6, seeded())
    assert torch.equal(is_seen.sum(dim=1), torch.full((6,), 4 * keep.shape[1]))
    assert torch.equal(is_wanted.sum(dim=1), 4 * wanted.sum(dim=1))


def test_gradients_reach_encoder_and_predictor_but_not_the_teacher():
    objective, model = made()
    objective.step(model, batch(8, SIDE * SIDE), seeded())["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    assert all(p.grad is None for p in objective.teacher.parameters())


@pytest.mark.parametrize(("decay", "moved"), [(0.9, 0.1), (0.0, 1.0), (1.0, 0.0)])
def test_the_teacher_follows_as_slowly_as_is_set(decay, moved):
    objective, model = made(decay=decay)
    before = [p.clone() for p in objective.teacher.parameters()]
    with torch.no_grad():
        for p in model.parameters():
            p.add_(1.0)
    objective.settle(model)
    for old, p in zip(before, objective.teacher.parameters(), strict=True):
        torch.testing.assert_close(p, old + moved)


def test_a_few_steps_lower_the_loss_for_hidden_patches():
    objective, model = made(decay=1.0)  # of a target that stays where it is
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    x, losses = batch(32, SIDE * SIDE), []
    for _ in range(30):
        optimizer.zero_grad()
        loss = objective.step(model, x, seeded())["loss"]
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_measuring_changes_nothing():
    objective, model = made()
    model.eval()
    with torch.inference_mode():
        first, again = (objective.step(model, batch(4, SIDE * SIDE), seeded()) for _ in range(2))
    assert {k: float(v) for k, v in first.items()} == {k: float(v) for k, v in again.items()}


def test_the_mask_token_comes_from_the_seed():
    _, model = made()
    model.predictor.reset(seeded(3))
    hole = model.predictor.hole.clone()
    assert hole.abs().sum() > 0
    model.predictor.reset(seeded(4))
    assert not torch.equal(hole, model.predictor.hole)
    glorot_init(model, seeded())
    model.predictor.reset(seeded(3))
    assert torch.equal(hole, model.predictor.hole)


def test_what_cannot_be_hidden_is_refused():
    with pytest.raises(SettingError, match=r"at least 4 of them; a patch of 8 leaves 1\. .*model.patch"):
        made(side=8, patch=8)
    with pytest.raises(SettingError, match="cannot train the network 'residual'"):
        make_spec({"model": {"kind": "residual"}, "objective": {"kind": "jepa"}})


@pytest.mark.parametrize("side", [4, 5, 17])
def test_small_and_odd_pictures_are_learned_from(side):
    objective, model = made(side=side, patch=2)
    terms = objective.step(model, batch(1, side * side), seeded())
    terms["loss"].backward()
    assert all(torch.isfinite(value) for value in terms.values())


def test_killed_and_resumed_it_ends_bit_for_bit_the_same(workspace: Path, monkeypatch):
    spec = make_spec(
        {
            "data": {"source": "digits"},
            "model": {"kind": "vit", "size": 12, "depth": 1},
            "objective": {"kind": "jepa", "predictor_size": 8, "augmented": True, "augment": {"flip": 0.0}},
            "train": {"epochs": 2, "device": "cpu", "threads": 1, "batch_size": 64, "steps_per_epoch": 3},
            "frames": {"samples": 60, "tiles": 8},
        },
        {"train.checkpoint_seconds": 1e-6},
    )
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    first = run_here(whole)
    again = kill_and_resume(cut, monkeypatch, saves=3)
    assert first["status"] == "finished", first["error"]
    assert same(last_tensors(whole), last_tensors(cut))
    assert any("task/objective/teacher" in name for name in last_tensors(whole))
    assert rows_without_times(whole) == rows_without_times(cut)
    assert frame_bytes(whole) == frame_bytes(cut)
    assert first["verdict"] == again["verdict"]
    assert first["metrics"]["rankme"] > 1
    static = read_frame(whole.frames / "static.safetensors")
    gray = [(static[name] == 128).mean() for name in ("view_one", "view_two")]
    assert 0.5 < gray[0] < 0.7  # about two fifths are seen
    assert 0.3 < gray[1] < 0.7
