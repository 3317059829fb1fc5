"""Settings are declared once, as small frozen models; messages, widgets, CLI options and docs come from that.

A field has a type, default, bounds, a one-line description and, as `why`, the reason for the default.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from selfsup_core.errors import SettingError
from selfsup_core.files import parse_yaml
from selfsup_core.translation import tr

__all__ = [
    "Config",
    "KindConfig",
    "Plain",
    "Setting",
    "Values",
    "apply_overrides",
    "explain",
    "list_settings",
    "parse_assignment",
    "setting",
]


# Settings by path ("train.epochs"), or nested as in a file. Nothing is known of them before a Config has
# checked them.
Values = Mapping[str, object]

# Settings as JSON and YAML hold them, nested: what a Config has checked and dumped, or what is merged for one
# that will check it at once.
Plain = dict[str, Any]


class Config(BaseModel):
    """Base of all settings: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Extra(TypedDict, total=False):
    """What `setting` keeps with a field beside what pydantic knows."""

    why: str
    live: bool
    known: Callable[[], tuple[str, ...]] | None
    titles: Mapping[str, str] | Callable[[], Mapping[str, str]] | None
    zero: str


class KindConfig(Config):
    """Base of the settings of what is registered by name (networks, objectives): `kind` is that name."""

    if TYPE_CHECKING:
        # Each has a field of its own, a Literal with a default; one here would come first among its fields.
        kind: str


def setting(
    default: Any,
    description: str,
    *,
    title: str = "",
    why: str = "",
    live: bool = False,
    known: Callable[[], tuple[str, ...]] | None = None,
    titles: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
    zero: str = "",
    **bounds: Any,
) -> Any:
    """Declare one field.

    Args:
        description: one sentence of help, shown wherever the setting is.
        title: short label; made from the field's name when empty.
        why: the reason for the default.
        live: whether a running training takes the change at its next step.
        known: gives the names that may be chosen, where they come from a registry; a validator checks them.
        titles: how each choice is called in widgets, tables and run names; a function where they come from a
        registry.
        zero: what 0 means where it is not a number of its own: "all", "automatic", "off".
        bounds: pydantic's `ge`, `gt`, `le`, `lt`, `min_length`, `max_length`.
    """
    extra: Extra = {"why": why, "live": live, "known": known, "titles": titles, "zero": zero}
    return Field(
        default=default,
        title=title or None,
        description=description,
        json_schema_extra=cast("JsonDict", extra),
        **bounds,
    )


@dataclass(frozen=True)
class Setting:
    """What a widget, an option or a page of documentation needs to know of one field.

    What is read of it is in the reader's language; what was declared in English begins with `in_english_`.
    """

    path: str
    in_english_title: str
    in_english_description: str
    in_english_why: str
    default: Any
    annotation: Any
    choices: tuple[Any, ...]
    low: float | None
    high: float | None
    low_is_open: bool
    live: bool
    in_english_titles: Mapping[str, str] = made(default_factory=dict)
    in_english_zero: str = ""

    @property
    def title(self) -> str:
        return tr(self.in_english_title)

    @property
    def description(self) -> str:
        """One sentence of help."""
        return tr(self.in_english_description)

    @property
    def why(self) -> str:
        """The reason for the default, or ""."""
        return tr(self.in_english_why)

    @property
    def titles(self) -> dict[str, str]:
        """What each choice is called."""
        return {choice: tr(title) for choice, title in self.in_english_titles.items()}

    @property
    def zero(self) -> str:
        """What 0 means where it is not a number of its own, or ""."""
        return tr(self.in_english_zero)

    @property
    def label(self) -> str:
        """The title above a widget; says what 0 means where it means something of its own."""
        return f"{self.title} (0 = {self.zero})" if self.zero else self.title

    def say(self, value: Any) -> str:
        """A value in words: the title of a choice, what 0 stands for, several joined by commas."""
        if isinstance(value, bool):
            return tr("on") if value else tr("off")
        if isinstance(value, (tuple, list)):
            return ", ".join(self.say(one) for one in value)
        if self.zero and value == 0:
            return self.zero
        return self.titles.get(value, str(value)) if isinstance(value, str) else str(value)

    @property
    def bounds(self) -> str:
        """The allowed values in words, or "" when anything of the type goes."""
        if self.choices:
            choices = ", ".join(str(choice) for choice in self.choices)
            return tr("one of {choices}").format(choices=choices)
        parts = []
        if self.low is not None:
            message = tr("more than {in_full}") if self.low_is_open else tr("at least {in_full}")
            parts.append(message.format(in_full=in_full(self.low)))
        if self.high is not None:
            parts.append(tr("at most {in_full}").format(in_full=in_full(self.high)))
        return tr(" and ").join(parts)


