"""The values that a sweep tries: as people write them, as a spec has them, and the plans made of them."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.runs.sweeps.config import MOST_RUNS, SweepConfig
from selfsup_core.runs.sweeps.plan import read_plan
from selfsup_core.runs.sweeps.values import (
    MOST_VALUES,
    read_values,
    read_vary,
    settings_to_vary,
    suggested,
)
from tests.helpers import tiny_spec

RATE, BATCH = "train.learning_rate", "train.batch_size"
SPEC = tiny_spec()
rates = st.floats(1e-8, 10, allow_nan=False, exclude_min=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(rates, min_size=1, max_size=6, unique=True))
def test_a_list_gives_its_values_in_its_order(values):
    assert read_values(SPEC, RATE, ", ".join(map(repr, values))).values == tuple(values)


@settings(max_examples=60, deadline=None)
@given(rates, st.floats(1.01, 1e6), st.integers(2, 12), st.sampled_from(["", ":log", ":linear"]))
def test_a_range_goes_from_end_to_end_as_it_is_spaced(low, factor, count, scale):
    high = low * factor
    if high > 10:
        with pytest.raises(SettingError, match="at most 10"):
            read_values(SPEC, RATE, f"{low!r}..{high!r}:{count}{scale}")
        return
    found = read_values(SPEC, RATE, f"{low!r}..{high!r}:{count}{scale}")
    values = found.values
    assert (values[0], values[-1]) == (low, high)
    assert list(values) == sorted(set(values))
    assert len(values) <= count
    assert found.is_log == (scale == ":log" or (scale == "" and high >= 10 * low))
    assert bool(found.why) == (scale == "")
    if len(values) == count and factor > 4:
        at = [math.log(value) for value in values] if found.is_log else list(values)
        steps = [b - a for a, b in itertools.pairwise(at)]
        assert max(steps) == pytest.approx(min(steps), rel=0.25), "three digits move them a little"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused_in_a_sentence(text):
    try:
        found = read_values(SPEC, BATCH, text)
    except SettingError:
        return
    assert all(isinstance(value, int) and value >= 1 for value in found.values)


def test_whole_settings_get_whole_values():
    assert read_values(SPEC, BATCH, "16..256").values == (16, 32, 64, 128, 256)
    assert read_values(SPEC, BATCH, "1..3:9").values == (1, 2, 3)
    assert read_values(SPEC, "model.widths", "[8,4],[16,4]").values == ((8, 4), (16, 4))
    assert read_values(SPEC, "model.activation", "relu, tanh").values == ("relu", "tanh")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("train.lerning_rate", "1", "Did you mean train.learning_rate"),
        ("data.source", "digits", "cannot be varied"),
        ("data.split_seed", "1,2", "cannot be varied"),
        ("seed", "1,2", "cannot be varied"),
        ("model.kind", "dense", "cannot be varied"),
        (RATE, "", "needs one value or more"),
        (RATE, "1e-3,", "needs one value|not a list|found"),
        (RATE, "1e-2..1e-3", "from a smaller to a larger"),
        (RATE, "0.1..0.2:5:cubic", "log or linear"),
        ("train.weight_decay", "0..1:5:log", "begins above 0"),
        (RATE, "0.1..0.2:1", "2 to 50 values"),
        (RATE, "0.1..0.2:51", "at most 50"),
        (RATE, ",".join(str(i / 100) for i in range(1, 53)), "at most 50"),
        (RATE, "0.001,1e-3", "twice"),
        (RATE, "-1..1", "more than 0"),
        (BATCH, "1.5,2", "whole|integer"),
        (BATCH, "1.5..20", "integer|whole"),
        ("model.activation", "0..1", "has no range"),
        (RATE, "x" * 2000, "at most 1,000 are read"),
        (RATE, "!!python/object:os.system", "not a list of values"),
    ],
)
def test_bad_values_name_the_setting_and_what_is_wrong(path, text, said):
    if text == "1e-3,":  # YAML allows a comma at the end
        assert read_values(SPEC, path, text).values == (1e-3,)
        return
    with pytest.raises(SettingError, match=said) as caught:
        read_values(SPEC, path, text)
    assert path.split(".")[-1].split("_")[0][:3] in str(caught.value).lower() or "lerning" in path


def test_what_is_suggested_can_be_varied():
    suggestions = {path: suggested(SPEC, entry) for path, entry in settings_to_vary(SPEC).items()}
    assert suggestions[RATE] == "0.000333,0.001,0.003"
    assert sum(map(bool, suggestions.values())) > 10
    for path, text in suggestions.items():
        if text:
            assert len(read_values(SPEC, path, text).values) <= MOST_VALUES


def test_assignments_of_the_command_line():
    assert read_vary([f"{RATE}=1e-3,3e-3", f"{BATCH}=8..64"]) == {RATE: "1e-3,3e-3", BATCH: "8..64"}
    with pytest.raises(SettingError, match="varied twice"):
        read_vary([f"{RATE}=1", f"{RATE}=2"])
    with pytest.raises(SettingError, match="which values to try"):
        read_vary([RATE])


def plan(**asked):
    return read_plan(SPEC, SweepConfig.model_validate({"vary": {RATE: "1e-3,1e-2", BATCH: "16,32"}, **asked}))


def test_a_grid_has_every_combination_seed_by_seed():
    made = plan(seeds=3)
    assert made.points == (
        {RATE: 1e-3, BATCH: 16},
        {RATE: 1e-3, BATCH: 32},
        {RATE: 1e-2, BATCH: 16},
        {RATE: 1e-2, BATCH: 32},
    )
    assert (made.total, made.runs) == (4, 12)
    assert made.order()[:5] == [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)]
    spec = made.spec_of(made.points[3], 2)
    assert (spec.train.learning_rate, spec.train.batch_size, spec.seed) == (1e-2, 32, 2)
    assert spec.name.endswith("learning rate 0.01 · batch size 32 · seed 3")
    assert spec.data == SPEC.data, "all are measured on the same rows"
    assert len({made.spec_of(made.points[p], s).digest() for p, s in made.order()}) == 12


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_a_random_plan_follows_from_its_seed_and_repeats_nothing(seed, trials):
    asked = {"vary": {RATE: "1e-4..1e-1", BATCH: "16,32"}, "method": "random", "trials": trials, "seed": seed}
    made = plan(**asked)
    assert made == plan(**asked)
    assert len(made.points) == trials
    assert all(1e-4 <= point[RATE] <= 1e-1 and point[BATCH] in (16, 32) for point in made.points)
    assert len({tuple(point.items()) for point in made.points}) == trials
    if trials > 2:
        assert made.points != plan(**asked | {"seed": seed + 1}).points


def test_random_combinations_of_lists_are_all_of_them_at_most():
    made = plan(method="random", trials=50)
    assert (len(made.points), made.total) == (4, 4)
    whole = plan(method="random", trials=50, vary={BATCH: "1..3"})
    assert sorted(point[BATCH] for point in whole.points) == [1, 2, 3]


def test_plans_that_cannot_be_trained_are_refused():
    with pytest.raises(SettingError, match=f"at most {MOST_RUNS}"):
        plan(vary={RATE: "1e-4..1e-1:50", BATCH: "8..1000:11"})
    with pytest.raises(ValueError, match="1 to 3 settings"):
        SweepConfig(vary={})
    values = {"model.widths": "[8,4]", "model.activation": "relu", RATE: "1", BATCH: "2"}
    with pytest.raises(ValueError, match="1 to 3 settings"):
        SweepConfig(vary=values)
