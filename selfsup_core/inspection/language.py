"""What is asked of language models in the lab process, by name and out of the way of the pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from selfsup_core.errors import DataError, SettingError
from selfsup_core.inspection.loaded import Loaded, Models
from selfsup_core.settings import Config, explain, setting

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHARACTERS = 20_000
MOST_NEW = 200


class ReadAsk(Config):
    """A text."""

    text: str = setting("", "The text that the model reads.", title="Text", max_length=MOST_CHARACTERS)


class NextAsk(ReadAsk):
    """How the distribution of the next token is reshaped before one is drawn."""

    temperature: float = setting(
        1.0,
        "Below 1 sharpens the choice, above 1 flattens it; 0 takes the most likely token.",
        title="Temperature",
        ge=0.0,
        le=5.0,
    )
    top_k: int = setting(
        0, "Only so many of the most likely tokens stay; 0 keeps all.", title="Top-k", ge=0, le=1000
    )
    top_p: float = setting(
        1.0,
        "Only the fewest tokens that together hold this share stay.",
        title="Top-p",
        gt=0.0,
        le=1.0,
    )

    def shape(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}


class PlaceAsk(NextAsk):
    """A choice at a place of the text."""

    place: int | None = setting(
        None,
        "Which token a masked model guesses, from 0; without it the first [MASK], or the last token.",
        title="Place",
        ge=0,
        le=MOST_CHARACTERS,
    )


class WriteAsk(NextAsk):
    """A continuation."""

    tokens: int = setting(20, "Tokens to write.", title="Tokens", ge=1, le=MOST_NEW)
    seed: int = setting(0, "Seed of the draws.", title="Seed", ge=0, le=2**31 - 1)


class AttentionAsk(ReadAsk):
    """One head of one layer."""

    layer: int = setting(0, "Which layer, from the input on.", title="Layer", ge=0, le=1000)
    head: int = setting(0, "Which head of it.", title="Head", ge=0, le=1000)


class LoadingAsk(Config):
    """How a model's loading is going."""

    wait: float = setting(
        0.0, "Seconds to wait for it before an answer is given.", title="Wait", ge=0.0, le=10.0
    )


class MeasureAsk(Config):
    """Nothing but the model."""


class FetchAsk(LoadingAsk):
    """A model of the Hub, as hub:owner/name; it is fetched in the background."""


def read(loaded: Loaded, ask: ReadAsk) -> dict[str, Any]:
    """How likely each token of a text is: after those before it, or given all others."""
    from selfsup_core.evaluate.reading.masked import read_masked
    from selfsup_core.evaluate.reading.writing import read_text

    check_reads(loaded)
    reader = read_masked if loaded.kind == "masked" else read_text
    found = reader(loaded.model, loaded.tokenizer, ask.text)
    log_p = [None if math.isnan(v) else float(v) for v in found.log_p]
    about = {
        "pieces": found.pieces,
        "log_p": log_p,
        "alternatives": found.alternatives,
        "spans": found.spans,
        "kind": loaded.kind,
        "title": loaded.title,
        "epoch": loaded.epoch,
    }
    return about | {"note": found.note, **found.summary()}


def foretell_next(loaded: Loaded, ask: PlaceAsk) -> dict[str, Any]:
    """What could come next, or stand at a place, before and after reshaping."""
    from selfsup_core.evaluate.reading.masked import fill
    from selfsup_core.evaluate.reading.writing import foretell

    check_reads(loaded)
    if loaded.kind == "masked":
        place, rows = fill(loaded.model, loaded.tokenizer, ask.text, place=ask.place, **ask.shape())
        return {"next": rows, "place": place}
    if ask.place is not None:
        raise SettingError("place is for masked models; this one tells what comes next.")
    return {"next": foretell(loaded.model, loaded.tokenizer, ask.text, **ask.shape())}


