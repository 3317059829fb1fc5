"""The panel of a language model's writing: how unsure it is at each token, and whether it repeats itself."""

from __future__ import annotations

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.translation import tr
from selfsup_core.wording import brief, percent

LONGEST_PERIOD, LEAST_REPEATS, LEAST_LETTERS = 24, 4, 24
WRONG, RIGHT = 2, 1
MOST_SHOWN = 16  # letters of what is repeated


def say_writing(seen: Seen) -> str:
    """Of a masked model its guesses; of a causal one a loop, or the perplexity and the number of tokens."""
    filled = seen.words.get("filled")
    if isinstance(filled, list) and filled:
        return _say_filled(filled)
    text = seen.words.get("completed")
    if not isinstance(text, str) or not text:
        return ""
    if (again := find_loop(text)) and seen.epoch:
        return tr("It repeats itself; its text ends in “{again}” again and again.").format(again=again)
    perplexity, tokens = known(seen.row.get("val_token_perplexity")), seen.baseline.get("vocabulary", 0)
    if perplexity is None or not tokens:
        return ""
    if perplexity >= tokens:
        return tr("It writes noise: it knows no better than to treat all {tokens:,} tokens alike.").format(
            tokens=tokens
        )
    return tr(
        "At each token it is as unsure as among {perplexity} equally likely ones of {tokens:,}."
    ).format(perplexity=brief(perplexity), tokens=tokens)


def _say_filled(filled: list[object]) -> str:
    guesses = [
        piece[1]
        for line in filled
        if isinstance(line, list)
        for piece in line
        if isinstance(piece, list) and len(piece) > 2 and piece[1] in (RIGHT, WRONG) and piece[2]
    ]
    if not guesses:
        return ""
    right = guesses.count(RIGHT)
    verb, share = "is" if right == 1 else "are", percent(right / len(guesses))
    return tr("Of {count} hidden tokens shown, {right} {verb} guessed right ({share}).").format(
        count=len(guesses), right=right, verb=verb, share=share
    )


def find_loop(text: str) -> str:
    """The shortest piece that a text repeats at its end, at least `LEAST_REPEATS` times; "" for none."""
    end = text.rstrip()
    for period in range(1, LONGEST_PERIOD + 1):
        piece = end[-period:]
        long = max(LEAST_LETTERS, LEAST_REPEATS * period)
        if len(end) >= long and end[-long:] == (piece * (long // period + 1))[-long:]:
            shown = " ".join(piece.split())
            return shown if len(shown) <= MOST_SHOWN else f"{shown[: MOST_SHOWN - 1]}…"
    return ""
