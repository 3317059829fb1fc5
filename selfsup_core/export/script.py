"""A run as a short PyTorch script that stands alone: torch, numpy and one file of data, nothing of this
project.

It is put together from pieces, each only where the run needs it, and ends with the run's own losses: same
first weights, same order of rows, same random numbers. On another kind of processor the last digits may
differ.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from typing import cast

import numpy as np

from selfsup_core.errors import StudioError
from selfsup_core.export.script_networks import HEADS, NETWORKS, parts_of
from selfsup_core.export.script_objectives import Groups, dedent, losses
from selfsup_core.files import read_file
from selfsup_core.runs.folder import ENDED, RunFolder, read_rows, read_state
from selfsup_core.runs.spec import RunSpec, read_spec
from selfsup_core.runs.state import ChangeRow


def pytorch_script(
    spec: RunSpec,
    item_shape: tuple[int, ...],
    threads: int = 1,
    *,
    epochs: int | None = None,
    rates: dict[int, float] | None = None,
    groups: Groups = (),
) -> str:
    """The source.

    Args:
        groups: columns of a table that are the levels of one category, ((3, 4, 5), …).
        epochs: how many the run came to, when it ended before the spec's last one.
        rates: step → learning rate from that step on, as it was changed while the run was on.
    """
    # What is not part of the spec comes from files of the run's folder: only numbers may enter a program.
    threads, epochs = whole(threads), whole(spec.train.epochs if epochs is None else epochs)
    rates = {whole(step): finite_rate(rate) for step, rate in (rates or {}).items()}
    network = NETWORKS[spec.model.kind](spec, item_shape)
    if spec.objective.kind == "variational":  # has a head of its own
        network = re.sub(r"\n *head = .*", "", network)
    parts = [
        header(spec, threads, epochs, rates),
        DATA,
        network,
        *([HEADS[spec.objective.kind](spec, item_shape)] if spec.objective.kind in HEADS else []),
        init(spec),
        losses(spec, item_shape, groups),
        loop(spec, rates),
    ]
    return "\n\n".join(dedent(part) for part in parts) + "\n"


def whole(value: object) -> int:
    """Raises StudioError unless it is a whole number of 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise damaged(value)
    return value


def finite_rate(value: object) -> float:
    """Raises StudioError unless it is a finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise damaged(value)
    return float(value)


def damaged(value: object) -> StudioError:
    return StudioError(
        f"The run's files are damaged: a number was expected, found {str(value)[:40]!r}.",
        code="no-script",
        remedy="Train the run again, then export it.",
    )


def harmless(name: str) -> str:
    """A run's name as it may stand in a docstring."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return printable.replace('"', "'").replace("\\", "/")


def header(spec: RunSpec, threads: int, epochs: int, rates: dict[int, float]) -> str:
    changes = f"\n    RATES = {rates!r}  # from these steps on, as changed in the run" if rates else ""
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


def init(spec: RunSpec) -> str:
    resets = {
        "vector-quantized": "\n    codebook.reset(first)",
        "masked": "\n    nn.init.normal_(model.hole, std=0.02, generator=first)",
    }
    reset = resets.get(spec.objective.kind, "")
    return f"""
    # Glorot's uniform weights and zero biases.
    first = torch.Generator().manual_seed(SEED)
    for layer in nn.ModuleList([{parts_of(spec)}]).modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(layer.weight, generator=first)
            nn.init.zeros_(layer.bias){reset}
    """


def loop(spec: RunSpec, rates: dict[int, float]) -> str:
    count = "\n    step = 0" if rates else ""
    change = (
        """
            optimizer.param_groups[0]["lr"] = RATES.get(step, optimizer.param_groups[0]["lr"])
            step += 1"""
        if rates
        else ""
    )
    return f"""
    weights = [p for part in [{parts_of(spec)}] for p in part.parameters()]
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
    """(npz with the rows that the script reads, shape of a sample, groups of columns); test rows stand in it
    as zeros.
    """
    from selfsup_core.data.sources import open_source
    from selfsup_core.features.batches import prepare
    from selfsup_core.tasks.parts.network import build_evaluator

    spec = read_spec(folder.spec)
    dataset = open_source(spec.data.source, folder.workspace)
    data = prepare(dataset, spec.data, "cpu", workspace=folder.workspace)
    evaluator = build_evaluator(spec, dataset, data)
    if data.device:
        raise StudioError("The data are too large for an archive.", code="no-script")
    x = data.x.numpy().copy()
    x[data.split.test] = 0
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        x=x,
        train=data.split.train.astype(np.int64),
        validation=evaluator.validation.astype(np.int64),
        scale=np.float64(data.scale),
    )
    return buffer.getvalue(), data.item_shape, data.groups


def script_of(folder: RunFolder, item_shape: tuple[int, ...], groups: Groups) -> str:
    """The script of what a run really did: its threads, its epochs until it ended, its changes of the
    learning rate.
    """
    spec, state = read_spec(folder.spec), read_state(folder)
    device = state.get("device")
    has_ended = state["status"] in ENDED and state["epoch"]
    changes = cast("list[ChangeRow]", read_rows(folder.path / "changes.jsonl"))
    return pytorch_script(
        spec,
        item_shape,
        device.get("threads", 1) if device else 1,
        epochs=state["epoch"] if has_ended else None,
        rates={
            row["step"]: row["value"]
            for row in changes
            if row.get("name") == "learning_rate" and "value" in row
        },
        groups=groups,
    )


README = """train.py trains this network again and prints the losses of each epoch; it reads data.npz.
Run it with: pip install torch numpy, then python train.py
spec.yaml is the specification from which SelfSup Studio repeats the run.
"""


def script_archive(folder: RunFolder) -> bytes:
    """A zip with train.py, data.npz, spec.yaml and a README; equal runs give equal bytes."""
    arrays, item_shape, groups = script_data(folder)
    files = {
        "train.py": script_of(folder, item_shape, groups).encode(),
        "data.npz": arrays,
        "spec.yaml": read_file(folder.spec),
        "README.txt": README.encode(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
