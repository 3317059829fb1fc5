"""The panels of a reader: how many answers are right, how sure it is, and what is kept of the clozes."""

from __future__ import annotations

from selfsup_core.evaluate.words.panels.scenarios import say_kept
from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import percent

SURE = 0.5  # probability of an answer


def say_answers(seen: Seen) -> str:
    """Exact match and F1 on validation rows."""
    row = dict(seen.row)
    exact, f1 = known(row.get("val_exact_match")), known(row.get("val_f1"))
    if exact is None or f1 is None:
        return ""
    if f1 == 0:
        return tr("No answer shares a word with the reference yet.")
    return tr("{exact} of the answers match exactly; F1, which counts shared words too, is {f1}.").format(
        exact=percent(exact), f1=percent(f1)
    )


def say_passage(seen: Seen) -> str:
    """How many of the shown answers the reader is sure of."""
    sure = seen.words.get("sure")
    if not isinstance(sure, list) or not sure:
        return ""
    count = sum(share >= SURE for share in sure)
    return tr("The reader is at least {share} sure of {count} of {all} shown answers.").format(
        share=percent(SURE), count=count, all=len(sure)
    )


def say_true_questions(seen: Seen) -> str:
    """What is kept, with the share that people asked for too."""
    asked = known(dict(seen.row).get("kept_asked"))
    if asked is None or not (said := say_kept(seen)):
        return ""
    return tr("{said} People asked for {share} of these answers too.").format(said=said, share=percent(asked))
