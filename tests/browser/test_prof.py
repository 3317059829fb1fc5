from __future__ import annotations
import os, time, json
import pytest
from tests.browser import test_lessons as T
from tests.browser.test_lessons import *
from tests.browser.test_lessons import walked  # noqa

OUT = open("/tmp/scratch/walks/prof.txt", "w", buffering=1)
state = {}

def metrics(page):
    if "cdp" not in state:
        state["cdp"] = page.context.new_cdp_session(page); state["cdp"].send("Performance.enable")
    m = {x["name"]: x["value"] for x in state["cdp"].send("Performance.getMetrics")["metrics"]}
    return {k: m[k] for k in ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "LayoutCount", "Nodes", "ProcessTime")}

def wrap(name, what):
    old = getattr(T, name)
    def new(page, *a, **k):
        page0 = page if hasattr(page, "url") else page.page
        b = metrics(page0); t = time.time(); r = old(page, *a, **k); e = metrics(page0)
        OUT.write(f"{what} {name} {type(a[3]).__name__ if name=='do_part' else ''} {time.time()-t:.1f}s " + " ".join(f"{k}={e[k]-b[k]:.2f}" for k in e) + f" nodes={e['Nodes']:.0f}\n")
        return r
    setattr(T, name, new)
for n in ("do_part", "press", "begin"): wrap(n, "")

@pytest.mark.browser
@pytest.mark.parametrize("number", [int(x) for x in os.environ.get("NUMS", "4,5").split(",")])
def test_p(walked, known_pages, watch, server, keep, request, number):
    T.test_a_lesson_is_walked_through(walked, known_pages, watch, server, keep, request, number)
