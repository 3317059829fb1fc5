"""How near generated images come: Fréchet distance to test rows of both presets, beside VAEs of the same
data and real training images, in the features of one classifier; whether they are copies; and the time.

Presets as they are, mean ± standard deviation over three seeds. Beside each stand the preset "vae" on these
data and a convolutional VAE that trains for at least as long as the generator, with the network of its
autoencoder where it has one.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.family import mean_sd, run
from benchmarks.size import is_toy, sized
from benchmarks.table import Row
from selfsup_core.files import read_json
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.recipes import preset_spec
from selfsup_core.runs.spec import RunSpec, make_spec

SEEDS = sized((0, 1, 2), (0,))
PRESETS = ("generate-fashion", "generate-emoji")
QUIET: dict[str, Any] = {"train.device": "cpu", "frames.max_frames": 2}
SMALLER: dict[str, Any] = {"train.epochs": 1, "train.steps_per_epoch": 2, "data.source": "digits"}
TINY: dict[str, dict[str, Any]] = {
    "unet": {"model.channels": [4, 4]},
    "code-generator": {"model.channels": [4], "model.width": 8, "model.code_epochs": 1, "train.epochs": 2},
}
ANSWERS: dict[str, Any] = {"objective.steps": 2, "train.batch_size": 8}
LONG = {"train.epochs": 60, "train.steps_per_epoch": 60}  # of the convolutional VAE
COLUMNS = ("frechet", "vae_frechet", "long_vae_frechet", "real_frechet", "novelty", "seconds", "cpu_seconds")


def spec_of(preset: str, seed: int) -> RunSpec:
    more = QUIET | {"seed": seed}
    if is_toy():
        more |= SMALLER | ANSWERS | TINY[preset_spec(preset).model.kind]
    return preset_spec(preset, more)


def long_vae(spec: RunSpec) -> RunSpec:
    """A VAE with the convolutions of an autoencoder that a generator would train first."""
    made = preset_spec("generate-emoji").model.model_copy(update=sized({}, {"channels": (4,), "code": 4}))
    network: Any = made
    values = preset_spec("vae", QUIET | {"data.source": spec.data.source, "seed": spec.seed}).as_dict()
    values["model"] = {
        "kind": "convolutional",
        "channels": network.channels,
        "code": network.code,
        "activation": "gelu",
    }
    values["train"] |= {"learning_rate": 0.002, "schedule": "cosine"}
    return make_spec(values, LONG if not is_toy() else {"train.epochs": 1, "train.steps_per_epoch": 2})


def distance_of(folder: RunFolder, spec: RunSpec) -> float:
    """Of what an autoencoder's run draws, as a generator's run measures it at its end."""
    from selfsup_core.data.sources import open_source
    from selfsup_core.evaluate.frechet import frechet_distance, moments
    from selfsup_core.evaluate.generation import FINAL
    from selfsup_core.evaluate.judge import open_judge
    from selfsup_core.tasks.generate import prepare_images
    from selfsup_core.tasks.parts.images_beside import Autoencoding, draw_from

    data = prepare_images(open_source(spec.data.source, folder.workspace), spec.data, "cpu")
    judge = open_judge(data, folder.workspace, lambda text: None)
    assert judge
    drawn = draw_from(Autoencoding("vae", folder, spec, ""), data, FINAL, spec.seed)
    test = data.values(data.rows(data.split.test))
    return frechet_distance(moments(judge.features(drawn)), moments(judge.features(test)))


def found_of(workspace: Path, preset: str, seed: int) -> dict[str, float]:
    """What one seed gives, beside VAEs of the same data and seed."""
    spec = spec_of(preset, seed)
    longer = long_vae(spec)
    apart = distance_of(run(workspace, longer), longer)
    more = QUIET | {"seed": seed, "data.source": spec.data.source} | (SMALLER if is_toy() else {})
    run(workspace, preset_spec("vae", more))  # the newest VAE is the one that the generator measures
    began = sum(os.times()[:2])
    state: dict[str, Any] = read_json(run(workspace, spec).state) or {}
    assert state["status"] == "finished", state.get("error")
    metrics = state["metrics"]
    return {
        "frechet": metrics["frechet"],
        "vae_frechet": metrics["test_vae_frechet"],
        "long_vae_frechet": apart,
        "real_frechet": metrics["real_frechet"],
        "novelty": metrics["test_novelty"],
        "seconds": state["seconds"],
        "cpu_seconds": sum(os.times()[:2]) - began,
    }


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for preset in PRESETS:
            found = [found_of(Path(place), preset, seed) for seed in SEEDS]
            values = {name: [one[name] for one in found] for name in COLUMNS}
            vae, longer = values["vae_frechet"], values["long_vae_frechet"]
            real, novelty = mean_sd(values["real_frechet"], 2), mean_sd(values["novelty"], 2)
            seconds, cpu = mean_sd(values["seconds"], 0), mean_sd(values["cpu_seconds"], 0)
            rows.append(
                Row(
                    f"{preset}: Fréchet distance to test rows",
                    f"{mean_sd(values['frechet'], 2)} (real images {real}; {novelty} times as far from "
                    f"training images as real new ones; {seconds} s, {cpu} s of a core)",
                    f"below the VAE's {mean_sd(vae, 2)}, and a longer trained one's {mean_sd(longer, 2)}",
                    None if is_toy() else max(values["frechet"]) < min(*vae, *longer),
                    {name: float(np.mean(values[name])) for name in COLUMNS},
                )
            )
    return rows
