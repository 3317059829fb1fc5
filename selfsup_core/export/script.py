"""A run as a short PyTorch script that stands alone: torch, numpy and one file of data, nothing of this project.

It is put together from pieces, each only where the run needs it, and ends with the run's own losses: same first weights, same
order of rows, same random numbers. On another kind of processor the last digits may differ.
"""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from itertools import pairwise
from typing import Any

import numpy as np

from selfsup_core.errors import StudioError
from selfsup_core.models import MODELS
from selfsup_core.runs.folder import ENDED, RunFolder, read_rows, read_state
from selfsup_core.runs.spec import RunSpec, read_spec

ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "gelu": "nn.GELU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
}


Groups = tuple[tuple[int, ...], ...]


def dedent(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def pytorch_script(
    spec: RunSpec, item_shape: tuple[int, ...], threads: int = 1, *, epochs: int | None = None,
    rates: dict[int, float] | None = None, groups: Groups = (),
) -> str:  # fmt: skip
    """The source.

    Args:
        groups: columns of a table that are the levels of one category, ((3, 4, 5), …).
        epochs: how many the run came to, when it ended before the spec's last one.
        rates: step → learning rate from that step on, as it was changed while the run was on.
    """
    network = NETWORKS[spec.model.kind](spec, item_shape)
    if spec.objective.kind == "variational":  # has a head of its own
        network = re.sub(r"\n *head = .*", "", network)
    parts = [
        header(spec, threads, spec.train.epochs if epochs is None else epochs, rates or {}),
        DATA,
        network,
        *([HEADS[spec.objective.kind](spec, item_shape)] if spec.objective.kind in HEADS else []),
        init(spec),
        losses(spec, item_shape, groups),
        loop(spec, rates or {}),
    ]
    return "\n\n".join(dedent(part) for part in parts) + "\n"


def harmless(name: str) -> str:
    """A run's name as it may stand in a docstring."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return printable.replace('"', "'").replace("\\", "/")


def header(spec: RunSpec, threads: int, epochs: int, rates: dict[int, float]) -> str:
    changes = (
        f"\n    RATES = {rates!r}  # from these steps on, as changed in the run" if rates else ""
    )
    return f'''
    """{harmless(spec.name) or "Autoencoder"}. Made by SelfSup Studio from the run's recipe {spec.digest()[:12]}.

    Needs torch and numpy, and data.npz in the folder where it is run. Prints the losses of each epoch; the last line is
    that of the run itself (on a CPU).
    """
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads({threads})
    SEED, EPOCHS, BATCH, RATE = {spec.seed}, {epochs}, {spec.train.batch_size}, {spec.train.learning_rate!r}{changes}
    '''


DATA = """
    # x: (rows, values), as bytes 0 to 255 or floats 0 to 1; train and validation are row numbers.
    data = np.load("data.npz")
    x = torch.from_numpy(data["x"])
    train, validation = torch.from_numpy(data["train"]), torch.from_numpy(data["validation"])


    def values(rows):
        picked = x[rows]
        return picked if picked.is_floating_point() else picked.float() * float(data["scale"])
"""


def layer_list(items: list[str]) -> str:
    return ", ".join(items)


def dense_network(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    sizes = MODELS["dense"].shapes(spec.model, item_shape)
    half = len(sizes) // 2
    act, code_act = ACTIVATIONS[spec.model.activation], ACTIVATIONS.get(spec.model.code_activation)

    def dense(widths: list[int]) -> list[str]:
        return [part for a, b in pairwise(widths) for part in (f"nn.Linear({a}, {b})", act)]

    encoder, decoder = dense(sizes[:half]), dense(sizes[half:])[:-1]
    head = [f"nn.Linear({sizes[half - 1]}, {sizes[half]})", *([code_act] if code_act else [])]
    return f"""
    # {" → ".join(map(str, sizes))}
    encoder = nn.Sequential({layer_list(encoder)})
    head = nn.Sequential({layer_list(head)})
    decoder = nn.Sequential({layer_list(decoder)})
    """


RESIDUAL = """

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.body = nn.Sequential(
                {act}, nn.Conv2d(channels, channels, 3, padding=1), {act}, nn.Conv2d(channels, channels, 3, padding=1))

        def forward(self, x):
            return x + self.body(x)

"""


def convolutional_network(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    from selfsup_core.models.modules.convolutional import scales

    config = spec.model
    h, w = item_shape[:2]
    c = item_shape[2] if len(item_shape) == 3 else 1
    sizes = scales(h, w, len(config.channels))
    planes = [c, *config.channels[: len(sizes) - 1]]
    act, code_act = ACTIVATIONS[config.activation], ACTIVATIONS.get(config.code_activation)
    block, residual = RESIDUAL.format(act=act) if config.residual else "", config.residual
    last, features = sizes[-1], planes[-1] * sizes[-1][0] * sizes[-1][1]
    down = [
        s
        for a, b in pairwise(planes)
        for s in (
            f"nn.Conv2d({a}, {b}, 3, stride=2, padding=1)",
            *([f"Residual({b})"] if residual else []),
            act,
        )
    ]
    up: list[str] = []
    for i in range(len(planes) - 1, 0, -1):
        extra = tuple(b - (2 * a - 1) for a, b in zip(sizes[i], sizes[i - 1], strict=True))
        up += [f"Residual({planes[i]})", act] if residual else []
        up += [
            f"nn.ConvTranspose2d({planes[i]}, {planes[i - 1]}, 3, stride=2, padding=1, output_padding={extra})",
            act,
        ]
    head = [f"nn.Linear({features}, {config.code})", *([code_act] if code_act else [])]
    lines = ",\n            ".join
    return f"""
    class ToMaps(nn.Module):
        def forward(self, x):
            return x.reshape(len(x), {h}, {w}, {c}).permute(0, 3, 1, 2)


    class ToValues(nn.Module):
        def forward(self, maps):
            return maps.permute(0, 2, 3, 1).flatten(1)

{block}
    encoder = nn.Sequential(
            {lines(["ToMaps()", *down, "nn.Flatten()"])})
    head = nn.Sequential({layer_list(head)})
    decoder = nn.Sequential(
            {lines([f"nn.Linear({config.code}, {features})", act, f"nn.Unflatten(1, {(planes[-1], *last)})", *up[:-1], "ToValues()"])})
    """


def patch_network(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    c = spec.model
    rows, columns = item_shape[0] // c.patch, item_shape[1] // c.patch
    channels = item_shape[2] if len(item_shape) == 3 else 1
    return f"""
    ROWS, COLUMNS, PATCH, CHANNELS = {rows}, {columns}, {c.patch}, {channels}  # of patches; of pixels
    TOKENS, VALUES, SIZE, SMALL, HEADS = ROWS * COLUMNS, PATCH * PATCH * CHANNELS, {c.size}, {c.decoder_size}, {c.heads}


    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x):
            b, t, w = x.shape
            q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, w))
            return x + self.mlp(self.norm2(x))


    def positions(width):
        rates = 1 / 10_000 ** (torch.arange(width // 4) / (width // 4))
        y, x = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
        angles = [side.flatten()[:, None] * rates for side in (y, x)]
        return torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1)


    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.blocks = nn.Linear(VALUES, SIZE), nn.Sequential(*[Block(SIZE) for _ in range({c.depth})])
            self.norm, self.to_decoder = nn.LayerNorm(SIZE), nn.Linear(SIZE, SMALL)
            self.hole = nn.Parameter(torch.zeros(SMALL))
            self.decoder_blocks = nn.Sequential(*[Block(SMALL) for _ in range({c.decoder_depth})])
            self.decoder_norm, self.predict = nn.LayerNorm(SMALL), nn.Linear(SMALL, VALUES)

        def encode(self, patches, places):  # a code for an image is the mean of these over all its patches
            return self.norm(self.blocks(self.embed(patches) + places))

        def forward(self, patches, keep):  # the encoder sees the patches `keep` only
            pick = lambda tokens: tokens.gather(1, keep[:, :, None].expand(-1, -1, tokens.shape[2]))
            seen = self.to_decoder(self.encode(pick(patches), pick(positions(SIZE).expand(len(patches), -1, -1))))
            tokens = self.hole.expand(len(patches), TOKENS, -1).scatter(1, keep[:, :, None].expand_as(seen), seen)
            return self.predict(self.decoder_norm(self.decoder_blocks(tokens + positions(SMALL))))


    model = Masked()
    """


NETWORKS = {
    "dense": dense_network,
    "convolutional": convolutional_network,
    "patches": patch_network,
}


def parts_of(spec: RunSpec) -> str:
    """Names of the script's modules, in the order in which their weights are drawn."""
    return "model," if spec.model.kind == "patches" else "encoder, head, decoder"


def sizes_around_code(spec: RunSpec, item_shape: tuple[int, ...]) -> tuple[int, int]:
    """(features, code size)."""
    sizes = MODELS[spec.model.kind].shapes(spec.model, item_shape)
    half = len(sizes) // 2
    return sizes[half - 1], sizes[half]


def gaussian_head(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    features, code = sizes_around_code(spec, item_shape)
    return f"""
    # The code is a distribution: its mean and its log variance.
    head = nn.ModuleDict({{"mean": nn.Linear({features}, {code}), "log_variance": nn.Linear({features}, {code})}})
    """


def codebook(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    o = spec.objective
    return f"""
    class Codebook:
        size, dim, decay, dead = {o.codes}, {o.dimension}, {o.decay}, 0.03

        def reset(self, generator):
            self.book = 0.1 * torch.randn(self.size, self.dim, generator=generator)
            self.counts, self.sums, self.is_set = torch.zeros(self.size), torch.zeros(self.size, self.dim), False

        def assign(self, h):
            return torch.cdist(h.reshape(-1, self.dim), self.book).argmin(dim=1)

        def __call__(self, h):
            nearest = self.book[self.assign(h)].reshape(h.shape)
            return h + (nearest - h).detach()  # the gradient passes straight through

        def draw(self, z, generator):
            return z[torch.randint(len(z), (self.size,), generator=generator)]

        @torch.no_grad()
        def update(self, h, generator):
            z = h.reshape(-1, self.dim)
            if not self.is_set:
                self.book, self.is_set = self.draw(z, generator), True
                self.counts = torch.full((self.size,), len(z) / self.size)
                self.sums = self.book * self.counts[:, None]
            places = self.assign(h)
            counts = torch.bincount(places, minlength=self.size).float()
            self.counts = self.counts * self.decay + counts * (1 - self.decay)
            self.sums = self.sums * self.decay + torch.zeros_like(self.sums).index_add(0, places, z) * (1 - self.decay)
            total = self.counts.sum()
            self.book = self.sums / ((self.counts + 1e-5) / (total + self.size * 1e-5) * total)[:, None]
            fair, fresh = total / self.size, self.draw(z, generator)
            is_dead = self.counts < self.dead * fair  # vectors that are hardly used begin anew
            self.book = torch.where(is_dead[:, None], fresh, self.book)
            self.counts = torch.where(is_dead, fair, self.counts)
            self.sums = torch.where(is_dead[:, None], fresh * fair, self.sums)


    codebook = Codebook()
    """


HEADS = {"variational": gaussian_head, "vector-quantized": codebook}


def init(spec: RunSpec) -> str:
    resets = {
        "vector-quantized": "\n    codebook.reset(first)",
        "masked": "\n    nn.init.normal_(model.hole, std=0.02, generator=first)",
    }
    reset = resets.get(spec.objective.kind, "")
    return f"""
    # Glorot's uniform weights and zero biases.
    first = torch.Generator().manual_seed(SEED)
    for layer in nn.ModuleList([{parts_of(spec).rstrip(",")}]).modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight, generator=first)
            nn.init.zeros_(layer.bias){reset}
    """


RECONSTRUCTION = {
    "bce": "F.binary_cross_entropy_with_logits(logits, x)",
    "mse": "F.mse_loss(logits.sigmoid(), x)",
}


def losses(spec: RunSpec, item_shape: tuple[int, ...], groups: Groups) -> str:
    o = spec.objective
    body = dedent(OBJECTIVE[o.kind](o))
    if groups:
        grouped = {column for group in groups for column in group}
        numeric = [column for column in range(int(np.prod(item_shape))) if column not in grouped]
        body = body.replace("x.shape[1]", "(len(NUMERIC) + len(GROUPS))")
        return f"""
NUMERIC = {numeric}
GROUPS = {[list(group) for group in groups]}  # columns that are the levels of one category


def of_numbers(logits, x):
    return {RECONSTRUCTION[o.loss]}


def rebuilt(logits, x):
    numbers = of_numbers(logits[:, NUMERIC], x[:, NUMERIC]) * len(NUMERIC) if NUMERIC else 0.0
    levels = -sum((x[:, g] * logits[:, g].log_softmax(dim=1)).sum() for g in GROUPS) / len(x)
    return (numbers + levels) / (len(NUMERIC) + len(GROUPS))


{body}
"""
    return f"""
def rebuilt(logits, x):
    return {RECONSTRUCTION[o.loss]}


{body}
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
        penalty = f"({o.target} * ({o.target} / mean).log() + {1 - o.target} * ({1 - o.target} / (1 - mean)).log()).mean()"
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
        return {distortion} + {weight} * kl / x.shape[1]
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


def loop(spec: RunSpec, rates: dict[int, float]) -> str:
    count = "\n    step = 0" if rates else ""
    change = """
            optimizer.param_groups[0]["lr"] = RATES.get(step, optimizer.param_groups[0]["lr"])
            step += 1""" if rates else ""  # fmt: skip
    return f"""
    weights = [p for part in ({parts_of(spec)}) for p in part.parameters()]
    optimizer = torch.optim.Adam(weights, lr=RATE, fused=True)
    generator = torch.Generator().manual_seed(SEED){count}
    for epoch in range(EPOCHS):
        order = train[torch.randperm(len(train), generator=torch.Generator().manual_seed((SEED * 1_000_003 + epoch) % 2**63))]
        total = 0.0
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]{change}
            loss = loss_of(values(rows), generator, epoch + start / len(order), True)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        with torch.no_grad():
            check = loss_of(values(validation), torch.Generator().manual_seed(SEED), epoch + 1.0, False)
        print(f"epoch {{epoch + 1}}: train loss {{total / len(order):.6f}}, validation loss {{check.item():.6f}}")
    """


def script_data(folder: RunFolder) -> tuple[bytes, tuple[int, ...], Groups]:
    """(npz with the rows that the script reads, shape of a sample, groups of columns); test rows stand in it as zeros."""
    from selfsup_core.data.batches import prepare
    from selfsup_core.data.sources import open_source
    from selfsup_core.evaluate.autoencoder import Evaluator

    spec = read_spec(folder.spec)
    dataset = open_source(spec.data.source, folder.workspace)
    data = prepare(dataset, spec.data, "cpu", workspace=folder.workspace)
    evaluator = Evaluator(
        data, tiles=spec.frames.tiles, samples=spec.frames.samples,
        labels_per_class=spec.data.labels_per_class, seed=spec.data.split_seed,
        labels_fraction=spec.data.labels_fraction,
    )  # fmt: skip
    if data.device:
        raise StudioError("The data are too large for an archive.", code="no-script")
    x = data.x.numpy().copy()
    x[data.split.test] = 0
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, x=x, train=data.split.train.astype(np.int64),
        validation=evaluator.validation.astype(np.int64), scale=np.float64(data.scale),
    )  # fmt: skip
    return buffer.getvalue(), data.item_shape, data.groups


def script_of(folder: RunFolder, item_shape: tuple[int, ...], groups: Groups) -> str:
    """The script of what a run really did: its threads, its epochs until it ended, its changes of the learning rate."""
    spec, state = read_spec(folder.spec), read_state(folder)
    has_ended = state["status"] in ENDED and state["epoch"]
    changes = read_rows(folder.path / "changes.jsonl")
    return pytorch_script(
        spec, item_shape, (state.get("device") or {}).get("threads", 1),
        epochs=state["epoch"] if has_ended else None,
        rates={row["step"]: row["value"] for row in changes if row["name"] == "learning_rate"},
        groups=groups,
    )  # fmt: skip


README = """train.py trains this network again and prints the losses of each epoch; data.npz is what it reads.
Run it with: pip install torch numpy, then python train.py
spec.yaml is the recipe from which SelfSup Studio makes the same run.
"""


def script_archive(folder: RunFolder) -> bytes:
    """A zip with train.py, data.npz, spec.yaml and a README; equal runs give equal bytes."""
    arrays, item_shape, groups = script_data(folder)
    files = {
        "train.py": script_of(folder, item_shape, groups).encode(),
        "data.npz": arrays,
        "spec.yaml": folder.spec.read_bytes(),
        "README.txt": README.encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
