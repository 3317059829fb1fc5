"""The fair line: whatever is asked for, nobody has two turns while somebody waits for one."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfsup_core.room.fair import Waits, next_turn, whole_line

# A busy machine draws slowly.
patient = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
PEOPLE = ["ada", "ben", "cem", "dee"]
asks = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.floats(0, 100, allow_nan=False)), min_size=1, max_size=20
).map(lambda found: [Waits(who, asked, f"run-{i}") for i, (who, asked) in enumerate(found)])


def played(waiting: list[Waits], capacity: int, lasts: float = 10.0) -> list[list[str]]:
    """Let turns be taken until all have had theirs: who was at work, in each moment."""
    left, served, now, at_work = list(waiting), {}, 0.0, []
    moments = []
    while left or at_work:
        at_work = [(end, who) for end, who in at_work if end > now]
        while len(at_work) < capacity:
            one = next_turn(left, served, [who for _, who in at_work])
            if one is None:
                break
            left.remove(one)
            served[one.who] = now + len(moments) * 1e-6 + len(at_work) * 1e-7
            at_work.append((now + lasts, one.who))
            moments.append([who for _, who in at_work])
        now += lasts / 2
    return moments


@patient
@given(asks, st.integers(1, 3))
def test_everybody_has_a_turn_and_one_run_at_a_time(waiting, capacity):
    moments = played(waiting, capacity)
    assert len(moments) == len(waiting), "every request is met, once"
    for at_work in moments:
        assert len(at_work) <= capacity
        assert len(set(at_work)) == len(at_work), "one run a person"


@patient
@given(asks)
def test_nobody_waits_while_another_gets_a_second_turn(waiting):
    """All have asked before the first turn: between two turns of one person each of those who still wait had
    one.
    """
    order = [at_work[-1] for at_work in played(waiting, 1)]
    wanted = {who: sum(one.who == who for one in waiting) for who in PEOPLE}
    for who in PEOPLE:
        places = [i for i, name in enumerate(order) if name == who]
        for first, second in pairwise(places):
            had = {name: order[:first].count(name) for name in PEOPLE}
            still_waiting = {name for name in PEOPLE if had[name] < wanted[name]} - {who}
            assert still_waiting <= set(order[first:second]), (order, who)


def test_the_longest_unserved_comes_first_and_whoever_is_busy_waits():
    waiting = [Waits("ada", 1.0, "a"), Waits("ben", 2.0, "b"), Waits("ben", 1.5, "c")]
    assert next_turn(waiting, {"ada": 5.0, "ben": 4.0}).run == "c"
    assert next_turn(waiting, {"ada": 5.0}, ["ben"]).run == "a"
    assert next_turn(waiting, {}, ["ada", "ben"]) is None


@patient
@given(asks, st.integers(1, 3), st.sets(st.sampled_from(PEOPLE), max_size=3))
def test_the_line_is_the_order_of_the_turns(waiting, capacity, busy):
    places = whole_line(
        waiting, {}, dict.fromkeys(sorted(busy)[:capacity], 7.0), capacity=capacity, lasts=lambda _: 10.0
    )
    assert sorted(p.waits.run for p in places) == sorted(w.run for w in waiting)
    assert [p.position for p in places] == list(range(1, len(waiting) + 1))
    seconds = [p.seconds for p in places]
    assert seconds == sorted(seconds), "who comes later starts later"


def test_the_line_with_two_slots():
    waiting = [
        Waits("ada", 1.0, "a1"),
        Waits("ada", 2.0, "a2"),
        Waits("ben", 3.0, "b1"),
        Waits("cem", 4.0, "c1"),
    ]
    places = whole_line(waiting, {}, {}, capacity=2, lasts=lambda w: {"a1": 10.0}.get(w.run, 30.0))
    assert [(p.waits.run, p.seconds) for p in places] == [
        ("a1", 0.0),
        ("b1", 0.0),
        ("c1", 10.0),
        ("a2", 30.0),
    ]


def test_a_wait_that_nobody_knows_is_not_told():
    waiting = [Waits("ada", 1.0, "a"), Waits("ben", 2.0, "b")]
    places = whole_line(waiting, {}, {"cem": 20.0}, capacity=1, lasts=lambda _: None)
    assert [(p.waits.run, p.seconds) for p in places] == [("a", 20.0), ("b", None)]
    unknown = whole_line(waiting, {}, {"cem": None}, capacity=1, lasts=lambda _: 5.0)
    assert [p.seconds for p in unknown] == [None, None]
    paused = whole_line(waiting, {}, {}, capacity=0, lasts=lambda _: 5.0)
    assert [(p.waits.run, p.seconds) for p in paused] == [("a", None), ("b", None)]
