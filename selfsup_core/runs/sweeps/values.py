"""The values of a setting that a sweep tries, as a person writes them: a list or a range.

1e-3,3e-3          these values
[64,32],[128,64]   of a setting that is a list itself
1e-4..1e-2         a range with five values
1e-4..1e-2:7:log   a range with seven values, evenly spaced by their logarithm; or linear
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from selfsup_core.errors import SettingError
from selfsup_core.files import parse_yaml
from selfsup_core.runs.spec import LIVE, RunSpec, known_settings, make_spec, value_at
from selfsup_core.settings import Setting, unknown_setting
from selfsup_core.translation import tr
from selfsup_core.wording import brief

MOST_VALUES = 50
MOST_TEXT = 1000  # characters
USUAL_COUNT = 5  # values of a range that does not say how many
WIDE = 10  # times the lower end, from which on a range is spaced by logarithms
DIGITS = 3  # of a value within a range
# Not of what is learned, or of which rows are measured: then the runs could not be compared.
UNFIT = (
    "name",
    "version",
    "seed",
    "frames.",
    "data.source",
    "data.validation",
    "data.test",
    "data.split_seed",
    "data.leave_out",
    "data.text_unit",
    "train.device",
    "train.threads",
)
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*(?::\s*(\d+)\s*)?(?::\s*([a-z]+)\s*)?")


@dataclass(frozen=True)
class Varied:
    """A setting and the values that are tried.

    Attributes:
        values: as a spec has them; of a range those of the grid, the ends among them.
        low, high: of a range, None of a list.
        why: how a range is spaced, where the program decided that; else "".
    """

    setting: Setting
    text: str
    values: tuple[Any, ...]
    low: float | None = None
    high: float | None = None
    is_log: bool = False
    why: str = ""

    @property
    def path(self) -> str:
        return self.setting.path

    @property
    def is_range(self) -> bool:
        return self.low is not None

    @property
    def is_whole(self) -> bool:
        return self.setting.annotation is int

    def say(self, value: Any) -> str:
        """A value in words."""
        if isinstance(value, float):
            return brief(value, DIGITS) if value else self.setting.say(value)
        return self.setting.say(value)


def can_vary(entry: Setting) -> bool:
    """Whether runs with other values of a setting can be compared by what they learn."""
    is_kind = entry.path.endswith(".kind")
    is_pace = entry.path.removeprefix("train.") in LIVE
    return not (is_kind or is_pace or entry.path.startswith(UNFIT))


def settings_to_vary(spec: RunSpec) -> dict[str, Setting]:
    """Path → setting of everything that a sweep of this recipe may vary."""
    return {path: entry for path, entry in known_settings(spec).items() if can_vary(entry)}


def read_varied(spec: RunSpec, asked: Mapping[str, str]) -> list[Varied]:
    """The settings that are varied, with their values, in the order in which they are given.

    Raises:
        SettingError: names the setting and what is wrong with it.
    """
    return [read_values(spec, path, text) for path, text in asked.items()]


def read_values(spec: RunSpec, path: str, text: str) -> Varied:
    """The values of one setting. Raises SettingError."""
    known = known_settings(spec)
    if path not in known:
        raise SettingError(unknown_setting(path, settings_to_vary(spec)))
    entry = known[path]
    if not can_vary(entry):
        raise SettingError(
            tr("{title} ({path}) cannot be varied: the runs could not be compared by it.").format(
                title=entry.title, path=path
            ),
            remedy=tr("Vary a setting of the network, of the objective or of training."),
        )
    if len(text) > MOST_TEXT:
        raise SettingError(
            tr("The values of {path} have {count:,} characters; at most {most:,} are read.").format(
                path=path, count=len(text), most=MOST_TEXT
            )
        )
    found = RANGE.fullmatch(text)
    return read_range(spec, entry, text, found) if found else read_list(spec, entry, text)


def read_list(spec: RunSpec, entry: Setting, text: str) -> Varied:
    try:
        parsed = parse_yaml(f"[{text}]")
    except (yaml.YAMLError, ValueError) as error:
        raise SettingError(
            tr("{path}: {text!r} is not a list of values.").format(path=entry.path, text=text[:80]),
            remedy=tr("Write values with commas between, or a range such as 1e-4..1e-2."),
        ) from error
    if not isinstance(parsed, list) or not parsed or any(value is None for value in parsed):
        raise SettingError(
            tr("{path} needs one value or more; found {text!r}.").format(path=entry.path, text=text[:80]),
            remedy=tr("Write values with commas between, or a range such as 1e-4..1e-2."),
        )
    values = [as_in_spec(spec, entry.path, value) for value in parsed]
    for place, value in enumerate(values):
        if value in values[:place]:
            raise SettingError(tr("{path} names {value} twice.").format(path=entry.path, value=value))
    require_few(entry.path, len(values))
    return Varied(entry, text, tuple(values))


def read_range(spec: RunSpec, entry: Setting, text: str, found: re.Match[str]) -> Varied:
    path = entry.path
    if entry.annotation not in (int, float):
        raise SettingError(
            tr("{path} is not a number, so it has no range; found {text!r}.").format(
                path=path, text=text[:80]
            ),
            remedy=tr("Write its values with commas between."),
        )
    low, high = (float(as_in_spec(spec, path, number(entry, found[place]))) for place in (1, 2))
    count = int(found[3]) if found[3] and len(found[3]) < 10 else 0 if found[3] else USUAL_COUNT
    scale = found[4] or ""
    if low >= high:
        raise SettingError(
            tr("{path}: a range goes from a smaller to a larger number; found {text!r}.").format(
                path=path, text=text[:80]
            )
        )
    if scale not in ("", "log", "linear"):
        raise SettingError(
            tr("{path}: a range is spaced log or linear; found {scale!r}.").format(path=path, scale=scale)
        )
    if scale == "log" and low <= 0:
        raise SettingError(
            tr("{path}: a range that is spaced log begins above 0; found {low:g}.").format(path=path, low=low)
        )
    if count < 2:
        raise SettingError(
            tr("{path}: a range has 2 to {most} values; found {count}.").format(
                path=path, most=MOST_VALUES, count=found[3]
            )
        )
    require_few(path, count)
    is_log = scale == "log" or (not scale and low > 0 and high >= WIDE * low)
    values = [as_in_spec(spec, path, value) for value in spaced(entry, low, high, count, is_log=is_log)]
    return Varied(
        entry, text, tuple(dict.fromkeys(values)), low, high, is_log, "" if scale else say_spacing(low, high)
    )


def say_spacing(low: float, high: float) -> str:
    """Why a range is spaced as it is."""
    if low > 0 and high >= WIDE * low:
        return tr("spaced by factors, since the ends are {factor} times apart").format(
            factor=brief(high / low)
        )
    if low > 0:
        return tr("spaced evenly, since the ends are less than {factor} times apart").format(factor=WIDE)
    return tr("spaced evenly, since the range does not begin above 0")


def spaced(entry: Setting, low: float, high: float, count: int, *, is_log: bool) -> list[float]:
    """`count` numbers from `low` to `high`; of a whole setting, whole ones."""
    ends = (math.log(low), math.log(high)) if is_log else (low, high)
    inner = [ends[0] + (ends[1] - ends[0]) * place / (count - 1) for place in range(1, count - 1)]
    return [low, *(tidy(entry, math.exp(value) if is_log else value, low, high) for value in inner), high]


def tidy(entry: Setting, value: float, low: float, high: float) -> float:
    """A number within a range that one would also type: few digits, or whole."""
    if entry.annotation is int:
        return round(value)
    short = float(f"{value:.{DIGITS}g}")
    return short if low < short < high else value


def number(entry: Setting, text: str) -> float:
    """An end of a range; a whole setting refuses what is not whole by itself."""
    value = float(text)
    return int(value) if entry.annotation is int and value.is_integer() else value


def suggested(spec: RunSpec, entry: Setting) -> str:
    """Values to begin with: those of a choice, or some around what the recipe has."""
    now = value_at(spec, entry.path)
    if entry.choices:
        return ",".join(str(choice) for choice in entry.choices)
    if isinstance(now, bool):
        return "false,true"
    if isinstance(now, (int, float)) and now > 0:
        factor = 2 if entry.annotation is int else 3
        values = [tidy(entry, now / factor, 0.0, now), now, tidy(entry, now * factor, now, math.inf)]
        return ",".join(f"{value:g}" for value in dict.fromkeys(values) if takes(spec, entry.path, value))
    return ""


def takes(spec: RunSpec, path: str, value: Any) -> bool:
    """Whether a setting takes a value."""
    try:
        as_in_spec(spec, path, value)
    except SettingError:
        return False
    return True


def as_in_spec(spec: RunSpec, path: str, value: Any) -> Any:
    """A value as a spec has it. Raises SettingError when the setting does not take it."""
    if entry_is_whole(spec, path) and isinstance(value, float) and value.is_integer():
        value = int(value)
    return value_at(make_spec(spec.as_dict(), {path: value}), path)


def entry_is_whole(spec: RunSpec, path: str) -> bool:
    return isinstance(value_at(spec, path), int)


def require_few(path: str, count: int) -> None:
    if count > MOST_VALUES:
        raise SettingError(
            tr("{path} has {count} values; at most {most} are tried.").format(
                path=path, count=count, most=MOST_VALUES
            )
        )


def read_vary(texts: list[str]) -> dict[str, str]:
    """["train.learning_rate=1e-3,3e-3"] → {"train.learning_rate": "1e-3,3e-3"}. Raises SettingError."""
    found: dict[str, str] = {}
    for text in texts:
        path, equals, values = text.partition("=")
        if not equals:
            raise SettingError(
                tr("{text!r} does not say which values to try.").format(text=text[:80]),
                remedy=tr("Write it as {example}.").format(example="train.learning_rate=1e-3,3e-3"),
            )
        if path in found:
            raise SettingError(tr("{path} is varied twice.").format(path=path))
        found[path] = values
    return found
