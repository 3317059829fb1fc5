"""How fast a language model is on this machine: tokens per second reading and writing, seconds to load,
memory.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NotRequired

from typing_extensions import TypedDict

from selfsup_core.files import read_shaped, sha256, write_json
from selfsup_core.inspection.loaded import Loaded
from selfsup_core.translation import tr_later

TEXT = tr_later("The sun rose over the quiet harbor, and the first boats went out to sea with the tide. ")
READ_TOKENS = 128
WRITE_TOKENS = 16
LEAST_SECONDS = 1.0
MOST_ROUNDS = 50


class Speed(TypedDict):
    """write_tokens_per_second: None where it does not write; memory_mb: of its weights; measured: a date."""

    read_tokens_per_second: float
    write_tokens_per_second: float | None
    load_seconds: float
    memory_mb: float
    threads: int
    measured: str
    parameters: NotRequired[int]
    kind: NotRequired[str]


class Measured(Speed):
    """What is kept of a measurement."""

    model: str


def measure(loaded: Loaded) -> Speed:
    """Measure a loaded model; takes a few seconds."""
    import torch

    model, tokenizer = loaded.model, loaded.tokenizer
    with loaded.lock:
        reading = rate(*reader(model, tokenizer))
        writing = None
        if loaded.kind == "causal":
            writing = rate(*writer(model, tokenizer))
    memory = sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers()))
    return {
        "read_tokens_per_second": reading,
        "write_tokens_per_second": writing,
        "load_seconds": loaded.seconds,
        "memory_mb": memory / 1e6,
        "threads": torch.get_num_threads(),
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "parameters": loaded.parameters,
        "kind": loaded.kind,
    }


def rate(act: Any, tokens: int) -> float:
    """Tokens per second of an action that handles so many; repeated for a second, the first time not
    counted.
    """
    act()
    begun, rounds = time.monotonic(), 0
    while rounds < MOST_ROUNDS and time.monotonic() - begun < LEAST_SECONDS:
        act()
        rounds += 1
    return rounds * tokens / (time.monotonic() - begun)


def reader(model: Any, tokenizer: Any) -> tuple[Any, int]:
    import torch

    from selfsup_core.evaluate.reading.encoding import context_of, tokens_and_ends

    room = min(READ_TOKENS, context_of(model, tokenizer))
    ids = tokens_and_ends(tokenizer, TEXT * 20)[0][:room]
    tensor = torch.tensor([ids])

    def read() -> None:
        with torch.inference_mode():
            model(tensor)

    return read, len(ids)


def writer(model: Any, tokenizer: Any) -> tuple[Any, int]:
    """Writes as `go_on` does, one token after the other, past an end-of-text."""
    import torch

    from selfsup_core.evaluate.reading.encoding import context_of, tokens_and_ends

    context = context_of(model, tokenizer)
    count = max(1, min(WRITE_TOKENS, context // 2))
    ids = tokens_and_ends(tokenizer, TEXT)[0][: max(1, min(16, context - count))]

    def write() -> None:
        cache, fresh = None, ids
        with torch.inference_mode():
            for _ in range(count):
                out = model(torch.tensor([fresh]), past_key_values=cache, use_cache=True)
                cache, fresh = out.past_key_values, [int(out.logits[0, -1].argmax())]

    return write, count


def measured_path(workspace: Path, name: str) -> Path:
    return workspace / "models" / "measured" / f"{sha256(name.encode())[:24]}.json"


def remember(workspace: Path, name: str, found: Speed) -> None:
    path = measured_path(workspace, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"model": name, **found})


def recall(workspace: Path, name: str) -> Measured | None:
    """What was measured of a model the last time, or None."""
    found = read_shaped(measured_path(workspace, name), Measured)
    return found if found and found["model"] == name else None
