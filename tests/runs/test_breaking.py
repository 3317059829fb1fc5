"""A safeguard taken away: settings, name, and the way back."""

import pytest

from selfsup_core.errors import SettingError
from selfsup_core.runs.breaking import breaks_of, find_intact, find_same, missing_of, runs_like, with_break
from selfsup_core.runs.queue import submit
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import make_spec


def simsiam():
    base = preset_spec("views-fashion").as_dict()
    return make_spec({**base, "objective": {"kind": "simsiam"}}, {"seed": 3})


def test_the_broken_run_differs_in_the_safeguard_alone():
    spec = simsiam()
    assert list(breaks_of(spec)) == ["stop-gradient", "predictor", "augmentation"]
    broken = with_break(spec, "stop-gradient")
    assert broken.name.endswith("without stop-gradient")
    assert broken.seed == 3
    back = make_spec(broken.as_dict(), {"objective.stop_gradient": True, "name": spec.name})
    assert back == spec
    assert [one.title for one in missing_of(broken)] == ["Without stop-gradient"]
    assert "stop-gradient" not in breaks_of(broken)


def test_what_cannot_be_taken_away_is_refused():
    with pytest.raises(SettingError, match="no safeguard 'negatives'"):
        with_break(simsiam(), "negatives")
    broken = with_break(simsiam(), "predictor")
    with pytest.raises(SettingError, match="Known: stop-gradient, augmentation"):
        with_break(broken, "predictor")
    assert not breaks_of(preset_spec("vae"))
    assert not missing_of(preset_spec("vae"))


def test_a_run_with_the_same_recipe_is_found_by_what_it_computes(workspace):
    spec = make_spec(simsiam().as_dict(), {"data.source": "digits"})
    broken = with_break(spec, "predictor")
    folder = submit(workspace, broken, submission="a", preset="views-fashion")
    others = runs_like(workspace, spec)
    assert find_same(others, with_break(spec, "predictor")) == folder.id
    assert find_same(others, make_spec(broken.as_dict(), {"name": "another name"})) == folder.id
    assert (
        find_same(runs_like(workspace, spec), spec) == find_intact(runs_like(workspace, broken), broken) == ""
    )
    assert find_same(others, make_spec(broken.as_dict(), {"seed": 4})) == ""
    whole = submit(workspace, spec, submission="b", preset="views-fashion")
    assert find_intact(runs_like(workspace, broken), broken) == whole.id
    assert find_intact(runs_like(workspace, spec), spec) == ""


def test_the_intact_run_is_found_though_its_settings_are_not_the_defaults(workspace):
    spec = preset_spec("views-emoji", {"objective.temperature": 0.4})
    whole = submit(workspace, spec, submission="a", preset="views-emoji")
    assert find_intact(runs_like(workspace, spec), with_break(spec, "temperature")) == whole.id
