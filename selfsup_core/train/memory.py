"""What to do when the memory of a device is full."""

from __future__ import annotations

import torch

NO_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def lacks_memory(error: BaseException) -> bool:
    """Whether this is how a device says that its memory does not suffice; libraries below torch have words of their own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in NO_MEMORY)


def forget_unfinished(optimizer: torch.optim.Optimizer) -> None:
    """Forget what Adam had begun to set up for a weight when memory ran out; it takes a half for a whole, and fails."""
    for weight, known in list(optimizer.state.items()):
        if not {"step", "exp_avg", "exp_avg_sq"} <= known.keys():
            del optimizer.state[weight]
