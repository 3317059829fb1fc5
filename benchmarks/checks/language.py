"""Encoders and language models agree with the CPU; tokens a second."""

from __future__ import annotations

import time

import numpy as np

from benchmarks import kinds
from benchmarks.checks.shared import Outcome, Place, exactly, judge, make_session, not_made

COSINE_LEAST = 0.999


LOGITS_TOLERANCE = 1e-3


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
