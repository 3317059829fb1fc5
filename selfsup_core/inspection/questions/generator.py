"""What is asked of a generator: to draw, and how it compares with autoencoders of the same data."""

from __future__ import annotations

import numpy as np
import torch

from selfsup_core.errors import StudioError
from selfsup_core.evaluate.generation import draw as draw_images
from selfsup_core.evaluate.generation import draw_noise
from selfsup_core.inspection.answer import Answer
from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.inspection.generators import GeneratorAt
from selfsup_core.inspection.kinds import about_generator
from selfsup_core.inspection.model_at import as_bytes
from selfsup_core.settings import setting
from selfsup_core.tasks.parts.images_beside import draw_from, find_autoencoders

MOST_DRAWN = 64
SHOWN = 16


class DrawAsk(EpochAsk):
    """Which images, and from which noise."""

    label: str = setting(
        "", "Class to draw; of all classes in turn if not given.", title="Class", max_length=200
    )
    count: int = setting(8, "How many images.", title="Images", ge=1, le=MOST_DRAWN)
    seed: int = setting(0, "Another seed draws other images.", title="Seed", ge=0, le=2**31 - 1)
    guidance: float | None = setting(
        None,
        "How much the class is exaggerated; the run's own if not given.",
        title="Guidance",
        ge=0.0,
        le=20.0,
    )
    ways: bool = setting(False, "Whether the way from noise comes too.", title="Ways")


@about_generator("draw", DrawAsk)
def draw(at: GeneratorAt, ask: DrawAsk) -> Answer:
    """New images, with the nearest training image of each."""
    labels = at.labels(ask.label, ask.count)
    drawn = draw_images(
        at.model,
        at.objective,
        draw_noise(ask.count, at.model.width, ask.seed),
        labels,
        seed=ask.seed,
        guidance=ask.guidance,
        ways=ask.count if ask.ways else 0,
    )
    nearest = at.evaluator.nearest(drawn.values)
    arrays = {
        "images": as_bytes(drawn.values),
        "nearest": as_bytes(at.data.values(torch.from_numpy(nearest.rows))),
        "nearest_rows": nearest.rows.astype(np.int32),
        "nearest_distance": nearest.distance.astype(np.float32),
    }
    if ask.ways:
        arrays["ways"] = as_bytes(drawn.ways)
    classes = at.data.dataset.classes
    about = {
        "epoch": at.epoch,
        "item_shape": list(at.data.item_shape),
        "labels": [classes[i] if i < len(classes) else "" for i in labels.tolist()],
        "usual_distance": at.evaluator.usual,
    }
    return Answer(arrays, about)


class BesideAsk(EpochAsk):
    """How many images are compared."""

    count: int = setting(
        200, "Images of each that the distance is measured with.", title="Images", ge=10, le=1000
    )
    seed: int = setting(0, "Another seed draws other images.", title="Seed", ge=0, le=2**31 - 1)


@about_generator("beside", BesideAsk)
def beside(at: GeneratorAt, ask: BesideAsk) -> Answer:
    """Images of the newest VAE and VQ autoencoder of the same data, and the Fréchet distance of each to
    validation rows.
    """
    evaluator, count = at.evaluator, min(ask.count, len(at.evaluator.train))
    values = {
        "generator": draw_images(
            at.model,
            at.objective,
            draw_noise(count, at.model.width, ask.seed),
            evaluator.draw_labels(count),
            seed=ask.seed,
        ).values
    }
    names = {"generator": at.spec.name}
    for one in find_autoencoders(at.workspace, at.spec.data):
        try:
            values[one.kind] = draw_from(one, at.data, count, ask.seed)
        except (StudioError, RuntimeError):
            continue  # its weights are gone
        names[one.kind] = one.name
    picks = np.random.default_rng(ask.seed).permutation(len(evaluator.train))[:count]
    values["real"] = evaluator.train_values[torch.from_numpy(picks)]
    # Those of the generator come class by class; shown are some from first to last.
    places = np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int)
    about = {
        "epoch": at.epoch,
        "item_shape": list(at.data.item_shape),
        "names": names,
        "frechet": {name: evaluator.distance(images, evaluator.real) for name, images in values.items()},
        "novelty": {name: evaluator.novelty(evaluator.nearest(images)) for name, images in values.items()},
        "count": count,
        "rows": len(evaluator.validation),
        "judge": evaluator.judge.name() if evaluator.judge else "",
    }
    return Answer({name: as_bytes(images[places]) for name, images in values.items()}, about)
