"""Settings: bounds, messages, overrides. Every declared bound of every setting is tried."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from selfsup_core.errors import SettingError
from selfsup_core.runs.recipes import list_presets, preset_spec
from selfsup_core.runs.spec import RunSpec, known_settings, make_spec, parse_assignments, read_spec, spec_yaml
from selfsup_core.settings import apply_overrides

SETTINGS = known_settings(RunSpec())
BOUNDED = [s for s in SETTINGS.values() if s.low is not None or s.high is not None]


def beyond(entry) -> list[tuple[float, float]]:
    """(value just outside, the bound it breaks) for each bound of a setting."""
    whole = entry.annotation is int
    cases = []
    if entry.low is not None:
        below = entry.low if entry.low_is_open else entry.low - 1
        cases.append((int(below) if whole else float(below), entry.low))
    if entry.high is not None:
        above = entry.high + 1 if whole else math.nextafter(entry.high, math.inf)
        cases.append((above, entry.high))
    return cases


CASES = [(s.path, value, bound) for s in BOUNDED for value, bound in beyond(s)]


def test_there_are_bounds_to_try():
    assert len(CASES) >= 24
    assert {"train.epochs", "train.learning_rate", "data.validation"} <= {c[0] for c in CASES}


@pytest.mark.parametrize(("path", "value", "bound"), CASES)
def test_out_of_bounds_names_setting_bound_and_value(path, value, bound):
    with pytest.raises(SettingError) as caught:
        make_spec({}, {path: value})
    message = caught.value.message
    shown = str(int(bound)) if float(bound).is_integer() else str(bound)
    assert message.startswith(f"{path} must be ")
    assert shown in message.split("; found")[0].replace(",", " ").split(), message
    assert message.endswith(f"; found {value!r}.")


@pytest.mark.parametrize(("path", "value", "bound"), CASES)
def test_the_bound_itself_is_allowed_unless_it_is_open(path, value, bound):
    entry = SETTINGS[path]
    if entry.low_is_open and bound == entry.low:
        bound = 1e-6
    spec = make_spec({}, {path: int(bound) if entry.annotation is int else bound})
    group, _, name = path.rpartition(".")
    assert getattr(getattr(spec, group) if group else spec, name) == bound


@pytest.mark.parametrize("path", ["train.learning_rate", "data.test", "frames.max_megabytes"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_must_be_finite(path, value):
    with pytest.raises(SettingError, match=path):
        make_spec({}, {path: value})


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model.widths", [], "at least 1"),
        ("model.widths", [4] * 13, "at most 12"),
        ("model.widths", [0], "at least 1 and at most 8192"),
        ("model.widths", [8193], "at least 1 and at most 8192"),
        ("model.activation", "swish", "'relu', 'gelu', 'tanh' or 'sigmoid'"),
        (
            "model.kind",
            "convolution",
            "Known: bert, code-generator, conv-classifier, convolutional, dense, detector",
        ),
        (
            "model.kind",
            ["dense"],
            "Known: bert, code-generator, conv-classifier, convolutional, dense, detector",
        ),
        ("objective.loss", "l1", "'bce' or 'mse'"),
        ("objective.kind", "magic", "causal-language, contractive"),
        ("data.source", "imagenet", "wine"),
        ("data.source", 7, "string"),
        ("train.epochs", "many", "integer"),
        ("train.epochs", 2.5, "integer"),
        ("train.device", "tpu", "'cuda'"),
        ("name", "x" * 121, "120"),
        ("version", 2, "1"),
        ("seed", None, "integer"),
    ],
)
def test_bad_values_name_setting_and_what_is_allowed(path, value, words):
    with pytest.raises(SettingError) as caught:
        make_spec({}, {path: value})
    assert words in caught.value.message
    if not path.endswith(".kind"):
        assert path in caught.value.message
    found = repr(value)
    assert found in caught.value.message or (path == "model.widths" and "found" in str(caught.value))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("train.epoch", "train.epochs"),
        ("train.learning-rate", "train.learning_rate"),
        ("data.labels_per_clas", "data.labels_per_class"),
        ("model.width", "model.widths"),
        ("sed", "seed"),
    ],
)
def test_unknown_setting_suggests_the_nearest(wrong, meant):
    with pytest.raises(SettingError, match=f"There is no setting '{wrong}'. Did you mean {meant}"):
        make_spec({}, {wrong: 1})


def test_unknown_setting_far_from_all_lists_them():
    with pytest.raises(SettingError, match=r"Known settings: .*train\.epochs"):
        parse_assignments(["zzzzqqqq=1"])


def test_assignment_without_equals_sign_says_how():
    with pytest.raises(SettingError, match=r"Write it as train\.epochs=3"):
        parse_assignments(["train.epochs"])


def test_assignments_are_read_as_yaml():
    assert parse_assignments(["train.epochs=3", "model.widths=[8, 2]", "name=a b"]) == {
        "train.epochs": 3,
        "model.widths": [8, 2],
        "name": "a b",
    }


def test_path_through_a_value_is_an_error():
    with pytest.raises(SettingError, match="seed is a single value"):
        make_spec({"seed": 1}, {"seed.deep": 2})


def test_overrides_leave_the_original_alone():
    values = {"train": {"epochs": 3}}
    assert apply_overrides(values, {"train.epochs": 9})["train"]["epochs"] == 9
    assert values == {"train": {"epochs": 3}}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(path=st.sampled_from(sorted([*SETTINGS, "model", "train", "data", "objective"])), value=junk)
def test_whatever_is_given_makes_a_spec_or_a_setting_error(path, value):
    try:
        spec = make_spec({}, {path: value})
    except SettingError:
        return
    assert make_spec(yaml.safe_load(spec_yaml(spec))) == spec


@given(junk)
def test_whatever_a_file_holds_makes_a_spec_or_a_setting_error(value):
    try:
        make_spec(value)
    except SettingError:
        return
    assert set(value) <= set(RunSpec.model_fields)


def test_every_preset_is_valid_and_survives_its_file(tmp_path):
    assert "dense-64-32-16" in list_presets()
    for name, preset in list_presets().items():
        spec = preset_spec(name)
        (tmp_path / "spec.yaml").write_text(spec_yaml(spec), "utf-8")
        again = read_spec(tmp_path / "spec.yaml")
        assert again == spec
        assert again.digest() == spec.digest()
        assert preset["about"]


def test_unknown_preset_lists_the_known():
    with pytest.raises(SettingError, match="dense-64-32-16"):
        preset_spec("dense-1-2-3")


def test_digest_tells_outcomes_apart_and_ignores_name_and_pace():
    base = make_spec({})
    for path, value in {
        "seed": 1,
        "train.epochs": 4,
        "data.split_seed": 1,
        "model.widths": [9],
    }.items():
        assert make_spec({}, {path: value}).digest() != base.digest()
    for path, value in {"name": "x", "train.epochs_per_second": 2.0}.items():
        assert make_spec({}, {path: value}).digest() == base.digest()


@pytest.mark.parametrize(
    "text",
    [
        "name: !!python/object/apply:os.system ['touch HACKED']",
        "!!python/object/new:subprocess.Popen [['touch', 'HACKED']]",
        "data: !!python/name:os.system",
        "model: !!python/module:os",
    ],
)
def test_yaml_that_would_run_code_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.yaml").write_text(text)
    with pytest.raises(SettingError, match=r"evil\.yaml is not valid YAML in line 1"):
        read_spec(tmp_path / "evil.yaml")
    assert not (tmp_path / "HACKED").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"train: [", "not valid YAML"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"- 1\n- 2\n", "mapping"),
        (b"just text", "mapping"),
        (b"1: 2\n", "1: keys should be strings"),
    ],
)
def test_unreadable_spec_is_one_sentence(tmp_path, content, words):
    (tmp_path / "s.yaml").write_bytes(content)
    with pytest.raises(SettingError, match=words):
        read_spec(tmp_path / "s.yaml")


def test_missing_spec_names_the_file_without_its_folder(tmp_path):
    with pytest.raises(SettingError, match=r"^none\.yaml cannot be read"):
        read_spec(tmp_path / "none.yaml")


def test__a_long_value_is_not_said_in_full():
    with pytest.raises(SettingError) as caught:
        make_spec({"name": "x" * 100_000})
    assert "name" in caught.value.message
    assert len(caught.value.message) < 400
