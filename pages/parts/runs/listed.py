"""What the list of runs shows: found by words, sorted, and which page of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from selfsup_core.runs.folder import DamagedRun
from selfsup_core.runs.short_runs import Listed
from selfsup_core.runs.state import RunState
from selfsup_core.translation import tr_later

ID_LETTERS = 4  # of an id: a single digit occurs in almost every one
NEWEST = "newest"
SORTS = {
    NEWEST: tr_later("Newest first"),
    "oldest": tr_later("Oldest first"),
    "name": tr_later("By name"),
    "best": tr_later("Best first, by kind"),
    "longest": tr_later("Longest training first"),
}
# The metric by which runs of a task are best; generators by the lowest distance, all others by the lowest
# validation loss.
ACCURACY = {"classify": "val_accuracy", "pseudo": "accuracy", "views": "probe_accuracy"}
LAST = float("inf")


def matches(state: Listed, words: Sequence[str]) -> bool:
    """Whether every word occurs in the run's name, data, status, tags, note or id; `#x` in its tags alone."""
    if isinstance(state, DamagedRun):
        run, about, tags = state.run, "damaged", []
    else:
        run, tags = state["run"], state.get("tags", [])
        texts = (state["name"], state["source_title"], state["status"], *tags, state.get("note", ""))
        about = " ".join(texts).casefold()

    def occurs(word: str) -> bool:
        if word.startswith("#") and len(word) > 1:
            return word[1:] in tags
        return word in about or (len(word) >= ID_LETTERS and word in run.casefold())

    return all(occurs(word) for word in words)


def sort_runs(states: Sequence[Listed], order: str) -> list[Listed]:
    """In one of the orders of `SORTS`; runs of which nothing is known come last.

    Args:
        states: newest first.
    """
    if order == "oldest":
        return list(reversed(states))
    key = KEYS.get(order)
    return sorted(states, key=lambda state: sort_key(state, key)) if key else list(states)


def sort_key(state: Listed, key: Callable[[RunState], tuple[object, ...]]) -> tuple[object, ...]:
    return (1,) if isinstance(state, DamagedRun) else (0, *key(state))


def by_name(state: RunState) -> tuple[object, ...]:
    return ((state["name"] or state["run"]).casefold(),)


def by_best(state: RunState) -> tuple[object, ...]:
    task = state.get("task", "")
    if metric := ACCURACY.get(task):
        value = state["metrics"].get(metric)
        return (task, LAST if value is None else -value)
    if task == "generate":
        distance = state["metrics"].get("val_frechet")
        return (task, LAST if distance is None else distance)
    loss = (state["best"] or {}).get("val_loss")
    return (task, LAST if loss is None else loss)


def by_length(state: RunState) -> tuple[object, ...]:
    return (-state["seconds"],)


KEYS: dict[str, Callable[[RunState], tuple[object, ...]]] = {
    "name": by_name,
    "best": by_best,
    "longest": by_length,
}
