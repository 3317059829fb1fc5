"""The checks of `python -m benchmarks gpu`, one function a check; each is made in a child process of
`benchmarks.gpu`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import kinds
from benchmarks.checks.graph import check_graph
from benchmarks.checks.language import check_embeddings, check_language_throughput, check_logits
from benchmarks.checks.memory import check_full_card, check_full_first_step
from benchmarks.checks.neighbors import check_map_neighbors, check_neighbors
from benchmarks.checks.resume import check_killed, check_resume
from benchmarks.checks.shared import Outcome, Place
from benchmarks.checks.training import check_bf16, check_training, check_waits
from benchmarks.size import is_toy

TOY_KINDS = ("dense-64-32-16", "gpt-characters", "classify-table", "pseudo-table")


BF16_KINDS = (
    "dense-64-32-16",
    "convolutional",
    "vae",
    "vq",
    "masked",
    "contractive",
    "gpt-words",
    "masked-text",
    "continue-text",
    "classify-conv",
    "classify-lora",
    "pseudo-fixmatch",
    "views-fashion",
    "views-resnet",
    "views-jepa",
)


RESUMED = (
    "dense-64-32-16",
    "denoising",
    "gpt-words",
    "classify-conv",
    "pseudo-fixmatch",
    "views-fashion",
    "views-resnet",
    "views-dino",
    "views-swav",
    "views-jepa",
    "views-simcse",
)


CAPTURED = (
    "dense-64-32-16",
    "dense-two-numbers",
    "convolutional",
    "denoising",
    "sparse",
    "contractive",
    "vae",
    "beta-vae",
    "gpt-characters",
    "gpt-words",
    "classify-image",
    "classify-conv",
    "classify-table",
    "views-fashion",
    "views-table",
)


LOST = ("CUDA error", "device-side assert", "CUBLAS_STATUS", "CUDNN_STATUS", "unspecified launch failure")


def all_checks(device: str) -> dict[str, Callable[[Place], Outcome]]:
    """Checks by name, in the order in which they are made; at toy size a few of each."""
    chosen = list(TOY_KINDS) if is_toy() else kinds.names()

    def several(names: Any, make: Callable[[Place, str], Outcome], group: str, toy: int) -> dict[str, Any]:
        some = [name for name in names if not is_toy() or name in TOY_KINDS][: toy if is_toy() else None]
        return {f"{group}/{name}": (lambda place, name=name: make(place, name)) for name in some}

    return {
        "memory/full-card": check_full_card,
        "memory/first-step": check_full_first_step,
        **several(chosen, check_training, "train", 4),
        **several(BF16_KINDS, check_bf16, "bf16", 1),
        **several(RESUMED, check_resume, "resume", 1),
        "resume/killed": check_killed,
        **several(chosen, check_waits, "waits", 1),
        "embed/encoder": check_embeddings,
        "language/logits": check_logits,
        "language/throughput": check_language_throughput,
        "neighbors/accuracy": check_neighbors,
        "neighbors/maps": check_map_neighbors,
        **several(CAPTURED, check_graph, "graph", 1),
    }


def main(device: str, out: str, *names: str) -> int:
    """Make checks, one after the other; each outcome is a line of JSON. 3: the device is lost and a new
    process is needed.
    """
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    checks = all_checks(device)
    with tempfile.TemporaryDirectory() as folder, open(out, "a") as lines:
        place = Place(device, Path(folder))
        kinds.prepare(place.workspace)
        for name in names:
            print(json.dumps({"begins": name}), file=lines, flush=True)
            began = time.perf_counter()
            try:
                found = checks[name](place)
            except Exception as error:
                traceback.print_exc()
                found = Outcome("failed", f"{type(error).__name__}: {str(error).strip()[:300]}")
            line = {"check": name, "status": found.status, "text": found.text}
            line |= {"figures": found.figures, "seconds": round(time.perf_counter() - began, 2)}
            print(json.dumps(line), file=lines, flush=True)
            if device == "cuda" and any(mark in found.text for mark in LOST):
                lines.flush()
                os._exit(3)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