def write(loaded: Loaded, ask: WriteAsk) -> dict[str, Any]:
    """A continuation of the text."""
    from selfsup_core.evaluate.reading.writing import go_on

    check_reads(loaded)
    if loaded.kind == "masked":
        raise DataError(
            f"{loaded.title} is a masked model: it fills gaps and cannot write on.",
            code="no-writing",
            remedy="Put [MASK] into the text and ask what could stand there.",
        )
    made = go_on(loaded.model, loaded.tokenizer, ask.text, tokens=ask.tokens, seed=ask.seed, **ask.shape())
    return {"text": made}


def attention(loaded: Loaded, ask: AttentionAsk) -> dict[str, Any]:
    """What each token of a text looks at."""
    from selfsup_core.evaluate.reading.attention import attention_of

    config = loaded.model.config
    pieces, weights = attention_of(loaded.model, loaded.tokenizer, ask.text, layer=ask.layer, head=ask.head)
    return {
        "pieces": pieces,
        "weights": [[round(v, 5) for v in row] for row in weights.tolist()],
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "kind": loaded.kind,
    }


def check_reads(loaded: Loaded) -> None:
    """Raises DataError for a model that foretells no token."""
    if loaded.kind == "encoder":
        raise DataError(
            f"{loaded.title} is an encoder: it turns a text into numbers and has no layer that foretells tokens.",
            code="encoder",
            remedy="Use it to embed texts; to look inside, choose a causal or masked language model.",
        )


def loading(models: Models, name: str, ask: LoadingAsk) -> dict[str, Any]:
    """Whether a model is there; begins to load it where it is not."""
    return models.status(name, ask.wait)


def measure_model(models: Models, name: str, ask: MeasureAsk) -> dict[str, Any]:
    """Measure a model and remember the numbers in the workspace."""
    from selfsup_core.inspection.measure import measure, remember

    loaded = models.get(name)
    found = measure(loaded) | {"parameters": loaded.parameters, "kind": loaded.kind}
    remember(models.workspace, name, found)
    return found


def fetch(models: Models, name: str, ask: FetchAsk) -> dict[str, Any]:
    """Fetch a model of the Hub in the background; asked again, it says how far that is."""
    from selfsup_core.pretrained.hub import HUB, fetch_model, find_fetched

    wanted = name.removeprefix(HUB)
    key = ("fetch", wanted)
    work = models.run(
        key, f"Asking the Hub for {wanted}.", lambda say: fetch_model(wanted, models.workspace, say)
    )
    if not work.done.wait(ask.wait):
        return work.about()
    models.end(key, work)
    find_fetched(wanted, models.workspace)
    return {"state": "ready", "said": "", "model": HUB + wanted.partition("@")[0]}


LANGUAGE_TOOLS: dict[str, tuple[type[Config], Callable[..., dict[str, Any]]]] = {
    "read": (ReadAsk, read),
    "next": (PlaceAsk, foretell_next),
    "write": (WriteAsk, write),
    "attention": (AttentionAsk, attention),
}
# These take the models, not one that is loaded.
MODEL_TOOLS: dict[str, tuple[type[Config], Callable[..., dict[str, Any]]]] = {
    "loading": (LoadingAsk, loading),
    "measure": (MeasureAsk, measure_model),
    "fetch": (FetchAsk, fetch),
}


def use_language_tool(models: Models, model: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Do what was asked with a model.

    Raises:
        SettingError: there is no such tool or setting. DataError: no such model, or nothing to read.
    """
    known = LANGUAGE_TOOLS | MODEL_TOOLS
    if name not in known:
        raise SettingError(f"There is no tool {name!r}. Known: {', '.join(known)}.")
    config, run = known[name]
    try:
        ask = config.model_validate(values)
    except ValidationError as error:
        raise explain(error, config) from error
    if name in MODEL_TOOLS:
        return run(models, model, ask)
    loaded = models.get(model)
    with loaded.lock:
        return run(loaded, ask)
