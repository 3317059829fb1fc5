"""Settings in one line each, as `--set` takes them and the address of a page has them: "train.epochs=5"."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from selfsup_core.errors import SettingError
from selfsup_core.runs.spec import RunSpec, known_settings, value_at
from selfsup_core.settings import Values, parse_assignment, unknown_setting
from selfsup_core.translation import tr

EXAMPLE = "train.epochs=3"
FIXED = ("version", "name", "data.source", "model.kind", "objective.kind")  # decided elsewhere
# Path → the values that can be chosen, None where all that the setting allows can.
Offer = Mapping[str, Collection[object] | None]


def write_assignment(path: str, value: object) -> str:
    """ "train.epochs=5", "model.widths=[64,2]": read again, it is the same value."""
    return f"{path}={write_value(value)}"


def write_value(value: object) -> str:
    """A value in YAML, in one line and as short as it goes."""
    import yaml

    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # a setting that is a float makes one of it again
    text: str = yaml.safe_dump(
        value,
        default_flow_style=True,
        default_style='"' if isinstance(value, str) and not value.isprintable() else None,
        allow_unicode=True,
        width=math.inf,
    )
    text = text.removesuffix("\n").removesuffix("\n...")
    is_simple = isinstance(value, (tuple, list)) and not set(text) & set("'\"")
    return text.replace(", ", ",") if is_simple else text


def differing(values: Values, base: Values) -> dict[str, object]:
    """Path → value of those that differ from the base."""
    return {path: value for path, value in values.items() if value != base[path]}


def values_at(spec: RunSpec, paths: Iterable[str]) -> dict[str, object]:
    return {path: value_at(spec, path) for path in paths}


def train_command(preset: str, changed: Values) -> str:
    """What a shell is told to train the same."""
    sets = [f"--set {shlex.quote(write_assignment(path, value))}" for path, value in changed.items()]
    return " ".join(["python -m selfsup_core train", shlex.quote(preset), *sets])


def parse_each(texts: Sequence[str]) -> tuple[dict[str, object], dict[str, str], dict[str, str]]:
    """Path → value, path → its text, and text → why it is refused; nothing is checked by a Config yet."""
    values: dict[str, object] = {}
    said: dict[str, str] = {}
    refused: dict[str, str] = {}
    for text in texts:
        try:
            path, value = parse_assignment(text, EXAMPLE)
        except SettingError as error:
            refused[text] = str(error)
            continue
        if path in values and text != said[path]:
            refused[text] = tr("{path} is set twice: {said} and {text}.").format(
                path=path, said=said[path], text=text
            )
            continue
        values[path], said[path] = value, text
    return values, said, refused


def read_assignments(
    texts: Sequence[str], make: Callable[[Values], RunSpec], offer: Callable[[RunSpec], Offer]
) -> tuple[dict[str, object], dict[str, str]]:
    """What is asked for, and what of it is refused.

    Args:
        texts: such as "train.epochs=5".
        make: overrides by path → the spec with them; raises SettingError.
        offer: spec → what can be chosen where it is shown.

    Returns: path → value as the spec has it; text → why it is refused, as a sentence that names the setting,
    what was expected and what was found.
    """
    parsed, said, refused = parse_each(texts)
    known = known_settings(make({}))
    for path in [path for path in parsed if path not in known]:
        refused[said[path]] = unknown_setting(path, known)
        del parsed[path]
    for path in [path for path in parsed if path in FIXED]:
        refused[said[path]] = no_control(said[path])
        del parsed[path]
    wrong = check_together(parsed, make)
    refused |= {said[path]: why for path, why in wrong.items()}
    kept = {path: value for path, value in parsed.items() if path not in wrong}
    try:
        spec = make(kept)
    except SettingError as error:  # what is left does not go together
        return {}, refused | {said[path]: str(error) for path in kept}
    offered, found = offer(spec), values_at(spec, kept)
    refused |= {said[path]: why for path in kept if (why := not_offered(path, said[path], found, offered))}
    return {path: value for path, value in found.items() if said[path] not in refused}, refused


def check_together(values: Values, make: Callable[[Values], RunSpec]) -> dict[str, str]:
    """Path → why its value is refused: of those that are wrong by themselves, or of all when none is."""
    try:
        make(values)
    except SettingError as error:
        alone = {path: why for path, value in values.items() if (why := problem_of({path: value}, make))}
        return alone or dict.fromkeys(values, str(error))
    return {}


def problem_of(values: Values, make: Callable[[Values], RunSpec]) -> str:
    try:
        make(values)
    except SettingError as error:
        return str(error)
    return ""


def not_offered(path: str, text: str, found: Values, offered: Offer) -> str:
    """Why a value that the setting allows cannot be shown, or ""."""
    value: Any = found[path]
    if path not in offered:
        return no_control(text)
    if isinstance(value, float) and not math.isfinite(value):
        return tr("{path} must be a finite number; found {value}.").format(path=path, value=value)
    choices = offered[path]
    if choices is None or value in choices:
        return ""
    return tr("{path} must be one of {map} here; found {write_value}.").format(
        path=path, map=", ".join(map(write_value, choices)), write_value=write_value(value)
    )


def no_control(text: str) -> str:
    path, _, value = text.partition("=")
    if path == "data.source":
        return tr("The data set is asked for by data={value}.").format(value=value)
    return tr("There is no control for {path} here. The command line takes it: --set {text}.").format(
        path=path, text=text
    )
