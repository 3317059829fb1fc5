"""Tools on a run's network at an epoch: each is a function of its settings that gives arrays and a few words.

The stage asks for them by a route, the CLI by name; both go through `use_tool`. A tool is registered in a file of `tools/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError

from selfsup_core.errors import SettingError
from selfsup_core.inspection.model_at import Kits, ModelAt
from selfsup_core.registry import Registry
from selfsup_core.settings import Config, explain, setting


@dataclass
class Answer:
    """arrays by name, and `about`: plain values that say what they are."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    config: type[Config]
    run: Callable[[ModelAt, Any], Answer]


TOOLS: Registry[Tool] = Registry("tool", "tools")


def tool(name: str, config: type[Config]) -> Callable:
    def register(function: Callable[[ModelAt, Any], Answer]) -> Callable:
        TOOLS.register(name)(Tool(config, function))
        return function

    return register


def use_tool(kits: Kits, run: str, name: str, values: dict[str, Any]) -> Answer:
    """Do what was asked, with the weights of the kept epoch that is nearest to `values["epoch"]`.

    Raises:
        SettingError: there is no such tool, sample or setting. RunError: this run cannot do it.
    """
    entry = TOOLS[name]
    values = dict(values)
    epoch = values.pop("epoch", None)
    if epoch is not None and (not isinstance(epoch, int) or isinstance(epoch, bool)):
        raise SettingError(f"epoch must be a whole number; found {epoch!r}.")
    try:
        ask = entry.config.model_validate(values)
    except ValidationError as error:
        raise explain(error, entry.config) from error
    at = kits.kit(run).at(epoch)
    answer = entry.run(at, ask)
    answer.about["epoch"] = at.epoch
    return answer


def sample_setting(default: int | None = None, what: str = "Sample of the map to begin from.") -> Any:
    return setting(default, what + " None takes the mean of all codes.", title="Sample")


class SampleAsk(Config):
    sample: int = setting(0, "Sample of the map.", title="Sample", ge=0)


class NoAsk(Config):
    """Nothing to set."""


def to_numpy(values: Any) -> np.ndarray:
    array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
    return np.ascontiguousarray(array, dtype=np.float32)
