"""Which panel says what, of each task, by its name in assets/web/stage/sets.js; "code" is said in the lab."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from selfsup_core.evaluate.words.panels.answer import say_answers, say_passage, say_true_questions
from selfsup_core.evaluate.words.panels.classify import say_confusion
from selfsup_core.evaluate.words.panels.code import say_code, say_views_code
from selfsup_core.evaluate.words.panels.detect import (
    say_detections,
    say_object_map,
    say_pseudo_boxes,
    say_true_boxes,
)
from selfsup_core.evaluate.words.panels.generate import say_copies, say_drawn, say_frechet, say_way
from selfsup_core.evaluate.words.panels.language import say_writing
from selfsup_core.evaluate.words.panels.loss import say_loss
from selfsup_core.evaluate.words.panels.maps import (
    say_map,
    say_pseudo_map,
    say_score_map,
    say_sentence_map,
    say_token_map,
    say_views_map,
)
from selfsup_core.evaluate.words.panels.pseudo import (
    say_confidence,
    say_errors,
    say_flow,
    say_labels,
    say_rounds,
    say_true_confidence,
    say_true_errors,
    say_true_labels,
)
from selfsup_core.evaluate.words.panels.reconstructions import say_reconstructions
from selfsup_core.evaluate.words.panels.scenarios import say_kept, say_true_kept, scores_of
from selfsup_core.evaluate.words.panels.seen import Seen
from selfsup_core.evaluate.words.panels.transcribe import say_heard, say_transcripts
from selfsup_core.evaluate.words.panels.translate import say_attention, say_translations
from selfsup_core.evaluate.words.panels.views import say_pairs, say_similarity, say_spectrum, say_sphere

Sayers = Mapping[str, Callable[[Seen], str]]

SAYERS: Mapping[str, Sayers] = {
    "autoencoder": {
        "loss": say_loss,
        "reconstructions": say_reconstructions,
        "map": say_map,
        "code": say_code,
    },
    "language": {"loss": say_loss, "writing": say_writing, "map": say_token_map},
    "classify": {"loss": say_loss, "confusion": say_confusion, "map": say_score_map},
    "generate": {
        "loss": say_loss,
        "drawn": say_drawn,
        "way": say_way,
        "copies": say_copies,
        "frechet": say_frechet,
    },
    "views": {
        "loss": say_loss,
        "pairs": say_pairs,
        "map": say_views_map,
        "similarity": say_similarity,
        "spectrum": say_spectrum,
        "sphere": say_sphere,
        "code": say_views_code,
    },
    "transcribe": {
        "scores": scores_of("transcribe"),
        "heard": say_heard,
        "transcripts": say_transcripts,
        "pseudo_transcripts": say_kept,
        "loss": say_loss,
    },
    "answer": {
        "scores": scores_of("answer"),
        "passage": say_passage,
        "answers": say_answers,
        "pseudo_questions": say_kept,
        "loss": say_loss,
    },
    "detect": {
        "scores": scores_of("detect"),
        "detections": say_detections,
        "pseudo_boxes": say_pseudo_boxes,
        "loss": say_loss,
        "map": say_object_map,
    },
    "translate": {
        "scores": scores_of("translate"),
        "translations": say_translations,
        "attention": say_attention,
        "back_translations": say_kept,
        "loss": say_loss,
        "map": say_sentence_map,
    },
    "pseudo": {
        "rounds": say_rounds,
        "labels": say_labels,
        "confidence": say_confidence,
        "flow": say_flow,
        "errors": say_errors,
        "map": say_pseudo_map,
    },
}
# Instead of these where true classes of unlabeled rows, or hidden answers, may be seen.
TRUE_SAYERS: Mapping[str, Sayers] = {
    "pseudo": {
        "labels": say_true_labels,
        "confidence": say_true_confidence,
        "errors": say_true_errors,
    },
    "transcribe": {"pseudo_transcripts": say_true_kept},
    "answer": {"pseudo_questions": say_true_questions},
    "detect": {"pseudo_boxes": say_true_boxes},
    "translate": {"back_translations": say_true_kept},
}


def say_panels(task: str, seen: Seen) -> dict[str, str]:
    """Panel → its sentence, without the panels that have none to say."""
    return _say(SAYERS.get(task, {}), seen)


def say_with_truth(task: str, seen: Seen) -> dict[str, str]:
    """The same of the panels that say another thing where true classes of unlabeled rows may be seen."""
    return _say(TRUE_SAYERS.get(task, {}), seen)


def _say(sayers: Sayers, seen: Seen) -> dict[str, str]:
    found = {panel: say(seen) for panel, say in sayers.items()}
    return {panel: text for panel, text in found.items() if text}
