"""What pseudo-labels bring where few labels are known: the student beside its twin, on test rows, of
translations, of transcripts and of boxes; and the time.

Presets as they are, mean ± standard deviation over three seeds. Settings were chosen on validation rows.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.family import mean_sd, run
from benchmarks.size import is_toy, sized
from benchmarks.table import Row
from selfsup_core.evaluate.words.scenario_words import SCORES
from selfsup_core.files import read_json
from selfsup_core.runs.recipes import preset_spec

BY_NAME_ONLY = True  # nine runs of some minutes each
SEEDS = sized((0, 1, 2), (0,))
# Preset, its task, and the share of labels that is known; of phrases, 500 of 4,000 pairs.
ALL = (
    ("translate-phrases", "translate", 0.125),
    ("speech-digits", "transcribe", 0.05),
    ("detect-emoji", "detect", 0.05),
)
PRESETS = sized(ALL, ALL[-1:])
BESIDE: dict[str, Any] = {"train.device": "cpu", "frames.max_frames": 2}
SMALLER: dict[str, Any] = {
    "train.epochs": 2,
    "train.steps_per_epoch": 1,
    "train.batch_size": 4,
    "objective.teacher_epochs": 1,
    "model.width": 8,
}
COLUMNS = ("student", "twin", "kept_right", "kept_share", "seconds")


def measure_preset(workspace: Path, preset: str, task: str, known: float) -> Row:
    states = []
    for seed in SEEDS:
        few = BESIDE | {"data.labels_fraction": known, "seed": seed}
        spec = preset_spec(preset, few | (SMALLER if is_toy() else {}))
        state: dict[str, Any] = read_json(run(workspace, spec).state) or {}
        assert state["status"] == "finished", state.get("error")
        states.append(state)
    score = SCORES[task]
    student, twin = ([one["metrics"][name] for one in states] for name in (score.name, f"twin_{score.name}"))
    right, share = ([one["metrics"][name] or 0.0 for one in states] for name in ("kept_right", "kept_share"))
    seconds = [one["seconds"] for one in states]
    gains = [score.gain(own - other) for own, other in zip(student, twin, strict=True)]
    return Row(
        f"{preset}, {known:.3g} of the labels: {score.name}",
        f"{mean_sd(student, 3)} (right among the kept {mean_sd(right, 2)}; {mean_sd(seconds, 0)} s)",
        f"better than the twin's {mean_sd(twin, 3)}",
        None if is_toy() else min(gains) > 0,
        {
            "student": float(np.mean(student)),
            "twin": float(np.mean(twin)),
            "kept_right": float(np.mean(right)),
            "kept_share": float(np.mean(share)),
            "seconds": float(np.mean(seconds)),
        },
    )


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        return [measure_preset(Path(place), *one) for one in PRESETS]
