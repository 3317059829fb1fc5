"""The checks of `python -m benchmarks gpu`, one function a check; each is made in a child process of `benchmarks.gpu`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import kinds
from benchmarks.size import is_toy

# Relative difference of losses on two devices after a few steps in 32-bit floats, from the same draws.
TOLERANCE = 0.005
# A choice (nearest code, kept row) that falls the other way in one row moves the loss by more.
LOOSE, CHOOSING = 0.05, ("vq", "pseudo")
BF16_TOLERANCE = 0.05
RESUME_TOLERANCE = 1e-4
GRAPH_AIM = 0.9
COSINE_LEAST = 0.999
LOGITS_TOLERANCE = 1e-3
TOY_KINDS = ("dense-64-32-16", "gpt-characters", "classify-table", "pseudo-table")
BF16_KINDS = (
    "dense-64-32-16",
    "convolutional",
    "vae",
    "vq",
    "masked",
    "contractive",
    "gpt-words",
    "masked-text",
    "continue-text",
    "classify-conv",
    "classify-lora",
    "pseudo-fixmatch",
)
RESUMED = ("dense-64-32-16", "denoising", "gpt-words", "classify-conv", "pseudo-fixmatch")
CAPTURED = (
    "dense-64-32-16",
    "dense-two-numbers",
    "convolutional",
    "denoising",
    "sparse",
    "contractive",
    "vae",
    "beta-vae",
    "gpt-characters",
    "gpt-words",
    "classify-image",
    "classify-conv",
    "classify-table",
)
# Waits for the device in a step that are known and why; all others are a fault.
KNOWN_WAITS = {
    "text": "a batch of texts is cut at its longest one",
    "vq": "the codebook asks whether its first batch has been, and counts how often each code is used",
    "mask": "only the hidden places are looked at, and how many these are is known on the device",
    "gpt": "transformers asks whether several texts are packed into a row, where there is no mask",
    "pseudo": "which rows are kept is known on the device",
}
LOST = ("CUDA error", "device-side assert", "CUBLAS_STATUS", "CUDNN_STATUS", "unspecified launch failure")


@dataclass(frozen=True)
class Outcome:
    """What came of a check: "passed", "failed" or "not made"."""

    status: str
    text: str
    figures: dict[str, float] = field(default_factory=dict)


def judge(is_good: bool, text: str, **figures: float) -> Outcome:
    return Outcome("passed" if is_good else "failed", text, figures)


def not_made(why: str) -> Outcome:
    return Outcome("not made", why)


@dataclass
class Place:
    """Where checks are made: a device, and a workspace with the made-up data."""

    device: str
    workspace: Path

    @property
    def is_gpu(self) -> bool:
        return self.device == "cuda"

    def wait(self) -> None:
        """Until the device has done all it was told."""
        if self.is_gpu:
            import torch

            torch.cuda.synchronize()


def all_checks(device: str) -> dict[str, Callable[[Place], Outcome]]:
    """Checks by name, in the order in which they are made; at toy size a few of each."""
    chosen = list(TOY_KINDS) if is_toy() else kinds.names()

    def several(names: Any, make: Callable[[Place, str], Outcome], group: str, toy: int) -> dict[str, Any]:
        some = [name for name in names if not is_toy() or name in TOY_KINDS][: toy if is_toy() else None]
        return {f"{group}/{name}": (lambda place, name=name: make(place, name)) for name in some}

    return {
        "memory/full-card": check_full_card,
        "memory/first-step": check_full_first_step,
        **several(chosen, check_training, "train", 4),
        **several(BF16_KINDS, check_bf16, "bf16", 1),
        **several(RESUMED, check_resume, "resume", 1),
        "resume/killed": check_killed,
        **several(chosen, check_waits, "waits", 1),
        "embed/encoder": check_embeddings,
        "language/logits": check_logits,
        "language/throughput": check_language_throughput,
        "neighbors/accuracy": check_neighbors,
        "neighbors/maps": check_map_neighbors,
        **several(CAPTURED, check_graph, "graph", 1),
    }


# What the checks share


@contextmanager
def choosing(device: str, *, bf16: bool) -> Iterator[None]:
    """Sessions get this number format, whatever the card can do."""
    import selfsup_core.workers.session as session

    real = session.choose_device

    def choose(requested: str = "auto", **about: Any) -> Any:
        return replace(real(device, **about), uses_bf16=bf16)

    session.choose_device = choose
    try:
        yield
    finally:
        session.choose_device = real


@contextmanager
def exactly() -> Iterator[None]:
    """32-bit floats in full: convolutions on a GPU otherwise multiply shorter ones."""
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def run_whole(place: Place, name: str, device: str, *, bf16: bool = False, **changed: Any) -> Any:
    """A whole recorded run, with the draws that the same run has on another device; its folder.

    Raises:
        RuntimeError: the run did not finish.
    """
    from benchmarks.same_draws import SameDraws
    from selfsup_core.workers.worker import Worker

    spec = kinds.spec_of(name, place.workspace, device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    with kinds.in_one_thread(), choosing(device, bf16=bf16), exactly(), SameDraws():
        worker = Worker(folder)
        worker.run()
    if worker.state["status"] != "finished":
        raise RuntimeError((worker.state["error"] or {}).get("message", worker.state["status"]))
    return folder


def curve(folder: Any) -> np.ndarray:
    """The losses of a run in the order in which they were written: training steps, epochs, validation."""
    from selfsup_core.runs.folder import read_rows

    names = ("train_loss", "val_loss")
    return np.array([row[n] for row in read_rows(folder.metrics) for n in names if row.get(n) is not None])


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest relative difference of two curves; infinite when they are not of one length, or not finite."""
    if len(a) != len(b) or not len(a) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    return float((np.abs(a - b) / np.maximum(np.abs(b), 1e-3)).max())


