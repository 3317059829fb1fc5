"""What is asked of a run's translator: a sentence of one's own, in the other language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from selfsup_core.errors import DataError
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.kinds import about_translator
from selfsup_core.settings import setting
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.tasks.parts.translator_files import Translator

MOST_LETTERS = 1000


class TranslateAsk(EpochAsk):
    """A sentence, at an epoch of the run."""

    text: str = setting("", "The sentence to translate.", title="Sentence", max_length=MOST_LETTERS)
    beam: int = setting(
        0,
        "Translations that are followed at once; 1 takes the likeliest token each time, 0 is the run's own "
        "setting.",
        title="Beam",
        zero="as in the run",
        ge=0,
        le=16,
    )


@about_translator("translate", TranslateAsk)
def translate(translator: Translator, ask: TranslateAsk) -> Answer:
    """The translation, how likely it was per token, and what each piece of it looked at."""
    from selfsup_core.evaluate.reading.translating import attend, padded, write_rows

    if not ask.text.strip():
        raise DataError(tr("There is no sentence to translate."), code="no-text", remedy=tr("Write one."))
    tokens, network = translator.tokens, translator.network
    source = tokens.encode([ask.text.strip()])
    written = write_rows(network, source, most=tokens.longest, beam=ask.beam or translator.beam)
    target = padded(written.tokens, tokens.pad)
    weights = attend(network, source, target)
    note = ""
    if tokens.cut([ask.text.strip()]):
        note = tr("The sentence is longer than {longest} tokens; only its beginning was read.").format(
            longest=tokens.longest
        )
    return Answer(
        about={
            "text": tokens.decode(target)[0],
            "probability": math.exp(float(written.score[0])),
            "epoch": translator.epoch,
            "pieces": [tokens.pieces(source[0].tolist()), tokens.pieces(target[0].tolist())],
            "attention": [[round(value, 4) for value in row] for row in weights.tolist()],
            "note": note,
        }
    )
