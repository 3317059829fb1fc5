"""Who is next: round robin over people, and what that means for everybody's place in the line.

Pure functions of what waits, who was served last and who runs. A person has one run at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
TYPICAL_SECONDS = 60.0  # stands for what nobody knows where the order of the line depends on it


class Waits(NamedTuple):
    """One that waits. who: whose turn it would be; asked: seconds since 1970; run: breaks ties."""

    who: str
    asked: float
    run: str


class Place(NamedTuple):
    """A place in the line. position: 1 for the next; seconds: until its turn, None when that is not known."""

    waits: Waits
    position: int
    seconds: float | None


def next_turn(
    waiting: Sequence[Waits], served: Mapping[str, float], busy: Collection[str] = ()
) -> Waits | None:
    """The oldest request of the person who has waited longest for a turn; None when nobody may start.

    Args:
        served: person → when they last had a turn, on any clock; whoever has had none comes first.
        busy: people who have a run at work.
    """
    free = [one for one in waiting if one.who not in busy]
    return min(free, key=lambda one: (served.get(one.who, float("-inf")), one.asked, one.run), default=None)


def whole_line(
    waiting: Sequence[Waits],
    served: Mapping[str, float],
    working: Mapping[str, float | None],
    *,
    capacity: int,
    lasts: Callable[[Waits], float | None],
    held: Collection[str] = (),
) -> list[Place]:
    """The line in the order in which runs will start, if all take as long as expected.

    Args:
        working: person → seconds that their run has left, None when that is not known.
        capacity: how many runs may be at work at once; 0 while the room is paused.
        lasts: expected seconds of one that waits, None when nobody knows.
        held: runs that cannot start before their owner does something; they stand at the end.
    """
    left, turns = [one for one in waiting if one.run not in held], dict(served)
    last = max([turn for turn in turns.values() if turn > float("-inf")], default=0.0)
    # (end, person, whether that end is known)
    ends = [
        (TYPICAL_SECONDS if seconds is None else seconds, who, seconds is not None)
        for who, seconds in working.items()
    ]
    heapq.heapify(ends)
    now, is_known, places = 0.0, capacity > 0, list[Place]()
    while left:
        busy = {who for _, who, _ in ends}
        one = next_turn(left, turns, busy) if len(ends) < max(1, capacity) else None
        if one is None:
            end, _, knows = heapq.heappop(ends)
            now, is_known = max(now, end), is_known and knows
            continue
        left.remove(one)
        last += 1.0
        turns[one.who] = last
        seconds = lasts(one)
        places.append(Place(one, len(places) + 1, now if is_known else None))
        heapq.heappush(
            ends, (now + (TYPICAL_SECONDS if seconds is None else seconds), one.who, seconds is not None)
        )
    last_ones = sorted((one for one in waiting if one.run in held), key=lambda one: (one.asked, one.run))
    return places + [Place(one, len(places) + i, None) for i, one in enumerate(last_ones, start=1)]
