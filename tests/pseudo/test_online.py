"""Losses of unlabeled rows against slow formulas; augmentation; and runs of every method within steps."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from selfsup_core.augment.views import change_images, make_augment
from selfsup_core.models.modules.heads import Tokens
from selfsup_core.pseudo.online import (
    Consistency,
    binary_cross_entropy,
    ema_update,
    hard_loss,
    ramp,
    sharpen,
    soft_loss,
    square_loss,
)
from tests.helpers import kill_and_resume, make_run, run_here, same, weights
from tests.tasks.test_pseudo import equal, make_table, networks, spec_of


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_losses_are_those_of_the_papers():
    logits, w = torch.randn(6, 3, generator=draw()), torch.tensor([1.0, 0, 1, 0.5, 0, 1])
    target = torch.rand(6, 3, generator=draw(1)).softmax(dim=1)
    p = logits.double().softmax(dim=1).numpy()
    label = target.argmax(dim=1)
    slow = sum(-math.log(p[i, int(label[i])]) * float(w[i]) for i in range(6)) / 6
    assert float(hard_loss(logits, label, w)) == pytest.approx(slow, rel=1e-5)
    t = target.double().numpy()
    slow = (
        sum(float(w[i]) * sum(t[i, c] * math.log(t[i, c] / p[i, c]) for c in range(3)) for i in range(6)) / 6
    )
    assert float(soft_loss(logits, target, w)) == pytest.approx(slow, rel=1e-4)
    assert float(square_loss(logits, target)) == pytest.approx(((p - t) ** 2).mean(), rel=1e-5)
    power = t[0] ** (1 / 0.5)
    np.testing.assert_allclose(sharpen(target, 0.5)[0].numpy(), power / power.sum(), rtol=1e-5)
    assert ramp(0, 0.4) == pytest.approx(math.exp(-5))
    assert ramp(0.4, 0.4) == ramp(1, 0.4) == ramp(0, 0) == 1


def test_two_classes_as_in_the_textbook():
    logits, y = torch.randn(9, 2, generator=draw()), torch.randint(0, 2, (9,), generator=draw(1))
    p = logits.softmax(dim=1)[:, 1]
    wanted = torch.nn.functional.cross_entropy(logits, y)
    torch.testing.assert_close(binary_cross_entropy(p, y.float()), wanted)


def test_the_teacher_is_a_running_mean():
    student, teacher = nn.Linear(2, 2), nn.Linear(2, 2)
    old, new = copy.deepcopy(teacher.weight), student.weight
    ema_update(teacher, student, 0.9)
    torch.testing.assert_close(teacher.weight, 0.9 * old + 0.1 * new)


def test_images_stay_where_they_are_about_and_draws_can_be_repeated():
    image = torch.zeros(1, 20, 20)
    image[:, 8:12, 8:12] = 1
    x = image.repeat(200, 1, 1).reshape(200, -1)
    place = torch.arange(20.0)
    for strength, reach in (("weak", 0.12 * 20), ("strong", 0.12 * 20 + 3)):
        change = make_augment(strength, kind="image", shape=(20, 20))
        y = change(x, draw())
        assert y.shape == x.shape
        assert float(y.min()) >= 0
        assert float(y.max()) <= 1
        assert torch.equal(y, change(x, draw()))
        assert not torch.equal(y, change(x, draw(1)))
        pictures = y.reshape(200, 20, 20)
        at = (pictures * place[None, :, None]).sum((1, 2)) / pictures.sum((1, 2)).clamp(min=1e-6)
        assert float((at - 9.5).abs().quantile(0.9)) <= reach
        assert abs(float(at.mean()) - 9.5) < 0.6
    color = torch.rand(3, 8 * 8 * 3, generator=draw())
    assert change_images(color, draw(), shape=(8, 8, 3), is_strong=True, may_flip=True).shape == color.shape


def test_other_kinds_of_data():
    sounds = torch.rand(5, 12 * 16, generator=draw())
    weak = make_augment("weak", kind="sound", shape=(12, 16))(sounds, draw())
    torch.testing.assert_close(weak.sort(dim=1).values, sounds.sort(dim=1).values)  # only moved
    assert make_augment("strong", kind="sound", shape=(12, 16))(sounds, draw()).shape == sounds.shape
    words = make_augment("strong", kind="text", shape=(50,), is_words=True)(torch.ones(200, 50), draw())
    assert float(words.mean()) == pytest.approx(0.7, abs=0.02)
    table = torch.rand(50, 6, generator=draw())
    changed = make_augment("strong", kind="table", shape=(6,))(table, draw())
    assert 0.01 < float((changed - table).abs().mean()) < 0.2
    tokens = Tokens(torch.ones(3, 40, dtype=torch.long), torch.ones(3, 40, dtype=torch.long))
    fewer = make_augment("strong", kind="text", shape=(40,), is_tokens=True)(tokens, draw())
    assert fewer.mask[:, 0].all()
    assert 0.5 < float(fewer.mask.float().mean()) < 0.9
    ids = torch.arange(40).repeat(400, 1)
    masked = Tokens(ids, (ids < 30).long())
    swapped = make_augment("strong", kind="text", shape=(40,), is_tokens=True)(masked, draw()).ids
    assert bool((swapped.sort(dim=1).values == ids).all())  # only exchanged, nothing is lost
    assert int((swapped - ids).abs().max()) == 1
    assert bool((swapped[:, 0] == 0).all())
    assert bool((swapped[:, 30:] == ids[:, 30:]).all())  # padding stays behind the text
    assert float((swapped != ids).float().mean()) == pytest.approx(0.2 * 28 / 40, abs=0.02)
    weak = make_augment("weak", kind="text", shape=(40,), is_tokens=True)(masked, draw()).ids
    assert bool((weak == ids).all())
    assert make_augment("none", kind="image", shape=(8, 8)) is None


@pytest.mark.parametrize("method", ["lee", "fixmatch", "uda", "mean-teacher", "mixmatch"])
def test_only_the_student_gets_a_gradient_and_weights_of_zero_none(method):
    student = nn.Linear(4, 3)
    teacher = copy.deepcopy(student).requires_grad_(False) if method == "mean-teacher" else None
    x = torch.rand(8, 4, generator=draw())
    change = make_augment("strong", kind="table", shape=(4,))
    for kept in (1.0, 0.0):
        consistency = Consistency(
            method,
            weak=change,
            strong=change,
            select=lambda p, rows, k=kept: torch.full((len(p),), k),
            progress=lambda: 1.0,
            teacher=teacher,
        )
        student.zero_grad()
        loss, terms = consistency(student, (x, torch.arange(8)), draw())
        loss.backward()
        assert terms["unlabeled_loss"] >= 0
        has_gradient = float(student.weight.grad.abs().sum()) > 0
        assert has_gradient == (kept == 1.0 or method in ("mean-teacher", "mixmatch"))


@pytest.mark.parametrize("method", ["lee", "fixmatch", "uda", "mixmatch"])
def test_what_is_learned_are_the_turned_proposals(method):
    """Turned to class 2, every proposal pulls the student there."""
    student, x = nn.Linear(4, 3), torch.rand(8, 4, generator=draw())
    seen = []
    consistency = Consistency(
        method,
        weak=None,
        strong=None,
        select=lambda p, rows: seen.append(p) or torch.ones(len(p)),
        progress=lambda: 1.0,
        turn=lambda p: torch.eye(3)[[2] * len(p)],
    )
    loss, _ = consistency(student, (x, torch.arange(8)), draw())
    loss.backward()
    assert (seen[0].argmax(dim=1) == 2).all()
    assert student.bias.grad[2] < 0 < student.bias.grad[:2].sum()


def test_alignment_within_steps_changes_the_student_and_not_the_twin(workspace: Path):
    make_table(workspace, "my-clouds")
    found = []
    for is_aligned in (False, True):
        spec = spec_of(
            objective__method="fixmatch",
            objective__keep="fixed",
            objective__threshold=0.4,
            objective__align=is_aligned,
            objective__rise=0.0,
            objective__guard=False,
            train__epochs=2,
        )
        folder = make_run(workspace, spec)
        assert run_here(folder)["status"] == "finished"
        found.append(networks(folder))
    assert not equal(found[0]["student"], found[1]["student"])
    assert equal(found[0]["twin"], found[1]["twin"])


def test_the_slow_rise_is_not_laid_over_lees_own():
    student, x = nn.Linear(4, 3), torch.rand(8, 4, generator=draw())
    losses = {}
    for method in ("lee", "fixmatch"):
        for progress in (0.0, 1.0):
            consistency = Consistency(
                method,
                weak=None,
                strong=None,
                select=lambda p, rows: torch.ones(len(p)),
                progress=lambda t=progress: t,
                rise=0.5,
            )
            losses[method, progress] = float(consistency(student, (x, torch.arange(8)), draw())[0].detach())
    assert losses["lee", 0.0] == losses["lee", 1.0] == losses["fixmatch", 1.0]
    assert losses["fixmatch", 0.0] == pytest.approx(math.exp(-5) * losses["fixmatch", 1.0])


@pytest.mark.parametrize("method", ["lee", "fixmatch", "uda", "mean-teacher", "mixmatch"])
def test_a_run_of_each_method_learns_and_resumes_bit_for_bit(workspace: Path, monkeypatch, method):

    make_table(workspace, "my-clouds")
    keep = "lee" if method == "lee" else "flexmatch"
    spec = spec_of(
        objective__method=method,
        objective__keep=keep,
        objective__align=method == "uda",
        objective__augment="weak",
        train__epochs=5,
        train__steps_per_epoch=20,
        train__checkpoint_seconds=1e-6,
    )
    whole, cut = make_run(workspace, spec), make_run(workspace, spec)
    state = run_here(whole)
    assert state["status"] == "finished", state["error"]
    assert state["metrics"]["accuracy"] > 0.6
    assert "train_unlabeled_loss" in state["metrics"]
    kill_and_resume(cut, monkeypatch, saves=4)
    assert same(weights(whole), weights(cut))
