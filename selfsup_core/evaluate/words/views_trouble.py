"""Signs of trouble in what was learned from views, and the verdict, said in words with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from selfsup_core.evaluate.collapse import Kind, judge_collapse
from selfsup_core.evaluate.rows import Baseline, EpochRow, Metrics, Sign
from selfsup_core.evaluate.words.few_rows import share_of
from selfsup_core.evaluate.words.trouble import sign
from selfsup_core.pseudo.audit import Verdict
from selfsup_core.translation import join_sentences, tr, tr_later
from selfsup_core.wording import percent

COLLAPSES = {"complete-collapse": "complete", "dimensional-collapse": "dimensional"}
BESIDE = (
    ("raw_probe_accuracy", tr_later("the raw input")),
    ("pca_probe_accuracy", tr_later("PCA of the same size")),
    ("untrained_probe_accuracy", tr_later("the same network untrained")),
)


@dataclass(frozen=True)
class ViewsAbout:
    """What signs must know of a run beside its numbers.

    Attributes:
        most_rank: largest effective rank that the embeddings could have. remedies: against each collapse.
        sees_scale: whether the objective compares embeddings as they are, and wants a deviation of 1.
        missing: title and theory of safeguards that were taken away, without which nothing collapses.
    """

    most_rank: int
    remedies: dict[Kind, str] = field(default_factory=dict)
    sees_scale: bool = False
    missing: tuple[tuple[str, str], ...] = ()


def find_views_signs(
    row: EpochRow, baseline: Baseline | None, about: ViewsAbout, *, is_last: bool
) -> list[Sign]:
    """What looks wrong at an epoch; epoch 0, before training, is never wrong."""
    if row["epoch"] < 1:
        return []
    found = (
        collapse(row, about),
        missing_safeguard(about),
        worse_than_untrained(row, baseline, is_last=is_last),
    )
    return [one for one in found if one]


def collapse(row: EpochRow, about: ViewsAbout) -> Sign | None:
    spread, rank = row.get("spread"), row.get("projector_rank")
    if spread is None or rank is None or about.most_rank < 2:
        return None
    deviation = row.get("deviation") if about.sees_scale else None
    found = judge_collapse(spread, rank, about.most_rank, about.remedies, deviation=deviation)
    return sign(f"{found.kind}-collapse", found.text, found.remedy) if found else None


def missing_safeguard(about: ViewsAbout) -> Sign | None:
    """Said from the settings: what is learned then is weaker, though nothing collapses."""
    if not about.missing:
        return None
    title, theory = about.missing[0]
    return sign("safeguard-off", f"{title}: {theory}", tr("Compare it with the intact run."))


def worse_than_untrained(row: EpochRow, baseline: Baseline | None, *, is_last: bool) -> Sign | None:
    found, before = row.get("probe_accuracy"), (baseline or {}).get("untrained_probe_accuracy")
    rows = (baseline or {}).get("validation_rows")
    # Two standard errors of a share, so that chance is not called trouble.
    if (
        not is_last
        or found is None
        or before is None
        or not rows
        or found >= before - two_errors(before, rows)
    ):
        return None
    return sign(
        "worse-than-untrained",
        tr(
            "Worse than untrained: a linear classifier reaches {found} on the code, and "
            "{before} on that of the same network untrained."
        ).format(found=percent(found, 1), before=percent(before, 1)),
        tr("Train longer, use other augmentations, or another objective."),
    )


def two_errors(share: float, rows: int) -> float:
    """Two standard errors of a share of so many rows."""
    found: float = 2 * (share * (1 - share) / rows) ** 0.5
    return found


def all_gauges(state: Mapping[str, Any], signs: list[Sign]) -> dict[str, float | str | None]:
    """What programs are told of a run: its metrics, what they are compared with, and `collapse` as a word."""
    return {**(state["baseline"] or {}), **state["metrics"], "collapse": collapse_of(signs)}


def collapse_of(signs: list[Sign]) -> str:
    """ "complete", "dimensional", or "none"."""
    return next((COLLAPSES[one["code"]] for one in signs if one["code"] in COLLAPSES), "none")


def judge_views(metrics: Metrics, baseline: Baseline, signs: list[Sign], code_size: int) -> Verdict:
    """Whether learning from views helped, against the best of what needs no training.

    Its first sentence is the answer; numbers follow. The supervised twin is named beside them, and has no
    part in the outcome: it learns from the labels. A difference counts when it is larger than two standard
    errors of a share. Without labels of two or more classes the verdict rests on RankMe and says so.
    """
    collapsed = collapse_of(signs)
    probe, rows = metrics.get("probe_accuracy"), baseline.get("validation_rows") or 0
    known = [
        (cast("float", baseline[key]), title)  # type: ignore[literal-required]
        for key, title in BESIDE
        if baseline.get(key) is not None
    ]
    if probe is None or not known or not rows:
        rank, before = metrics.get("rankme") or 0.0, baseline.get("untrained_rankme") or 0.0
        lead = (
            tr("Whether it helped is not known: there are no labels of two or more classes to measure with.")
            if collapsed == "none"
            else say_collapse(collapsed)
        )
        return {
            "outcome": "unknown",
            "text": tr(
                "{lead} The effective rank of the code h (RankMe) is {rank:.1f} of {code_size}, and was "
                "{before:.1f} before training."
            ).format(lead=lead, rank=rank, code_size=code_size, before=before),
        }
    best, title = max(known)
    error = two_errors(best, rows)
    beside = ", ".join(f"{name} {percent(value, 1)}" for value, name in known)
    numbers = tr("A linear classifier on the code h reaches {share_of}; {beside}.{say_twin}").format(
        share_of=share_of(probe, rows, tr("validation rows")),
        beside=beside,
        say_twin=say_twin(metrics, probe, rows),
    )
    if probe > best + error:
        but = (
            ""
            if collapsed == "none"
            else tr(", although the embeddings z show a {collapsed} collapse").format(collapsed=collapsed)
        )
        return {
            "outcome": "helped",
            "text": tr("Learning from views helped{but}. {numbers}").format(but=but, numbers=numbers),
        }
    outcome: Literal["hurt", "no difference"] = "hurt" if probe < best - error else "no difference"
    lead = (
        tr("Worse than {title}.").format(title=title)
        if outcome == "hurt"
        else tr("No clear difference from {title}.").format(title=title)
    )
    lead = lead if collapsed == "none" else say_collapse(collapsed)
    return {"outcome": outcome, "text": join_sentences([lead, numbers])}


def say_collapse(collapsed: str) -> str:
    """What a collapse means, as the answer of a verdict."""
    return tr(
        "This network has not learned to tell its samples apart: the embeddings z show a "
        "{collapsed} collapse."
    ).format(collapsed=collapsed)


def say_twin(metrics: Metrics, probe: float, rows: int) -> str:
    """A sentence on the supervised twin beside the probe; "" where there is none. One that has not had all of
    its steps is not compared.
    """
    twin, trained = metrics.get("twin_probe_accuracy"), metrics.get("twin_trained") or 0.0
    if twin is None:
        return ""
    said = tr(" The same network trained on these labels alone (supervised twin) reaches {twin}").format(
        twin=percent(twin, 1)
    )
    if trained < 1:
        return tr("{said} after {trained} of its training.").format(said=said, trained=percent(trained))
    error = two_errors(twin, rows)
    beside = (
        tr("less than")
        if twin < probe - error
        else tr("more than")
        if twin > probe + error
        else tr("about as much as")
    )
    return tr("{said}, {beside} the code.").format(said=said, beside=beside)
