"""The time of a step beside the same step as a captured graph."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.checks.shared import Outcome, Place, judge, make_session, not_made

GRAPH_AIM = 0.9


def check_graph(place: Place, name: str) -> Outcome:
    """Seconds of a step as a captured CUDA graph ÷ seconds of a step of the loop."""
    if not place.is_gpu:
        return not_made("graphs are captured on CUDA only")
    from selfsup_core.runs.recipes import list_presets

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
    text = (
        f"{1e6 * captured:.0f} µs captured ÷ {1e6 * ours:.0f} µs = {ratio:.2f} (at least {GRAPH_AIM:g} "
        "aimed at)"
    )
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
