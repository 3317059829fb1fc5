"""Networks as source, for the script of a run: `encoder`, `head` and `decoder`, or `model` where they do not
part.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

from selfsup_core.models import MODELS
from selfsup_core.runs.spec import RunSpec

if TYPE_CHECKING:
    from selfsup_core.models.convolutional import ConvolutionalConfig
    from selfsup_core.models.dense import DenseConfig
    from selfsup_core.models.patches import PatchesConfig
    from selfsup_core.objectives.vector_quantized import VectorQuantizedConfig

ACTIVATIONS = {
    "relu": "nn.ReLU()",
    "gelu": "nn.GELU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
}


def layer_list(items: list[str]) -> str:
    return ", ".join(items)


def dense_network(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    sizes = MODELS["dense"].shapes(spec.model, item_shape)
    half = len(sizes) // 2
    config = cast("DenseConfig", spec.model)
    act, code_act = ACTIVATIONS[config.activation], ACTIVATIONS.get(config.code_activation)

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

    config = cast("ConvolutionalConfig", spec.model)
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
            f"nn.ConvTranspose2d({planes[i]}, {planes[i - 1]}, 3, stride=2, padding=1, "
            f"output_padding={extra})",
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
    c = cast("PatchesConfig", spec.model)
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
    return "model" if spec.model.kind == "patches" else "encoder, head, decoder"


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
    o = cast("VectorQuantizedConfig", spec.objective)
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
