"""The number format of a run: decided when it begins, kept in its state, and the same when it is resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.train.device import DeviceChoice
from selfsup_core.train.precision import StepTimes, choose_precision, may_profit, time_steps
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.tasks import Task
    from selfsup_core.workers.keeper import RunKeeper


def decide_precision(keeper: RunKeeper, task: Task, choice: DeviceChoice) -> DeviceChoice:
    """The device with its number format, which is written into the run's state before it trains.

    Raises:
        SettingError: the device has not the format that is asked for.
    """
    train = keeper.spec.train
    steps = train.epochs * (train.steps_per_epoch or -(-len(task.rows) // train.batch_size))

    def measure() -> StepTimes:
        rows = task.rows[: max(1, train.batch_size // train.accumulation)]
        return keeper.attend(
            lambda: time_steps(task.model, task.objective, task.values, rows), tr("Timing a step in bf16.")
        )

    found = choose_precision(
        train,
        choice,
        steps=steps,
        measure=measure if may_profit(task.model) and task.solver() is None else None,
        known=keeper.state["device"],
    )
    keeper.state["device"] = found.as_dict()
    keeper.beat(force=True)
    return found
