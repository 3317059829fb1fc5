"""A practitioner's journey: upload images, a table and texts, read the report, mend, split, train on them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from selfsup_core.data.sources import list_sources, open_source
from selfsup_core.runs.folder import list_states
from tests.browser.conftest import SCREENS, Server, choose, settle, wait_in, wait_stage
from tests.data.importing.make import archive, png, write
from tests.helpers import wait_for

pytestmark = pytest.mark.browser
SLOW = 60_000


def upload(page: Page, server: Server, *paths) -> None:
    page.goto(f"{server.url}/data")
    page.get_by_role("tab", name="Preview").wait_for()
    adding = page.locator("details").filter(has_text="Add your own data")
    if adding.get_attribute("open") is None:
        adding.locator("summary").first.click()
    expect(page.get_by_test_id("stFileUploader").first).to_be_visible()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([str(p) for p in paths])


def import_it(page: Page) -> str:
    before = page.url
    # Nobody presses within the twentieth of a second in which the page that shows the preview is still drawn.
    settle(page)
    page.get_by_role("button", name="Import").click()
    page.wait_for_url(lambda url: "data=my-" in url and url != before)
    # For a moment the page before stands beside the new one.
    settle(page)
    expect(page.get_by_role("tab", name="Health")).to_have_count(1)
    return page.url.split("data=")[1].split("&")[0]


def train(page: Page, server: Server, name: str) -> None:
    page.get_by_role("button", name="Train an autoencoder").click()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("3")
    epochs.press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_test_id("stage").wait_for()
    wait_stage(page, "status", lambda status: status == "finished", seconds=90)
    assert any(state["source"] == name for state in list_states(server.workspace))


def test_images_from_upload_to_training_and_map(server, open_page, keep, tmp_path):
    pictures = {f"pets/{name}/{i}.png": png(i, (28, 28)) for i, name in enumerate(["cat", "dog"] * 40)}
    pictures |= {"pets/cat/again.png": png(0, (28, 28)), "pets/dog/broken.png": b"no picture"}
    page = open_page()
    upload(page, server, write(tmp_path, "pets.zip", archive(pictures)))
    expect(
        page.get_by_text("82 samples in 2 classes").or_(page.get_by_text("81 samples in 2 classes"))
    ).to_be_visible()
    expect(page.locator(".gallery-item")).to_have_count(12)
    expect(page.get_by_text("Left out: pets/dog/broken.png")).to_be_visible()
    keep(page, "data-plan")
    name = import_it(page)
    expect(page.get_by_text("81 images")).to_be_visible()
    picture = page.locator(".gallery-item").first
    wait_for(lambda: (picture.bounding_box() or {"width": 0})["width"] >= 96, "a large picture")
    keep(page, "data-preview")
    picture.click()
    large = page.get_by_test_id("gallery-large")
    caption = large.locator("figcaption")
    expect(caption).to_contain_text("row 0")
    first = caption.inner_text()
    page.keyboard.press("ArrowRight")
    expect(caption).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    # What is wrong is counted before the report is opened: a file set aside, and copies.
    counted = page.get_by_role("tab").filter(has_text=re.compile("Health.*[1-9]"))
    expect(counted).to_have_count(1, timeout=SLOW)  # a child process looks for them
    expect(page.get_by_role("tab", name="Health")).to_have_count(1)
    page.get_by_role("tab", name="Health").click()
    expect(page.get_by_text("Exact copies: 1 row")).to_be_visible()
    expect(page.get_by_text("broken.png").first).to_be_visible()
    keep(page, "data-health")
    page.get_by_role("button", name="Drop the copies").click()
    expect(page.get_by_text("80 images")).to_be_visible()
    mended = page.url.split("data=")[1].split("&")[0]
    assert len(open_source(name, server.workspace)) == 81
    page.get_by_role("tab", name="Split and labels").click()
    page.get_by_role("button", name="Use this split").click()
    expect(page.get_by_text("begin with this split").first).to_be_visible()
    keep(page, "data-split")
    train(page, server, mended)
    keep(page, "data-trained")
    page.get_by_test_id("next-latent").click()
    expect(page).to_have_url(re.compile("space=run"), timeout=60_000)
    expect(page.get_by_test_id("space")).to_have_attribute("data-ready", "true", timeout=60_000)
    expect(page.get_by_test_id("space-count")).to_contain_text("points")


def test_a_table_and_texts(server, open_page, keep, tmp_path):
    table = "a,b,c,label\n" + "".join(f"{i}.5,{i % 7},x{i % 3},g{i % 2}\n" for i in range(80))
    page = open_page()
    upload(page, server, write(tmp_path, "measured.csv", table))
    expect(page.get_by_text("80 samples in 2 classes (g0, g1)")).to_be_visible()
    keep(page, "data-columns")
    train(page, server, import_it(page))

    reviews = "review,sentiment\n" + "".join(
        f"this is sentence {i} of many,{'good' if i % 2 else 'bad'}\n" for i in range(60)
    )
    upload(page, server, write(tmp_path, "reviews.csv", reviews))
    name = import_it(page)
    expect(page.get_by_text("60 texts")).to_be_visible()
    assert list_sources(server.workspace)[name].kind == "text"
    keep(page, "data-texts")


def test_rubbish_is_refused_in_words_and_leaves_nothing(server, open_page, tmp_path):
    before = set(list_sources(server.workspace))
    page = open_page(390, 844, color_scheme="dark")
    upload(page, server, write(tmp_path, "fake.zip", b"PK\x03\x04 this is no archive"))
    expect(page.get_by_text("fake.zip is a damaged archive")).to_be_visible()
    assert set(list_sources(server.workspace)) == before
    # Checks of other sets may still be under way in folders of that kind.
    wait_for(lambda: not list(server.workspace.glob(".job*")), "nothing left over")


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_data_page_fits_the_screen(server, open_page, keep, theme, size):
    page = open_page(*size, color_scheme=theme)
    for name in ("mnist-5k", "wine", "newsgroups", "tones"):
        page.goto(f"{server.url}/data?data={name}")
        page.get_by_role("tab", name="Preview").wait_for()
        for tab in ("Preview", "Health", "Split and labels", "About"):
            page.get_by_role("tab", name=tab).click()
            wait_in(page, "!document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')")
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, (name, tab)
            keep(page, f"data-{name}-{tab.split()[0].lower()}-{theme}-{size[0]}")
            if name != "mnist-5k" and tab == "Preview":
                break


def test_reload_keeps_what_was_chosen_and_what_trains(server, open_page, tmp_path):
    table = "a,b,label\n" + "".join(f"{i}.5,{i % 7},g{i % 2}\n" for i in range(70))
    page = open_page()
    upload(page, server, write(tmp_path, "kept.csv", table))
    name = import_it(page)
    page.reload()
    expect(page.get_by_text("70 rows")).to_be_visible()
    assert name in page.url
    page.get_by_role("button", name="Train an autoencoder").click()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("25")  # five a second are shown
    epochs.press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_test_id("stage").wait_for()
    wait_stage(page, "epoch", lambda epoch: epoch.isdigit() and int(epoch) >= 1)
    page.reload()
    page.get_by_test_id("stage").wait_for()
    wait_stage(page, "status", lambda status: status == "finished", seconds=120)
    assert any(state["source"] == name for state in list_states(server.workspace))


def test_color_photos_train_and_two_sizes_of_them_are_two_sets(server, open_page, keep, tmp_path):
    """12,288 numbers a photo, more than there are photos; then the same archive at another size, under the
    same name.
    """
    photos = {f"{('cat', 'owl')[i % 2]}/{i}.png": png(i, (64, 64), "RGB") for i in range(60)}
    path = write(tmp_path, "photos.zip", archive(photos))
    page = open_page()
    names = []
    for size in ("64 × 64", "32 × 32"):
        upload(page, server, path)
        expect(page.get_by_text("60 samples in 2 classes")).to_be_visible()
        choose(page, re.compile("Image size"), size)
        names.append(import_it(page))
        expect(page.get_by_text("60 images")).to_be_visible()
    titles = [list_sources(server.workspace)[name].title for name in names]
    assert titles == ["photos", "photos (2)"]
    for name, inputs in zip(names, ("12288", "3072"), strict=True):
        page.goto(f"{server.url}/autoencoder?data={name}")
        expect(page.get_by_text(f"{inputs} → ")).to_be_visible()
        epochs = page.get_by_role("spinbutton", name="Epochs")
        epochs.fill("3")
        epochs.press("Enter")
        expect(page.get_by_text(f"{inputs} → ")).to_be_visible()
        page.get_by_role("button", name="Train", exact=True).click()
        page.get_by_test_id("stage").wait_for()
        wait_stage(page, "status", lambda status: status == "finished", seconds=60)
        newest = next(iter(list_states(server.workspace)))
        assert (newest["source"], newest["epochs"]) == (name, 3)
    keep(page, "color-photos")
