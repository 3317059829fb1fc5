"""What a language model would label a few texts, before a run asks it about many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.kinds import about_model
from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.inspection.loaded import Loaded

MOST_TRIED = 20


class LabelAsk(Config):
    """Texts, classes, and how they are asked about."""

    texts: tuple[str, ...] = setting((), "Texts to label.", title="Texts", max_length=MOST_TRIED)
    classes: tuple[str, ...] = setting((), "Names of the classes.", title="Classes", max_length=200)
    how: Literal["zero-shot", "generated"] = setting(
        "generated",
        "By the likeliest class name, or by what the model writes.",
        title="How",
        titles={"zero-shot": "Likeliest class name", "generated": "Its answer"},
    )
    prompt: str = setting(
        "", "{text} and {classes} stand for the text and the classes.", title="Prompt", max_length=4_000
    )
    characters: int = setting(
        400,
        "How many characters of a text are read, from its beginning.",
        title="Characters",
        ge=20,
        le=20_000,
    )


@about_model("label", LabelAsk)
def label(loaded: Loaded, ask: LabelAsk) -> Answer:
    """Text, raw answer, class and probability of a few texts."""
    from selfsup_core.tasks.parts.labelers import asking, try_labeler

    if loaded.kind != "causal":
        raise DataError(
            tr("{title} cannot generate text.").format(title=loaded.title),
            code="no-writing",
            remedy=tr("Choose a causal model."),
        )
    config = asking(ask.how, ask.prompt, ask.characters)
    found = try_labeler(loaded.model, loaded.tokenizer, ask.how, ask.texts, ask.classes, config)
    return Answer(about={"rows": found})
