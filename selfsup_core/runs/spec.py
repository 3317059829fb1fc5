"""The whole recipe of a run: enough to reconstruct it. Saved as YAML, read with a loader that cannot run
code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError, field_validator

from selfsup_core.errors import SettingError
from selfsup_core.features.config import DataConfig
from selfsup_core.files import parse_yaml, read_file, sha256
from selfsup_core.models import MODELS
from selfsup_core.models.dense import DenseConfig
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.reconstruction import ReconstructionConfig
from selfsup_core.runs.trackers import TRACKERS
from selfsup_core.settings import (
    Config,
    KindConfig,
    Plain,
    Setting,
    Values,
    apply_overrides,
    explain,
    list_settings,
    parse_assignment,
    setting,
)
from selfsup_core.settings import unknown_setting as unknown
from selfsup_core.train.config import TrainConfig
from selfsup_core.translation import tr, tr_later

MOST_NAME = 120  # letters of a run's name


class FramesConfig(Config):
    """What is kept of each epoch, so that it can be looked at again."""

    max_frames: int = setting(
        200,
        "Maximum number of epochs that are recorded; longer runs are thinned evenly.",
        title="Recorded epochs",
        ge=2,
        le=2000,
    )
    max_megabytes: float = setting(
        50.0,
        "Maximum disk space for the recordings.",
        title="Disk space for recordings, MB",
        gt=0.0,
        le=5000.0,
    )
    weights_megabytes: float = setting(
        200.0,
        "Maximum disk space for the weights of these epochs, with which the network can be used later.",
        title="Disk space for weights, MB",
        ge=0.0,
        le=100_000.0,
    )
    tiles: int = setting(
        32,
        "Number of validation samples whose reconstructions are recorded.",
        title="Samples shown",
        ge=1,
        le=256,
    )
    samples: int = setting(
        2000, "Number of samples on the latent map.", title="Points on the map", ge=10, le=20_000
    )
    prompt: str = setting(
        "",
        "Prompt that a language model continues at each epoch; for a masked model, a text with [MASK].",
        title="Your prompt",
        max_length=500,
    )
    written: int = setting(
        160,
        "Tokens that a language model writes at each epoch.",
        title="Tokens written",
        ge=0,
        le=1000,
    )


class LogConfig(Config):
    """Where a run's numbers go beside its folder. Says nothing of what is computed."""

    tracker: str = setting(
        "none",
        "Also logs the run's numbers to a tracker, which must be installed.",
        title="Tracker",
        why="Off: the run's folder has all of them.",
        known=lambda: ("none", *TRACKERS),
        titles=lambda: {"none": tr_later("None")} | {name: kind.title for name, kind in TRACKERS.items()},
    )

    @field_validator("tracker")
    @classmethod
    def tracker_is_known(cls, name: str) -> str:
        known = ("none", *TRACKERS)
        if name not in known:
            raise ValueError(tr("must be one of {known}").format(known=", ".join(known)))
        return name


class RunSpec(Config):
    """Everything that decides what a run computes, and its name."""

    version: Literal[1] = 1
    name: str = setting("", "Name of the run in lists.", title="Name", max_length=MOST_NAME)
    seed: int = setting(
        0,
        "Seed of the initial weights and of the order of the rows.",
        title="Seed",
        ge=0,
        le=2**31 - 1,
    )
    data: DataConfig = DataConfig()
    model: KindConfig = DenseConfig()
    objective: KindConfig = ReconstructionConfig()
    train: TrainConfig = TrainConfig()
    frames: FramesConfig = FramesConfig()
    log: LogConfig = LogConfig()

    @field_validator("model", mode="before")
    @classmethod
    def model_by_kind(cls, value: Any) -> Any:
        return by_kind(value, "model", "dense", lambda kind: MODELS[kind].config)

    @field_validator("objective", mode="before")
    @classmethod
    def objective_by_kind(cls, value: Any) -> Any:
        return by_kind(value, "objective", "reconstruction", lambda kind: OBJECTIVES[kind].Config)

    def as_dict(self) -> Plain:
        """Plain values, nested configs of registered kinds included."""
        return {
            name: getattr(self, name).model_dump(mode="json")
            if isinstance(getattr(self, name), Config)
            else getattr(self, name)
            for name in type(self).model_fields
        }

    def digest(self) -> str:
        """Of what decides the outcome, defaults included: the name and live pacing are left out."""
        return digest_of(self.as_dict())

    def digest_without_defaults(self) -> str:
        """As version 0.1 wrote it into its checkpoints."""
        values: Plain = {"seed": self.seed}
        for name in PARTS:
            part = getattr(self, name)
            values[name] = part.model_dump(mode="json", exclude_defaults=True)
            if hasattr(part, "kind"):
                values[name]["kind"] = part.kind
        for live in LIVE:
            values["train"].pop(live, None)
        return sha256(yaml.safe_dump(values, sort_keys=True).encode())


