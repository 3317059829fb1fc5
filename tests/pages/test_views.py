"""The page Views through AppTest, with the samples augmented in this process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.parts.shared import routes
from pages.parts.views.drawn import compare_html
from pages.parts.views.switches import FIRST
from selfsup_core.augment.transformations import DROPOUT_ALONE, transformations_of
from selfsup_core.data.dataset import Dataset, save_dataset
from selfsup_core.data.texts import Texts
from selfsup_core.inspection.desk import Desk
from tests.pages.test_pages import buttons, texts


@pytest.fixture
def lab(studio, workspace: Path, monkeypatch):
    desk = Desk(workspace)
    monkeypatch.setattr(routes, "lab", lambda: desk)
    monkeypatch.setattr("pages.parts.views.lab.warm", lambda *_: None)
    return lambda **query: studio("pages/views.py", **({"do": "lab"} | query))


def drawn(page: Any) -> str:
    """What the grid of pictures, or the texts, are made of."""
    found = [e.proto.body for e in page.get("html") if 'class="views-' in e.proto.body]
    assert len(found) == 1
    return found[0]


def pictures(page: Any) -> list[str]:
    return re.findall(r'src="(data:[^"]+)"', drawn(page))


def make_set(workspace: Path, kind: str, x: Any, **more: Any) -> str:
    name = f"my-{kind}"
    shape = [] if isinstance(x, Texts) else list(x.shape[1:])
    details = {"rows": len(x), "shape": shape}
    made = Dataset(id=name, kind=kind, title=kind.capitalize(), x=x, details=details, **more)
    save_dataset(made, workspace / "datasets" / name)
    return name


def test_at_most_eight_controls_and_each_is_explained(lab):
    page = lab(data="emoji")
    widgets = [*page.selectbox, *page.slider, *page.button, *page.number_input]
    switches = {f"lab-image-{t.name}" for t in transformations_of("image", (32, 32, 3))[:FIRST]}
    shown = {w.key for w in widgets} & (switches | {"lab-data", "lab-new"})
    assert len(shown) == 8
    assert all(w.help for w in widgets), [w.key for w in widgets if not w.help]
    assert "Which way a thing faces." in texts(page)
    assert "Letters and digits" in texts(page)  # flips are on
    assert "A 6 becomes a 9" not in texts(page)  # turns are off
    assert len(pictures(page)) == 4 * 6


def test_a_switch_redraws_and_is_in_the_address(lab):
    page = lab(data="emoji")
    before = pictures(page)
    page.slider(key="lab-image-rotation").set_value(90.0).run()
    assert page.query_params["rotation"] == "90"
    assert "A 6 becomes a 9" in texts(page)
    after = pictures(page)
    assert after[::6] == before[::6]  # the samples themselves
    assert not set(after) - set(after[::6]) & set(before)
    page.slider(key="lab-image-rotation").set_value(0.0).run()
    assert "rotation" not in page.query_params
    assert pictures(page) == before


def test_new_views_and_other_samples(lab):
    page = lab(data="fashion-5k")
    first = pictures(page)
    buttons(page)["lab-new"].click().run()
    second = pictures(page)
    assert page.query_params["seed"] == "1"
    assert second[::6] == first[::6]
    assert second != first
    buttons(page)["advanced-lab-samples"].click().run()
    assert page.query_params["samples"] == "1"
    assert pictures(page)[::6] != first[::6]
    assert "lab-image-grayscale" not in {w.key for w in page.slider}  # the pictures have no colors


def test_a_link_opens_what_it_says(lab):
    page = lab(do="lab", data="fashion-5k", crop="0", flip="1", color="0", seed="3")
    assert page.slider(key="lab-image-flip").value == 1.0
    assert page.slider(key="lab-image-crop").value == 0.0
    assert page.query_params["flip"] == "1"
    found = pictures(page)
    assert len(set(found)) == 8  # four samples, and each of them mirrored
    everything_off = lab(data="fashion-5k", crop="0", flip="0", color="0")
    assert len(set(pictures(everything_off))) == 4
    assert "the views are the sample itself" in texts(everything_off)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"crop": "7"}, "crop must be at least 0 and at most 0.95; found 7"),
        ({"crop": "much"}, "found 'much'"),
        ({"flip": "nan"}, "flip"),
        ({"seed": "x"}, "not a number"),
        ({"samples": "-1"}, "not a number"),
        ({"data": "nope"}, "There is no data set 'nope'"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_takes_its_place(lab, query, words):
    page = lab(**({"data": "emoji"} | query))
    for _ in range(2):
        assert words in texts(page)
        assert not page.slider
        assert page.query_params[next(iter(query))] == next(iter(query.values()))
        page.run()
    name = next(iter(query))
    buttons(page)["lab-data-go-on" if name == "data" else f"{name}-go-on"].click().run()
    assert not page.error
    assert page.slider


def test_sounds_and_then_images_keep_their_own_settings(lab):
    page = lab(data="spoken-words", noise="0.3")
    assert page.slider(key="lab-sound-noise").value == 0.3
    assert len(pictures(page)) == 24
    assert "time runs to the right" in texts(page)
    page.selectbox(key="lab-data").select("emoji").run()
    assert page.slider(key="lab-image-noise").value == 0.0
    assert "noise" not in page.query_params
    assert len(pictures(page)) == 24
    assert not page.exception


def test_rows_of_a_table(lab):
    page = lab(data="wine")
    frame = page.dataframe[0].value
    assert frame.shape == (12, 13)
    itself, view = frame.iloc[0].to_numpy(), frame.iloc[1].to_numpy()
    assert 0.2 < np.mean(np.abs(itself - view) > 1e-6) < 0.9  # six columns of ten are replaced
    page.slider(key="lab-table-corruption").set_value(0.0).run()
    frame = page.dataframe[0].value
    assert np.array_equal(frame.iloc[0], frame.iloc[1])
    assert "Everything is off" in texts(page)


def test_texts_begin_with_dropout_alone(lab, workspace: Path):
    lines = [f"the <b>cat</b> number {i} sat on the big mat" for i in range(8)]
    page = lab(data=make_set(workspace, "text", Texts.pack(lines)))
    assert DROPOUT_ALONE in texts(page)
    assert "<b>" not in drawn(page)
    assert "<del>" not in drawn(page)
    page.slider(key="lab-text-deletion").set_value(0.5).run()
    assert "<del>" in drawn(page)
    page.slider(key="lab-text-synonyms").set_value(1.0).run()
    assert "<ins>" in drawn(page)


@pytest.mark.parametrize(
    ("kind", "x"),
    [
        ("image", np.zeros((3, 8, 8), np.uint8)),
        ("image", np.full((3, 9, 7, 1), 0.5, np.float32)),
        ("image", np.random.default_rng(0).integers(0, 255, (3, 128, 128, 3), dtype=np.uint8)),
        ("sound", np.zeros((1, 4, 6), np.uint8)),
        ("table", np.array([[1.0, np.nan], [1.0, 2.0], [1.0, 3.0]], np.float32)),
        ("text", Texts.pack(["", "one", "花宫难久别"])),
    ],
)
def test_small_and_odd_sets(lab, workspace: Path, kind, x):
    more = {"scale": 1 / 255} if not isinstance(x, Texts) and x.dtype == np.uint8 else {}
    columns = {"columns": ("a", "a")} if kind == "table" else {}
    page = lab(data=make_set(workspace, kind, x, **more, **columns))
    assert not page.error, [e.value for e in page.error]
    for slider in page.slider:
        slider.set_value(slider.max)
    page.run()
    assert not page.error, [e.value for e in page.error]
    assert not page.exception


def test_changes_of_a_text_are_marked():
    assert compare_html("a b c", "a b c") == "a b c"
    assert compare_html("one two", "one large") == "one <del>two</del> <ins>large</ins>"
    assert compare_html("<i>", "<i>") == "&lt;i&gt;"
    assert compare_html("a b c", "a c") == "a <del>b</del> c"
    assert compare_html("a b c", "b c") == "<del>a</del> b c"
    assert compare_html("a b", "b a") == "<ins>b</ins> a <del>b</del>"
    assert compare_html("花宫难", "花难") == "花<del>宫</del>难"


def test_the_data_page_leads_here(studio):
    page = studio("pages/data.py", data="wine")
    links = {e.proto.label: e.proto for e in page.get("page_link")}
    assert links["Try augmentations"].page == "views"
    assert links["Try augmentations"].query_string == "do=lab&data=wine"
