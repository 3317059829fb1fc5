"""Texts a second of our embeddings ÷ sentence-transformers' `encode`: same folder, threads, texts and number
of tokens.

It lives in an environment of its own, named by BENCH_PYTHON. Reading texts into tokens is part of both times,
loading the model of neither. By turns, since a machine is seldom equally quick for long.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.size import is_toy, python_with, sized
from benchmarks.table import Row, left_out, percentile, spread
from benchmarks.throughput import run_code

ROUNDS, TOKENS = sized(3, 1), 256
SHORT, POSTS = sized(1000, 120), sized(250, 4)
THREADS = sized(("1", "2"), ("1",))
PRECISIONS = sized(("auto", "full"), ("auto",))
THEIR_COLUMNS = ("over_theirs", "least_cosine")
COLUMNS = ("texts_per_s", *THEIR_COLUMNS)
HOW = (
    "python -m venv ENV; ENV/bin/pip install torch==2.13.0; ENV/bin/pip install sentence-transformers==6.2.0 "
    "transformers==5.23.0; BENCH_PYTHON=ENV/bin/python"
)
OURS = """
import sys, time, json, pathlib, numpy as np, torch
from unittest.mock import patch
from selfsup_core.features.embedding import embed as engine
texts, out, threads, precision = json.loads(pathlib.Path(sys.argv[1]).read_text()), *sys.argv[2:]
torch.set_num_threads(int(threads))
config = engine.EmbedConfig(precision=precision)
loaded = engine.load_encoder(engine.plan_job(config, "", 0).encoder)
with patch.object(engine, "load_encoder", lambda *a, **k: loaded):
    engine.embed(texts[:8], config)
    began = time.perf_counter()
    x = engine.embed(texts, config)
    seconds = time.perf_counter() - began
np.save(out, x)
print(json.dumps({"rate": len(texts) / seconds}))
"""
THEIRS = """
import sys, time, json, pathlib, numpy as np, torch
from sentence_transformers import SentenceTransformer
texts, out, threads, folder, tokens = json.loads(pathlib.Path(sys.argv[1]).read_text()), *sys.argv[2:]
torch.set_num_threads(int(threads))
model = SentenceTransformer(folder, device="cpu", local_files_only=True)
model.max_seq_length = int(tokens)
model.encode(texts[:8], show_progress_bar=False)
began = time.perf_counter()
x = model.encode(texts, show_progress_bar=False, normalize_embeddings=True)
seconds = time.perf_counter() - began
np.save(out, x)
print(json.dumps({"rate": len(texts) / seconds}))
"""


def made_texts(workspace: Path) -> dict[str, list[str]]:
    """Distinct texts: short ones of twelve words, and whole posts."""
    from selfsup_core.data.sources import open_source

    posts = [text for text in open_source("newsgroups", workspace).x if text.strip()]
    order = np.random.default_rng(0).permutation(len(posts))
    posts = list(dict.fromkeys(posts[i] for i in order))
    words = (post.split() for post in posts)
    short = dict.fromkeys(" ".join(some[:12]) for some in words if len(some) >= 12)
    return {
        f"{SHORT} texts of 12 words": list(short)[:SHORT],
        f"{POSTS} posts of mixed length": posts[:POSTS],
    }


def measure() -> list[Row]:
    from selfsup_core.data.sources import SOURCES
    from selfsup_core.pretrained.encoders.catalogue import ENCODERS

    if missing := ENCODERS["minilm"].missing() or SOURCES["newsgroups"].missing():
        return [left_out("embeddings", missing, COLUMNS)]
    python, rows = python_with("sentence_transformers"), []
    with tempfile.TemporaryDirectory() as name:
        workspace = Path(name)
        outs = {who: str(workspace / f"{who}.npy") for who in PRECISIONS}
        if python:
            outs["theirs"] = str(workspace / "theirs.npy")
        for label, texts in made_texts(workspace).items():
            if is_toy() and rows:
                break
            file = workspace / "texts.json"
            file.write_text(json.dumps(texts), "utf-8")
            for threads in THREADS:
                rows += compare(str(file), outs, threads, python, label)
    if not python:
        rows.append(left_out("  ours / sentence-transformers", f"not installed; {HOW}", THEIR_COLUMNS))
    return rows


def compare(file: str, outs: dict[str, str], threads: str, python: str | None, label: str) -> list[Row]:
    from selfsup_core.pretrained.encoders.catalogue import ENCODERS

    folder = str(ENCODERS["minilm"].find())
    rates: dict[str, list[float]] = {who: [] for who in outs}
    for _ in range(ROUNDS):
        if python:
            found = run_code(THEIRS, file, outs["theirs"], threads, folder, str(TOKENS), python=python)
            rates["theirs"].append(found["rate"])
        for who in PRECISIONS:
            rates[who].append(run_code(OURS, file, outs[who], threads, who)["rate"])
    titles = {"auto": "ours", "full": "ours in full precision", "theirs": "sentence-transformers"}
    words = ", ".join(f"{percentile(rates[who], 0.5):.0f} ({titles[who]})" for who in outs)
    label = f"{label}, {threads} {'thread' if threads == '1' else 'threads'}"
    ours = percentile(rates["auto"], 0.5)
    rows = [Row(label, f"texts/s: {words}", figures={"texts_per_s": ours})]
    if not python:
        return rows
    theirs = np.load(outs["theirs"])
    for who, least in (("auto", 1.5), ("full", 1.0)):
        if who not in outs:
            continue
        ratios = [a / b for a, b in zip(rates[who], rates["theirs"], strict=True)]
        # Of a text that holds a control token of the model, spelled out, theirs makes that token and ours
        # makes text.
        cosine = float((np.load(outs[who]) * theirs).sum(axis=1).min())
        rows.append(
            Row(
                f"  {titles[who]} / sentence-transformers; least cosine",
                f"{spread(ratios)}; {cosine:.6f}",
                f"at least {least}; 0.9999",
                percentile(ratios, 0.5) >= least and cosine >= 0.9999,
                {"over_theirs": percentile(ratios, 0.5), "least_cosine": cosine},
            )
        )
    return rows
