"""A run has shown a sign of trouble: the task was to break something."""

from __future__ import annotations

from typing import Literal

from selfsup_core.lessons.checks import Judged, check, not_yet
from selfsup_core.lessons.evidence import Evidence, RunSeen
from selfsup_core.lessons.which import RunWish, find_closest, no_run
from selfsup_core.settings import KindConfig, setting
from selfsup_core.translation import tr


class SignConfig(RunWish, KindConfig):
    kind: Literal["sign"] = setting("sign", "A run has shown a sign of trouble.")
    code: str = setting(..., "Code of the sign, such as posterior-collapse.", min_length=1)
    called: str = setting(..., "The sign in words.", min_length=1)

    def lacks(self, run: RunSeen) -> str:
        if said_by(run, self.code):
            return ""
        if run.state["status"] in ("finished", "stopped", "failed"):
            return tr("shows no sign of {called}").format(called=self.called)
        return tr("shows no sign of {called} so far (epoch {epoch} of {epochs})").format(
            called=self.called, epoch=run.state["epoch"], epochs=run.state["epochs"]
        )


def said_by(run: RunSeen, code: str) -> str:
    """The sign as the run said it first, after its epoch; "" where it never did."""
    for row in run.rows:
        for one in row.get("signs", []):
            if one["code"] == code:
                return tr("epoch {epoch}: {text}").format(epoch=row["epoch"], text=one["text"])
    error = run.state["error"]
    return error["message"] if code == "diverged" and error and error["code"] == "diverged" else ""


@check("sign", SignConfig)
def sign(evidence: Evidence, config: SignConfig) -> Judged:
    """A run has shown a sign of trouble."""
    run, lack = find_closest(evidence.runs, [*config.wishes(), config.lacks])
    if run is None:
        return Judged(False, no_run(evidence, config), missing=config)
    if lack:
        return not_yet(evidence, config, run, lack)
    return Judged(True, f"{run.called}, {said_by(run, config.code)}", (run.folder.id,))
