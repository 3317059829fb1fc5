"""Language models in the lab process: loaded once, asked by name, out of the way of the pages."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from selfsup_core.errors import SettingError
from selfsup_core.settings import Config, explain, setting

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS = 20_000
MOST_NEW = 200


class ReadAsk(Config):
    """A text."""

    text: str = setting(
        "", "The text that the model reads.", title="Text", max_length=MOST_CHARACTERS
    )


class NextAsk(ReadAsk):
    """How the distribution of the next token is reshaped before one is drawn."""

    temperature: float = setting(
        1.0, "Below 1 sharpens the choice, above 1 flattens it; 0 takes the most likely token.",
        title="Temperature", ge=0.0, le=5.0,
    )  # fmt: skip
    top_k: int = setting(
        0, "Only so many of the most likely tokens stay; 0 keeps all.", title="Top-k", ge=0, le=1000
    )
    top_p: float = setting(
        1.0, "Only the fewest tokens that together hold this share stay.",
        title="Top-p", gt=0.0, le=1.0,
    )  # fmt: skip

    def shape(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}


class WriteAsk(NextAsk):
    """A continuation."""

    tokens: int = setting(20, "Tokens to write.", title="Tokens", ge=1, le=MOST_NEW)
    seed: int = setting(0, "Seed of the draws.", title="Seed", ge=0, le=2**31 - 1)


class AttentionAsk(ReadAsk):
    """One head of one layer."""

    layer: int = setting(0, "Which layer, from the input on.", title="Layer", ge=0, le=1000)
    head: int = setting(0, "Which head of it.", title="Head", ge=0, le=1000)


class Models:
    """Keeps the model that was asked for last; another one takes its place."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lock = threading.Lock()
        self.name, self.pair = "", (None, None)

    def get(self, name: str) -> tuple[Any, Any]:
        """(model, tokenizer). Raises DataError when it cannot be loaded."""
        from selfsup_core.models.pretrained import load_causal, prepare

        with self.lock:
            if self.name != name:
                self.name, self.pair = "", (None, None)  # room for the new one
                self.pair = load_causal(prepare(name, self.workspace))
                self.name = name
            return self.pair


def read(pair: tuple[Any, Any], ask: ReadAsk) -> dict[str, Any]:
    """How likely each token of a text is."""
    from selfsup_core.evaluate.writing import read_text

    found = read_text(*pair, ask.text)
    log_p = [None if math.isnan(v) else float(v) for v in found.log_p]
    about = {"pieces": found.pieces, "log_p": log_p, "alternatives": found.alternatives}
    return about | {"note": found.note, **found.summary()}


def foretell_next(pair: tuple[Any, Any], ask: NextAsk) -> dict[str, Any]:
    """What could come next, before and after reshaping."""
    from selfsup_core.evaluate.writing import foretell

    return {"next": foretell(*pair, ask.text, **ask.shape())}


def write(pair: tuple[Any, Any], ask: WriteAsk) -> dict[str, Any]:
    """A continuation of the text."""
    from selfsup_core.evaluate.writing import go_on

    made = go_on(*pair, ask.text, tokens=ask.tokens, seed=ask.seed, **ask.shape())
    return {"text": made}


def attention(pair: tuple[Any, Any], ask: AttentionAsk) -> dict[str, Any]:
    """What each token of a text looks at."""
    from selfsup_core.evaluate.writing import attention_of

    config = pair[0].config
    pieces, weights = attention_of(*pair, ask.text, layer=ask.layer, head=ask.head)
    return {
        "pieces": pieces, "weights": [[round(v, 5) for v in row] for row in weights.tolist()],
        "layers": config.num_hidden_layers, "heads": config.num_attention_heads,
    }  # fmt: skip


LANGUAGE_TOOLS: dict[str, tuple[type[ReadAsk], Callable[..., dict[str, Any]]]] = {
    "read": (ReadAsk, read),
    "next": (NextAsk, foretell_next),
    "write": (WriteAsk, write),
    "attention": (AttentionAsk, attention),
}


def use_language_tool(
    models: Models, model: str, name: str, values: dict[str, Any]
) -> dict[str, Any]:
    """Do what was asked with a model.

    Raises:
        SettingError: there is no such tool or setting. DataError: no such model, or nothing to read.
    """
    if name not in LANGUAGE_TOOLS:
        raise SettingError(f"There is no tool {name!r}. Known: {', '.join(LANGUAGE_TOOLS)}.")
    config, run = LANGUAGE_TOOLS[name]
    try:
        ask = config.model_validate(values)
    except ValidationError as error:
        raise explain(error, config) from error
    return run(models.get(model), ask)
