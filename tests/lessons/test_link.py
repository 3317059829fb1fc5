"""Links: what they open, and what is refused."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from selfsup_core.errors import StudioError
from selfsup_core.lessons.link import HIDDEN, make_link, read_hidden, read_present
from selfsup_core.runs.recipes import list_presets
from tests.cli.helpers import cli


def test_a_link_says_everything_that_was_chosen():
    made = make_link(
        {
            "preset": "dense-64-32-16",
            "data": "wine",
            "set": {"seed": 7, "model.widths": [8, 2]},
            "hide": ("advanced", "data", "advanced"),
            "lesson": 2,
            "step": 3,
            "present": True,
        }
    )
    parts = urlsplit(made.write("https://studio.example.org/"))
    assert (parts.netloc, parts.path) == ("studio.example.org", "/autoencoder")
    assert parse_qs(parts.query) == {
        "preset": ["dense-64-32-16"],
        "data": ["wine"],
        "set": ["seed=7", "model.widths=[8,2]"],
        "lesson": ["2"],
        "step": ["3"],
        "hide": ["advanced,data"],
        "present": ["1"],
    }


@pytest.mark.parametrize("preset", list_presets())
def test_each_preset_opens_the_page_that_trains_it(preset):
    assert make_link({"preset": preset}).page != "home"


def test_a_link_to_nothing_is_home():
    assert make_link({}).write("http://localhost:8501") == "http://localhost:8501/"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"preset": "no-such"}, "no preset 'no-such'"),
        ({"preset": "emoji", "set": {"train.epoch": 3}}, "epoch"),
        ({"preset": "emoji", "set": {"train.epochs": -3}}, "epochs"),
        ({"set": {"seed": 1}}, "Choose a preset"),
        ({"lesson": 99}, "no lesson 99"),
        ({"lesson": 2, "step": 99}, "no step 99"),
        ({"step": 2}, "Choose a lesson"),
        ({"hide": ("everything",)}, "Known: pages"),
        ({"page": "nowhere"}, "page"),
    ],
)
def test_what_is_not_there_is_refused(values, said):
    with pytest.raises(StudioError, match=said):
        make_link(values)


def test_an_address_is_read_or_refused():
    assert read_hidden(" advanced,,data, advanced") == ("advanced", "data")
    assert read_hidden("") == ()
    with pytest.raises(StudioError, match=f"Known: {', '.join(HIDDEN)}"):
        read_hidden("data,<b>")
    assert (read_present("1"), read_present("0"), read_present("")) == (True, False, False)
    with pytest.raises(StudioError, match="present='yes'"):
        read_present("yes")


def test_the_command_prints_a_link_and_writes_its_code(tmp_path):
    code = tmp_path / "code.svg"
    asked = ("--preset", "emoji", "--set", "seed=3", "--hide", "data", "--qr", str(code), "--json")
    done = cli("link", *asked, workspace=None)
    assert json.loads(done.stdout)["link"].endswith("/autoencoder?preset=emoji&set=seed%3D3&hide=data")
    assert code.read_bytes().startswith(b"<?xml")
    refused = cli("link", "--preset", "emoji", "--qr", str(tmp_path / "code.jpg"), workspace=None)
    assert refused.returncode == 2
    assert ".svg or .png" in refused.stderr
    assert not (tmp_path / "code.jpg").exists()
