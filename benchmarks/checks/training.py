"""Every kind of run trains on the device and agrees with the CPU; bf16; no step waits for the device
unasked.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks import kinds
from benchmarks.checks.shared import (
    Outcome,
    Place,
    curve,
    difference,
    judge,
    make_session,
    not_made,
    run_whole,
)

# Relative difference of losses on two devices after a few steps in 32-bit floats, from the same draws.
TOLERANCE = 0.005


# A choice (nearest code, kept row) that falls the other way in one row moves the loss by more.
LOOSE = 0.05


CHOOSING = ("vq", "pseudo")


BF16_TOLERANCE = 0.05


# Waits for the device in a step that are known and why; all others are a fault.
KNOWN_WAITS = {
    "text": "a batch of texts is cut at its longest one",
    "vq": "the codebook asks whether its first batch has been, and counts how often each code is used",
    "mask": "only the hidden places are looked at, and how many these are is known on the device",
    "gpt": "transformers asks whether several texts are packed into a row, where there is no mask",
    "pseudo": "which rows are kept is known on the device",
}


def check_training(place: Place, name: str) -> Outcome:
    """A run of a few steps with all that is recorded, on the device and on the CPU."""
    if why := kinds.missing(name):
        return not_made(why)
    began = time.perf_counter()
    here = curve(run_whole(place, name, place.device))
    seconds = time.perf_counter() - began
    gap = difference(here, curve(run_whole(place, name, "cpu")))
    most = LOOSE if name.startswith(CHOOSING) else TOLERANCE
    text = f"losses differ by {gap:.2g} at most, {len(here)} of them, {most:g} allowed"
    return judge(gap <= most, text, difference=gap, seconds=seconds)


def check_bf16(place: Place, name: str) -> Outcome:
    """The same run in bf16 and in 32-bit floats, on the device."""
    if place.is_gpu:
        import torch

        if not torch.cuda.is_bf16_supported():
            return not_made("this card has no bf16")
    half = curve(run_whole(place, name, place.device, bf16=True))
    gap = difference(half, curve(run_whole(place, name, place.device)))
    most = BF16_TOLERANCE * (2 if name.startswith(CHOOSING) else 1)
    return judge(gap <= most, f"losses differ by {gap:.2g} at most, {most:g} allowed", difference=gap)


def check_waits(place: Place, name: str) -> Outcome:
    """How often a step makes the CPU wait for the device; logging may, a step may not."""
    if not place.is_gpu:
        return not_made("the CPU is not waited for")
    if why := kinds.missing(name):
        return not_made(why)
    import torch

    loop = make_session(place, name).loop
    order, size, steps = loop._order(), loop.config.batch_size, 8
    batches = [order[i * size % len(order) :][:size] for i in range(steps)]
    for batch in batches[:2]:
        loop._update(batch)
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            for batch in batches:
                loop._update(batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    waits = [w for w in caught if "synchroniz" in str(w.message)]
    places = sorted({f"{Path(w.filename).name}:{w.lineno}" for w in waits})
    each = len(waits) / steps
    why = known_wait(name, loop)
    text = f"{each:g} waits a step" + (
        f" ({', '.join(places[:4])}); {why or 'none is known'}" if waits else ""
    )
    return judge(not waits or bool(why), text, waits_a_step=each)


def known_wait(name: str, loop: Any) -> str:
    """Why this kind of run waits in its steps, or ""."""
    is_text = type(loop.model).__name__ == "TextClassifier" or name in ("pseudo-lora", "views-simcse")
    if is_text:
        return KNOWN_WAITS["text"]
    starts = {"vq": "vq", "masked": "mask", "pseudo": "pseudo", "gpt": "gpt", "continue": "gpt"}
    return next((KNOWN_WAITS[key] for start, key in starts.items() if name.startswith(start)), "")
