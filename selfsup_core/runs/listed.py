"""What a list of runs shows: found by words, filtered and sorted, for the page Runs and for `runs list`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import ValidationError

from selfsup_core.evaluate.words.scenario_words import SCORES
from selfsup_core.runs.folder import DamagedRun
from selfsup_core.runs.short_runs import Listed
from selfsup_core.runs.state import RunState
from selfsup_core.settings import Config, Values, explain, setting
from selfsup_core.translation import tr_later

ID_LETTERS = 4  # of an id: a single digit occurs in almost every one
MOST_LETTERS = 100  # of a search
NEWEST = "newest"
SORTS = {
    NEWEST: tr_later("Newest first"),
    "oldest": tr_later("Oldest first"),
    "name": tr_later("By name"),
    "best": tr_later("Best first, by kind"),
    "longest": tr_later("Longest training first"),
}
DAMAGED = "damaged"  # the status of a run that cannot be read
TASKS = {
    "autoencoder": tr_later("Autoencoder"),
    "views": tr_later("Views"),
    "language": tr_later("Language model"),
    "classify": tr_later("Classifier"),
    "pseudo": tr_later("Pseudo-labels"),
    "generate": tr_later("Generation"),
    "translate": tr_later("Translation"),
    "transcribe": tr_later("Speech"),
    "answer": tr_later("Answers"),
    "detect": tr_later("Detection"),
}
# The metric by which runs of a task are best, and 1 where higher is better, else -1; all others by the lowest
# validation loss.
BEST: dict[str, tuple[str, float]] = {
    "classify": ("val_accuracy", 1.0),
    "pseudo": ("accuracy", 1.0),
    "views": ("probe_accuracy", 1.0),
    "generate": ("val_frechet", -1.0),
} | {task: (f"val_{score.name}", score.gain(1.0)) for task, score in SCORES.items()}
LAST = float("inf")
Status = Literal[
    "", "queued", "starting", "running", "paused", "finished", "stopped", "failed", "interrupted", "damaged"
]


class Wanted(Config):
    """Which runs a list shows, and in which order; "" is all of them."""

    search: str = setting(
        "",
        "Words that all occur in name, data set, status, tags, note or ID; #word is a tag.",
        title="Search",
        max_length=MOST_LETTERS,
    )
    status: Status = setting(
        "",
        "Only runs with this status.",
        title="Status",
        titles={
            "": tr_later("All"),
            "queued": tr_later("queued"),
            "starting": tr_later("starting"),
            "running": tr_later("running"),
            "paused": tr_later("paused"),
            "finished": tr_later("finished"),
            "stopped": tr_later("stopped"),
            "failed": tr_later("failed"),
            "interrupted": tr_later("interrupted"),
            DAMAGED: tr_later("damaged"),
        },
    )
    task: Literal[
        "",
        "autoencoder",
        "views",
        "language",
        "classify",
        "pseudo",
        "generate",
        "translate",
        "transcribe",
        "answer",
        "detect",
    ] = setting("", "Only runs of this kind.", title="Kind", titles={"": tr_later("All"), **TASKS})
    tag: str = setting("", "Only runs with this tag.", title="Tag", max_length=MOST_LETTERS)
    owner: str = setting("", "Only runs that this person has started.", title="Owner", max_length=200)
    sort: Literal["newest", "oldest", "name", "best", "longest"] = setting(
        "newest", "Order of the list.", title="Order", titles=SORTS
    )

    def select(self, states: Sequence[Listed]) -> list[Listed]:
        """The runs that are wanted, in their order.

        Args:
            states: newest first.
        """
        words = self.search.casefold().split()
        return sort_runs([one for one in states if self.fits(one) and matches(one, words)], self.sort)

    def fits(self, state: Listed) -> bool:
        """Whether a run passes all filters but the search."""
        if isinstance(state, DamagedRun):
            return self.status in ("", DAMAGED) and not (self.task or self.tag or self.owner)
        return (
            self.status in ("", state["status"])
            and self.task in ("", state.get("task", ""))
            and (not self.tag or self.tag.lstrip("#").casefold() in state.get("tags", []))
            and self.owner in ("", state["owner"])
        )


def make_wanted(values: Values) -> Wanted:
    """Check what is asked for. Raises SettingError."""
    try:
        return Wanted.model_validate(values)
    except ValidationError as error:
        raise explain(error, Wanted) from error


def known_tags(states: Sequence[Listed]) -> list[str]:
    """Every tag that some run has, by the alphabet."""
    whole = [state for state in states if not isinstance(state, DamagedRun)]
    return sorted({tag for state in whole for tag in state.get("tags", [])})


def known_owners(states: Sequence[Listed]) -> list[str]:
    """Everybody who has started a run, by the alphabet."""
    return sorted({state["owner"] for state in states if not isinstance(state, DamagedRun)})


def matches(state: Listed, words: Sequence[str]) -> bool:
    """Whether every word occurs in the run's name, data, status, tags, note or id; `#x` in its tags alone."""
    if isinstance(state, DamagedRun):
        run, about, tags = state.run, DAMAGED, []
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
    if task in BEST:
        metric, sign = BEST[task]
        value = state["metrics"].get(metric)
        return (task, LAST if value is None else -sign * value)
    loss = state["best"]["val_loss"] if state["best"] else None
    return (task, LAST if loss is None else loss)


def by_length(state: RunState) -> tuple[object, ...]:
    return (-state["seconds"],)


KEYS: dict[str, Callable[[RunState], tuple[object, ...]]] = {
    "name": by_name,
    "best": by_best,
    "longest": by_length,
}
