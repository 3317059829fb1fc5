"""Finished runs that the tools are tried on: made once, small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from selfsup_core.inspection.model_at import Kits
from selfsup_core.runs.folder import RunFolder
from selfsup_core.runs.spec import make_spec
from tests.helpers import make_run, run_here

MODELS: dict[str, dict[str, Any]] = {
    "plain": {"model": {"widths": [16, 4], "code_activation": "linear"}},
    "two": {"model": {"widths": [16, 2], "code_activation": "linear"}},
    "variational": {
        "model": {"widths": [16, 4], "code_activation": "linear"},
        "objective": {"kind": "variational", "warmup_epochs": 1},
    },
    "quantized": {
        "model": {"widths": [16, 4], "code_activation": "linear"},
        "objective": {"kind": "vector-quantized", "codes": 8, "dimension": 2},
    },
    "masked": {
        "model": {"kind": "patches", "patch": 2, "size": 16, "depth": 1, "decoder_size": 16},
        "objective": {"kind": "masked"},
    },
    "convolutional": {"model": {"kind": "convolutional", "channels": [4], "code": 3}},
    "left out": {"model": {"widths": [16, 4]}, "data": {"source": "digits", "leave_out": "7"}},
    "table": {"model": {"widths": [4, 2]}, "data": {"source": "wine"}},
    "texts": {"model": {"widths": [8, 3]}, "data": {"source": "my-texts", "vocabulary": 50}},
}


class Runs:
    """Finished runs by name, trained when first asked for."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.kits = Kits(workspace)
        self.made: dict[str, RunFolder] = {}

    def __getitem__(self, name: str) -> RunFolder:
        if name not in self.made:
            common = {
                "data": {"source": "digits"},
                "train": {"epochs": 2, "batch_size": 64, "device": "cpu", "threads": 1},
                "frames": {"samples": 80, "tiles": 8},
            }
            if name == "texts":
                save_texts(self.workspace)
            folder = make_run(self.workspace, make_spec(common | MODELS[name]))
            state = run_here(folder)
            assert state["status"] == "finished", state["error"]
            self.made[name] = folder
        return self.made[name]


def save_texts(workspace: Path) -> None:
    """Sixty short texts on two subjects, as an own data set."""
    import numpy as np

    from selfsup_core.data.dataset import Dataset, save_dataset
    from selfsup_core.data.texts import Texts

    words = (("rocket", "orbit", "moon", "engine"), ("goal", "skates", "team", "ice"))
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(words[i % 2], 6)) for i in range(60)]
    dataset = Dataset(
        id="my-texts",
        kind="text",
        title="Texts",
        x=Texts.pack(texts),
        y=np.arange(60) % 2,
        classes=("space", "hockey"),
        details={"rows": 60, "shape": []},
    )
    if not (workspace / "datasets" / "my-texts").exists():
        save_dataset(dataset, workspace / "datasets" / "my-texts")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("lab") / "workspace")
