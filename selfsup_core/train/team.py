"""Several devices that share each batch: rank 0 owns the run, the others compute gradients for it.

A step: rank 0 says which batch it is and sends the weights; each rank computes its share of the rows, with
the loss weighed by that share, so the sum of the gradients is that of the whole batch; rank 0 gets the sum
and updates the weights. So optimizer, schedule, checkpoints and evaluation are rank 0's alone, and it may
pause for as long as it likes: the others wait for its next word.

Loss and gradient must be means over rows: `Objective.is_mean_of_rows` says so.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import nn

from selfsup_core.errors import RankLost, SettingError, StudioError
from selfsup_core.train.memory import lacks_memory
from selfsup_core.train.trained import trained_state
from selfsup_core.translation import tr

FOREVER = timedelta(days=3650)  # a run may be paused for long, and a rank that has ended is noticed at once
MOST_TERMS = 64
FINE, NO_MEMORY, FAILED = 0, 1, 2
Terms = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Order:
    """The batch to compute: rows from `index` of an epoch's order, in so many parts."""

    epoch: int
    index: int
    step: int
    halvings: int
    uses_bf16: bool

    def as_tensor(self) -> torch.Tensor:
        return torch.tensor([self.epoch, self.index, self.step, self.halvings, int(self.uses_bf16)])

    @classmethod
    def of(cls, tensor: torch.Tensor) -> Order:
        epoch, index, step, halvings, uses_bf16 = tensor.tolist()
        return cls(epoch, index, step, halvings, bool(uses_bf16))


