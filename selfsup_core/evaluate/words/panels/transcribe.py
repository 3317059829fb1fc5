"""The panels of a transcriber: how many of the shown clips are right, and how sure each letter is."""

from __future__ import annotations

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import percent

SURE = 0.9  # probability of a letter
WRITES = 0.02  # share of letters that are right, below which nothing is written yet


def say_transcripts(seen: Seen) -> str:
    """Word and letter errors on validation rows."""
    row = dict(seen.row)
    words, letters = known(row.get("val_word_error_rate")), known(row.get("val_letter_error_rate"))
    if words is None or letters is None:
        return ""
    if letters > 1 - WRITES:
        return tr("Hardly a letter is right yet: a network that writes nothing gets 100% too.")
    return tr("Of 100 words {words:.1f} are wrong, of 100 letters {letters:.1f}.").format(
        words=100 * words, letters=100 * letters
    )


def say_heard(seen: Seen) -> str:
    """How many of the letters in the shown clips the network is sure of."""
    aligned = seen.words.get("aligned")
    if not isinstance(aligned, list):
        return ""
    shares = [share for clip in aligned for _, _, _, share in clip]
    if not shares:
        return tr("No letter is heard yet: the blank is likeliest everywhere.")
    sure = sum(share >= SURE for share in shares) / len(shares)
    return tr("Of the letters heard in the shown clips, {share} are at least {sure} sure.").format(
        share=percent(sure), sure=percent(SURE)
    )
