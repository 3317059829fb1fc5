"""What a sweep is asked for: the settings that are varied, how points are chosen, and how many seeds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, StringConstraints, field_validator

from selfsup_core.settings import Config, setting
from selfsup_core.translation import tr

MOST_SETTINGS = 3
MOST_RUNS = 500
Text = Annotated[str, BeforeValidator(str), StringConstraints(max_length=1000)]


class SweepConfig(Config):
    """sweep.yaml. The recipe is beside it, in spec.yaml."""

    version: Literal[1] = 1
    vary: dict[Text, Text] = setting(
        ...,
        "Path of each setting that is varied, with its values: a list or a range.",
        title="Varied settings",
    )
    method: Literal["grid", "random", "optuna"] = setting(
        "grid",
        "How combinations are chosen: all of them, drawn at random, or by Optuna, which looks more closely "
        "where results were good.",
        title="Combinations",
        titles={"grid": "All (grid)", "random": "Random", "optuna": "Optuna"},
        why="A grid shows the effect of each setting most clearly.",
    )
    trials: int = setting(
        12,
        "Number of combinations that are tried at random or by Optuna; a grid tries all of them.",
        title="Tried combinations",
        ge=1,
        le=MOST_RUNS,
    )
    seeds: int = setting(
        3,
        "Runs of each combination, which differ in their first weights and the order of the rows.",
        title="Seeds",
        why="Three seeds tell how much of a difference is chance.",
        ge=1,
        le=20,
    )
    prune: bool = setting(
        False,
        "Stop a run early when it is clearly worse: in the worst quarter of the finished runs at the same "
        "epoch. Needs the package optuna.",
        title="Stop what is clearly worse",
        why="Off: each effect is then measured by whole runs.",
    )
    seed: int = setting(
        0, "Seed of what is drawn at random.", title="Seed of the drawing", ge=0, le=2**31 - 1
    )

    @field_validator("vary")
    @classmethod
    def vary_some(cls, vary: dict[str, str]) -> dict[str, str]:
        if not 1 <= len(vary) <= MOST_SETTINGS:
            raise ValueError(
                tr("a sweep varies 1 to {most} settings, and this one {count}").format(
                    most=MOST_SETTINGS, count=len(vary)
                )
            )
        return vary
