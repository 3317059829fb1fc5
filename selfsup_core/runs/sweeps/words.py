"""What a sweep has found, in words."""

from __future__ import annotations

from selfsup_core.evaluate.compared import say_value
from selfsup_core.runs.sweeps.effect import Effect, Row, SettingEffect
from selfsup_core.runs.sweeps.results import Sweep
from selfsup_core.runs.waiting import in_words
from selfsup_core.translation import join_sentences, recorded, tr, tr_later
from selfsup_core.wording import brief, counted, inline


def say_score(sweep: Sweep, value: float | None, margin: float | None) -> str:
    """ "91.2% ± 0.8%", without an interval "91.2%"; "–" where there is no score."""
    said = say_value(sweep["metric"], value)
    if value is None or margin is None:
        return said
    is_share = said.endswith("%")
    return f"{said} ± {say_value(sweep['metric'], margin) if is_share else brief(margin, 2)}"


def say_metric(sweep: Sweep) -> str:
    """ "Accuracy on validation rows (higher is better)" """
    better = tr("higher is better") if sweep["better"] == "higher" else tr("lower is better")
    return f"{tr(sweep['metric_title'])} ({better})"


def say_best(sweep: Sweep) -> str:
    """The best combination in a sentence, with how sure that is; "" before there is one."""
    if not sweep["best"]:
        return ""
    best = sweep["rows"][sweep["best"][0]]
    said = tr("Best: {title}, with {metric} {score} ({seeds}).").format(
        title=best["title"],
        metric=inline(tr(sweep["metric_title"])),
        score=say_score(sweep, best["score"], best["margin"]),
        seeds=counted(best["n"], "seed"),
    )
    return join_sentences(part for part in (said, say_lead(sweep, best)) if part)


def say_lead(sweep: Sweep, best: Row) -> str:
    """Whether the best is clearly better than the next one."""
    if best["margin"] is None:
        return tr("With one seed each, how much of this is chance is not known.")
    if len(sweep["best"]) < 2:
        return ""
    second = sweep["rows"][sweep["best"][1]]
    if best["score"] is None or second["score"] is None or second["margin"] is None:
        return ""
    gap = abs(best["score"] - second["score"])
    is_clear = gap > (best["margin"] ** 2 + second["margin"] ** 2) ** 0.5
    text = (
        tr("It is clearly better than the next one, {title} ({score}).")
        if is_clear
        else tr("It is not clearly better than the next one, {title} ({score}).")
    )
    return text.format(title=second["title"], score=say_score(sweep, second["score"], second["margin"]))


def say_effect(sweep: Sweep, one: SettingEffect) -> str:
    """The effect of a setting in a sentence; "" before two of its values have a score."""
    known = [value for value in one["values"] if value["mean"] is not None]
    if len(known) < 2:
        return ""
    sign = -1.0 if sweep["better"] == "higher" else 1.0
    by_score = sorted(known, key=lambda value: sign * (value["mean"] or 0.0))
    best, worst = by_score[0], by_score[-1]
    said = tr("{title}: best at {best} ({best_score}), worst at {worst} ({worst_score}).").format(
        title=tr(one["title"]),
        best=best["title"],
        best_score=say_mean(sweep, best),
        worst=worst["title"],
        worst_score=say_mean(sweep, worst),
    )
    parts = (said, say_overlap(best, worst), say_left_out(one))
    return join_sentences(part for part in parts if part)


def say_mean(sweep: Sweep, value: Effect) -> str:
    """ "91.2% ± 0.8%, 6 runs" """
    return f"{say_score(sweep, value['mean'], value['margin'])}, {counted(value['n'], 'run')}"


def say_overlap(best: Effect, worst: Effect) -> str:
    if best["margin"] is None or worst["margin"] is None or best["mean"] is None or worst["mean"] is None:
        return ""
    if abs(best["mean"] - worst["mean"]) > best["margin"] + worst["margin"]:
        return tr("Their intervals do not overlap.")
    return tr("Their intervals overlap: the other settings and the seeds matter as much.")


def say_left_out(one: SettingEffect) -> str:
    """That the means are too good where runs are missing in them."""
    lost = sum(value["left_out"] for value in one["values"])
    if not lost:
        return ""
    return tr("Without {runs} that failed or were stopped early.").format(runs=counted(lost, "run"))


def say_progress(sweep: Sweep) -> str:
    """How far a sweep is, and what is left."""
    said = tr("{done} of {total} runs have ended").format(done=sweep["done"], total=sweep["total"])
    if sweep["status"] == "running" and sweep["seconds_left"]:
        said += tr(", about {time} left").format(time=in_words(sweep["seconds_left"]))
    parts = [f"{said}."]
    if sweep["pruned"]:
        parts.append(tr("{runs} stopped early.").format(runs=counted(sweep["pruned"], "run")))
    if sweep["failed"]:
        parts.append(tr("{runs} failed.").format(runs=counted(sweep["failed"], "run")))
    if sweep["stopped"]:
        parts.append(tr("{runs} stopped by hand.").format(runs=counted(sweep["stopped"], "run")))
    if sweep["message"]:
        parts.append(recorded(sweep["message"]))
    return " ".join(parts)


def say_warning(sweep: Sweep) -> str:
    """What is to be kept in mind of a choice by validation rows."""
    parts = []
    if len(sweep["best"]) > 1:
        parts.append(
            tr(
                "The best of {count} is also the luckiest: on new rows expect a little less. Look at its "
                "test rows once, after you have chosen."
            ).format(count=counted(len(sweep["best"]), "combination"))
        )
    if sweep["doubt"]:
        parts.append(sweep["doubt"])
    return " ".join(parts)


INTERVALS = tr_later(
    "Line: mean over all runs with this value, whatever their other settings and seeds, with its 95% "
    "interval. Dots: single runs."
)
