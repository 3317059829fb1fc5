"""The answer to a question: arrays and plain values, and how they are packed as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Answer:
    """arrays by name, and `about`: plain values that say what they are."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def pack(answer: Answer) -> bytes:
    """An answer as safetensors; every value of `about` is JSON."""
    from safetensors.numpy import save

    about = {name: json.dumps(value) for name, value in answer.about.items()}
    # safetensors 0.8 writes a header that is not valid JSON when there is neither an array nor a text.
    return save(answer.arrays, metadata=about or None)


def unpack(blob: bytes) -> Answer:
    """The opposite of `pack`."""
    from safetensors.numpy import load

    size = int.from_bytes(blob[:8], "little")
    about = json.loads(blob[8 : 8 + size]).get("__metadata__", {})
    return Answer(load(blob), {name: json.loads(value) for name, value in about.items()})


def to_numpy(values: Any) -> NDArray[np.float32]:
    """A tensor or anything like an array → contiguous float32."""
    import numpy as np

    array = values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
    return np.ascontiguousarray(array, dtype=np.float32)
