"""Decorators that register questions, one for each thing that a question's function may be given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import C, EpochAsk, register_question
from selfsup_core.inspection.subject import Kind
from selfsup_core.settings import setting

if TYPE_CHECKING:
    from selfsup_core.export.predicting import Predictor
    from selfsup_core.inspection.embedding import EmbedJobs
    from selfsup_core.inspection.generators import GeneratorAt
    from selfsup_core.inspection.holders import Holders
    from selfsup_core.inspection.kept import KeptOfRuns
    from selfsup_core.inspection.loaded import Loaded, Models
    from selfsup_core.inspection.model_at import ModelAt
    from selfsup_core.inspection.run_classifiers import ClassifierAt, RunClassifiers
    from selfsup_core.inspection.run_detectors import RunDetectors
    from selfsup_core.inspection.run_jobs import RunJobs
    from selfsup_core.inspection.space.asked import Asked
    from selfsup_core.inspection.space.spaces import Spaces
    from selfsup_core.tasks.parts.reader_files import RunReader
    from selfsup_core.tasks.parts.transcriber_files import RunTranscriber
    from selfsup_core.tasks.parts.translator_files import Translator

S = TypeVar("S")
H = TypeVar("H")


class MapAsk(EpochAsk):
    """What is asked of a map."""

    key: str = setting("", "Key of the map, as `start` gives it.", title="Key")


E = TypeVar("E", bound=EpochAsk)
M = TypeVar("M", bound=MapAsk)

Opener = Callable[["Holders", str, C], AbstractContextManager[S]]
Function = Callable[[S, C], Answer]
Decorator = Callable[[Function[S, C]], Function[S, C]]


@dataclass(frozen=True)
class Named(Generic[H]):
    """A subject by its name, with what holds all subjects of its kind."""

    holder: H
    name: str


def question(kind: Kind, name: str, config: type[C], opener: Opener[C, S]) -> Decorator[S, C]:
    """Register a function that is given what `opener` opens; it is closed again after the answer."""

    def register(function: Function[S, C]) -> Function[S, C]:
        def answer(holders: Holders, subject: str, ask: C) -> Answer:
            with opener(holders, subject, ask) as opened:
                return function(opened, ask)

        register_question(kind, name, config, function.__doc__, answer)
        return function

    return register


def opener_at(held: Callable[[Holders], KeptOfRuns[S]]) -> Opener[E, S]:
    """Opens what answers for a run at an epoch, for one person at a time."""

    @contextmanager
    def opener(holders: Holders, run: str, ask: E) -> Iterator[S]:
        kept = held(holders)
        with kept.using(run):
            yield kept.at(run, ask.epoch)

    return opener


def about_run(name: str, config: type[E]) -> Decorator[ModelAt, E]:
    """Of a run's network at the kept epoch nearest to the one asked for; every answer says which that is."""

    def register(function: Function[ModelAt, E]) -> Function[ModelAt, E]:
        def answer(holders: Holders, run: str, ask: E) -> Answer:
            at = holders.kits.kit(run).at(ask.epoch)
            made = function(at, ask)
            return Answer(made.arrays, {**made.about, "epoch": at.epoch})

        register_question("run", name, config, function.__doc__, answer)
        return function

    return register


def about_model(name: str, config: type[C]) -> Decorator[Loaded, C]:
    """Of a language model in memory, used by one person at a time."""

    @contextmanager
    def opener(holders: Holders, model: str, ask: C) -> Iterator[Loaded]:
        loaded = holders.models.get(model)
        with loaded.lock:
            yield loaded

    return question("language-model", name, config, opener)


def about_model_name(name: str, config: type[C]) -> Decorator[Named[Models], C]:
    """Of a language model that need not be in memory."""

    @contextmanager
    def opener(holders: Holders, model: str, ask: C) -> Iterator[Named[Models]]:
        yield Named(holders.models, model)

    return question("language-model", name, config, opener)


def about_classifier(name: str, config: type[E]) -> Decorator[ClassifierAt, E]:
    """Of a run's classifier at an epoch, used by one person at a time."""
    return question("classifier", name, config, opener_at(lambda holders: holders.classifiers))


