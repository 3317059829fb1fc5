"""No one has to read the raw name of a choice or of a metric: each has a title."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import selfsup_core
from selfsup_core.evaluate.rows import EpochRow
from selfsup_core.pseudo.keepers import KEEPERS
from selfsup_core.pseudo.objectives.pseudo_labels import PROPOSERS, describe_proposers
from selfsup_core.registry import packages_named
from selfsup_core.settings import Config, list_settings
from selfsup_core.wording import inline
from tests.helpers import parse

ROOT = Path(__file__).parents[1]


def all_configs():
    for module in pkgutil.walk_packages(selfsup_core.__path__, "selfsup_core."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting = [Config]
    while waiting:
        for config in waiting.pop().__subclasses__():
            if config.__module__.startswith("selfsup_core"):
                waiting.append(config)
                yield config


def test_each_choice_has_a_title():
    untitled = {
        f"{config.__name__}.{entry.path}: {choice}"
        for config in all_configs()
        for entry in list_settings(config)
        for choice in entry.choices
        if isinstance(choice, str) and choice not in entry.titles and not entry.path.endswith("kind")
    }
    assert not untitled, "Give these choices titles with `setting(titles=…)`."


def test_a_setting_that_says_what_zero_means_shows_it():
    entries = {e.path: e for config in all_configs() for e in list_settings(config)}
    said = entries["labels_per_class"]
    assert (said.label, said.say(0), said.say(4)) == ("Labels per class (0 = all)", "all", "4")
    assert entries["proposers"].say(("self", "rules")) == "The student itself, Keyword rules"


@pytest.mark.parametrize(
    ("names", "vote", "text"),
    [
        (["twin", "neighbors"], "agree", "Classifier and similar rows, where they agree"),
        (["neighbors", "self"], "mean", "Similar rows and the student itself"),
        (["rules"], "agree", "Keyword rules"),
        (
            ["names", "rules", "remote"],
            "mean",
            "Names of the classes, keyword rules and remote language model",
        ),
    ],
)
def test_proposers_are_named_as_one_would_say(names, vote, text):
    assert describe_proposers(names, vote) == text


def test_titles_within_a_sentence_keep_their_capitals():
    assert [inline(t) for t in ("FlexMatch", "PCA", "Similar rows")] == ["FlexMatch", "PCA", "similar rows"]


def test_every_proposer_and_keeper_is_titled():
    titles = [*PROPOSERS.values(), *(keeper.title for _, keeper in KEEPERS.items())]
    assert all(title[0].isupper() for title in titles)


def names_of_terms() -> set[str]:
    """What objectives call the parts of their loss and what they measure beside it."""
    found = set()
    for folder in packages_named("objectives"):
        for file in sorted(ROOT.joinpath(*folder.split(".")).glob("*.py")):
            for node in ast.walk(parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name in (
                    "step",
                    "terms",
                    "diagnose",
                    "describe",
                ):
                    dicts = [one for one in ast.walk(node) if isinstance(one, ast.Dict)]
                    keys = [key for one in dicts for key in one.keys if isinstance(key, ast.Constant)]
                    found |= {str(key.value) for key in keys}
    return found


def test_each_metric_has_a_title_in_the_loss_panel():
    source = (ROOT / "assets/web/stage/panels/curves.js").read_text(encoding="utf-8")
    block = re.search(r"const labelsOf = \(\) => \(\{(.*?)\n\}\)", source, re.DOTALL)
    assert block
    titled = set(re.findall(r"^\s+(\w+):", block[1], re.MULTILINE))
    measured = {
        re.sub("^val_(?!mse)", "", name) for name in EpochRow.__annotations__ if name.startswith("val_")
    }
    terms = names_of_terms()
    assert {"loss", "kl", "accuracy"} <= terms
    assert (terms | measured) - titled == set()


def sentences_of(file: Path) -> list[str]:
    """String constants that read as prose, f-strings with their values left out; no docstrings."""
    tree = parse(file.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            texts.append(node.value)
    return [text for text in texts if re.search(r"[a-z] [a-z]", text)]


def test_no_sentence_names_a_setting_by_its_path_alone():
    """People know a setting by its title; its path may follow in parentheses, for the command line."""
    path = re.compile(
        r"(?<!\()\b(data|objective|train|model|frames)\.[a-z]+_[a-z_]+|(?<!\()\bobjective\.[a-z]+"
    )
    bad = [
        f"{file.relative_to(ROOT)}: {text}"
        for room in ("selfsup_core", "pages")
        for file in sorted((ROOT / room).rglob("*.py"))
        if "cli" not in file.parts and file.name != "fetch_assets.py"
        for text in sentences_of(file)
        if path.search(text)
    ]
    assert not bad, "\n".join(bad)