def title_of_name(name: str) -> str:
    """The title of a field that has none of its own: "learning_rate" → "Learning rate"."""
    return name.replace("_", " ").capitalize()


def in_full(value: float) -> str:
    """A bound as one would type it: 2147483647, not 2.14748e+09."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def choices_of(field: FieldInfo, extra: Extra) -> tuple[Any, ...]:
    """What may be chosen, () where any value of the type goes."""
    if known := extra.get("known"):
        return tuple(known())
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()


def titles_of(extra: Extra) -> Mapping[str, str]:
    titles = extra.get("titles") or {}
    return titles() if callable(titles) else titles


def describe_field(path: str, field: FieldInfo) -> Setting:
    """Read one declaration."""
    low: Any = None
    high: Any = None
    low_is_open = False
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            low = rule.ge
        elif isinstance(rule, annotated_types.Gt):
            low, low_is_open = rule.gt, True
        elif isinstance(rule, annotated_types.Le):
            high = rule.le
    kept = field.json_schema_extra
    extra = cast("Extra", kept) if isinstance(kept, dict) else Extra()
    name = path.rsplit(".", 1)[-1]
    return Setting(
        path=path,
        in_english_title=field.title or title_of_name(name),
        in_english_description=field.description or "",
        in_english_why=extra.get("why", ""),
        default=field.get_default(call_default_factory=True),
        annotation=field.annotation,
        choices=choices_of(field, extra),
        low=low,
        high=high,
        low_is_open=low_is_open,
        live=extra.get("live", False),
        in_english_titles=titles_of(extra),
        in_english_zero=extra.get("zero", ""),
    )


def list_settings(config: type[Config] | Config, prefix: str = "") -> Iterator[Setting]:
    """Every setting below a config, depth first, addressed as in a spec (`train.epochs`).

    Given an instance, nested configs of registered kinds (model, objective) are followed too.
    """
    cls = config if isinstance(config, type) else type(config)
    for name, field in cls.model_fields.items():
        path = f"{prefix}{name}"
        value = None if isinstance(config, type) else getattr(config, name)
        nested = type(value) if isinstance(value, Config) else field.annotation
        if isinstance(nested, type) and issubclass(nested, Config):
            yield from list_settings(value if isinstance(value, Config) else nested, f"{path}.")
        else:
            yield describe_field(path, field)


def short(value: Any, most: int = 200) -> str:
    """A value as a sentence can hold it."""
    text = repr(value[: most + 1] if isinstance(value, str) else value)
    return text if len(text) <= most + 2 else f"{text[:most]} …"


def explain(error: ValidationError, config: type[Config] | Config, prefix: str = "") -> SettingError:
    """Turn pydantic's error into a sentence that names the setting, the bound and the value found.

    Args:
        prefix: where the config stands in a spec ("model.").
    """
    known = {entry.path: entry for entry in list_settings(config, prefix)}
    tagged = tagged_settings(config, prefix)
    sentences = []
    for problem in error.errors(include_url=False):
        path = prefix + ".".join(str(part) for part in problem["loc"])
        found = problem.get("input")
        for tag, (place, inner) in tagged.items():
            if path.startswith(tag):
                path, known = path.replace(tag, place, 1), known | inner
        entry = known.get(path)
        if problem["type"] == "extra_forbidden":
            sentences.append(unknown_setting(path, known))
        elif problem["type"] in ("greater_than_equal", "greater_than", "less_than_equal"):
            bounds = entry.bounds if entry else problem["msg"]
            sentences.append(
                tr("{path} must be {bounds}; found {found}.").format(
                    path=path, bounds=bounds, found=short(found)
                )
            )
        elif problem["type"] == "literal_error":
            choices = problem.get("ctx", {}).get("expected", "")
            sentences.append(
                tr("{path} must be {choices}; found {found}.").format(
                    path=path, choices=choices, found=short(found)
                )
            )
        else:
            reason = problem["msg"].removeprefix("Value error, ")
            sentences.append(f"{path}: {reason[:1].lower()}{reason[1:]}; found {short(found)}.")
    return SettingError(" ".join(sentences))


def tagged_settings(
    config: type[Config] | Config, prefix: str = ""
) -> dict[str, tuple[str, dict[str, Setting]]]:
    """Of fields that hold one of several kinds of settings: pydantic's place of a kind ("objective.augment.
    image.") → our place ("objective.augment."), and its settings by path.
    """
    cls = config if isinstance(config, type) else type(config)
    found = {}
    for name, field in cls.model_fields.items():
        for member in get_args(field.annotation) if field.discriminator else ():
            place = f"{prefix}{name}."
            tag = member.model_fields[str(field.discriminator)].default
            found[f"{place}{tag}."] = (place, {one.path: one for one in list_settings(member, place)})
    return found


def unknown_setting(path: str, known: Values) -> str:
    """A sentence for a name that is not a setting, with the nearest one that is."""
    near = difflib.get_close_matches(path, list(known), n=1, cutoff=0.5)
    hint = (
        tr(" Did you mean {near}?").format(near=near[0])
        if near
        else tr(" Known settings: {known}.").format(known=", ".join(known))
    )
    return tr("There is no setting {path!r}.{hint}").format(path=path, hint=hint)


def apply_overrides(values: Values, overrides: Values) -> Plain:
    """Lay `{"train.epochs": 3}` over nested settings; the result is a new dict.

    Raises:
        SettingError: a path leads through something that is not a group of settings.
    """
    merged: Plain = {key: dict(v) if isinstance(v, dict) else v for key, v in values.items()}
    for path, value in overrides.items():
        *groups, last = path.split(".")
        place = merged
        for group in groups:
            inner = place.get(group, {})
            if not isinstance(inner, dict):
                raise SettingError(
                    tr("There is no setting {path!r}: {group} is a single value.").format(
                        path=path, group=group
                    )
                )
            place[group] = dict(inner)
            place = place[group]
        place[last] = value
    return merged


def whole_number(text: str) -> int | None:
    """ "12" → 12 of an address or a name; None for anything but one to nine digits.

    Python takes "²" for a digit, of which it then makes no number, and refuses numbers of thousands of
    digits.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def parse_assignment(text: str, example: str) -> tuple[str, Any]:
    """ "train.epochs=3" → ("train.epochs", 3); the value is read as YAML.

    Raises:
        SettingError: there is no "=", or no YAML behind it; says `example`.
    """
    import yaml

    name, equals, value = text.partition("=")
    if not equals:
        raise SettingError(
            tr("{text!r} is not an assignment.").format(text=text),
            remedy=tr("Write it as {example}.").format(example=example),
        )
    try:
        return name, parse_yaml(value)
    except (yaml.YAMLError, ValueError) as error:
        raise SettingError(
            tr("{name}: {value!r} is not a value in YAML.").format(name=name, value=value)
        ) from error
