"""A refusal that a setting mends names it; with it, the same files are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.errors import DataError
from tests.data.importing.make import write

TEXTS = "".join(f"this is a longer text of some words with the number {i} in it,{i}.5\n" for i in range(30))
MANY = "label,x\n" + "".join(f"word{'abcdefghij'[i % 10]}{i},{i}.5\n" for i in range(1200))
CASES = {
    "a table as sounds": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "sound"}, "kind"),
    "a table as images": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "image"}, "kind"),
    "a table without texts": ("a.csv", "a,b\n1,2\n3,4\n5,6\n", {"kind": "text"}, "kind"),
    "a table of texts alone": ("a.csv", f"text\n{TEXTS.replace(',', ' ')}", {"kind": "table"}, "kind"),
    "more classes than can be": ("a.csv", MANY, {"label": "label"}, "label"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_setting_that_is_named_mends_the_refusal(tmp_path: Path, name: str):
    file, content, asked, setting = CASES[name]
    path = write(tmp_path, file, content)
    with pytest.raises(DataError) as refused:
        build_dataset([path], ImportConfig(**asked), "my-x")
    fix = refused.value.fix
    assert fix is not None
    assert fix["setting"] == setting
    assert refused.value.as_dict()["fix"] == fix
    made = build_dataset([path], ImportConfig(**(asked | {setting: fix["value"]})), "my-x")
    assert len(made.x) >= 3


def test_labels_that_fit_nothing_can_be_left_out(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.ones((9, 4)), y=np.arange(5))
    with pytest.raises(DataError) as refused:
        build_dataset([tmp_path / "a.npz"], ImportConfig(), "my-x")
    assert refused.value.fix == {"setting": "label", "value": "-", "title": "Import without labels"}
    assert build_dataset([tmp_path / "a.npz"], ImportConfig(label="-"), "my-x").y is None