class Team:
    """This process's place among those that share a run.

    Attributes:
        rank: 0 for the one that owns the run. size: how many there are.
    """

    def __init__(self, rank: int, size: int, device: str) -> None:
        self.rank, self.size, self.device = rank, size, device
        self.words: Any = None  # the group that talks over the CPU, whatever the device

    def join(self, meeting: Path) -> None:
        """Return when all ranks are there. Processes on other machines cannot join: `meeting` is a local
        file, and gloo keeps to the loopback interface.
        """
        from accelerate import PartialState
        from accelerate.utils import check_cuda_p2p_ib_support

        told = {
            "RANK": str(self.rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_RANK": str(self.rank),
            "LOCAL_WORLD_SIZE": str(self.size),
            "OMP_NUM_THREADS": str(torch.get_num_threads()),
            "GLOO_SOCKET_IFNAME": "lo" if os.path.isdir("/sys/class/net/lo") else "",
        }
        if self.device == "cuda" and not check_cuda_p2p_ib_support():
            told |= {"NCCL_P2P_DISABLE": "1", "NCCL_IB_DISABLE": "1"}
        with environment(**told), heard():
            PartialState(
                cpu=self.device == "cpu",
                init_method=meeting.as_uri(),
                rank=self.rank,
                world_size=self.size,
                timeout=FOREVER,
            )
            self.words = (
                torch.distributed.group.WORLD
                if self.device == "cpu"
                else torch.distributed.new_group(backend="gloo", timeout=FOREVER)
            )

    def leave(self) -> None:
        """Forget the others; another run of this process may join again."""
        from accelerate import PartialState

        if self.words is not None:
            self.words = None
            torch.distributed.destroy_process_group()
            PartialState._reset_state()

    def share(self, rows: torch.Tensor) -> torch.Tensor:
        """This rank's part of a batch's rows; rank 0 always has one, the last ranks may have none."""
        return rows.tensor_split(self.size)[self.rank]

    def seed(self, seed: int, step: int) -> int:
        """Of what is drawn in a step: another for each rank, and the same after a resume."""
        return (seed * 1_000_003 + step * self.size + self.rank) % 2**63

    def tell(self, order: Order, model: nn.Module) -> None:
        """Rank 0: have the others compute their share of a batch, with its weights."""
        with heard():
            torch.distributed.broadcast(order.as_tensor(), 0, group=self.words)
        self._spread(model)

    def hear(self, model: nn.Module) -> Order:
        """The others: wait for the next batch, and take the weights."""
        tensor = Order(0, 0, 0, 0, uses_bf16=False).as_tensor()
        with heard():
            torch.distributed.broadcast(tensor, 0, group=self.words)
        self._spread(model)
        return Order.of(tensor)

    @torch.no_grad()
    def _spread(self, model: nn.Module) -> None:
        """Rank 0's weights and buffers become everyone's."""
        kinds: dict[torch.dtype, list[torch.Tensor]] = {}
        for value in trained_state(model).values():
            kinds.setdefault(value.dtype, []).append(value)
        for values in kinds.values():
            flat = torch.cat([value.reshape(-1) for value in values])
            with heard():
                torch.distributed.broadcast(flat, 0)
            if self.rank:
                for value, part in zip(values, torch.split(flat, [v.numel() for v in values]), strict=True):
                    value.copy_(part.view_as(value))

    def compute(
        self,
        model: nn.Module,
        rows: torch.Tensor,
        backward: Callable[[torch.Tensor], list[tuple[Terms, int]]],
    ) -> list[tuple[Terms, int]]:
        """Compute this rank's share of a batch; rank 0 then has the gradient of all its rows.

        Args:
            backward: share of the rows → terms of its parts, each with its number of rows; adds to the
                weights' gradients what the share adds to the batch's.

        Returns: on rank 0 the terms as means over all rows; nothing on the others.

        Raises:
            MemoryError: any rank lacks memory. RankLost: one has ended. StudioError: one has failed.
        """
        mine = self.share(rows)
        collected: list[tuple[Terms, int]] = []
        trouble: Exception | None = None
        gradients = torch.empty(0)
        try:
            collected = backward(mine) if len(mine) else []
            gradients = flat_gradients(model)
        except Exception as error:  # the others must hear of it, whatever it is
            trouble = error
        self._raise_worst(trouble)
        with heard():
            torch.distributed.reduce(gradients, 0)
        if self.rank == 0:
            set_gradients(model, gradients)
        return self._sum_terms(collected, len(rows))

    def _raise_worst(self, trouble: Exception | None) -> None:
        mine = FINE if trouble is None else NO_MEMORY if lacks_memory(trouble) else FAILED
        worst = self.worst(mine)
        if trouble is not None and worst == mine:
            raise trouble
        if worst == NO_MEMORY:
            raise MemoryError("out of memory on another device")
        if worst == FAILED:
            raise StudioError(
                tr("Another of the {size} processes that share the run has failed.").format(size=self.size),
                code="rank-failed",
                remedy=tr("The run's worker.log has the details."),
            )

    def worst(self, mine: int) -> int:
        """The largest of the numbers that the ranks give."""
        found = torch.tensor([mine])
        with heard():
            torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX, group=self.words)
        return int(found)

    def _sum_terms(self, collected: list[tuple[Terms, int]], rows: int) -> list[tuple[Terms, int]]:
        names = list(collected[0][0]) if collected else []
        if len(names) > MOST_TERMS:
            raise SettingError(tr("An objective with so many terms cannot be shared by several devices."))
        sums = torch.zeros(MOST_TERMS, dtype=torch.float64, device=self.device)
        for place, name in enumerate(names):
            for terms, count in collected:
                sums[place] += terms[name].detach().double() * count
        with heard():
            torch.distributed.reduce(sums, 0)
        return [({name: sums[i] / rows for i, name in enumerate(names)}, rows)] if self.rank == 0 else []

    def agree(self, digest: str) -> None:
        """Return when all ranks are ready with the same data and the same weights to train.

        Raises:
            StudioError: they have other data, or one could not load them.
        """
        mine = zlib.crc32(digest.encode())
        if self.worst(mine) != mine or -self.worst(-mine) != mine:
            raise StudioError(
                tr("The {size} processes that share the run found different data.").format(size=self.size),
                code="rank-failed",
                remedy=tr("The run's worker.log has the details."),
            )


def trained_weights(model: nn.Module) -> list[nn.Parameter]:
    return [p for p in model.parameters() if p.requires_grad]


@torch.no_grad()
def flat_gradients(model: nn.Module) -> torch.Tensor:
    """(P,) the gradients of all weights that are trained, in the order of the weights."""
    weights = trained_weights(model)
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in weights])


def set_gradients(model: nn.Module, flat: torch.Tensor) -> None:
    """Inverse of `flat_gradients`."""
    weights = trained_weights(model)
    for weight, part in zip(weights, torch.split(flat, [p.numel() for p in weights]), strict=True):
        weight.grad = part.view_as(weight)


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Around what needs the others: gloo and NCCL raise where one of them has gone."""
    try:
        yield
    except RuntimeError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        raise RankLost from error


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Variables that hold for a moment; one without a value is left as it is."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
