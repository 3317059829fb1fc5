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


def dedent(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def pytorch_script(
    spec: RunSpec, item_shape: tuple[int, ...], threads: int = 1, *, epochs: int | None = None,
    rates: dict[int, float] | None = None,
) -> str:  # fmt: skip
    """The source.

    Args:
        epochs: how many the run came to, when it ended before the spec's last one.
        rates: step → learning rate from that step on, as it was changed while the run was on.

    Raises:
        StudioError: this network or objective has no script.
    """
    if spec.model.kind not in NETWORKS:
        raise StudioError(
            "A transformer is too long for a short script.", code="no-script",
            remedy="Scripts are there for dense and convolutional networks; the weights are in the run's folder.",
        )  # fmt: skip
    network = NETWORKS[spec.model.kind](spec, item_shape)
    if spec.objective.kind == "variational":  # has a head of its own
        network = re.sub(r"\n *head = .*", "", network)
    parts = [
        header(spec, threads, spec.train.epochs if epochs is None else epochs, rates or {}),
        DATA,
        network,
        *([HEADS[spec.objective.kind](spec, item_shape)] if spec.objective.kind in HEADS else []),
        init(spec),
        losses(spec),
        loop(rates or {}),
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


def convolutional_network(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    from selfsup_core.models.modules.convolutional import scales

    config = spec.model
    if config.residual:
        raise StudioError(
            "A network with residual blocks is too long for a short script.", code="no-script",
            remedy="Train one without model.residual.",
        )  # fmt: skip
    h, w = item_shape[:2]
    c = item_shape[2] if len(item_shape) == 3 else 1
    sizes = scales(h, w, len(config.channels))
    planes = [c, *config.channels[: len(sizes) - 1]]
    act, code_act = ACTIVATIONS[config.activation], ACTIVATIONS.get(config.code_activation)
    last, features = sizes[-1], planes[-1] * sizes[-1][0] * sizes[-1][1]
    down = [
        s
        for a, b in pairwise(planes)
        for s in (f"nn.Conv2d({a}, {b}, 3, stride=2, padding=1)", act)
    ]
    up: list[str] = []
    for i in range(len(planes) - 1, 0, -1):
        extra = tuple(b - (2 * a - 1) for a, b in zip(sizes[i], sizes[i - 1], strict=True))
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


    encoder = nn.Sequential(
            {lines(["ToMaps()", *down, "nn.Flatten()"])})
    head = nn.Sequential({layer_list(head)})
    decoder = nn.Sequential(
            {lines([f"nn.Linear({config.code}, {features})", act, f"nn.Unflatten(1, {(planes[-1], *last)})", *up[:-1], "ToValues()"])})
    """


NETWORKS = {"dense": dense_network, "convolutional": convolutional_network}


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
    reset = "\n    codebook.reset(first)" if spec.objective.kind == "vector-quantized" else ""
    return f"""
    # Glorot's uniform weights and zero biases, drawn in the order encoder, head, decoder.
    first = torch.Generator().manual_seed(SEED)
    for layer in nn.ModuleList([encoder, head, decoder]).modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight, generator=first)
            nn.init.zeros_(layer.bias){reset}
    """


RECONSTRUCTION = {
    "bce": "F.binary_cross_entropy_with_logits(logits, x)",
    "mse": "F.mse_loss(logits.sigmoid(), x)",
}


def losses(spec: RunSpec) -> str:
    o = spec.objective
    body = dedent(OBJECTIVE[o.kind](o))
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


OBJECTIVE = {
    "reconstruction": plain,
    "denoising": denoising,
    "sparse": sparse,
    "contractive": contractive,
    "variational": variational,
    "vector-quantized": vector_quantized,
}


def loop(rates: dict[int, float]) -> str:
    count = "\n    step = 0" if rates else ""
    change = """
            optimizer.param_groups[0]["lr"] = RATES.get(step, optimizer.param_groups[0]["lr"])
            step += 1""" if rates else ""  # fmt: skip
    return f"""
    weights = [p for part in (encoder, head, decoder) for p in part.parameters()]
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


def script_data(folder: RunFolder) -> tuple[bytes, tuple[int, ...]]:
    """(npz with the rows that the script reads, the shape of a sample); test rows are left out of it, as zeros."""
    from selfsup_core.data.batches import prepare
    from selfsup_core.data.sources import open_source
    from selfsup_core.evaluate.autoencoder import Evaluator

    spec = read_spec(folder.spec)
    dataset = open_source(spec.data.source, folder.workspace)
    data = prepare(dataset, spec.data, "cpu", workspace=folder.workspace)
    if data.groups:
        raise StudioError(
            "The script does not know tables with categories.", code="no-script",
            remedy="Ignore the columns with categories when bringing the table in.",
        )  # fmt: skip
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
    return buffer.getvalue(), data.item_shape


def script_of(folder: RunFolder, item_shape: tuple[int, ...]) -> str:
    """The script of what a run really did: its threads, its epochs until it ended, its changes of the learning rate."""
    spec, state = read_spec(folder.spec), read_state(folder)
    has_ended = state["status"] in ENDED and state["epoch"]
    changes = read_rows(folder.path / "changes.jsonl")
    return pytorch_script(
        spec, item_shape, (state.get("device") or {}).get("threads", 1),
        epochs=state["epoch"] if has_ended else None,
        rates={row["step"]: row["value"] for row in changes if row["name"] == "learning_rate"},
    )  # fmt: skip


README = """train.py trains this network again and prints the losses of each epoch; data.npz is what it reads.
Run it with: pip install torch numpy, then python train.py
spec.yaml is the recipe from which SelfSup Studio makes the same run.
"""


def script_archive(folder: RunFolder) -> bytes:
    """A zip with train.py, data.npz, spec.yaml and a README; equal runs give equal bytes."""
    arrays, item_shape = script_data(folder)
    files = {
        "train.py": script_of(folder, item_shape).encode(),
        "data.npz": arrays,
        "spec.yaml": folder.spec.read_bytes(),
        "README.txt": README.encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
