"""The panels that all scenarios share: the scores of student and twin, and what is kept of the proposals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from selfsup_core.evaluate.words.panels.seen import Seen, known
from selfsup_core.evaluate.words.scenario_words import SCORES
from selfsup_core.translation import tr
from selfsup_core.wording import percent


def scores_of(task: str) -> Callable[[Seen], str]:
    """The sentence of the panel of scores, for a scenario."""
    return lambda seen: say_scores(task, seen)


def say_scores(task: str, seen: Seen) -> str:
    """The sentence of the panel of scores."""
    score = SCORES[task]
    row: Mapping[str, object] = seen.row
    value, twin = (known(row.get(f"val_{prefix}{score.name}")) for prefix in ("", "twin_"))
    if value is None:
        return ""
    said = {"title": tr(score.title), "value": score.say(value)}
    if twin is None:
        return tr("{title} {value} on validation rows.").format(**said)
    if abs(value - twin) < (0.0005 if score.is_share else 0.05):
        return tr("{title} {value}; the twin, with the given labels only, is as good.").format(**said)
    is_ahead = score.gain(value - twin) > 0
    text = (
        tr("{title} {value}: better than the twin with the given labels only ({twin}).")
        if is_ahead
        else tr("{title} {value}: worse than the twin with the given labels only ({twin}).")
    )
    return text.format(**said, twin=score.say(twin))


def say_kept(seen: Seen) -> str:
    """The sentence of a panel of kept proposals, without what only the hidden answers tell."""
    row: Mapping[str, object] = seen.row
    share, rows = known(row.get("kept_share")), known(row.get("kept_rows"))
    if share is None or rows is None:
        return ""
    return tr("{share} of the proposals are kept, {rows:,} rows.").format(
        share=percent(share), rows=int(rows)
    )


def say_true_kept(seen: Seen) -> str:
    """The same with the share that is right."""
    row: Mapping[str, object] = seen.row
    right = known(row.get("kept_right"))
    if right is None or not (said := say_kept(seen)):
        return ""
    return tr("{said} {share} of these are right.").format(said=said, share=percent(right))
