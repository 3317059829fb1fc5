"""The page "Language model" in a real browser, with the model that comes along."""

from __future__ import annotations

import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENS, axe_in, choose, fits, settle, wait_stage
from tests.models.tiny import tiny_gpt

pytestmark = pytest.mark.browser
SLOW = 30_000  # a model on a busy machine


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_read_and_write(server, open_page, keep, theme, size):
    page = open_page(*size, color_scheme=theme)
    page.goto(f"{server.url}/language")
    expect(page.get_by_text("What could come next?")).to_be_visible(timeout=4 * SLOW)
    bars = page.locator(".js-plotly-plot")
    expect(bars).to_have_count(2, timeout=4 * SLOW)
    expect(page.get_by_text("Perplexity")).to_be_visible()
    fits(page)
    axe_in(page)
    keep(page, f"language-{theme}-{size[0]}")
    if size[0] < 1000:
        return
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("The opposite of hot is")
    box.press("Control+Enter")
    labels = page.locator(".js-plotly-plot").nth(1).locator(".ytick text")
    expect(labels.filter(has_text="cold")).to_have_count(1, timeout=SLOW)
    page.get_by_role("spinbutton", name="Temperature").fill("0")
    page.get_by_role("spinbutton", name="Temperature").press("Enter")
    settle(page)
    page.get_by_role("button", name="Write a token").click()
    expect(box).to_have_value(re.compile("The opposite of hot is cold"), timeout=SLOW)
    settle(page)
    page.get_by_role("button", name="Write 20 tokens").click()
    expect(box).to_have_value(re.compile(r"The opposite of hot is cold.{20,}", re.DOTALL), timeout=SLOW)
    settle(page)
    expect(page.locator(".js-plotly-plot")).to_have_count(2, timeout=SLOW)
    page.get_by_text("What does each token look at?").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=SLOW)
    expect(page.get_by_text("30 layers with 9 heads")).to_be_visible()
    page.get_by_text("30 layers with 9 heads").scroll_into_view_if_needed()
    keep(page, "language-attention")


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_two_models_side_by_side(server, open_page, keep, tmp_path, size, theme):
    folder = tiny_gpt(tmp_path / "my-gpt")
    page = open_page(*size, color_scheme=theme)
    page.goto(f"{server.url}/language")
    expect(page.get_by_text("What could come next?")).to_be_visible(timeout=4 * SLOW)
    choose(page, "Compare with", "a folder on this machine")
    page.get_by_placeholder("/home/me/models/my-gpt").fill(str(folder))
    page.get_by_placeholder("/home/me/models/my-gpt").press("Enter")
    expect(page.get_by_text("bits per character are comparable")).to_be_visible(timeout=4 * SLOW)
    chart = page.locator(".js-plotly-plot").first
    names = chart.locator(".legendtext")
    expect(names).to_have_text(["SmolLM2 135M Instruct", "my-gpt"])
    assert chart.locator(".barlayer .point path").count() > 13, "bars of both"
    expect(page.get_by_text("A is SmolLM2 135M Instruct, B is my-gpt.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    names.first.scroll_into_view_if_needed()
    keep(page, f"language-compare-{theme}-{size[0]}")
    page.get_by_text("Where they differ most").scroll_into_view_if_needed()
    keep(page, f"language-differences-{theme}-{size[0]}")


def test_models_are_listed_and_measured(server, open_page, keep):
    page = open_page()
    page.goto(f"{server.url}/language?do=models")
    expect(page.get_by_text("A small generative model, trained")).to_be_visible(timeout=SLOW)
    choose(page, "Model", "all-MiniLM-L6-v2")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("Measured just now on this machine")).to_be_visible(timeout=4 * SLOW)
    keep(page, "language-models")
    choose(page, "Model", "SmolLM2 135M Instruct")
    page.get_by_role("button", name="Look inside").click()
    expect(page.get_by_text("How likely is each token?")).to_be_visible(timeout=4 * SLOW)


VERSE = "the {a} sat on the {b} and the {c} saw the {a} on the {b}\n"
WORDS = ("cat", "dog", "mat", "log", "hen", "fox")


def test_paste_train_scrub_export_read_and_sample(server, open_page, keep):
    """A person's whole way: their own text, a training that is watched, its past, a file, a sentence, a
    continuation.
    """
    page = open_page()
    page.goto(f"{server.url}/language?do=train")
    page.get_by_role("button", name="Paste text").click()
    page.get_by_role("textbox", name="Name").fill("Verses")
    verses = [VERSE.format(a=WORDS[i % 6], b=WORDS[(i // 2) % 6], c=WORDS[(i // 3) % 6]) for i in range(400)]
    page.get_by_role("textbox", name="Text", exact=True).fill("".join(verses))
    page.get_by_role("textbox", name="Text", exact=True).press("Control+Enter")
    page.get_by_role("button", name="Use this text").click()
    expect(page.get_by_role("combobox", name="Text")).to_have_value("Verses", timeout=SLOW)
    choose(page, "Size", "Tiny")
    expect(page.get_by_text("Before you start")).to_be_visible()
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("6")
    epochs.press("Enter")
    beginning = page.get_by_role("textbox", name="Your prompt")
    beginning.fill("the fox ")
    beginning.press("Enter")
    expect(page.get_by_text("Before you start")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).last.click()
    wait_stage(page, "status", lambda v: v == "finished", seconds=180)
    writing = page.get_by_test_id("stage-panel-writing")
    expect(writing).to_contain_text("the fox ")
    wait_stage(page, "epoch", lambda v: v == "6")
    last = writing.inner_text()
    axe_in(page)
    keep(page, "language-train")
    page.get_by_test_id("stage-cursor").focus()
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda v: v == "0")
    expect(writing).not_to_have_text(last)
    expect(page.get_by_test_id("stage-verdict")).to_contain_text("better than counting pairs of tokens")
    page.wait_for_url(re.compile("epoch=0"))
    page.reload()
    wait_stage(page, "epoch", lambda v: v == "0")
    with page.expect_download(timeout=2 * SLOW) as waiting:
        page.get_by_role("button", name="Export", exact=True).click()
        page.get_by_role("button", name="Download epoch").click(timeout=2 * SLOW)
    with zipfile.ZipFile(waiting.value.path()) as archive:
        names = {name.split("/")[-1] for name in archive.namelist()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    page.get_by_text("Look inside this model").click()
    expect(page.get_by_text("How likely is each token?")).to_be_visible(timeout=2 * SLOW)
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.fill("the cat sat on")
    box.press("Control+Enter")
    # The reading of the text before is there at once, and a click into the new reading would be for the old
    # text.
    settle(page)
    expect(page.get_by_text("Perplexity", exact=True)).to_be_visible(timeout=2 * SLOW)
    page.get_by_role("button", name="Write 20 tokens").click()
    expect(box).to_have_value(re.compile(r"the cat sat on.{5,}", re.DOTALL), timeout=SLOW)
    keep(page, "language-own-model")
