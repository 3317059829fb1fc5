"""Out of memory, on a device or the machine: how to recognize, report and recover from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.errors import StudioError
from selfsup_core.translation import tr, tr_later

if TYPE_CHECKING:
    import torch

# In lower case. Each library has words of its own: CUDA, MPS, torch on a CPU, the system, C++, Arrow.
NO_MEMORY = (
    tr_later("can't allocate memory"),
    tr_later("cannot allocate memory"),
    tr_later("not enough memory"),
    tr_later("out of memory"),
    "bad_alloc",
    tr_later("bad allocation"),
    tr_later("malloc of size"),
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)
SMALLER = tr_later("Use a smaller batch size, a smaller network or smaller images.")


def lacks_memory(error: BaseException) -> bool:
    """Whether this is how a device or the system says that memory does not suffice.

    Needs no torch: importing it may be what failed.
    """
    if isinstance(error, MemoryError):
        return True
    return says_no_memory(str(error))


def says_no_memory(words: str) -> bool:
    """Whether an error's words, or the end of a log, are of a lack of memory."""
    words = words.lower()
    return "memoryerror" in words or any(sign in words for sign in NO_MEMORY)


def memory_error(error: BaseException, remedy: str = SMALLER) -> StudioError:
    """A lack of memory as a person may see it: what was asked for, where the error says it, and what is
    free.
    """
    import psutil

    found = psutil.virtual_memory()
    reason = str(error).strip().split("\n", 1)[0][:200].rstrip(".") or type(error).__name__
    return StudioError(
        tr(
            "Memory ran out ({reason}). This machine has {total:.1f} GB, of which "
            "{available:.1f} GB are free."
        ).format(reason=reason, total=found.total / 1e9, available=found.available / 1e9),
        code="out-of-memory",
        remedy=remedy,
    )


def forget_unfinished(optimizer: torch.optim.Optimizer) -> None:
    """Forget what Adam had begun to set up for a weight when memory ran out; it would take the incomplete
    state for complete, and fail."""
    for weight, known in list(optimizer.state.items()):
        if not {"step", "exp_avg", "exp_avg_sq"} <= known.keys():
            del optimizer.state[weight]