def about_generator(name: str, config: type[E]) -> Decorator[GeneratorAt, E]:
    """Of a run's generator at the kept epoch nearest to the one asked for, used by one person at a time."""
    return question("generator", name, config, opener_at(lambda holders: holders.generators))


def about_predictor(name: str, config: type[E]) -> Decorator[Predictor, E]:
    """Of a run's network at an epoch, for new samples; used by one person at a time."""
    return question("predictor", name, config, opener_at(lambda holders: holders.predictors))


def about_reader(name: str, config: type[E]) -> Decorator[RunReader, E]:
    """Of a run's reader at an epoch, used by one person at a time."""
    return question("reader", name, config, opener_at(lambda holders: holders.readers))


def about_translator(name: str, config: type[E]) -> Decorator[Translator, E]:
    """Of a run's translator at an epoch, used by one person at a time."""
    return question("translator", name, config, opener_at(lambda holders: holders.translators))


def about_transcriber(name: str, config: type[E]) -> Decorator[RunTranscriber, E]:
    """Of a run's transcriber at an epoch, used by one person at a time."""
    return question("transcriber", name, config, opener_at(lambda holders: holders.transcribers))


def about_detector(name: str, config: type[E]) -> Decorator[Named[RunDetectors], E]:
    """Of a run's detector, by what holds them, which knows the workspace."""

    @contextmanager
    def opener(holders: Holders, run: str, ask: E) -> Iterator[Named[RunDetectors]]:
        yield Named(holders.detectors, run)

    return question("detector", name, config, opener)


def about_future_classifier(name: str, config: type[C]) -> Decorator[RunClassifiers, C]:
    """Of a classifier before there is a run."""

    @contextmanager
    def opener(holders: Holders, run: str, ask: C) -> Iterator[RunClassifiers]:
        yield holders.classifiers

    return question("classifier", name, config, opener)


def about_embedding(name: str, config: type[C]) -> Decorator[Named[EmbedJobs], C]:
    """Of a data set's embeddings."""

    @contextmanager
    def opener(holders: Holders, source: str, ask: C) -> Iterator[Named[EmbedJobs]]:
        yield Named(holders.embedding, source)

    return question("embedding", name, config, opener)


def about_job(name: str, config: type[C]) -> Decorator[Named[RunJobs], C]:
    """Of long jobs on a run."""

    @contextmanager
    def opener(holders: Holders, run: str, ask: C) -> Iterator[Named[RunJobs]]:
        yield Named(holders.run_jobs, run)

    return question("job", name, config, opener)


def about_space(name: str, config: type[C]) -> Decorator[Named[Spaces], C]:
    """Of a space, with or without maps."""

    @contextmanager
    def opener(holders: Holders, space: str, ask: C) -> Iterator[Named[Spaces]]:
        yield Named(holders.spaces, space)

    return question("space", name, config, opener)


def about_data(name: str, config: type[C]) -> Decorator[Named[Holders], C]:
    """Of a data set, by the holders, which know the workspace."""

    @contextmanager
    def opener(holders: Holders, source: str, ask: C) -> Iterator[Named[Holders]]:
        yield Named(holders, source)

    return question("data", name, config, opener)


def about_any_space(name: str, config: type[C]) -> Decorator[Named[Holders], C]:
    """Of a space by questions of its own, which may need whatever is held."""

    @contextmanager
    def opener(holders: Holders, space: str, ask: C) -> Iterator[Named[Holders]]:
        yield Named(holders, space)

    return question("space", name, config, opener)


def about_map(name: str, config: type[M]) -> Decorator[Asked, M]:
    """Of a map of a space, at the drawn epoch nearest to the one asked for.

    Nothing is locked: a question that takes half a minute must not keep the others in the room waiting.
    """

    @contextmanager
    def opener(holders: Holders, space: str, ask: M) -> Iterator[Asked]:
        yield holders.spaces.asked(space, ask.key, ask.epoch)

    return question("space", name, config, opener)
