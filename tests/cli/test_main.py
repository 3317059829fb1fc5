"""The command line: output, exit codes, messages."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfsup_core import __version__
from selfsup_core.cli.train import fresh_signs
from selfsup_core.errors import RunError
from selfsup_core.inspection.asking import questions_about
from selfsup_core.runs.folder import RunFolder, list_states, open_run, read_state, update_state
from selfsup_core.runs.queue import submit
from tests.cli.helpers import cli
from tests.helpers import make_run, run_here, tiny_spec, wait_for, wait_status
from tests.models.tiny import tiny_gpt


def test_data_list_names_all_sources(workspace: Path):
    answer = cli("data", "list", "--json", workspace=workspace)
    assert answer.returncode == 0
    sources = {entry["source"]: entry for entry in json.loads(answer.stdout)}
    assert set(sources) >= {"mnist-5k", "digits", "wine", "breast-cancer"}
    assert sources["mnist-5k"]["samples"] == 5000
    assert all(entry["licence"] and entry["origin"] and entry["version"] for entry in sources.values())
    assert sources["emoji"]["licence"] == "Apache-2.0"
    assert "Noto Emoji 16" in sources["emoji"]["origin"]


def test_examples_of_layouts_are_listed_and_written(workspace: Path, tmp_path: Path):
    listed = json.loads(cli("data", "example", "--json", workspace=None).stdout)
    assert "table" in [entry["name"] for entry in listed]
    answer = cli("data", "example", "table", str(tmp_path), "--json", workspace=None)
    assert json.loads(answer.stdout)["file"] == str(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().startswith("length,width,color,class\n")


def test_presets_are_listed(workspace: Path):
    answer = cli("presets", "--json", workspace=workspace)
    presets = {entry["preset"]: entry for entry in json.loads(answer.stdout)}
    assert presets["dense-64-32-16"]["spec"]["model"]["widths"] == [64, 32, 16]


def test_train_prints_one_object_at_the_end(supervised: Path):
    answer = cli(
        "train",
        "dense-table",
        "--json",
        "--name",
        "from the shell",
        "--set",
        "train.epochs=3",
        "--set",
        "data.labels_per_class=4",
        workspace=supervised,
    )
    assert answer.returncode == 0, answer.stderr
    outcome = json.loads(answer.stdout.splitlines()[-1])
    assert (outcome["status"], outcome["epochs"]) == ("finished", 3)
    assert {"val_loss", "val_mse", "pca_mse", "knn_accuracy"} <= set(outcome["metrics"])
    assert outcome["seconds"] > 0
    assert outcome["samples_per_second"] > 0
    assert Path(outcome["folder"]).name == outcome["run"]
    assert "100%" in answer.stderr
    shown = cli("runs", "show", "from the shell", "--json", workspace=supervised)
    assert json.loads(shown.stdout)["run"] == outcome["run"]


def test_signs_of_trouble_are_told_while_it_trains_at_its_end_and_in_json(supervised: Path):
    settings = (
        "--set",
        "train.epochs=3",
        "--set",
        "train.learning_rate=10",
        "--set",
        "model.activation=relu",
    )
    answer = cli("train", "dense-table", *settings, "--json", workspace=supervised)
    assert answer.returncode == 0, answer.stderr
    assert "epoch 1: Divergence: training loss" in answer.stderr
    outcome = json.loads(answer.stdout.splitlines()[-1])
    assert {"diverging", "worse-than-mean"} <= {sign["code"] for sign in outcome["signs"]}
    shown = json.loads(cli("runs", "show", outcome["run"], "--json", workspace=supervised).stdout)
    assert shown["signs"] == outcome["signs"]
    said = cli("runs", "show", outcome["run"], workspace=supervised).stdout
    assert all(f"{sign['text']} {sign['remedy']}" in said for sign in outcome["signs"])


def test_each_kind_of_sign_is_told_once_and_those_of_the_last_epoch_with_the_outcome():
    rows = [
        {"kind": "epoch", "epoch": e, "signs": [{"code": c, "text": f"{c}.", "remedy": "Mend it."}]}
        for e, c in ((1, "drift"), (2, "drift"), (3, "collapse"))
    ]
    lines, told = [json.dumps(row).encode() for row in rows], set[str]()
    assert fresh_signs(lines, told, "round", before=3) == ["round 1: drift. Mend it."]
    assert fresh_signs(lines, told, "round") == ["round 3: collapse. Mend it."]
    assert fresh_signs([b'{"kind": "step"}'], told, "round") == []


def test_a_run_that_diverged_tells_it_as_a_sign(workspace: Path):
    folder = make_run(workspace)
    error = {"code": "diverged", "message": "loss became nan in step 3.", "remedy": "Try a tenth of it."}
    update_state(folder, status="failed", stop_reason="diverged", error=error)
    shown = cli("runs", "show", folder.id, workspace=workspace).stdout
    assert shown.count("loss became nan in step 3. Try a tenth of it.") == 1
    as_json = json.loads(cli("runs", "show", folder.id, "--json", workspace=workspace).stdout)
    assert [sign["code"] for sign in as_json["signs"]] == ["diverged"]


def test_a_name_that_fits_several_runs_is_refused_with_their_ids(workspace: Path):
    runs = [make_run(workspace, seed=seed, name="Same").id for seed in range(2)]
    alone = make_run(workspace, seed=2, name=runs[0][:4]).id  # also the beginning of the other ids
    answer = cli("runs", "show", "Same", workspace=workspace)
    assert answer.returncode != 0
    assert all(run in answer.stderr for run in runs)
    assert alone not in answer.stderr
    assert "Give one of these IDs" in answer.stderr
    with pytest.raises(RunError, match="3 runs"):
        open_run(workspace, runs[0][:4])
    assert {open_run(workspace, run).id for run in (*runs, alone)} == {*runs, alone}


def test_train_takes_a_spec_file(supervised: Path, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("data: {source: wine}\nmodel: {widths: [4]}\ntrain: {epochs: 2}\n")
    answer = cli("train", str(path), "--json", workspace=supervised)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["metrics"]["pca_components"] == 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--set", "train.epochs=0"), ("train.epochs", "at least 1", "found 0")),
        (("--set", "train.epochs=1000000"), ("train.epochs", "at most 100000", "1000000")),
        (("--set", "train.learning_rate=fast"), ("train.learning_rate", "fast")),
        (("--set", "train.epoch=3"), ("train.epoch", "train.epochs")),
        (("--set", "model.widths=[0]"), ("widths", "at least 1")),
        (("--set", "model.kind=conv9"), ("conv9", "dense")),
        (("--set", "data.source=mnist"), ("data.source", "mnist-5k")),
        (("--set", "nonsense"), ("nonsense", "train.epochs=3")),
    ],
)
def test_bad_settings_exit_with_2_and_name_field_bound_and_value(workspace: Path, arguments, says):
    answer = cli("train", "dense-64-32-16", *arguments, workspace=workspace)
    assert answer.returncode == 2, answer.stderr
    assert all(part in answer.stderr for part in says), answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (workspace / "runs").exists()


def test_unknown_preset_and_bad_yaml_exit_with_2(workspace: Path, tmp_path: Path):
    answer = cli("train", "dense", workspace=workspace)
    assert answer.returncode == 2
    assert "dense-64-32-16" in answer.stderr
    path = tmp_path / "bad.yaml"
    for text in ("train: [", "- a\n- b\n", "!!python/object/apply:os.system ['true']", "x: 1"):
        path.write_text(text)
        answer = cli("train", str(path), workspace=workspace)
        assert answer.returncode == 2, text
        assert "Traceback" not in answer.stderr
    assert cli("train", str(tmp_path / "none.yaml"), workspace=workspace).returncode == 2
    assert cli("fly", workspace=workspace).returncode == 2


def test_runs_can_be_listed_steered_deleted_and_restored(supervised: Path):
    folder = submit(supervised, tiny_spec(train__epochs=200, train__epochs_per_second=20))
    wait_for(lambda: read_state(folder)["epoch"] >= 1, "epoch 1")
    for action, status in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        assert cli("runs", action, folder.id, workspace=supervised).returncode == 0
        wait_status(folder, status)
    listed = json.loads(cli("runs", "list", "--json", workspace=supervised).stdout)
    assert folder.id in [entry["run"] for entry in listed]
    assert cli("runs", "delete", folder.id, workspace=supervised).returncode == 0
    again = cli("runs", "delete", folder.id, workspace=supervised)
    assert again.returncode == 1
    assert folder.id not in [state["run"] for state in list_states(supervised)]
    assert cli("runs", "restore", folder.id, workspace=supervised).returncode == 0
    assert folder.exists()


def test_a_running_run_is_not_deleted(workspace: Path):
    folder = make_run(workspace)
    update_state(folder, status="queued")
    answer = cli("runs", "delete", folder.id, "--json", workspace=workspace)
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["code"] == "run-active"
    assert RunFolder(folder.path).exists()


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> RunFolder:
    spec = tiny_spec(data__source="digits", model__code_activation="linear")
    folder = make_run(tmp_path_factory.mktemp("lab") / "workspace", spec)
    assert run_here(folder)["status"] == "finished"
    return folder


def test_settings_of_a_preset(workspace: Path):
    answer = cli("settings", "--preset", "vae", "--json", workspace=None)
    defaults = {entry["setting"]: entry["default"] for entry in json.loads(answer.stdout)}
    assert defaults["objective.beta"] == 1.0
    assert "objective.sparsity" not in defaults
    assert cli("settings", "--preset", "vea", workspace=None).returncode == 2


def test_tools_are_listed_with_their_settings():
    answer = cli("lab", "tools", "--json", workspace=None)
    tools = {entry["tool"]: entry for entry in json.loads(answer.stdout)}
    assert set(tools) == set(questions_about("run"))
    assert {"archive", "unexplained"} <= set(tools), "also those that have nothing to set"
    steps = next(s for s in tools["traversal"]["settings"] if s["setting"] == "steps")
    assert (steps["default"], steps["bounds"]) == (9, "at least 3 and at most 15")
    assert all(entry["about"].endswith(".") for entry in tools.values())


def test_a_tool_writes_numbers_and_pictures(digits: RunFolder, tmp_path: Path):
    out = tmp_path / "strips"
    arguments = ("traversal", "--set", "sample=3", "--set", "steps=5", "--epoch", "2")
    answer = cli("lab", "use", digits.id, *arguments, "--out", str(out), "--json", workspace=digits.workspace)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert said["epoch"] == 2
    assert sorted(p.name for p in out.iterdir()) == ["traversal-images.png", "traversal.npz"]
    with np.load(out / "traversal.npz") as arrays:
        assert {k: list(v.shape) for k, v in arrays.items()} == said["arrays"]
    assert Image.open(out / "traversal-images.png").width > 5 * 8


def test_the_script_and_its_data_come_as_an_archive(digits: RunFolder, tmp_path: Path):
    answer = cli("lab", "use", digits.id, "archive", "--out", str(tmp_path), workspace=digits.workspace)
    assert answer.returncode == 0, answer.stderr
    with zipfile.ZipFile(tmp_path / "script.zip") as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".py") for name in archive.namelist())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("travresal",), 2, "Known: archive, arithmetic"),
        (("traversal", "--set", "steps"), 2, "'steps' is not an assignment"),
        (("traversal", "--set", "steps=999"), 2, "steps"),
        (("traversal", "--set", "sample=100000"), 2, "sample"),
        (("posterior",), 1, "Only a variational autoencoder"),
        (("traversal", "--out", "README.md"), 1, "README.md cannot be written"),
    ],
)
def test_what_a_tool_cannot_do_is_one_sentence(digits: RunFolder, arguments, code, said):
    answer = cli("lab", "use", digits.id, *arguments, workspace=digits.workspace)
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_family_from_the_shell(supervised: Path):
    spec = tiny_spec(model__code_activation="linear", train__epochs=1)
    folder = submit(supervised, spec)
    wait_status(folder, "finished")
    answer = cli("lab", "family", folder.id, "--json", workspace=supervised)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [m["title"] for m in found] == ["Plain", "Denoising", "Sparse", "Variational", "Vector-quantized"]
    assert all("token" not in m for m in found)
    for member in found:
        wait_status(RunFolder(supervised / "runs" / member["run"]), "finished")


def test_language_models_from_the_shell(tmp_path: Path):
    folder = str(tiny_gpt(tmp_path / "gpt"))
    listed = json.loads(cli("language", "models", "--json", workspace=None).stdout)
    assert {"smollm2-135m-instruct", "all-minilm-l6-v2"} <= {m["model"] for m in listed}
    read = cli("language", "read", folder, "the cat", "--json", workspace=tmp_path)
    assert read.returncode == 0, read.stderr
    assert "".join(json.loads(read.stdout)["pieces"]) == "the cat"
    shown = cli("language", "next", folder, "the", "--top-k", "1", workspace=tmp_path)
    assert shown.stdout.splitlines()[1].split()[-1] == "1"
    arguments = ("language", "write", folder, "the", "--tokens", "4", "--seed", "2")
    texts = {cli(*arguments, workspace=tmp_path).stdout for _ in range(2)}
    assert len(texts) == 1
    assert texts.pop().startswith("the")
    looked = cli("language", "attention", folder, "the cat", "--layer", "1", workspace=tmp_path)
    assert looked.stdout.splitlines()[1].split() == ["'<s>'", "'<s>'", "100%"]
    bad = cli("language", "read", str(tmp_path), "a", workspace=tmp_path)
    assert bad.returncode in (1, 2)
    assert "config.json" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_the_version_is_told():
    answer = cli("--version", workspace=None)
    assert (answer.returncode, answer.stdout.strip()) == (0, f"SelfSup Studio {__version__}")


def test_a_refusal_names_the_option_that_mends_it(capsys):
    from selfsup_core.cli.main import fail
    from selfsup_core.errors import DataError

    with pytest.raises(SystemExit):
        fail(DataError("No.", fix={"setting": "label", "value": "two words", "title": "Take it"}))
    assert "Take it: --label 'two words'" in capsys.readouterr().err
