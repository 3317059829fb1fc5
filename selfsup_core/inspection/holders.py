"""What holds the subjects of a workspace in memory; each holder is imported and made when it is first
needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from selfsup_core.inspection.embedding import EmbedJobs
    from selfsup_core.inspection.generators import Generators
    from selfsup_core.inspection.loaded import Models
    from selfsup_core.inspection.model_at import Kits
    from selfsup_core.inspection.predictors import Predictors
    from selfsup_core.inspection.run_classifiers import RunClassifiers
    from selfsup_core.inspection.run_detectors import RunDetectors
    from selfsup_core.inspection.run_jobs import RunJobs
    from selfsup_core.inspection.run_readers import RunReaders
    from selfsup_core.inspection.run_transcribers import RunTranscribers
    from selfsup_core.inspection.run_translators import RunTranslators
    from selfsup_core.inspection.space.live_umap import LiveUmaps
    from selfsup_core.inspection.space.spaces import Spaces

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """A property that is made by the first thread that needs it; `functools.cached_property` may make it
    twice.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self.make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, holders: Holders, owner: type) -> T:
        with holders.lock:
            if self.name not in holders.__dict__:
                holders.__dict__[self.name] = self.make(holders)
            made: T = holders.__dict__[self.name]
            return made


class Holders:
    """The holders of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lock = threading.RLock()

    @MadeOnce
    def kits(self) -> Kits:
        """Networks of runs with their data."""
        from selfsup_core.inspection.model_at import Kits

        return Kits(self.workspace)

    @MadeOnce
    def models(self) -> Models:
        """Language models."""
        from selfsup_core.inspection.loaded import Models

        return Models(self.workspace)

    @MadeOnce
    def classifiers(self) -> RunClassifiers:
        """Classifiers of runs."""
        from selfsup_core.inspection.run_classifiers import RunClassifiers

        return RunClassifiers(self.workspace)

    @MadeOnce
    def detectors(self) -> RunDetectors:
        """Detectors of runs."""
        from selfsup_core.inspection.run_detectors import RunDetectors

        return RunDetectors(self.workspace)

    @MadeOnce
    def generators(self) -> Generators:
        """Generators of runs."""
        from selfsup_core.inspection.generators import Generators

        return Generators(self.workspace)

    @MadeOnce
    def predictors(self) -> Predictors:
        """Networks of runs for new samples."""
        from selfsup_core.inspection.predictors import Predictors

        return Predictors(self.workspace)

    @MadeOnce
    def readers(self) -> RunReaders:
        """Readers of runs."""
        from selfsup_core.inspection.run_readers import RunReaders

        return RunReaders(self.workspace)

    @MadeOnce
    def transcribers(self) -> RunTranscribers:
        """Transcribers of runs."""
        from selfsup_core.inspection.run_transcribers import RunTranscribers

        return RunTranscribers(self.workspace)

    @MadeOnce
    def translators(self) -> RunTranslators:
        """Translators of runs."""
        from selfsup_core.inspection.run_translators import RunTranslators

        return RunTranslators(self.workspace)

    @MadeOnce
    def embedding(self) -> EmbedJobs:
        """Jobs that embed data sets."""
        from selfsup_core.inspection.embedding import EmbedJobs

        return EmbedJobs(self.workspace)

    @MadeOnce
    def spaces(self) -> Spaces:
        """Spaces of vectors and their maps."""
        from selfsup_core.inspection.space.spaces import Spaces

        return Spaces(self.workspace, self.kits)

    @MadeOnce
    def umaps(self) -> LiveUmaps:
        """Layouts of runs, epoch by epoch."""
        from selfsup_core.inspection.space.live_umap import LiveUmaps

        return LiveUmaps(self.workspace)

    @MadeOnce
    def run_jobs(self) -> RunJobs:
        """Long jobs on runs."""
        from selfsup_core.inspection.run_jobs import RunJobs

        return RunJobs(self.workspace)

    @property
    def is_at_work(self) -> bool:
        """Whether a job is running; does not create a holder."""
        made = (self.__dict__.get(name) for name in ("embedding", "spaces", "umaps", "run_jobs"))
        return any(holder.is_at_work for holder in made if holder is not None)