PARTS = ("data", "model", "objective", "train", "frames")
LIVE = ("epochs_per_second", "checkpoint_seconds")


def digest_of(values: Plain) -> str:
    kept = {name: values[name] for name in ("seed", *PARTS) if name in values}
    if "train" in kept:
        kept["train"] = {key: value for key, value in kept["train"].items() if key not in LIVE}
    return sha256(json.dumps(kept, sort_keys=True).encode())


def saved_digest(path: Path) -> str:
    """Of a saved spec, which names every setting of the version that wrote it, with its value.

    Settings that a later version adds are not in the file, and other defaults change nothing of it: so the
    digest of a run stays what it was. Raises SettingError.
    """
    spec = read_spec(path)
    return digest_of(only_named(spec.as_dict(), parse_yaml(read_file(path).decode())))


def only_named(values: Plain, named: Any) -> Plain:
    """The values of the settings that are named, group by group."""
    return {
        key: only_named(value, named[key])
        if isinstance(value, dict) and isinstance(named[key], dict)
        else value
        for key, value in values.items()
        if isinstance(named, dict) and key in named
    }


def by_kind(value: Any, part: str, default: str, find: Any) -> Any:
    """Validate a part of a spec with the settings of its own kind."""
    if isinstance(value, Config) or not isinstance(value, dict):
        return value
    config = find(value.get("kind", default))
    try:
        return config.model_validate(value)
    except ValidationError as error:
        # Raised as it is, pydantic would mistake the inner fields for the outer one's.
        raise InnerProblem(part, error, config) from error


class InnerProblem(Exception):
    """Carries the problem of a nested part out of pydantic."""

    def __init__(self, part: str, error: ValidationError, config: type[Config]) -> None:
        super().__init__(str(error))
        self.part, self.error, self.config = part, error, config

    def explain(self) -> SettingError:
        return explain(self.error, self.config, f"{self.part}.")


def make_spec(values: Values, overrides: Values | None = None) -> RunSpec:
    """Validate a spec.

    Args:
        values: nested settings, as in a YAML file; what is missing takes its default.
        overrides: settings by path, laid over `values` ({"train.epochs": 3}).

    Raises:
        SettingError: names the setting, the bound and the value found.
    """
    if not isinstance(values, dict):
        raise SettingError(
            tr("A spec is a mapping of settings; found {name}.").format(name=type(values).__name__)
        )
    try:
        return check_pair(RunSpec.model_validate(apply_overrides(values, overrides or {})))
    except ValidationError as error:
        raise explain(error, RunSpec()) from error
    except InnerProblem as problem:
        raise problem.explain() from problem


def task_name(network: str, objective: str) -> str:
    """By which of `runs.tasks` a network is trained with an objective, both by their kinds."""
    return OBJECTIVES[objective].task or MODELS[network].task


def task_of(spec: RunSpec) -> str:
    return task_name(spec.model.kind, spec.objective.kind)


