"""How near generated images come: Fréchet distance to test rows of both presets, beside a VAE of the same
data and real training images, in the features of one classifier; whether they are copies; and the time.

Presets as they are, mean ± standard deviation over three seeds; the VAE is the preset "vae" on these data,
trained with the same seed before the generator, which then measures it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.family import mean_sd, run
from benchmarks.size import is_toy, sized
from benchmarks.table import Row
from selfsup_core.files import read_json
from selfsup_core.runs.recipes import preset_spec

SEEDS = sized((0, 1, 2), (0,))
PRESETS = sized(("generate-fashion", "generate-emoji"), ("generate-fashion",))
QUIET: dict[str, Any] = {"train.device": "cpu", "frames.max_frames": 2}
SMALLER: dict[str, Any] = {"train.epochs": 1, "train.steps_per_epoch": 2, "data.source": "digits"}
SMALL_NETWORK: dict[str, Any] = {"model.channels": [4, 4], "objective.steps": 2, "train.batch_size": 8}
COLUMNS = ("frechet", "vae_frechet", "real_frechet", "novelty", "seconds")


def states_of(workspace: Path, preset: str, seed: int) -> dict[str, Any]:
    """The state of a generator's run, beside a VAE of the same data and seed."""
    more = QUIET | {"seed": seed} | (SMALLER if is_toy() else {})
    spec = preset_spec(preset, more | (SMALL_NETWORK if is_toy() else {}))
    run(workspace, preset_spec("vae", more | {"data.source": spec.data.source}))
    state: dict[str, Any] = read_json(run(workspace, spec).state) or {}
    assert state["status"] == "finished", state.get("error")
    return state


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for preset in PRESETS:
            found = [states_of(Path(place), preset, seed) for seed in SEEDS]
            names = ("frechet", "test_vae_frechet", "real_frechet", "test_novelty")
            ours, vae, real, novelty = ([one["metrics"][name] for one in found] for name in names)
            seconds = [one["seconds"] for one in found]
            rows.append(
                Row(
                    f"{preset}: Fréchet distance to test rows",
                    f"{mean_sd(ours, 2)} (real images {mean_sd(real, 2)}; {mean_sd(novelty, 2)} times as far "
                    f"from training images as real new ones; {mean_sd(seconds, 0)} s)",
                    f"below the VAE's {mean_sd(vae, 2)}",
                    None if is_toy() else max(ours) < min(vae),
                    {
                        "frechet": float(np.mean(ours)),
                        "vae_frechet": float(np.mean(vae)),
                        "real_frechet": float(np.mean(real)),
                        "novelty": float(np.mean(novelty)),
                        "seconds": float(np.mean(seconds)),
                    },
                )
            )
    return rows
