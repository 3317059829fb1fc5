"""By keyboard alone: every stop of the Tab key on a stage with a lesson beside it is seen, and what is
reached can be used.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle, wait_in, wait_stage

pytestmark = pytest.mark.browser
# What has the focus: its name, and whether anything about it or around it looks different from before.
STOP = """() => {
    const looks = (node) => {
        const style = getComputedStyle(node)
        const outline = style.outlineStyle === "none" ? "" : `${style.outlineStyle} ${style.outlineWidth}`
        return [outline, style.boxShadow, style.borderColor].join("|")
    }
    const node = document.activeElement
    if (!node || node === document.body) return null
    const near = [node, node.parentElement, node.parentElement.parentElement, ...node.querySelectorAll("*")]
    const others = [node.previousElementSibling, node.nextElementSibling, node.closest("label")]
    const about = [...near.slice(0, 12), ...others, ...(others[2]?.children ?? [])].filter(Boolean)
    const box = node.getBoundingClientRect()
    const was = window.last
    window.last = { about, focused: about.map(looks), name: node.dataset.testid ?? node.innerText }
    window.stops ??= new Map()
    const again = window.stops.has(node)
    window.stops.set(node, true)
    return {
        before: was && { name: was.name, seen: was.about.some((one, i) => looks(one) !== was.focused[i]) },
        name: node.getAttribute("aria-label") || node.innerText || node.dataset.testid || node.type,
        again,
        there: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    }
}"""
IN_SIGHT = """(() => {
    const box = document.activeElement.getBoundingClientRect()
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight
})()"""
MOST = 150


def walk(page: Page) -> list[str]:
    """Names of all stops, from the beginning of the page to its end."""
    names: list[str] = []
    unseen: list[str] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            continue  # the address bar has it
        if stop["before"] and not stop["before"]["seen"]:
            unseen.append(stop["before"]["name"])
        if stop["again"]:
            break
        if not stop["there"]:  # where pictures have just come above it, the page is still moving
            wait_in(page, IN_SIGHT)
        names.append(stop["name"])
    assert unseen == [], "these do not show that they have the focus"
    return names


def test_a_stage_and_a_lesson_by_keyboard_alone(server, finished, open_page):
    page = open_page()
    page.goto(f"{server.url}/autoencoder?run={finished.id}&lesson=1&lang=zh")
    wait_stage(page, "status", lambda status: status == "finished")
    settle(page)
    assert page.evaluate("document.documentElement.lang") == "zh"
    names = walk(page)
    assert any("回放" in name for name in names)
    for wanted in ("轮", "关闭课程"):
        assert any(wanted in name for name in names), wanted

    cursor = page.get_by_test_id("stage-cursor")
    cursor.focus()
    page.keyboard.press("Home")
    wait_stage(page, "epoch", lambda epoch: epoch == "0")
    answers = page.locator(".st-key-lesson-panel").get_by_role("radio")
    expect(answers.first).to_be_visible()
    answers.first.focus()
    page.keyboard.press("Space")
    expect(answers.first).to_be_checked()

    page.set_viewport_size({"width": 720, "height": 450})
    wait_in(page, "document.querySelector('[data-testid=stExpandSidebarButton]')")
    label = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stExpandSidebarButton]'), '::after').content"
    )
    assert re.fullmatch('"页面"', label)
