"""The same random numbers on every device, so that a run on a GPU can be held against one on the CPU.

Devices draw by methods of their own: one seed gives other numbers on CUDA than on the CPU. While `SameDraws`
is entered, what a generator is asked for is drawn on the CPU and sent to the device, dropout's masks
included.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

REAL_GENERATOR = torch.Generator
KEPT = 1e-12


class Elsewhere(REAL_GENERATOR):
    """The CPU's generator, which says that it is a device's."""

    where: torch.device

    def __new__(cls, device: Any = "cpu") -> Elsewhere:
        made = super().__new__(cls, "cpu")
        where = torch.device(device)
        made.where = where if where.type == "cpu" or where.index is not None else torch.device(where.type, 0)
        return made

    def __init__(self, device: Any = "cpu") -> None: ...

    @property
    def device(self) -> torch.device:
        return self.where


class SameDraws(TorchFunctionMode):
    """Enter it around whatever makes generators and draws from them."""

    def __enter__(self) -> SameDraws:
        torch.Generator = Elsewhere  # type: ignore[misc]
        return super().__enter__()

    def __exit__(self, *about: Any) -> None:
        torch.Generator = REAL_GENERATOR  # type: ignore[misc]
        super().__exit__(*about)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.nn.functional.dropout:
            return dropout(*args, **kwargs)
        generator = kwargs.get("generator")
        if not isinstance(generator, Elsewhere) or generator.device.type == "cpu":
            return func(*args, **kwargs)
        if "device" in kwargs:
            kwargs["device"] = "cpu"
        drawn = func(*(x.cpu() if isinstance(x, torch.Tensor) else x for x in args), **kwargs)
        return drawn.to(generator.device)


def dropout(x: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:
    """Dropout whose mask comes from the CPU's global generator, which the training loop seeds at each
    step.
    """
    if not training or p == 0:
        return x
    kept = (torch.rand(x.shape) >= p).to(x.device, x.dtype)
    return x * kept / max(1 - p, KEPT)
