"""Settings that are changed while a run trains: applied at a step, written down, and repeated after a
resume.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfsup_core.runs.folder import MetricsWriter
from selfsup_core.workers.keeper import read_changes

if TYPE_CHECKING:
    from selfsup_core.runs.state import ChangeRow
    from selfsup_core.train.loop import Loop
    from selfsup_core.workers.keeper import RunKeeper


class LiveChanges:
    """Changes of a run, by the step at which they take effect.

    Attributes:
        ahead: changes made after the checkpoint that a run goes on from. They take effect again at the same
        step, so the outcome is the same.
    """

    def __init__(self, keeper: RunKeeper, loop: Loop) -> None:
        self.keeper, self.loop = keeper, loop
        self.ahead: list[ChangeRow] = []

    def go_on(self, step: int) -> None:
        """Apply what was changed up to a step, -1 for none, and be ready to write more."""
        folder = self.keeper.folder
        found = read_changes(folder)
        for change in found:
            if change["step"] <= step:
                self.apply(change["name"], change["value"])
        self.ahead = [change for change in found if change["step"] > step]
        self.writer = self.keeper.persist(lambda: MetricsWriter(folder.path / "changes.jsonl"))

    def make(self, name: str, value: float) -> None:
        """Change a setting from the next step on, and write down when."""
        self.apply(name, value)
        row: ChangeRow = {
            "kind": "change",
            "step": self.loop.step,
            "epoch": self.loop.progress,
            "name": name,
            "value": value,
        }
        self.keeper.persist(lambda: self.writer.append(row))

    def apply(self, name: str, value: float) -> None:
        if name == "learning_rate":
            self.loop.set_learning_rate(value)
        self.keeper.note(**{name: value})

    def replay(self) -> None:
        """Repeat the changes whose step has come."""
        while self.ahead and self.ahead[0]["step"] <= self.loop.step:
            change = self.ahead.pop(0)
            self.apply(change["name"], change["value"])
