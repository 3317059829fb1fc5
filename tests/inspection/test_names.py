"""Names and groups of samples on a map: what a card says, what can be searched, what points can be colored
by.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.inspection.model_at import Kits
from selfsup_core.inspection.space.selections import unpack_rows
from selfsup_core.inspection.space.spaces import Spaces
from tests.inspection.asking import ask_space, start_map

SPACE = "data:my-named"


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Spaces:
    workspace: Path = tmp_path_factory.mktemp("named")
    generator = np.random.default_rng(0)
    named = Dataset(
        id="my-named",
        kind="image",
        title="Named",
        x=generator.integers(0, 256, (30, 4, 4, 3), np.uint8),
        y=np.arange(30) % 2,
        classes=("a", "b"),
        scale=1 / 255,
        extra={
            "names": Texts.pack(f"cat {i}" if i < 4 else f"flag {i}" for i in range(30)),
            "subgroup": Texts.pack("tiger" if i % 3 else "lion" for i in range(30)),
        },
        details={"rows": 30, "shape": [4, 4, 3], "categories": ["subgroup"]},
    )
    save_dataset(named, workspace / "datasets" / "my-named")
    return Spaces(workspace, Kits(workspace))


@pytest.fixture(scope="module")
def key(spaces: Spaces) -> str:
    made = start_map(spaces, SPACE, {"kind": "pca"}, wait=True)
    assert made["status"] == "done"
    return str(made["key"])


def test_a_card_says_name_and_group(spaces, key):
    (card,) = ask_space(spaces, SPACE, "items", {"key": key, "places": [6]}).about["items"]
    assert (card["text"], card["subgroup"], card["label"]) == (f"flag {card['row']}", "lion", "a")


def test_samples_are_found_by_name(spaces, key):
    found = ask_space(spaces, SPACE, "search", {"key": key, "how": "contains", "text": "Cat"}).about
    assert found["count"] == 4
    cards = ask_space(
        spaces, SPACE, "items", {"key": key, "places": unpack_rows(found["bits"]).tolist()}
    ).about["items"]
    assert {card["row"] for card in cards} == {0, 1, 2, 3}


def test_points_are_colored_by_group(spaces, key):
    assert ask_space(spaces, SPACE, "colors", {"key": key}).about["categories"]["subgroup"] == 2
    made = ask_space(spaces, SPACE, "color", {"key": key, "by": "subgroup"})
    cards = ask_space(spaces, SPACE, "items", {"key": key, "places": list(range(30))}).about["items"]
    assert [card["subgroup"] == "tiger" for card in cards] == (made.arrays["codes"] == 1).tolist()
