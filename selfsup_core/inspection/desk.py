"""Entry point for questions: finds the question, checks its values and answers it."""

from __future__ import annotations

import threading
from pathlib import Path

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import checked, find_question
from selfsup_core.inspection.holders import Holders
from selfsup_core.inspection.subject import Subject
from selfsup_core.settings import Values


class Desk(Holders):
    """Answers in this process the questions that `LabClient` sends to another one."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(workspace)
        self._finding = threading.Lock()  # the first look-up imports the questions, and with them torch

    def ask(self, subject: Subject, question: str, values: Values) -> Answer:
        """The answer.

        Raises:
            SettingError: there is no such question, or a value is wrong. StudioError: what the question says
            against it.
        """
        with self._finding:
            found = find_question(subject.kind, question)
        return found.answer(self, subject.name, checked(found.config, values))
