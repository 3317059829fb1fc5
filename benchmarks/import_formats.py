"""10,000 rows of further formats: the import, beside the time that the format's own reader takes for the
same values. Both in this process, by turns; the best of a few, by a processor's time, which other work on the
machine does not change much, and by the clock.

What is left above the readers' own time: tables keep the cells of their first rows as they were read, so that
numbers are written as text once; images get a scale, a size and a search for near copies; of DICOM files the
first bytes are looked at before, as sizes and slices of all are checked before the first pixel is read.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.size import sized
from benchmarks.table import Row, left_out
from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig

ROWS, WIDTH, SIDE = sized(10_000, 40), 64, 28
TIMES = sized(3, 1)  # the first call also loads what is loaded on first use
MOST = 2.0


def best(*works: Callable[[], object]) -> list[tuple[float, float]]:
    """(seconds of a processor, seconds on the clock) of the fastest of a few calls of each, by turns."""
    taken: list[list[tuple[float, float]]] = [[] for _ in works]
    for _ in range(TIMES):
        for work, times in zip(works, taken, strict=True):
            began, spent = time.perf_counter(), time.process_time()
            work()
            times.append((time.process_time() - spent, time.perf_counter() - began))
    return [(min(cpu for cpu, _ in times), min(wall for _, wall in times)) for times in taken]


def values() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, WIDTH)).astype(np.float32), rng.integers(0, 5, ROWS)


def hdf5(folder: Path) -> tuple[Path, Callable[[], object]]:
    import h5py

    path = folder / "arrays.h5"
    x, y = values()
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=x, compression="gzip")
        file["y"] = y

    def read() -> object:
        with h5py.File(path) as file:
            return file["X"][()], file["y"][()]

    return path, read


def anndata(folder: Path) -> tuple[Path, Callable[[], object]]:
    import h5py
    from scipy import sparse

    path = folder / "cells.h5ad"
    rng = np.random.default_rng(0)
    x = sparse.random_array((ROWS, 1000), density=0.1, format="csr", dtype=np.float32, random_state=rng)
    parts = ("data", "indices", "indptr")
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"] = "anndata"
        group = file.create_group("X")
        group.attrs.update({"encoding-type": "csr_matrix", "shape": x.shape})
        for part in parts:
            group.create_dataset(part, data=getattr(x, part), compression="gzip")
        for frame, count in (("obs", ROWS), ("var", x.shape[1])):
            file.create_group(frame).attrs["_index"] = "_index"
            file[frame].create_dataset("_index", data=[f"name {i}" for i in range(count)])

    def read() -> object:
        with h5py.File(path) as file:
            held = tuple(file["X"][part][()] for part in parts)
            names = [file[frame]["_index"].asstr()[()] for frame in ("obs", "var")]
        return sparse.csr_matrix(held, shape=x.shape).toarray(), names

    return path, read


def matlab(folder: Path) -> tuple[Path, Callable[[], object]]:
    from scipy import io as scipy_io

    path = folder / "arrays.mat"
    x, y = values()
    scipy_io.savemat(path, {"X": x, "y": y}, do_compression=True)
    return path, lambda: scipy_io.loadmat(path)


def spss(folder: Path) -> tuple[Path, Callable[[], object]]:
    import pandas as pd  # type: ignore[import-untyped]
    import pyreadstat

    path = folder / "survey.sav"
    x, y = values()
    frame = pd.DataFrame({f"q{i}": x[:, i].astype(float) for i in range(20)} | {"label": y.astype(float)})
    pyreadstat.write_sav(frame, path, variable_value_labels={"label": {i: f"class {i}" for i in range(5)}})
    return path, lambda: pyreadstat.read_sav(path, apply_value_formats=True)


def pictures(folder: Path, name: str, content: Callable[[np.ndarray], bytes]) -> Path:
    """A ZIP of images."""
    import zipfile

    rng = np.random.default_rng(0)
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for i in range(ROWS):
            pixels = rng.integers(0, 4096, (SIDE, SIDE), dtype=np.uint16)
            packed.writestr(f"{i % 5}/{i}.{name}", content(pixels))
    return path


def each_in(path: Path, read: Callable[[io.BytesIO], Any]) -> Callable[[], object]:
    import zipfile

    def all_of_them() -> object:
        with zipfile.ZipFile(path) as packed:
            return [np.asarray(read(io.BytesIO(packed.read(name)))) for name in packed.namelist()]

    return all_of_them


def dicom(folder: Path) -> tuple[Path, Callable[[], object]]:
    import pydicom

    def content(pixels: np.ndarray) -> bytes:
        dataset = pydicom.Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation, dataset.SamplesPerPixel = 0, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PixelData = pixels.tobytes()
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        return buffer.getvalue()

    path = pictures(folder, "dcm", content)
    return path, each_in(path, lambda data: pydicom.dcmread(data).pixel_array)


def nifti(folder: Path) -> tuple[Path, Callable[[], object]]:
    import nibabel

    path = folder / "volume.nii.gz"
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 4096, (SIDE, SIDE, ROWS), dtype=np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    return path, lambda: np.asarray(nibabel.load(path).dataobj)


def heic(folder: Path) -> tuple[Path, Callable[[], object]]:
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()

    def content(pixels: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        side = 64  # the smallest that its encoder takes
        Image.fromarray(np.resize(pixels >> 4, (side, side)).astype(np.uint8)).save(buffer, "HEIF")
        return buffer.getvalue()

    path = pictures(folder, "heic", content)
    return path, each_in(path, Image.open)


FORMATS: dict[str, Callable[[Path], tuple[Path, Callable[[], object]]]] = {
    "hdf5": hdf5,
    "anndata": anndata,
    "matlab": matlab,
    "spss": spss,
    "dicom": dicom,
    "nifti": nifti,
    "heic": heic,
}
COLUMNS = tuple(f"{name}_{what}" for name in FORMATS for what in ("over_reader", "over_reader_wall"))


def measure_formats(folder: Path) -> Iterator[Row]:
    for name, make in FORMATS.items():
        columns = [f"{name}_over_reader", f"{name}_over_reader_wall"]
        try:
            path, read = make(folder)
        except ImportError as error:
            yield left_out(f"{name}, imported", f"{error.name} is not installed", columns)
            continue
        alone, whole = best(read, lambda path=path: build_dataset([path], ImportConfig(), "my-x"))
        ratio, wall = whole[0] / alone[0], whole[1] / alone[1]
        yield Row(
            f"{ROWS:,} rows of {name}, imported / its reader alone",
            f"{ratio:.2f} ({alone[0] * 1000:.0f} ms of a core), {wall:.2f} on the clock",
            f"<= {MOST:g}",
            ratio <= MOST,
            dict(zip(columns, (ratio, wall), strict=True)),
        )