def check_pair(spec: RunSpec) -> RunSpec:
    """The same spec. Raises SettingError when its objective cannot train its network."""
    objective = OBJECTIVES[spec.objective.kind]
    if spec.model.kind not in objective.networks:
        raise SettingError(
            tr("The objective {kind!r} cannot train the network {kind_2!r}.").format(
                kind=spec.objective.kind, kind_2=spec.model.kind
            ),
            remedy=tr("Use the network {networks} (model.kind), or choose another objective.").format(
                networks=tr(" or ").join(objective.networks)
            ),
        )
    objective.check_code(spec.objective, MODELS[spec.model.kind].code_size(spec.model))
    if spec.data.code_of and spec.model.kind == "unet":
        raise SettingError(
            tr("Code of a run (data.code_of) is set, but the network {kind!r} draws pixels.").format(
                kind=spec.model.kind
            ),
            remedy=tr("Use the network code-generator (model.kind), or leave Code of a run empty."),
        )
    check_devices(spec)
    return spec


def check_devices(spec: RunSpec) -> None:
    """Raises SettingError when so many devices cannot share this spec's batches with the same result."""
    devices, kind = spec.train.devices, spec.objective.kind
    if devices == 1:
        return
    if not OBJECTIVES[kind].is_mean_of_rows(spec.objective):
        fitting = sorted(n for n, found in OBJECTIVES.items() if found.is_mean_of_rows(found.Config()))
        raise SettingError(
            tr(
                "Devices is set to {devices}, but the objective {kind!r} with these settings looks at a "
                "whole batch or keeps something beside the weights, so its batches cannot be shared."
            ).format(devices=devices, kind=kind),
            remedy=tr("Set Devices to 1 (train.devices), or use one of the objectives {fitting}.").format(
                fitting=", ".join(fitting)
            ),
        )
    if spec.train.batch_size < devices:
        raise SettingError(
            tr("A batch of {batch_size} rows cannot be shared by {devices} devices.").format(
                batch_size=spec.train.batch_size, devices=devices
            ),
            remedy=tr("Set Devices (train.devices) to at most Batch size (train.batch_size)."),
        )


def read_spec(path: Path, overrides: Values | None = None) -> RunSpec:
    """Read a YAML spec. Raises SettingError that names the file and the place."""
    try:
        values = parse_yaml(read_file(path).decode())
    except OSError as error:
        raise SettingError(
            tr("{name} cannot be read: {strerror}.").format(name=path.name, strerror=error.strerror)
        ) from error
    except UnicodeDecodeError as error:
        raise SettingError(tr("{name} is not a UTF-8 text file.").format(name=path.name)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = tr(" in line {line}").format(line=mark.line + 1) if mark else ""
        why = getattr(error, "problem", None) or str(error)
        raise SettingError(
            tr("{name} is not valid YAML{place}: {why}.").format(name=path.name, place=place, why=why)
        ) from error
    except (ValueError, RecursionError) as error:  # a date that is none, or endless nesting
        raise SettingError(tr("{name} is not valid YAML.").format(name=path.name)) from error
    return make_spec(values if values is not None else {}, overrides)


def spec_yaml(spec: RunSpec) -> str:
    return yaml.safe_dump(spec.as_dict(), sort_keys=False, allow_unicode=True)


def value_at(spec: Any, path: str) -> Any:
    """The setting at a path, None where this spec has none."""
    for part in path.split("."):
        spec = getattr(spec, part, None)
    return spec


def known_settings(spec: RunSpec) -> dict[str, Setting]:
    """Path → Setting of everything that can be set in this spec."""
    return {entry.path: entry for entry in list_settings(spec)}


def parse_assignments(assignments: list[str]) -> dict[str, object]:
    """["train.epochs=3"] → {"train.epochs": 3}; values are read as YAML."""
    parsed: dict[str, object] = {}
    for text in assignments:
        path, value = parse_assignment(text, "train.epochs=3")
        paths = known_settings(RunSpec())
        group_is_free = path.split(".")[0] in ("model", "objective")
        if path not in paths and not group_is_free:
            raise SettingError(unknown(path, paths))
        parsed[path] = value
    return parsed
