"""The loop against a plain one, and every place where it can be cut: same weights and same rows, bit for
bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

from selfsup_core.errors import Diverged
from selfsup_core.models import MODELS
from selfsup_core.models.dense import DenseConfig
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.reconstruction import Reconstruction, ReconstructionConfig
from selfsup_core.train import loop as loop_module
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import DeviceChoice
from selfsup_core.train.loop import Loop

CPU = DeviceChoice("cpu", 1, False, True, "CPU", "")
X = torch.rand(70, 9, generator=torch.Generator().manual_seed(5))
REAL = OBJECTIVES["reconstruction"](ReconstructionConfig())


class Objective(Reconstruction):
    """The real one, with something that happens before each call."""

    def __init__(self, before: Callable[[torch.Tensor], Any]) -> None:
        super().__init__(ReconstructionConfig())
        self.before = before

    def step(self, model, batch, generator):
        factor = self.before(batch)
        terms = super().step(model, batch, generator)
        return {"loss": terms["loss"] * factor} if factor is not None else terms


def make_loop(
    *, seed: int = 0, objective: Any = REAL, rows: torch.Tensor | None = None, **train: Any
) -> Loop:
    config = TrainConfig(**{"epochs": 3, "batch_size": 16} | train)
    model = MODELS["dense"].build(DenseConfig(widths=(6, 3)), (9,))
    glorot_init(model, torch.Generator().manual_seed(seed))
    return Loop(
        model,
        objective,
        values=lambda picked: X[picked],
        config=config,
        choice=CPU,
        seed=seed,
        rows=torch.arange(60) if rows is None else rows,
    )


def flat(loop: Loop) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in loop.model.parameters()])


def test_optimizer_is_adam_as_published():
    loop = make_loop()
    assert type(loop.optimizer) is torch.optim.Adam
    group = loop.optimizer.param_groups[0]
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (
        1e-3,
        (0.9, 0.999),
        1e-8,
        0,
    )


def test_training_equals_a_plain_loop():
    loop = make_loop()
    model = copy.deepcopy(loop.model)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(3):
        order = torch.randperm(60, generator=torch.Generator().manual_seed(epoch))
        for batch in order.split(16):
            optimizer.zero_grad()
            REAL.step(model, X[batch], loop.generator)["loss"].backward()
            optimizer.step()
    list(loop.events())
    expected = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.allclose(flat(loop), expected, atol=1e-6)
    assert loop.step == 12


def test_same_seed_same_weights_bit_for_bit_other_seed_others():
    a, b, c = make_loop(seed=7), make_loop(seed=7), make_loop(seed=8)
    events = [list(loop.events()) for loop in (a, b, c)]
    assert torch.equal(flat(a), flat(b))
    assert not torch.equal(flat(a), flat(c))
    terms = [[e.terms for e in found if e.kind != "tick"] for found in events]
    assert terms[0] == terms[1] != terms[2]


def test_nothing_outside_the_seed_has_a_say():
    a = make_loop(seed=7)
    torch.manual_seed(1)
    list(a.events())
    b = make_loop(seed=7)
    torch.manual_seed(2)
    torch.rand(10)
    list(b.events())
    assert torch.equal(flat(a), flat(b))


def test_only_the_given_rows_are_trained_on(monkeypatch):
    """The other rows hold a value that no batch may show."""
    monkeypatch.setitem(globals(), "X", X.clone())
    X[60:] = 99.0
    greatest = []
    list(make_loop(objective=Objective(lambda batch: greatest.append(float(batch.max())))).events())
    assert len(greatest) == 12
    assert max(greatest) <= 1


def test_events_count_steps_and_end_with_whole_epochs():
    events = [e for e in make_loop(batch_size=2, epochs=2).events() if e.kind != "tick"]
    epochs = [e for e in events if e.kind == "epoch"]
    assert [(e.epoch, e.step) for e in epochs] == [(1, 30), (2, 60)]
    assert [e.step for e in events] == sorted(e.step for e in events)
    steps = [e.step for e in events if e.kind == "step"]
    assert len(steps) == len(set(steps)) == 18
    assert all(set(e.terms) == {"train_loss"} for e in events)


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_lack_of_memory_halves_the_batch_with_the_same_outcome_and_says_so(failures):
    plain = make_loop()
    list(plain.events())
    left, sizes = [failures], []

    def run_out(batch):
        sizes.append(len(batch))
        if left[0]:
            left[0] -= 1
            raise MemoryError

    loop = make_loop(objective=Objective(run_out))
    notices = [e.text for e in loop.events() if e.kind == "notice"]
    assert len(notices) == failures
    assert notices[-1] == (
        f"Memory ran out: each batch of 16 is now processed in {2**failures} parts, with the same result."
    )
    assert sizes[: failures + 1] == [16 // 2**i for i in range(failures + 1)]
    assert loop.step == plain.step == 12
    assert torch.allclose(flat(loop), flat(plain), atol=2e-6)


def test_parts_of_a_batch_give_the_gradient_of_the_whole():
    rows = torch.arange(13)  # parts of unequal size
    gradients = []
    for halvings in (0, 1, 2, 3):
        loop = make_loop()
        loop.halvings = halvings
        loop.optimizer.step = lambda: None
        loop._update(rows)
        gradients.append(torch.cat([p.grad.flatten() for p in loop.model.parameters()]))
    for other in gradients[1:]:
        assert torch.allclose(other, gradients[0], atol=1e-7)
    assert gradients[0].abs().max() > 1e-3


def test_torch_says_lack_of_memory_in_its_own_ways():
    for error in (
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
    ):
        pending = [error]

        def once(batch, pending=pending):
            if pending:
                raise pending.pop()

        loop = make_loop(objective=Objective(once))
        assert [e.kind for e in loop.events()].count("notice") == 1
        assert loop.halvings == 1


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_loss_that_is_no_number_stops_at_once_and_names_the_learning_rate(bad):
    calls = []

    def spoil(batch):
        calls.append(1)
        return bad if len(calls) >= 6 else 1.0

    loop = make_loop(objective=Objective(spoil), learning_rate=0.5, epochs=50)
    with pytest.raises(Diverged, match=rf"train_loss became {bad}.*learning rate \(0\.5\)"):
        list(loop.events())
    assert 6 <= loop.step <= 8


def test_learning_rate_change_takes_effect_at_the_next_step():
    loop = make_loop(learning_rate=1e-3)
    events = loop.events()
    next(events)
    before = flat(loop)
    loop.set_learning_rate(1e-12)
    for event in events:
        if event.kind == "epoch":
            break
    assert torch.allclose(flat(loop), before, atol=1e-8)
    assert loop.learning_rate == loop.used_learning_rate == 1e-12
    loop.set_learning_rate(0.1)
    list(events)
    assert float((flat(loop) - before).abs().max()) > 0.05


@pytest.mark.parametrize("cut", range(1, 12))
def test_weights_and_terms_after_a_cut_are_those_of_the_whole(cut):
    """Cut where a checkpoint may be taken: at a tick, or at the end of an epoch."""
    whole = make_loop(seed=4)
    expected = [(e.kind, e.step, e.terms) for e in whole.events() if e.kind != "tick"]
    first, terms = make_loop(seed=4), []
    first.stops = {cut}
    for event in first.events():
        if event.kind != "tick":
            terms.append((event.kind, event.step, event.terms))
        if first.step == cut and event.kind in ("tick", "epoch"):
            break
    second = make_loop(seed=4)
    second.load(copy.deepcopy(first.state()))
    terms += [(e.kind, e.step, e.terms) for e in second.events() if e.kind != "tick"]
    assert torch.equal(flat(second), flat(whole))
    assert terms == expected


def test_going_on_with_a_spoiled_optimizer_is_not():
    """The control of the test above."""
    whole = make_loop()
    list(whole.events())
    first = make_loop()
    next(e for e in first.events() if e.kind == "epoch")
    state = copy.deepcopy(first.state())
    for moments in state["optimizer"]["state"].values():
        moments["exp_avg"].zero_()
    second = make_loop()
    second.load(state)
    list(second.events())
    assert not torch.equal(flat(second), flat(whole))


def test_no_tick_falls_on_the_last_step_of_an_epoch(monkeypatch):
    """The epoch's own event comes there; a checkpoint taken before it would repeat the epoch's row."""
    monkeypatch.setattr(loop_module, "TICK_SECONDS", 0.0)
    ticks = [e.step for e in make_loop().events() if e.kind == "tick"]
    assert ticks == [1, 2, 3, 5, 6, 7, 9, 10, 11]
