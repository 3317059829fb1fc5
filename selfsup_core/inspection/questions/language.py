"""What is asked of language models: how they read a text, what comes next, and whether they are in memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypedDict

from selfsup_core.errors import DataError, SettingError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import NoAsk
from selfsup_core.inspection.kinds import Named, about_model, about_model_name
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.loaded import Loaded, Models

MOST_CHARACTERS = 20_000
MOST_NEW = 200


class ReadAsk(Config):
    """A text."""

    text: str = setting("", "The text that the model reads.", title="Text", max_length=MOST_CHARACTERS)


class Shape(TypedDict):
    """How a token is chosen from the model's probabilities."""

    temperature: float
    top_k: int
    top_p: float


class NextAsk(ReadAsk):
    """How the next token is chosen from the model's probabilities."""

    temperature: float = setting(
        0.7,
        "Below 1 sharpens the choice, above 1 flattens it; 0 takes the most likely token.",
        title="Temperature",
        why="At 1, small models drift into nonsense.",
        ge=0.0,
        le=5.0,
    )
    top_k: int = setting(
        0,
        "Keep only this many of the most likely tokens; 0 keeps all.",
        title="Top-k",
        zero="all",
        ge=0,
        le=1000,
    )
    top_p: float = setting(
        0.9,
        "Keep only the most likely tokens that together hold this share; 1 keeps all.",
        title="Top-p",
        why="Leaves out the long tail of unlikely tokens.",
        gt=0.0,
        le=1.0,
    )

    def shape(self) -> Shape:
        return {"temperature": self.temperature, "top_k": self.top_k, "top_p": self.top_p}


class PlaceAsk(NextAsk):
    """A choice at a place of the text."""

    place: int | None = setting(
        None,
        "Which token a masked model predicts, from 0; by default the first [MASK], or the last token.",
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
    head: int = setting(0, "Which head of the layer.", title="Head", ge=0, le=1000)


class LoadingAsk(Config):
    """How a model's loading is going."""

    wait: float = setting(
        0.0, "Seconds to wait for it before an answer is given.", title="Wait", ge=0.0, le=10.0
    )


class FetchAsk(LoadingAsk):
    """A model of the Hub, as hub:owner/name; it is fetched in the background."""


@about_model("read", ReadAsk)
def read(loaded: Loaded, ask: ReadAsk) -> Answer:
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
        "wholes": found.wholes,
        "kind": loaded.kind,
        "title": loaded.title,
        "epoch": loaded.epoch,
    }
    return Answer(about=about | {"note": found.note, **found.summary()})


@about_model("next", PlaceAsk)
def predict_next(loaded: Loaded, ask: PlaceAsk) -> Answer:
    """What could come next, or stand at a place, before and after reshaping."""
    from selfsup_core.evaluate.reading.masked import fill
    from selfsup_core.evaluate.reading.writing import predict_next

    check_reads(loaded)
    if loaded.kind == "masked":
        place, rows = fill(loaded.model, loaded.tokenizer, ask.text, place=ask.place, **ask.shape())
        return Answer(about={"next": rows, "place": place})
    if ask.place is not None:
        raise SettingError(tr("place is for masked models; this one predicts what comes next."))
    return Answer(about={"next": predict_next(loaded.model, loaded.tokenizer, ask.text, **ask.shape())})


@about_model("write", WriteAsk)
def write(loaded: Loaded, ask: WriteAsk) -> Answer:
    """A continuation of the text."""
    from selfsup_core.evaluate.reading.writing import write_on

    check_reads(loaded)
    if loaded.kind == "masked":
        raise DataError(
            tr("{title} is a masked model: it fills gaps and cannot continue a text.").format(
                title=loaded.title
            ),
            code="no-writing",
            remedy=tr("Put [MASK] into the text and ask what fits there."),
        )
    made = write_on(loaded.model, loaded.tokenizer, ask.text, tokens=ask.tokens, seed=ask.seed, **ask.shape())
    return Answer(about={"text": made.text, "pieces": made.pieces, "note": made.note})


@about_model("attention", AttentionAsk)
def attention(loaded: Loaded, ask: AttentionAsk) -> Answer:
    """What each token of a text looks at."""
    from selfsup_core.evaluate.reading.attention import attention_of

    config = loaded.model.config
    pieces, weights = attention_of(loaded.model, loaded.tokenizer, ask.text, layer=ask.layer, head=ask.head)
    return Answer(
        about={
            "pieces": pieces,
            "weights": [[round(v, 5) for v in row] for row in weights.tolist()],
            "layers": config.num_hidden_layers,
            "heads": config.num_attention_heads,
            "kind": loaded.kind,
        }
    )


def check_reads(loaded: Loaded) -> None:
    """Raises DataError for a model that predicts no token."""
    if loaded.kind == "encoder":
        raise DataError(
            tr(
                "{title} is an encoder: it turns a text into numbers and has no layer that predicts tokens."
            ).format(title=loaded.title),
            code="encoder",
            remedy=tr("Use it to embed texts, or choose a causal or masked language model."),
        )


@about_model_name("loading", LoadingAsk)
def loading(model: Named[Models], ask: LoadingAsk) -> Answer:
    """Whether a model is there; begins to load it where it is not."""
    return Answer(about={**model.holder.status(model.name, ask.wait)})


@about_model_name("measure", NoAsk)
def measure_model(model: Named[Models], ask: NoAsk) -> Answer:
    """Measure a model and remember the numbers in the workspace."""
    from selfsup_core.inspection.measure import measure, remember

    loaded = model.holder.get(model.name)
    found = measure(loaded)
    remember(model.holder.workspace, model.name, found)
    return Answer(about={**found})


@about_model_name("fetch", FetchAsk)
def fetch(model: Named[Models], ask: FetchAsk) -> Answer:
    """Fetch a model of the Hub in the background; asked again, it says how far that is."""
    from selfsup_core.pretrained.hub import HUB, fetch_model, find_fetched

    models, wanted = model.holder, model.name.removeprefix(HUB)
    key = ("fetch", wanted)
    work = models.run(
        key,
        tr("Asking the Hub for {wanted}.").format(wanted=wanted),
        lambda say: fetch_model(wanted, models.workspace, say),
    )
    if not work.done.wait(ask.wait):
        return Answer(about={**work.about()})
    models.end(key, work)
    find_fetched(wanted, models.workspace)
    return Answer(about={"state": "ready", "said": "", "model": HUB + wanted.partition("@")[0]})
