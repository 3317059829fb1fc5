"""The loop: same seed, same weights; memory that runs out; losses that blow up; going on from a state."""

from __future__ import annotations

import copy
import dataclasses
import weakref

import numpy as np
import pytest
import torch

from selfsup_core.errors import Diverged, StudioError
from selfsup_core.models.dense import DenseConfig, build
from selfsup_core.models.modules.autoencoder import glorot_init
from selfsup_core.objectives.reconstruction import Reconstruction, ReconstructionConfig
from selfsup_core.train.config import TrainConfig
from selfsup_core.train.device import choose_device
from selfsup_core.train.loop import Loop
from selfsup_core.train.memory import lacks_memory

ROWS = torch.from_numpy(np.random.default_rng(0).random((50, 6), dtype=np.float32))


class Hungry(Reconstruction):
    """Runs out of memory for batches of more than `limit` rows."""

    limit = 4

    def step(self, model, batch, generator):
        if len(batch) > self.limit:
            raise MemoryError
        return super().step(model, batch, generator)


class Broken(Reconstruction):
    def step(self, model, batch, generator):
        terms = super().step(model, batch, generator)
        return {"loss": terms["loss"] * float("nan")}


def make_loop(objective=None, *, seed: int = 0, **settings) -> Loop:
    config = TrainConfig(**({"epochs": 4, "batch_size": 8} | settings))
    model = build(DenseConfig(widths=(4, 2)), (6,))
    glorot_init(model, torch.Generator().manual_seed(seed))
    return Loop(
        model,
        objective or Reconstruction(ReconstructionConfig()),
        values=lambda rows: ROWS[rows],
        rows=torch.arange(50),
        config=config,
        choice=choose_device("cpu", threads=1),
        seed=seed,
    )


def flat(loop: Loop) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in loop.model.parameters()])


def train(loop: Loop) -> Loop:
    list(loop.events())
    return loop


def test_a_seed_decides_everything():
    assert torch.equal(flat(train(make_loop())), flat(train(make_loop())))
    assert not torch.equal(flat(train(make_loop())), flat(train(make_loop(seed=1))))


def test_every_epoch_sees_every_row_once_in_another_order():
    loop = make_loop()
    seen: list[list[int]] = [[]]
    loop.values = lambda rows: (seen[-1].extend(rows.tolist()), ROWS[rows])[1]
    for event in loop.events():
        if event.kind == "epoch":
            seen.append([])
    orders = seen[:4]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4


@pytest.mark.parametrize("stop_after", [1, 5, 7, 8, 20])
def test_going_on_from_a_state_is_bit_identical(stop_after: int):
    first = make_loop()
    first.stops = {stop_after}
    for _event in first.events():
        if first.step >= stop_after:
            break
    second = make_loop()
    second.load(copy.deepcopy(first.state()))
    assert torch.equal(flat(train(second)), flat(train(make_loop())))


def test_the_comparison_above_can_fail():
    first = make_loop()
    first.stops = {5}
    next(e for e in first.events() if e.kind == "tick")
    state = copy.deepcopy(first.state())
    state["position"]["index"] = 0
    second = make_loop()
    second.load(state)
    assert not torch.equal(flat(train(second)), flat(train(make_loop())))


def test_lack_of_memory_halves_the_batch_and_keeps_the_gradient():
    hungry = make_loop(Hungry(ReconstructionConfig()), epochs=2)
    notices = [event.text for event in hungry.events() if event.kind == "notice"]
    assert len(notices) == 1
    assert "2 parts" in notices[0]
    torch.testing.assert_close(flat(hungry), flat(train(make_loop(epochs=2))), rtol=1e-4, atol=1e-5)


def test_a_failed_step_leaves_nothing_in_memory_when_the_batch_is_halved():
    """Its tensors must be gone before the cache is emptied: a handled exception would keep the step's frames
    alive.
    """
    kept = []

    class Greedy(Hungry):
        def step(self, model, batch, generator):
            if len(batch) > self.limit:
                activations = model.encode(batch)
                kept.append(weakref.ref(activations))
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().step(model, batch, generator)

    loop = make_loop(Greedy(ReconstructionConfig()))
    alive = []
    real = loop._halve
    loop._halve = lambda: alive.append(kept[-1]()) or real()
    assert next(loop.events()).kind == "notice"
    assert alive == [None]


def test_memory_that_runs_out_while_adam_is_set_up_leaves_no_half_of_it():
    loop, wanted = make_loop(epochs=1), make_loop(epochs=1)
    real, calls = loop.optimizer.step, []

    def step():
        calls.append(0)
        if len(calls) == 1:
            weight = next(loop.model.parameters())
            loop.optimizer.state[weight] = {"step": torch.zeros(()), "exp_avg": torch.zeros_like(weight)}
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real()

    loop.optimizer.step = step
    assert [e.kind for e in loop.events()].count("notice") == 1
    torch.testing.assert_close(flat(loop), flat(train(wanted)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_every_way_of_saying_that_memory_does_not_suffice_is_known(error):
    assert lacks_memory(error)


def test_bf16_runs_on_whatever_device_trains():
    loop = make_loop(epochs=1)
    loop.choice = dataclasses.replace(loop.choice, uses_bf16=True)
    seen = []
    real = loop.objective.step
    loop.objective.step = lambda *given: seen.append(torch.is_autocast_enabled("cpu")) or real(*given)
    train(loop)
    assert seen
    assert all(seen)


def test_after_three_halvings_it_says_what_to_do():
    objective = Hungry(ReconstructionConfig())
    objective.limit = 0
    with pytest.raises(StudioError, match=r"smaller batch size") as caught:
        train(make_loop(objective))
    assert caught.value.code == "out-of-memory"


def test_other_errors_are_not_taken_for_lack_of_memory():
    class Wrong(Reconstruction):
        def step(self, model, batch, generator):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        train(make_loop(Wrong(ReconstructionConfig())))


def test_a_loss_that_is_no_number_stops_at_once_and_names_the_cause():
    with pytest.raises(Diverged, match=r"learning rate \(0\.001\)") as caught:
        train(make_loop(Broken(ReconstructionConfig())))
    assert "step 1" in str(caught.value)


def test_epoch_means_are_means_over_rows():
    loop = make_loop(epochs=1)
    losses = []
    plain = loop.objective.step
    loop.objective.step = lambda m, b, g: (
        t := plain(m, b, g),
        losses.append((float(t["loss"].detach()), len(b))),
    )[0]
    (event,) = [e for e in loop.events() if e.kind == "epoch"]
    assert event.terms["train_loss"] == pytest.approx(sum(v * n for v, n in losses) / 50, rel=1e-6)


def test_a_new_learning_rate_counts_from_the_next_step():
    loop = make_loop(epochs=1, batch_size=10)
    loop.stops = {2}
    weights = []
    for event in loop.events():
        if event.kind == "tick" and loop.step == 2:
            loop.set_learning_rate(1e-12)
            weights.append(flat(loop).clone())
    torch.testing.assert_close(flat(loop), weights[0], rtol=0, atol=1e-9)
    assert loop.used_learning_rate == 1e-12


def test_an_unavailable_device_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("selfsup_core.train.device.usable_cores", lambda: 4)
    with pytest.raises(StudioError, match="'cuda'"):
        choose_device("cuda")
    choice = choose_device("cpu", threads=3)
    assert (choice.threads, choice.label) == (3, "CPU, 3 threads")
    assert "as set" in choice.reason
