"""Folders of models that would end, fill or stop the process that loads them: each is refused, and ends
nothing.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selfsup_core.data.library import limited
from selfsup_core.errors import DataError
from selfsup_core.pretrained import trial
from selfsup_core.pretrained.encoders.catalogue import find_encoder, load_tokenizer
from selfsup_core.pretrained.hub import MARK
from selfsup_core.pretrained.loading import load_model
from tests.helpers import ROOT
from tests.models.tiny import tiny_bert

Change = Callable[[dict[str, Any]], object]
Refusal = dict[str, str] | None


def in_file(name: str, change: Change) -> Callable[[Path], None]:
    """What changes the JSON of one of a folder's files."""

    def act(folder: Path) -> None:
        values = json.loads((folder / name).read_bytes())
        change(values)
        (folder / name).write_text(json.dumps(values))

    return act


def words(change: Change) -> Callable[[Path], None]:
    return in_file("tokenizer.json", change)


def config(**values: object) -> Callable[[Path], None]:
    return in_file("config.json", lambda old: old.update(values))


def other_network(**values: object) -> Callable[[Path], object]:
    return lambda folder: (folder / "config.json").write_text(json.dumps(values))


def added_token(number: int) -> dict[str, object]:
    sides = dict.fromkeys(("single_word", "lstrip", "rstrip", "special"), False)
    return {"id": 1000 + number, "content": f"<{number}>", "normalized": True, **sides}