def make_session(place: Place, name: str, *, bf16: bool = False, **changed: Any) -> Any:
    """Data, network and loop of a run that has not begun."""
    from selfsup_core.workers.session import Session
    from selfsup_core.workers.worker import Worker

    spec = kinds.spec_of(name, place.workspace, place.device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    with kinds.in_one_thread(), choosing(place.device, bf16=bf16):
        made = Session(Worker(folder))
    made.model.train()
    return made


# (a), (b): each kind of run


def check_training(place: Place, name: str) -> Outcome:
    """A run of a few steps with all that is recorded, on the device and on the CPU."""
    if why := kinds.missing(name):
        return not_made(why)
    began = time.perf_counter()
    here = curve(run_whole(place, name, place.device))
    seconds = time.perf_counter() - began
    gap = difference(here, curve(run_whole(place, name, "cpu")))
    most = LOOSE if name.startswith(CHOOSING) else TOLERANCE
    text = f"losses differ by {gap:.2g} at most, {len(here)} of them, {most:g} allowed"
    return judge(gap <= most, text, difference=gap, seconds=seconds)


def check_bf16(place: Place, name: str) -> Outcome:
    """The same run in bf16 and in 32-bit floats, on the device."""
    if place.is_gpu:
        import torch

        if not torch.cuda.is_bf16_supported():
            return not_made("this card has no bf16")
    half = curve(run_whole(place, name, place.device, bf16=True))
    gap = difference(half, curve(run_whole(place, name, place.device)))
    most = BF16_TOLERANCE * (2 if name.startswith(CHOOSING) else 1)
    return judge(gap <= most, f"losses differ by {gap:.2g} at most, {most:g} allowed", difference=gap)


# (c): memory


def wide_loop(device: str, *, epochs: int) -> Any:
    """A loop whose activations take far more memory than its weights."""
    import torch

    from selfsup_core.models.dense import DenseConfig, build
    from selfsup_core.models.modules.autoencoder import glorot_init
    from selfsup_core.objectives import OBJECTIVES
    from selfsup_core.train.config import TrainConfig
    from selfsup_core.train.device import choose_device
    from selfsup_core.train.loop import Loop

    batch, width = 64, 32
    if device == "cuda":
        is_large = torch.cuda.get_device_properties(0).total_memory > 30 * 2**30
        batch, width = (65_536 if is_large else 16_384), 4096
    model = build(DenseConfig(widths=(width, width, 16)), (64,))
    model.groups = ()
    glorot_init(model, torch.Generator().manual_seed(0))
    objective = OBJECTIVES["reconstruction"](OBJECTIVES["reconstruction"].Config())
    x = torch.rand(batch, 64, generator=torch.Generator().manual_seed(1)).to(device)
    config = TrainConfig(epochs=epochs, batch_size=batch, device=device)
    return Loop(
        model.to(device),
        objective,
        values=lambda rows: x[rows],
        rows=torch.arange(batch, device=device),
        config=config,
        choice=replace(choose_device(device), uses_bf16=False),
        seed=0,
    )


def losses_of(loop: Any) -> tuple[np.ndarray, list[str]]:
    """(losses of all epochs, notices)."""
    events = list(loop.events())
    losses = np.array([e.terms["train_loss"] for e in events if e.kind == "epoch"])
    return losses, [e.text for e in events if e.kind == "notice"]


def peaks() -> tuple[int, int]:
    """Bytes that a step takes beyond what stays: of a whole batch, and of one in four parts."""
    import torch

    found = []
    for halvings in (0, 2):
        loop = wide_loop("cuda", epochs=2)
        loop.halvings = halvings
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        losses_of(loop)
        found.append(torch.cuda.max_memory_allocated() - before)
        del loop
    torch.cuda.empty_cache()
    return found[0], found[1]


def fill_card(leave: int) -> Any:
    """A tensor that takes all of the card's memory but so many bytes."""
    import torch

    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    if free <= leave:
        raise RuntimeError(f"only {free:,} bytes are free, {leave:,} should be left")
    return torch.empty(free - leave, dtype=torch.uint8, device="cuda")


def check_full_card(place: Place) -> Outcome:
    """Memory is left for a quarter of a batch only, after the run has begun: the loop halves, with the same losses."""
    return check_memory(place, warm=True)


def check_full_first_step(place: Place) -> Outcome:
    """The same before the very first step, when the optimizer has yet to make its own tensors."""
    return check_memory(place, warm=False)


def check_memory(place: Place, *, warm: bool) -> Outcome:
    wanted, _ = losses_of(wide_loop(place.device, epochs=4))
    loop = wide_loop(place.device, epochs=4)
    events = loop.events()
    begun = [next(events)] if warm else []
    if place.is_gpu:
        whole, quarter = peaks()
        leave = int(1.25 * quarter) + 2**27
        if leave > 0.9 * whole:
            return not_made(f"a quarter of the batch takes {quarter:,} bytes of {whole:,}: too close")
        filler = fill_card(leave)
    else:
        filler = pretend_full(loop)
    try:
        rest = list(events)
    finally:
        if callable(filler):
            filler()
        del filler
        if place.is_gpu:
            import torch

            torch.cuda.empty_cache()
    found = np.array([e.terms["train_loss"] for e in [*begun, *rest] if e.kind == "epoch"])
    gap = difference(found, wanted)
    text = f"{loop.halvings} halvings, losses differ by {gap:.2g} at most ({TOLERANCE:g} allowed)"
    return judge(gap <= TOLERANCE and 1 <= loop.halvings <= 3, text, halvings=loop.halvings, difference=gap)


def pretend_full(loop: Any) -> Callable[[], None]:
    """On a CPU: more than a quarter of a batch raises what a full card raises."""
    import torch

    most, real = loop.config.batch_size // 4, loop.objective.step

    def step(model: Any, batch: Any, generator: Any) -> Any:
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory (pretended)")
        return real(model, batch, generator)

    loop.objective.step = step
    return lambda: None


# (d): resume


class Killed(BaseException):
    """Stands for a kill: nothing in the core may catch it."""


def check_resume(place: Place, name: str) -> Outcome:
    """Die after a checkpoint in mid-epoch, go on, and compare with the run that was never interrupted."""
    from selfsup_core.workers.session import Session
    from selfsup_core.workers.worker import Worker

    changed = {"train__checkpoint_seconds": 0.001, "train__epochs": 3}
    wanted = curve(run_whole(place, name, place.device, **changed))
    spec = kinds.spec_of(name, place.workspace, place.device, **changed)
    folder = kinds.make_run(place.workspace, spec)
    real = Session.save

    def dying(self: Any) -> None:
        real(self)
        if self.loop.step >= 4:
            raise Killed

    from benchmarks.same_draws import SameDraws

    Session.save = dying
    try:
        with kinds.in_one_thread(), choosing(place.device, bf16=False), exactly(), SameDraws():
            try:
                Worker(folder).run()
            except Killed:
                Session.save = real
                Worker(folder).run()
            else:
                return judge(False, "the run saved no checkpoint after its fourth step")
    finally:
        Session.save = real
    gap = difference(curve(folder), wanted)
    same = "bit for bit" if gap == 0 else f"differ by {gap:.2g} at most ({RESUME_TOLERANCE:g} allowed)"
    return judge(gap <= RESUME_TOLERANCE, f"losses after the resume: {same}", difference=gap)


def check_killed(place: Place) -> Outcome:
    """A worker process that is killed by the system, and another one that goes on."""
    if not place.is_gpu:
        return not_made("the tests of tests/train kill workers on the CPU")
    import signal
    import subprocess

    from selfsup_core.runs.folder import read_state

    changed = {"train__checkpoint_seconds": 0.2, "train__epochs": 60, "train__steps_per_epoch": 100}
    spec = kinds.spec_of("dense-64-32-16", place.workspace, place.device, **changed)
    whole, cut = (kinds.make_run(place.workspace, spec) for _ in range(2))
    command = [sys.executable, "-m", "selfsup_core.workers.worker"]
    subprocess.run([*command, str(whole.path)], check=True, capture_output=True, timeout=100)
    first = subprocess.Popen([*command, str(cut.path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while read_state(cut)["epoch"] < 10 and time.monotonic() < until:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    at = read_state(cut)["epoch"]
    subprocess.run([*command, str(cut.path)], check=True, capture_output=True, timeout=100)
    gap = difference(curve(cut), curve(whole))
    text = f"killed in epoch {at}; losses differ by {gap:.2g} at most ({TOLERANCE:g} allowed)"
    return judge(gap <= TOLERANCE, text, difference=gap, epoch=at)


# (e): speed beside a captured graph


def check_graph(place: Place, name: str) -> Outcome:
    """Seconds of a step as a captured CUDA graph ÷ seconds of a step of the loop."""
    if not place.is_gpu:
        return not_made("graphs are captured on CUDA only")
    from selfsup_core.runs.spec import list_presets

    steps = 200
    batch = list_presets("")[name]["spec"]["train"]["batch_size"]
    changed = {"train__batch_size": batch, "train__steps_per_epoch": steps, "train__epochs": 2}
    session = make_session(place, name, **changed)
    loop = session.loop
    events = loop.events()
    while next(events).kind != "epoch":
        pass
    place.wait()
    began = time.perf_counter()
    while next(events).kind != "epoch":
        pass
    place.wait()
    ours = (time.perf_counter() - began) / steps
    captured = captured_step(make_session(place, name, **changed).loop, steps)
    ratio = captured / ours
    text = f"{1e6 * captured:.0f} µs captured ÷ {1e6 * ours:.0f} µs = {ratio:.2f} (at least {GRAPH_AIM:g} aimed at)"
    return judge(ratio >= GRAPH_AIM, text, ratio=ratio, captured_us=1e6 * captured, loop_us=1e6 * ours)


def captured_step(loop: Any, steps: int) -> float:
    """Seconds of a replay of forward, backward and optimizer, of one batch."""
    import torch

    model, rows = loop.model, loop._order()[: loop.config.batch_size].clone()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=loop.config.learning_rate, fused=True, capturable=True)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        terms = loop.objective.step(model, loop.values(rows), loop.generator)
        terms["loss"].backward()
        optimizer.step()

    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(loop.generator)
    with torch.cuda.graph(graph):
        step()
    for _ in range(20):
        graph.replay()
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(steps):
        graph.replay()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / steps


# (f): embeddings and language models


def check_embeddings(place: Place) -> Outcome:
    """Texts a second, and the same embeddings as on the CPU."""
    from selfsup_core.features.embedding.embed import EmbedConfig, embed
    from selfsup_core.pretrained.encoders.catalogue import ENCODERS

    if why := ENCODERS["minilm"].missing():
        return not_made(why)
    count, few = (64, 16) if not place.is_gpu else (20_000, 200)
    generator = np.random.default_rng(0)
    words = [*kinds.COMMON, *(word for some in kinds.WORDS for word in some)]
    texts = [f"{i} " + " ".join(generator.choice(words, generator.integers(5, 60))) for i in range(count)]
    config = EmbedConfig(precision="auto" if place.is_gpu else "full")
    embed(texts[:few], config, device=place.device)
    began = time.perf_counter()
    found = embed(texts, config, device=place.device)
    rate = count / (time.perf_counter() - began)
    wanted = embed(texts[:few], EmbedConfig(precision="full"))
    cosine = float((found[:few] * wanted).sum(axis=1).min())
    text = f"{rate:,.0f} texts/s, least cosine to the CPU's {cosine:.6f} (at least {COSINE_LEAST:g})"
    return judge(cosine >= COSINE_LEAST, text, texts_per_s=rate, least_cosine=cosine)


def check_logits(place: Place) -> Outcome:
    """Logits of a loaded language model on both devices."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(place.workspace / "tiny-gpt").eval()
    ids = torch.randint(3, 15, (4, 32), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), exactly():
        wanted = model(input_ids=ids).logits
        found = model.to(place.device)(input_ids=ids.to(place.device)).logits.cpu()
    gap = float((found - wanted).abs().max())
    text = f"logits differ by {gap:.2g} at most ({LOGITS_TOLERANCE:g} allowed)"
    return judge(gap <= LOGITS_TOLERANCE, text, difference=gap)


def check_language_throughput(place: Place) -> Outcome:
    """Tokens a second that a causal language model is trained on, in the loop."""
    size = {"model__layers": 8, "model__width": 512, "model__heads": 8, "train__batch_size": 64}
    more = size if place.is_gpu else {}
    steps = 100 if place.is_gpu else 4
    bf16 = place.is_gpu
    session = make_session(
        place, "gpt-words", bf16=bf16, train__steps_per_epoch=steps, train__epochs=2, **more
    )
    events = session.loop.events()
    while next(events).kind != "epoch":
        pass
    place.wait()
    began = time.perf_counter()
    for _ in events:
        pass
    place.wait()
    tokens = steps * session.spec.train.batch_size * session.task.span
    rate = tokens / (time.perf_counter() - began)
    return judge(rate > 0, f"{rate:,.0f} tokens/s", tokens_per_s=rate)


# (g): neighbors


def check_neighbors(place: Place) -> Outcome:
    """PCA and nearest-neighbor accuracy, which are computed where the codes lie."""
    import torch

    from selfsup_core.evaluate.neighbors import knn_accuracy
    from selfsup_core.projection.pca import fit_pca

    generator = torch.Generator().manual_seed(0)
    y = torch.arange(600) % 6
    x = torch.randn(600, 32, generator=generator) + 2 * torch.randn(6, 32, generator=generator)[y]
    accuracy, explained = [], []
    for device in ("cpu", place.device):
        codes, labels = x.to(device), y.to(device)
        accuracy.append(float(knn_accuracy(codes[:200], labels[:200], codes[200:], labels[200:])))
        explained.append(float(fit_pca(codes, 4).explained.sum()))
    gap = max(abs(accuracy[0] - accuracy[1]), abs(explained[0] - explained[1]))
    text = f"5-NN accuracy {accuracy[0]:.3f} and {accuracy[1]:.3f}, PCA explains {explained[0]:.4f} and {explained[1]:.4f}"
    return judge(gap <= 0.01, text, difference=gap)


def check_map_neighbors(place: Place) -> Outcome:
    return not_made(
        "nearest neighbors of UMAP and t-SNE are found on the CPU; there is no CUDA code for them"
    )


# (h): waits


def check_waits(place: Place, name: str) -> Outcome:
    """How often a step makes the CPU wait for the device; logging may, a step may not."""
    if not place.is_gpu:
        return not_made("the CPU is not waited for")
    if why := kinds.missing(name):
        return not_made(why)
    import torch

    loop = make_session(place, name).loop
    order, size, steps = loop._order(), loop.config.batch_size, 8
    batches = [order[i * size % len(order) :][:size] for i in range(steps)]
    for batch in batches[:2]:
        loop._update(batch)
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            for batch in batches:
                loop._update(batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    waits = [w for w in caught if "synchroniz" in str(w.message)]
    places = sorted({f"{Path(w.filename).name}:{w.lineno}" for w in waits})
    each = len(waits) / steps
    why = known_wait(name, loop)
    text = f"{each:g} waits a step" + (
        f" ({', '.join(places[:4])}); {why or 'none is known'}" if waits else ""
    )
    return judge(not waits or bool(why), text, waits_a_step=each)


def known_wait(name: str, loop: Any) -> str:
    """Why this kind of run waits in its steps, or ""."""
    is_text = type(loop.model).__name__ == "TextClassifier" or name == "pseudo-lora"
    if is_text:
        return KNOWN_WAITS["text"]
    starts = {"vq": "vq", "masked": "mask", "pseudo": "pseudo", "gpt": "gpt", "continue": "gpt"}
    return next((KNOWN_WAITS[key] for start, key in starts.items() if name.startswith(start)), "")


def main(device: str, out: str, *names: str) -> int:
    """Make checks, one after the other; each outcome is a line of JSON. 3: the device is lost and a new process is needed."""
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    checks = all_checks(device)
    with tempfile.TemporaryDirectory() as folder, open(out, "a") as lines:
        place = Place(device, Path(folder))
        kinds.prepare(place.workspace)
        for name in names:
            print(json.dumps({"begins": name}), file=lines, flush=True)
            began = time.perf_counter()
            try:
                found = checks[name](place)
            except Exception as error:
                traceback.print_exc()
                found = Outcome("failed", f"{type(error).__name__}: {str(error).strip()[:300]}")
            line = {"check": name, "status": found.status, "text": found.text}
            line |= {"figures": found.figures, "seconds": round(time.perf_counter() - began, 2)}
            print(json.dumps(line), file=lines, flush=True)
            if device == "cuda" and any(mark in found.text for mark in LOST):
                lines.flush()
                os._exit(3)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
