"""A device that is not there: tensors say that they lie on it, and the CPU does their arithmetic.

What a real device refuses is refused here too: tensors of two devices in one operation, a generator of the
other device, `numpy()` of a tensor on the device. What a real device waits for is counted, by the operation
that asked for it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from benchmarks.same_draws import Elsewhere

NAME = "pretend"
if torch._C._get_privateuse1_backend_name() != NAME:
    _setup_privateuseone_for_python_backend(NAME)
HERE = torch.device(NAME, 0)
aten = torch.ops.aten
# Operations that may be given tensors of both devices.
BETWEEN = {
    aten.copy_.default,
    aten._to_copy.default,
    aten.to.device,
    aten.to.dtype_layout,
    aten.to.other,
}
# An index that lies on the CPU is sent to the device: slow, but allowed.
INDEXED = {aten.index.Tensor, aten.index_put_.default, aten._index_put_impl_.default, aten.index_put.default}
# Operations after which the CPU knows something of the device's numbers, so that it must wait for them.
WAITS = {
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.equal.default,
    aten.is_nonzero.default,
    aten.masked_select.default,
    aten._unique2.default,
    aten.bincount.default,
    aten.repeat_interleave.Tensor,
}


class OnDevice(torch.Tensor):
    """Says that it lies on the device.

    Attributes:
        inner: the tensor on the CPU that holds its numbers.
    """

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> OnDevice:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=HERE,
            requires_grad=False,
        )
        made.inner = inner
        return made

    def __repr__(self, **_: Any) -> str:
        return f"OnDevice({self.inner!r})"

    def numpy(self, **_: Any) -> Any:
        raise TypeError("can't convert pretend:0 device type tensor to numpy")

    def __array__(self, *_: Any) -> Any:
        raise TypeError("can't convert pretend:0 device type tensor to numpy")

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __setitem__(self, key: Any, value: Any) -> None:
        keys = key if isinstance(key, tuple) else (key,)
        self.inner[tuple(bare(k) for k in keys)] = bare(value)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return perform(func, args, kwargs or {}, Counter())


def bare(x: Any) -> Any:
    """What is on the CPU of a tensor on the device; anything else as it is."""
    return x.inner if isinstance(x, OnDevice) else x


def perform(func: Any, args: Any, kwargs: dict[str, Any], waits: Counter[str]) -> Any:
    """Do an operation as the device would."""
    flat, shape = tree_flatten((args, kwargs))
    ours = [x for x in flat if isinstance(x, OnDevice)]
    others = [x for x in flat if isinstance(x, torch.Tensor) and not isinstance(x, OnDevice)]
    wanted = device_in(flat)
    to_device = wanted.type == NAME if wanted is not None else bool(ours)
    if func not in BETWEEN and ours:
        check_same_device(func, args, others)
    if ours and (func in WAITS or (func in BETWEEN and is_towards_cpu(args, wanted))):
        waits[str(func)] += 1
    plain = [bare(x) for x in flat]
    plain = [torch.device("cpu") if isinstance(x, torch.device) else x for x in plain]
    plain_args, plain_kwargs = tree_unflatten(plain, shape)
    plain_kwargs.pop("pin_memory", None)
    result = func(*plain_args, **plain_kwargs)
    known = {id(x.inner): x for x in ours}
    if not to_device and func not in BETWEEN:
        return result

    def wrap(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        if id(x) in known:
            return known[id(x)]
        return OnDevice(x) if to_device else x

    if func is aten.copy_.default:
        return args[0]
    if func in BETWEEN and not to_device:
        return result.clone() if any(result is x.inner for x in ours) else result
    return tree_map(wrap, result)


def device_in(flat: list[Any]) -> torch.device | None:
    """The device that an operation is asked for."""
    return next((x for x in flat if isinstance(x, torch.device)), None)


def is_towards_cpu(args: Any, wanted: torch.device | None) -> bool:
    """Whether a copy goes from the device to the CPU."""
    if wanted is not None:
        return wanted.type == "cpu"
    return len(args) > 1 and not isinstance(args[0], OnDevice)


def check_same_device(func: Any, args: Any, others: list[torch.Tensor]) -> None:
    """Raise as the device does; single numbers may come from the CPU."""
    strangers = [x for x in others if x.dim() > 0]
    if func in INDEXED and isinstance(args[0], OnDevice):
        indices = [x for x in args[1] if isinstance(x, torch.Tensor)]
        strangers = [x for x in strangers if not any(x is i for i in indices)]
    if strangers:
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two, pretend:0 and cpu! "
            f"({func})"
        )


class Generators(TorchFunctionMode):
    """Refuses random numbers for one device by a generator of the other; operations see another object than
    the caller.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        generator = kwargs.get("generator")
        if generator is not None:
            tensors = [x for x in args if isinstance(x, torch.Tensor)]
            device = torch.device(kwargs.get("device") or (tensors[0].device if tensors else "cpu"))
            if device.type != generator.device.type:
                raise RuntimeError(f"Expected a {device.type!r} device type for generator ({func})")
        return func(*args, **kwargs)


class Device(TorchDispatchMode):
    """While it is entered, `device="pretend"` works.

    Attributes:
        waits: how often the CPU had to wait for the device, by operation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        flat = tree_flatten((args, kwargs))[0]
        device = device_in(flat)
        if not any(isinstance(x, OnDevice) for x in flat) and (device is None or device.type != NAME):
            return func(*args, **kwargs)
        return perform(func, args, kwargs, self.waits)


@contextlib.contextmanager
def pretended() -> Iterator[Device]:
    """The device for the time of the block. What it registers with torch stays, so a process of its own is
    best.
    """
    _device_constructors()  # remembers torch.tensor, so it must see the real one first
    real = {name: getattr(torch, name) for name in ("Generator", "tensor", "inference_mode")}
    torch.Generator = Elsewhere

    def tensor(*given: Any, device: Any = None, **more: Any) -> torch.Tensor:
        made = real["tensor"](*given, **more)
        return made if device is None else made.to(device)

    torch.tensor = tensor
    torch.inference_mode = lambda *_: torch.no_grad()  # its tensors may not be wrapped
    try:
        with Generators(), Device() as device:
            yield device
    finally:
        for name, value in real.items():
            setattr(torch, name, value)
