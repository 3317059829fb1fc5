"""Questions asked in this very process, of holders that a test has at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import checked
from selfsup_core.inspection.desk import Desk
from selfsup_core.inspection.embedding import EmbedJobs
from selfsup_core.inspection.loaded import Models
from selfsup_core.inspection.model_at import Kits
from selfsup_core.inspection.space.spaces import Spaces
from selfsup_core.inspection.subject import Subject
from selfsup_core.projection.config import MapConfig


def ask_run(kits: Kits, run: str, question: str, values: dict[str, Any]) -> Answer:
    desk = Desk(kits.workspace)
    desk.kits = kits
    return desk.ask(Subject("run", run), question, values)


def ask_model(models: Models, model: str, question: str, values: dict[str, Any]) -> dict[str, Any]:
    desk = Desk(models.workspace)
    desk.models = models
    return dict(desk.ask(Subject("language-model", model), question, values).about)


def ask_embedding(jobs: EmbedJobs, source: str, question: str, values: dict[str, Any]) -> dict[str, Any]:
    desk = Desk(jobs.workspace)
    desk.embedding = jobs
    return dict(desk.ask(Subject("embedding", source), question, values).about)


def ask_classifier(workspace: Path, run: str, question: str, values: dict[str, Any]) -> dict[str, Any]:
    return dict(Desk(workspace).ask(Subject("classifier", run), question, values).about)


def ask_space(spaces: Spaces, space: str, question: str, values: dict[str, Any]) -> Answer:
    desk = Desk(spaces.workspace)
    desk.spaces = spaces
    return desk.ask(Subject("space", space), question, values)


def start_map(spaces: Spaces, space: str, config: dict[str, Any], *rest: Any, **more: Any) -> dict[str, Any]:
    return dict(spaces.start(space, checked(MapConfig, config), *rest, **more))