def pipe_instead(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")


TENFOLD = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 10}
LONG = {"zz": {"id": "zz", "ids": [0] * 2_000_000, "tokens": ["a"] * 2_000_000}}
# What is done to a good folder, and what is said of it. Those with a mark end the process that loads them.
HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a table of garbage": (
        words(lambda w: w.update(normalizer={"type": "Precompiled", "precompiled_charsmap": "/////wAA"})),
        r"The tokenizer \(tokenizer.json and the files beside it\) of bert takes more than 300 MB of memory",
    ),
    "text that grows a billionfold": (
        words(lambda w: w.update(normalizer={"type": "Sequence", "normalizers": [TENFOLD] * 9})),
        r"The tokenizer .* of bert takes more than 300 MB of memory",
    ),
    "two million tokens around each text": (
        words(
            lambda w: w.update(
                post_processor={
                    "type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "zz", "type_id": 0}}],
                    "pair": [],
                    "special_tokens": LONG,
                }
            )
        ),
        r"The tokenizer .* of bert (takes more than|crashed the process)",
    ),
    "a rule that never ends": (
        words(
            lambda w: w.update(
                pre_tokenizer={
                    "type": "Split",
                    "pattern": {"Regex": "(a+a+)+b"},
                    "behavior": "Isolated",
                    "invert": False,
                }
            )
        ),
        "The tokenizer of bert could not be loaded: Onig: Regex search error",
    ),
    "a rule of parentheses": (
        words(
            lambda w: w.update(
                pre_tokenizer={
                    "type": "Split",
                    "pattern": {"Regex": "(" * 100_000},
                    "behavior": "Isolated",
                    "invert": False,
                }
            )
        ),
        "The tokenizer of bert could not be loaded: Oniguruma error",
    ),
    "an overlap longer than the text": (
        words(
            lambda w: w.update(
                truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 5}
            )
        ),
        "The tokenizer of bert could not be loaded: `stride`",
    ),
    "pieces of no length": (
        words(lambda w: w.update(pre_tokenizer={"type": "FixedLength", "length": 0})),
        "The tokenizer of bert could not be loaded: chunk size",
    ),
    "no vocabulary": (
        words(lambda w: w.update(model={"type": "Unigram", "unk_id": 0, "vocab": []})),
        "The tokenizer of bert could not be loaded: Unable to load vocab",
    ),
    "deep JSON": (
        lambda folder: (folder / "tokenizer.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000),
        "The tokenizer of bert could not be loaded",
    ),
    "a million layers under another name": (
        other_network(model_type="funnel", architectures=["FunnelModel"], block_sizes=[1000] * 1000),
        r"The network that config.json asks for of bert (was not loaded|takes more than)",
    ),
    "the largest sizes that are allowed": (
        config(hidden_size=65_536, intermediate_size=2**20, num_hidden_layers=3),
        r"config.json of bert asks for a network of [\d,]+ weights; its files hold [\d,]+ bytes",
    ),
    "a kind of network that is none": (
        config(model_type=["bert"]),
        "The configuration of bert could not be loaded",
    ),
    "a pipe": (pipe_instead, r"tokenizer.json of bert is not a regular file"),
    "a million layers": (config(num_hidden_layers=1_000_000), "asks for 1,000,000 layers; at most 1,000"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("good") / "bert", head=False)


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is remembered."""
    monkeypatch.setenv(trial.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(trial, "_passed", set())


def try_all(folders: list[Path]) -> list[Refusal]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.pretrained.trials", *map(str, folders)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "RUST_BACKTRACE": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(folders), done.stderr[-2000:]
    return found


VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    7,
    2**31,
    2**40,
    2**63,
    0.5,
    1e300,
    "",
    "x",
    "a" * 5000,
    "(a|a)*b",
    "/////wAA",
    [],
    {},
    [[]],
    {"type": "ByteLevel"},
    {"Regex": "(a+)+$"},
    {"String": "a"},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, inner in items for place in places(inner, (*path, key))]


def mutate(folder: Path, draw: random.Random) -> str:
    """Change one to three values of the words or the settings, or some bytes; what was done."""
    file = folder / draw.choice(("tokenizer.json", "tokenizer.json", "config.json", "tokenizer_config.json"))
    if draw.random() < 0.2:
        data = file.read_bytes()
        at = draw.randrange(len(data))
        file.write_bytes(data[:at] + draw.randbytes(3) + data[at + draw.choice((0, 3)) :])
        return f"bytes at {at} of {file.name}"
    values, done = json.loads(file.read_bytes()), []
    for _ in range(draw.choice((1, 1, 3))):
        *way, last = draw.choice(places(values))
        outer = values
        for key in way:
            outer = outer[key]
        outer[last] = draw.choice(VALUES)
        done.append(f"{[*way, last]} = {str(outer[last])[:60]!r}")
    file.write_text(json.dumps(values))
    return f"{file.name}: {'; '.join(done)}"


@dataclass
class Outcomes:
    """What came of the good folder, of hostile ones by name, and of mutated ones by what was done to them."""

    good: Refusal
    hostile: dict[str, Refusal]
    mutated: list[tuple[str, Refusal]]


@pytest.fixture(scope="module")
def outcomes(good: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Outcomes:
    """All folders are tried by one process, since its imports take longer than most of them."""
    if not hasattr(os, "fork"):
        pytest.skip("the child is forked here to be quick")
    count, number = pytestconfig.getoption("mutations"), pytestconfig.getoption("mutation_seed")
    root = tmp_path_factory.mktemp("tried")
    folders = [shutil.copytree(good, root / str(n) / "bert") for n in range(len(HOSTILE) + count)]
    for folder, (change, _) in zip(folders, HOSTILE.values(), strict=False):
        change(folder)
    done = [
        mutate(folder, random.Random(f"{number}-{n}")) for n, folder in enumerate(folders[len(HOSTILE) :])
    ]
    first, *found = try_all([good, *folders])
    for refusal in found:
        assert str(root) not in str(refusal)
    return Outcomes(
        first,
        dict(zip(HOSTILE, found, strict=False)),
        list(zip(done, found[len(HOSTILE) :], strict=True)),
    )


def test_a_good_folder_passes(outcomes: Outcomes):
    assert outcomes.good is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_is_refused_in_words(outcomes: Outcomes, name: str):
    refusal = outcomes.hostile[name]
    assert refusal
    assert refusal["code"] == "bad-model"
    assert re.search(HOSTILE[name][1], refusal["message"]), refusal
    assert refusal["remedy"] or "regular file" in refusal["message"]


def test_mutated_folders_pass_or_are_refused(outcomes: Outcomes, pytestconfig: pytest.Config):
    count, number = pytestconfig.getoption("mutations"), pytestconfig.getoption("mutation_seed")
    again = f"The same once more: pytest --mutations {count} --mutation-seed {number}"
    assert len(outcomes.mutated) == count
    for what, refusal in outcomes.mutated:
        if refusal:
            assert refusal["code"] in ("bad-model", "remote-code"), (what, refusal, again)
            assert "Traceback" not in refusal["message"], (what, refusal, again)


@pytest.mark.usefixtures("anew")
def test_what_aborts_is_refused_before_this_process_loads_it(good: Path, tmp_path: Path):
    """By the child itself, not a fork of it; as an encoder, since `tests/inspection` does the same to
    language models.
    """
    folder = shutil.copytree(good, tmp_path / "bert")
    HOSTILE["a table of garbage"][0](folder)
    with pytest.raises(DataError, match="takes more than"):
        load_tokenizer(find_encoder(str(folder)))
    assert not trial.is_remembered(trial.fingerprint(folder))


@pytest.mark.usefixtures("anew")
def test_the_same_content_is_tried_once(good: Path, tmp_path: Path, monkeypatch):
    tried: list[Path] = []
    said: list[str] = []
    monkeypatch.setattr(trial, "try_apart", tried.append)
    first, second = (shutil.copytree(good, tmp_path / name / "bert") for name in "ab")
    load_model(first, said.append)
    load_tokenizer(find_encoder(str(first)))
    load_model(second)
    assert tried == [first]
    assert said == ["Trying bert in a process of its own."]
    monkeypatch.setattr(trial, "_passed", set())  # as another process would find it
    load_model(second)
    assert tried == [first]
    words(lambda w: w.update(normalizer={"type": "Lowercase"}))(second)
    load_model(second)
    assert tried == [first, second]
    (second / MARK).write_text("{}")  # all that could be read counts
    load_model(second)
    assert tried == [first, second, second]
    monkeypatch.setattr(trial, "libraries", lambda: "transformers 99")
    load_model(first)
    assert len(tried) == 4


@pytest.mark.usefixtures("anew")
def test_without_a_place_for_marks_it_is_tried_once_a_process(good: Path, tmp_path: Path, monkeypatch):
    tried: list[Path] = []
    monkeypatch.setattr(trial, "try_apart", tried.append)
    (tmp_path / "cache").touch()
    load_model(good)
    load_model(good)
    assert tried == [good]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import signal; signal.pause()", "within 0 s"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "within 0 s"),
        ("import os; os.abort()", "crashed the process"),
        ("import sys; held = bytearray(80_000_000); sys.stdin.read()", "takes more than 60 MB"),
        ("import sys; sys.exit('memory allocation of 4 bytes failed')", "takes more than 60 MB"),
    ],
    ids=["slow", "killed", "abort", "memory", "allocation"],
)
def test_a_child_that_dies_is_said(good: Path, tmp_path: Path, monkeypatch, body: str, said: str):
    package = tmp_path / "false" / "selfsup_core" / "pretrained"
    package.mkdir(parents=True)
    for parent in (package, package.parent):
        (parent / "__init__.py").touch()
    (package / "trial.py").write_text(body)
    monkeypatch.setattr(limited, "ROOT", tmp_path / "false")
    monkeypatch.chdir(tmp_path / "false")
    monkeypatch.setattr(trial, "memory_for_one", lambda: 60_000_000)
    monkeypatch.setattr(limited, "memory_for_one", lambda: 60_000_000)
    monkeypatch.setattr(trial, "SECONDS", 0.3 if "pause" in body else 30.0)
    monkeypatch.setattr(trial, "PARTS", {})
    with pytest.raises(DataError, match=said.replace("0 s", "(0|30) s")) as raised:
        trial.try_apart(good)
    assert raised.value.code == "bad-model"
    assert raised.value.remedy
