"""Two runs have been trained that differ as the task asks, so that their measures can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

from selfsup_core.lessons.checks import Judged, check
from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.lessons.measures import measure_of, say_measure, say_value
from selfsup_core.lessons.which import (
    RunWish,
    data_title,
    find_closest,
    has_ended,
    is_set_up,
    is_under_way,
    say_missing,
    title_of,
)
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import known_settings, value_at
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import join_sentences, tr


class ComparedConfig(KindConfig):
    kind: Literal["compared"] = setting("compared", "Two runs can be compared by a measure.")
    first: RunWish = setting(..., "One of the runs.")
    second: RunWish = setting(..., "The other one.")
    metric: str = setting("val_loss", "Measure by its name.", min_length=1)
    lower: Literal["", "first", "second"] = setting(
        "",
        "Which must have the lower value.",
        titles={"": "Either", "first": "The first", "second": "The second"},
    )
    same: list[str] = setting([], "Settings by path in which both must agree, for a fair comparison.")


def say_apart(first: RunWish, second: RunWish) -> tuple[str, str]:
    """How two runs are told from each other: by no more than in what they differ, and by settings of which
    both have a wish where there are such.
    """
    same = {path for path, value in first.set.items() if second.set.get(path) == value}
    told = {path for path in first.set if path in second.set} - same
    preset, data = first.preset == second.preset, first.data == second.data

    def is_told(path: str) -> bool:
        return path in told if told else path not in same

    def say(wish: RunWish) -> str:
        rest = {path: value for path, value in wish.wanted().items() if is_told(path)} if wish.set else {}
        parts = [] if preset else [tr("with the model {title_of}").format(title_of=title_of(wish.preset))]
        parts += [] if data else [tr("on {data_title}").format(data_title=data_title(wish.data))]
        if rest:
            known = known_settings(preset_spec(wish.preset, wish.set))
            said = [f"{known[path].title} {known[path].say(value)}" for path, value in rest.items()]
            parts.append(tr("with {said}").format(said=tr(" and ").join(said)))
        return " ".join(parts) or tr("for the one run")

    return say(first), say(second)


def differing_in(pair: tuple[RunSeen, ...], paths: Sequence[str]) -> str:
    """The first of these settings in which two runs differ, or ""."""
    return next((path for path in paths if value_at(pair[0].spec, path) != value_at(pair[1].spec, path)), "")


def one_missing(evidence: Evidence, config: ComparedConfig, found: list[list[RunSeen]]) -> Judged:
    """How many of the two are there, and what the next one needs.

    Args:
        found: runs that will do for the first, and for the second.
    """
    wishes = (config.first, config.second)
    done = sum(bool(runs) for runs in found)
    wish = next(wish for wish, runs in zip(wishes, found, strict=True) if not runs)
    # The other one of the two is as it should be: nothing is said against it.
    others = [run for run in evidence.runs if not any(run in runs for runs in found)]
    run, lack = find_closest(others, [*wish.wishes(), has_ended(0)])
    lack = f"{run.called} {lack}." if run else ""
    said = [tr("{done} of {needed} done.").format(done=done, needed=len(wishes)), say_missing(wish), lack]
    is_begun = any(is_set_up(run, wish) for run in others)
    return Judged(
        False,
        join_sentences(one for one in said if one),
        done=done,
        needed=len(wishes),
        missing=None if is_begun else wish,
        waits=run is not None and is_set_up(run, wish) and is_under_way(run),
        lack=lack,
    )


@check("compared", ComparedConfig)
def compared(evidence: Evidence, config: ComparedConfig) -> Judged:
    """Two runs have been trained to their ends, and a measure is lower in the one that is asked for."""
    candidates = []
    for wish in (config.first, config.second):
        wishes = [*wish.wishes(), has_ended(0)]
        candidates.append([one for one in evidence.runs if not any(lacks(one) for lacks in wishes)])
    if not all(candidates):
        return one_missing(evidence, config, candidates)
    first, second = next(
        (pair for pair in product(*candidates) if not differing_in(pair, config.same)),
        (candidates[0][0], candidates[1][0]),
    )
    if path := differing_in((first, second), config.same):
        title = known_settings(first.spec)[path].title
        one, other = value_at(first.spec, path), value_at(second.spec, path)
        return Judged(
            False,
            tr("Both runs need the same {title}; found {one} and {other}.").format(
                title=title, one=one, other=other
            ),
        )
    name, values = say_measure(config.metric), [measure_of(run, config.metric) for run in (first, second)]
    if values[0] is None or values[1] is None:
        lacking = first if values[0] is None else second
        return Judged(False, tr("{called} has no {name}.").format(called=lacking.called, name=name))
    one, other = say_apart(config.first, config.second)
    said = tr("The {name} is {say_value} {one}, and {say_value_2} {other}.").format(
        name=name, say_value=say_value(values[0]), one=one, say_value_2=say_value(values[1]), other=other
    )
    is_first_lower = values[0] < values[1]
    if config.lower and is_first_lower != (config.lower == "first"):
        return Judged(False, tr("{said} The task needs it the other way round.").format(said=said))
    return Judged(True, said, (first.folder.id, second.folder.id))
