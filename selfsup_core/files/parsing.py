"""JSON and YAML of ours and of strangers: what one refuses (depth, endless numbers) the other side never
makes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from selfsup_core.translation import tr

JsonObject = dict[str, Any]  # parsed, of someone else's making: whoever looks into it checks what is there
DEEPEST = 64  # levels of a JSON or YAML file; none of ours has a quarter of them
YAML_LETTERS = 2_000_000


def finite(value: Any) -> Any:
    """The same structure with NaN and infinite numbers replaced by None."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def parse_json(data: bytes | str) -> Any:
    """A JSON text's value. Raises ValueError for anything else: no UTF-8, a number that is not finite,
    endless nesting.
    """
    try:
        found = json.loads(data, parse_constant=refuse_number, parse_float=finite_number)
    except RecursionError as error:
        raise ValueError(tr("nested too deep")) from error
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        refuse_depth(found)
    if b"\\u" in raw:  # half a character, which could not be written again
        json.dumps(found, ensure_ascii=False).encode()
    return found


BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")  # such a number in YAML 1.1, and a time


def parse_yaml(text: str) -> Any:
    """The value of a small YAML text.

    Aliases and merges are refused, since a few lines of them unfold to gigabytes, and so is what is large or
    nested deep. So are tags, and 1:30 without quotes, which YAML takes for a number to the base 60 (and long
    ones for minutes of work).

    Raises:
        yaml.YAMLError: it is not YAML, or more than one document. ValueError: it holds a value that is none,
        such as a date.
    """
    import yaml

    if len(text) > YAML_LETTERS:
        raise yaml.YAMLError(f"it has {len(text):,} characters; at most {YAML_LETTERS:,} are allowed")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
    depth = 0
    for event in yaml.parse(text, loader):
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags are not allowed", problem_mark=mark)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and BASE_60.fullmatch(event.value):
            problem = tr("{value} must stand in quotes, or be written without colons").format(
                value=event.value[:20]
            )
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem="nested too deep", problem_mark=mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    try:
        return yaml.load(text, loader)  # a safe loader: it makes plain values only
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(tr("a value cannot be read")) from error


def refuse_number(text: str) -> float:
    raise ValueError(tr("{text} is not a finite number").format(text=text))


def finite_number(text: str) -> float:
    number = float(text)
    return number if number - number == 0 else refuse_number(text)


def refuse_depth(value: Any) -> None:
    """Raises ValueError beyond `DEEPEST`: what is nested deeper cannot be written again."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [one for values in inner for one in values]
        if not level:
            return
    raise ValueError(tr("nested too deep"))
