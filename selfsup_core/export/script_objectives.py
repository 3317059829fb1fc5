"""Objectives as source, for the script of a run: `loss_of(x, generator, epoch, is_training)`."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from selfsup_core.runs.spec import RunSpec

Groups = tuple[tuple[int, ...], ...]


def dedent(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


RECONSTRUCTION = {
    "bce": "F.binary_cross_entropy_with_logits(logits, x)",
    "mse": "F.mse_loss(logits.sigmoid(), x)",
}


def losses(spec: RunSpec, item_shape: tuple[int, ...], groups: Groups) -> str:
    o: Any = spec.objective  # which settings there are, its kind tells
    values = int(np.prod(item_shape))
    loss = RECONSTRUCTION[o.loss]
    rebuilt = f"def rebuilt(logits, x):\n    return {loss}"
    if groups:
        rebuilt = dedent(of_categories(loss, values, groups))
    # The KL is shared out over the columns; a category counts as one.
    columns = values - sum(len(group) - 1 for group in groups)
    count = f"COLUMNS = {columns}" if o.kind == "variational" else ""
    return "\n\n\n".join(part for part in (count, rebuilt, dedent(OBJECTIVE[o.kind](o))) if part)


def of_categories(loss: str, values: int, groups: Groups) -> str:
    grouped = {column for group in groups for column in group}
    return f"""
    NUMERIC = {[column for column in range(values) if column not in grouped]}
    GROUPS = {[list(group) for group in groups]}  # columns that are the levels of one category


    def of_numbers(logits, x):
        return {loss}


    def rebuilt(logits, x):
        numbers = of_numbers(logits[:, NUMERIC], x[:, NUMERIC]) * len(NUMERIC) if NUMERIC else 0.0
        levels = -sum((x[:, g] * logits[:, g].log_softmax(dim=1)).sum() for g in GROUPS) / len(x)
        return (numbers + levels) / (len(NUMERIC) + len(GROUPS))
    """


def plain(o: Any) -> str:
    return """
    def loss_of(x, generator, epoch, is_training):
        return rebuilt(decoder(head(encoder(x))), x)
    """


NOISE = {
    "gaussian": "(x + {a} * torch.randn(x.shape, generator=generator)).clamp(0, 1)",
    "masking": "x * (torch.rand(x.shape, generator=generator) >= {a})",
}


def denoising(o: Any) -> str:
    if o.noise == "salt-and-pepper":
        corrupt = f"""chance = torch.rand(x.shape, generator=generator)
        corrupted = x.where(chance >= {o.amount}, (chance >= {o.amount} / 2).float())"""
    else:
        corrupt = "corrupted = " + NOISE[o.noise].format(a=o.amount)
    return f"""
    def loss_of(x, generator, epoch, is_training):
        {corrupt}
        return rebuilt(decoder(head(encoder(corrupted))), x)  # against the clean input
    """


def sparse(o: Any) -> str:
    if o.penalty == "l1":
        penalty = "h.abs().mean()"
        lines = ""
    else:
        lines = "\n        mean = h.mean(dim=0).clamp(1e-4, 1 - 1e-4)"
        penalty = (
            f"({o.target} * ({o.target} / mean).log() + {1 - o.target} * ({1 - o.target} / (1 - "
            "mean)).log()).mean()"
        )
    return f"""
    def loss_of(x, generator, epoch, is_training):
        h = head(encoder(x)){lines}
        return rebuilt(decoder(h), x) + {o.weight} * {penalty}
    """


def contractive(o: Any) -> str:
    return f"""
    def slope(layer, before, after):
        if isinstance(layer, nn.ReLU):
            return (before > 0).float()
        if isinstance(layer, nn.Tanh):
            return 1 - after.square()
        if isinstance(layer, nn.Sigmoid):
            return after * (1 - after)
        normal = torch.distributions.Normal(0.0, 1.0)
        return normal.cdf(before) + before * normal.log_prob(before).exp()


    def loss_of(x, generator, epoch, is_training):
        # The squared norm of the code's Jacobian, from the code back to the first layer.
        layers, h, slopes = [*encoder, *head], x, []
        for layer in layers:
            before, h = h, layer(h)
            slopes.append(None if isinstance(layer, nn.Linear) else slope(layer, before, h))
        product = torch.eye(h.shape[1]).expand(len(x), -1, -1)
        for layer, factor in zip(layers[:0:-1], slopes[:0:-1]):
            product = product @ layer.weight if factor is None else product * factor[:, None, :]
        first = layers[0].weight
        norm = ((product @ (first @ first.T)) * product).sum(dim=(1, 2)).mean()
        return rebuilt(decoder(h), x) + {o.weight} * norm
    """


def variational(o: Any) -> str:
    distortion = "rebuilt(logits, x)" + ("" if o.loss == "bce" else f" / {2 * o.variance}")
    weight = f"{o.beta} * min(1.0, epoch / {o.warmup_epochs})" if o.warmup_epochs else f"{o.beta}"
    return f"""
    def loss_of(x, generator, epoch, is_training):
        features = encoder(x)
        mean, log_variance = head["mean"](features), head["log_variance"](features).clamp(-12, 8)
        noise = torch.randn(mean.shape, generator=generator)
        logits = decoder(mean + (0.5 * log_variance).exp() * noise)
        kl = (0.5 * (mean.square() + log_variance.exp() - log_variance - 1)).sum(dim=1).mean()
        return {distortion} + {weight} * kl / COLUMNS
    """


def vector_quantized(o: Any) -> str:
    return f"""
    def loss_of(x, generator, epoch, is_training):
        h = head(encoder(x))
        if is_training:
            codebook.update(h, generator)
        quantized = codebook(h)
        return rebuilt(decoder(quantized), x) + {o.commitment} * F.mse_loss(h, quantized.detach())
    """


def masked(o: Any) -> str:
    return f"""
    def loss_of(x, generator, epoch, is_training):
        patches = x.reshape(len(x), ROWS, PATCH, COLUMNS, PATCH, CHANNELS).permute(0, 1, 3, 2, 4, 5).reshape(len(x), TOKENS, -1)
        count = min(max(round({o.ratio} * TOKENS), 1), TOKENS - 1)
        keep = torch.rand(len(x), TOKENS, generator=generator).argsort(dim=1)[:, count:].sort(dim=1).values
        hidden = torch.ones(len(x), TOKENS, dtype=torch.bool).scatter(1, keep, False)
        return rebuilt(model(patches, keep)[hidden], patches[hidden])
    """


OBJECTIVE = {
    "reconstruction": plain,
    "denoising": denoising,
    "sparse": sparse,
    "contractive": contractive,
    "variational": variational,
    "vector-quantized": vector_quantized,
    "masked": masked,
}
