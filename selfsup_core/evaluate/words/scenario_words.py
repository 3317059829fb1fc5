"""What the numbers of a scenario mean, in words: how good it is, what pseudo-labels brought, what was kept.

A scenario is a task that learns from few labels in rounds; its score is measured on validation rows at each
epoch (`val_bleu`, `val_twin_bleu`) and on test rows at the end (`bleu`, `twin_bleu`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from selfsup_core.evaluate.bootstrap import Compared
from selfsup_core.evaluate.rows import EpochRow, Metrics, Sign
from selfsup_core.translation import tr, tr_later
from selfsup_core.wording import percent

if TYPE_CHECKING:
    from selfsup_core.pseudo.audit import Verdict

FEW_TEST_ROWS = 30


@dataclass(frozen=True)
class Score:
    """The score of a scenario.

    Attributes:
        name: of the metric. is_share: written as percent.
    """

    name: str
    title: str
    better: Literal["higher", "lower"] = "higher"
    is_share: bool = False

    def say(self, value: float) -> str:
        return percent(value, 1) if self.is_share else f"{value:.1f}"

    def gain(self, difference: float) -> float:
        """How much better that is: a lower error is a gain."""
        return difference if self.better == "higher" else -difference


SCORES: Mapping[str, Score] = {
    "translate": Score("bleu", "BLEU"),
    "transcribe": Score("word_error_rate", tr_later("Word error rate"), "lower", is_share=True),
    "answer": Score("exact_match", tr_later("Exact match"), is_share=True),
    "detect": Score("map50", "mAP@.5", is_share=True),
}


def judge(score: Score, found: Compared) -> Verdict:
    """Whether pseudo-labels helped, from `paired_bootstrap` of the test rows."""
    student, twin = score.say(found["student"]), score.say(found["twin"])
    numbers = tr("{title} {student} with pseudo-labels, {twin} with the given labels alone").format(
        title=tr(score.title), student=student, twin=twin
    )
    if found["rows"] < FEW_TEST_ROWS:
        text = tr("Too few test rows ({rows}) to decide: {numbers}.")
        return {"outcome": "unknown", "text": text.format(rows=found["rows"], numbers=numbers)}
    times = 100 if score.is_share else 1
    low, high, change = (times * found[key] + 0.0 for key in ("low", "high", "difference"))
    between = tr("{change:+.1f}, 95% between {low:+.1f} and {high:+.1f}, on {rows:,} test rows").format(
        change=change, low=low, high=high, rows=found["rows"]
    )
    if found["low"] <= 0 <= found["high"]:
        text = tr("Pseudo-labels made no clear difference ({between}): {numbers}.")
        return {"outcome": "no difference", "text": text.format(between=between, numbers=numbers)}
    if score.gain(found["difference"]) > 0:
        text = tr("Pseudo-labels helped ({between}): {numbers}.")
        return {"outcome": "helped", "text": text.format(between=between, numbers=numbers)}
    text = tr("Pseudo-labels hurt ({between}): {numbers}.")
    return {"outcome": "hurt", "text": text.format(between=between, numbers=numbers)}


def not_used(score: Score, value: float) -> Verdict:
    """No proposal was kept in any round."""
    text = tr(
        "No pseudo-label was kept in any round, so student and twin learned the same: {title} {value}."
    ).format(title=tr(score.title), value=score.say(value))
    return {"outcome": "not used", "text": text}


def describe_score(task: str, metrics: Metrics) -> str:
    """For a list: "BLEU 95.2 on 500 test rows", before the end on validation rows; "" before the first
    epoch.
    """
    score = SCORES[task]
    if (value := metrics.get(score.name)) is not None:
        rows = int(metrics.get("test_rows") or 0)
        return tr("{title} {value} on {rows:,} test rows").format(
            title=tr(score.title), value=score.say(value), rows=rows
        )
    if (value := metrics.get(f"val_{score.name}")) is None:
        return ""
    return tr("{title} {value} on validation rows").format(title=tr(score.title), value=score.say(value))


def describe_scenario(task: str, metrics: Metrics, verdict: Verdict | None) -> str:
    """One line: the verdict once there is one, else the newest scores."""
    score = SCORES[task]
    if verdict:
        return verdict["text"]
    if not (said := describe_score(task, metrics)):
        return tr("no epoch yet")
    if score.name in metrics:
        return said
    parts = [said]
    if (twin := metrics.get(f"val_twin_{score.name}")) is not None:
        parts.append(tr("given labels only {twin}").format(twin=score.say(twin)))
    return " · ".join(parts)


def find_scenario_signs(row: EpochRow) -> list[Sign]:
    """That the next round learns from no proposal."""
    measured: Mapping[str, object] = row
    if measured.get("kept_rows") != 0:
        return []
    return [
        {
            "code": "none-kept",
            "text": tr(
                "No proposal is kept, so the student learns from the given labels only, as its twin does."
            ),
            "remedy": tr("Raise the share of proposals kept, or train longer before the first proposals."),
        }
    ]
