"""Detection: a detector learns from few pictures with boxes, and from boxes that its slow teacher draws.

The teacher, a running mean of the student's weights, looks at the unlabeled pictures as they are and
mirrored. Boxes that it is sure of are learned from as if they were true; of the others the student learns to
be as sure as the teacher.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
import torch
from torch import nn

from selfsup_core.augment.boxes import Scene
from selfsup_core.data.boxes import require_boxes
from selfsup_core.data.sources import open_source
from selfsup_core.data.splits import split_rows
from selfsup_core.evaluate.average_precision import Matched, match_all, mean_average_precision
from selfsup_core.evaluate.detecting import Found, find_boxes, looking_at, overlaps, without_rivals
from selfsup_core.evaluate.rows import Metrics
from selfsup_core.evaluate.words.scenario_words import SCORES, Score
from selfsup_core.models import MODELS
from selfsup_core.models.modules.detector import STRIDE
from selfsup_core.objectives import OBJECTIVES
from selfsup_core.objectives.detecting import Detecting, DetectingConfig
from selfsup_core.runs.frames import FrameStore, as_bytes
from selfsup_core.tasks import TASKS, Look, TaskContext
from selfsup_core.tasks.parts.detector_files import write_detector
from selfsup_core.tasks.parts.rounds_of_labels import Proposed, RoundsOfLabels, Tested, choose_known
from selfsup_core.translation import tr

if TYPE_CHECKING:
    from selfsup_core.models.modules.detector import Detector

MEASURED = 250  # validation pictures that are looked at in each epoch
SHOWN = 12  # of them, and of the pool, that a frame shows
OBJECTS = 400  # true objects on the map
ROWS = 64  # pictures at once
CROP = 24  # pixels of an object's picture on the map
RIGHT = 0.5  # overlap from which a kept box is right


@TASKS.register("detect")
class DetectTask(RoundsOfLabels):
    """Pictures with boxes; looked at by boxes at each epoch, proposed boxes, and a map of the objects."""

    score: ClassVar[Score] = SCORES["detect"]
    objective: Detecting

    def __init__(self, context: TaskContext) -> None:
        spec, data = context.spec, context.spec.data
        dataset = context.persist(lambda: open_source(data.source, context.workspace, verify=True))
        self.config = cast("DetectingConfig", spec.objective)
        self.objective = cast("Detecting", OBJECTIVES[spec.objective.kind](spec.objective))
        self.true = require_boxes(dataset)
        split = split_rows(dataset, validation=data.validation, test=data.test, seed=data.split_seed)
        labeled = choose_known(dataset, split.train, data)
        pool = np.setdiff1d(split.train, labeled)
        context.say(tr("Building the network."))
        shape = tuple(dataset.item_shape)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed)
            student = MODELS[spec.model.kind].build(spec.model, (*shape, len(self.true.classes)))
            has_teacher = len(pool) > 0 and self.config.decay > 0
            teacher = MODELS[spec.model.kind].build(spec.model, (*shape, len(self.true.classes)))
        teacher.load_state_dict(student.state_dict())
        self.begin(
            context,
            student,
            dataset=dataset,
            labeled=labeled,
            pool=pool,
            tested=split.test,
            helper=teacher if has_teacher else None,
        )
        self.shape, self.scale = (*shape, 1)[:3], dataset.scale
        self.pictures = torch.from_numpy(np.array(dataset.x)).to(self.device)
        known = self.true.labels.copy()
        known[pool] = -1  # what is hidden is not even there
        corners = np.where((known >= 0)[..., None], self.true.corners, 0)
        self.corners = torch.from_numpy(corners).to(self.device)
        self.labels = torch.from_numpy(known).to(self.device)
        generator = np.random.default_rng(data.split_seed)
        measured = split.validation
        if len(measured) > MEASURED:
            measured = generator.choice(measured, MEASURED, replace=False)
        self.measured = np.sort(measured)
        self.shown = self.measured[:SHOWN]
        self.shown_pool = np.sort(generator.permutation(self.pool)[:SHOWN])
        rows, places = np.nonzero(self.true.labels[self.measured] >= 0)
        self.objects = np.stack([self.measured[rows], places], axis=1)[:OBJECTS]  # (S, 2) row and place

    # What the networks learn from

    def view(self, rows: torch.Tensor | np.ndarray) -> torch.Tensor:
        """(B, H, W, channels) in [0, 1]."""
        places = torch.as_tensor(rows, device=self.device)
        found: torch.Tensor = (self.pictures[places].float() * self.scale).view(len(places), *self.shape)
        return found

    def batch(self, rows: torch.Tensor) -> Scene:
        """Of a row of the pool, the proposed boxes; unsure ones are marked so."""
        corners, labels = self.corners[rows], self.labels[rows]
        is_given = is_sure = labels >= 0
        confidence = is_given.float()
        if self.proposed:
            made, places = self.proposed.answers, self.place[rows]
            is_pool, at = (places >= 0)[:, None], places.clamp(min=0)
            scores = made["scores"][at]
            proposed = torch.where(is_pool & (scores >= self.unsure), made["labels"][at], -1)
            corners = torch.cat([corners, made["corners"][at]], dim=1)
            labels = torch.cat([labels, proposed], dim=1)
            is_sure = torch.cat([is_sure, scores >= self.config.threshold], dim=1)
            confidence = torch.cat([confidence, scores], dim=1)
            is_given = torch.cat([is_given, torch.zeros_like(scores, dtype=torch.bool)], dim=1)
        used = (labels >= 0).sum(dim=1).amax().clamp(min=1)
        order = torch.argsort((labels < 0).to(torch.uint8), dim=1, stable=True)[:, :used]  # boxes first
        return Scene(
            self.view(rows),
            corners.gather(1, order[..., None].expand(-1, -1, 4)),
            labels.gather(1, order),
            is_sure.gather(1, order),
            confidence.gather(1, order),
            is_given.gather(1, order),
        )

    def _deal(self) -> None:
        """Half of what the student learns from are labeled pictures, however few there are [STAC]."""
        super()._deal()
        kept = self.pool[self.proposed.is_kept] if self.proposed else self.pool[:0]
        if len(kept):
            half = len(self.rows) // 2
            self.dealt_student = torch.cat([self._fill(self.labeled)[:half], self._fill(kept)[half:]])

    @property
    def unsure(self) -> float:
        return min(self.config.unsure, self.config.threshold)

    # What is proposed and kept

    def propose(self, generator: torch.Generator) -> Proposed:
        """Boxes by the slow teacher; a picture is as sure as its boxes above the threshold on average.

        Where it is sure of an object, all other classes are ground there.
        """
        seen = self.find(self.model.helper or self.student, self.pool, both_ways=True)
        found = without_rivals(seen, self.config.threshold)
        scores = found.scores.cpu().numpy()
        is_sure = scores >= self.config.threshold
        count = is_sure.sum(axis=1)
        mean = (scores * is_sure).sum(axis=1) / np.maximum(count, 1)
        answers = {"corners": found.corners, "scores": found.scores, "labels": found.labels}
        return Proposed(np.where(count > 0, mean, np.nan), {k: v.clone() for k, v in answers.items()})

    def find(self, network: nn.Module, rows: np.ndarray, *, both_ways: bool = False) -> Found:
        """The boxes of these rows."""
        parts = []
        for start in range(0, len(rows), ROWS):
            pictures = self.view(rows[start : start + ROWS]).permute(0, 3, 1, 2)
            parts.append(find_boxes(network, pictures, both_ways=both_ways))
        return Found.joined(parts)

    def audit(self, proposed: Proposed) -> Metrics:
        """kept_right: share of the kept boxes that lie on a true one of their class; kept_found: share of the
        true boxes that have one.
        """
        rows = self.pool[proposed.is_kept]
        keep = torch.from_numpy(proposed.is_kept).to(self.device)
        made = {name: value[keep].cpu() for name, value in proposed.answers.items()}
        is_box = (made["scores"] >= self.config.threshold) & (made["labels"] >= 0)
        true_labels = torch.from_numpy(self.true.labels[rows])
        shared = overlaps(made["corners"], torch.from_numpy(self.true.corners[rows]))  # (P, K, M)
        fits = (shared >= RIGHT) & (made["labels"][:, :, None] == true_labels[:, None])
        fits &= is_box[:, :, None] & (true_labels >= 0)[:, None]
        boxes, true = int(is_box.sum()), int((self.true.labels[self.pool] >= 0).sum())
        return {
            "kept_boxes": boxes,
            "kept_right": float(fits.any(dim=2).sum() / boxes) if boxes else None,
            "kept_found": float(fits.any(dim=1).sum() / true) if true else None,
        }

    # What is seen

    def matched(self, found: Found, rows: np.ndarray) -> list[Matched]:
        corners, scores, labels = (part.cpu().numpy() for part in (found.corners, found.scores, found.labels))
        true = self.true
        return match_all(corners, scores, labels, true.corners[rows], true.labels[rows], len(true.classes))

    def measure(self, network: nn.Module) -> tuple[Metrics, Found]:
        found = self.find(network, self.measured)
        map50, map50_95 = mean_average_precision(self.matched(found, self.measured))
        loss = 0.0
        with looking_at(network):
            for start in range(0, len(self.measured), ROWS):
                rows = torch.from_numpy(self.measured[start : start + ROWS]).to(self.device)
                terms = self.objective.terms(cast("Detector", network), self.batch(rows))
                loss += float(terms["loss"]) * len(rows) / len(self.measured)
        return {"loss": loss, "map50": map50, "map50_95": map50_95}, found

    def test(self, network: nn.Module) -> Tested:
        matched = self.matched(self.find(network, self.tested), self.tested)
        at_half = [Matched(one.rows, one.is_right[:1], one.true) for one in matched]
        return Tested(
            lambda counts: mean_average_precision(at_half, counts)[0],
            {"map50_95": mean_average_precision(matched)[1]},
        )

    # What is written of an epoch

    def write_static(self, frames: FrameStore) -> None:
        classes = self.true.classes
        write_detector(self.context.folder, classes, self.shape)
        of = self.objects
        arrays = {
            "labels": self.true.labels[of[:, 0], of[:, 1]].astype(np.int32),
            "splits": np.ones(len(of), np.uint8),
            "rows": of[:, 0].astype(np.int32),
            "scenes": self._as_shown(self.shown),
        }
        if self.has_pool:
            arrays["pool_scenes"] = self._as_shown(self.shown_pool)
        scenario = {
            "classes": classes,
            "shape": self.shape,
            "threshold": self.config.threshold,
            "unsure": self.unsure,
            "rows": self.shown.tolist(),
            "pool_rows": self.shown_pool.tolist(),
            "boxes": [self._true_boxes(row) for row in self.shown],
        }
        about = {
            "kind": "image",
            "item_shape": json.dumps([CROP, CROP, self.shape[2]]),
            "scale": json.dumps(1 / 255),
            "classes": json.dumps(classes),
            "columns": "[]",
            "scenario": json.dumps(scenario),
        }
        frames.write_thumbnails(np.stack([self._crop(row, place) for row, place in of]))
        frames.write_shared(arrays, about)

    def _as_shown(self, rows: np.ndarray) -> np.ndarray:
        """(R, H W channels) bytes."""
        return as_bytes(self.view(rows).flatten(1).cpu().numpy())

    def _true_boxes(self, row: int) -> list[list[float]]:
        """[class, left, top, right, bottom] of each."""
        return [
            [int(kind), *(round(float(value), 1) for value in box)]
            for kind, box in zip(self.true.labels[row], self.true.corners[row], strict=True)
            if kind >= 0
        ]

    def _crop(self, row: int, place: int) -> np.ndarray:
        """(CROP · CROP · channels,) bytes of an object, by its nearest pixels."""
        left, top, right, bottom = self.true.corners[row, place]
        height, width, _ = self.shape
        across = np.linspace(left, right - 1, CROP).round().clip(0, width - 1).astype(int)
        down = np.linspace(top, bottom - 1, CROP).round().clip(0, height - 1).astype(int)
        picture = self.view(np.array([row]))[0].cpu().numpy()
        return as_bytes(picture[np.ix_(down, across)].ravel())

    def write_frame(self, frames: FrameStore, epoch: int, look: Look, *, is_last: bool) -> None:
        found = cast("Found", look.view).of(torch.arange(len(self.shown)))
        arrays = packed("found", found.corners, found.scores, found.labels)
        about: dict[str, str] = {}
        now = self.next or self.proposed
        if now:
            places = self.place[torch.from_numpy(self.shown_pool).to(self.device)]
            made = [now.answers[name][places] for name in ("corners", "scores", "labels")]
            arrays |= packed("pool", *made)
            about["true_boxes"] = json.dumps([self._true_boxes(row) for row in self.shown_pool])
            about["kept"] = json.dumps(now.is_kept[places.cpu().numpy()].tolist())
        frames.write_points(epoch, self._codes(), arrays, about, is_last=is_last)

    def _codes(self) -> np.ndarray:
        """(S, F) what the student computes at the center of each true object."""
        rows, where = np.unique(self.objects[:, 0], return_inverse=True)
        centers = self.true.corners[self.objects[:, 0], self.objects[:, 1]].reshape(-1, 2, 2).mean(axis=1)
        parts = []
        with looking_at(self.student):
            for start in range(0, len(rows), ROWS):
                pictures = self.view(rows[start : start + ROWS]).permute(0, 3, 1, 2)
                parts.append(self.student(pictures).features.float().cpu().numpy())
        features = np.concatenate(parts)  # (R, F, h, w)
        column = (centers[:, 0] // STRIDE).astype(int).clip(0, features.shape[3] - 1)
        row = (centers[:, 1] // STRIDE).astype(int).clip(0, features.shape[2] - 1)
        codes: np.ndarray = features[where, :, row, column]
        return np.ascontiguousarray(codes)


def packed(name: str, *parts: torch.Tensor) -> dict[str, np.ndarray]:
    """Boxes of a frame: NAME_corners, NAME_scores and NAME_labels."""
    corners, scores, labels = (part.cpu().numpy() for part in parts)
    return {
        f"{name}_corners": np.ascontiguousarray(corners, np.float32),
        f"{name}_scores": np.ascontiguousarray(scores, np.float32),
        f"{name}_labels": np.ascontiguousarray(labels, np.int32),
    }
