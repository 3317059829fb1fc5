"""Small files of formats that further packages read."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pandas as pd
import pillow_heif
import pydicom
import pyreadstat
from PIL import Image
from scipy import io as scipy_io
from scipy import sparse


def hdf5(arrays: dict[str, Any], **packing: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in arrays.items():
            if isinstance(array, np.ndarray) and array.dtype == object:
                file.create_dataset(name, data=array, dtype=h5py.string_dtype())
            else:
                file.create_dataset(name, data=array, **(packing if np.ndim(array) else {}))
    return buffer.getvalue()


def cells(x: Any, *, variable: np.ndarray | None = None) -> bytes:
    """AnnData as anndata 0.12 writes it: names of cells and genes, types and clusters of cells."""
    buffer = io.BytesIO()
    text = h5py.string_dtype()
    with h5py.File(buffer, "w") as file:
        file.attrs["encoding-type"] = "anndata"
        if sparse.issparse(x):
            group = file.create_group("X")
            group.attrs["encoding-type"] = f"{x.format}_matrix"
            group.attrs["shape"] = x.shape
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(x, part)
        else:
            file["X"] = x
        for frame, count, word in (("obs", x.shape[0], "cell"), ("var", x.shape[1], "gene")):
            group = file.create_group(frame)
            group.attrs["_index"] = "_index"
            group.create_dataset("_index", data=[f"{word} {i}" for i in range(count)], dtype=text)
        file["obs/n_counts"] = np.arange(len(file["obs/_index"])) * 1.5
        for name, levels, codes in (
            ("leiden", ["0", "1"], [0, 0, 1, 1, 0, 0, 1, 1]),
            ("cell_type", ["B", "T"], [0, 1, 0, -1, 0, 1, 0, 1]),
        ):
            group = file.create_group(f"obs/{name}")
            group.attrs["encoding-type"] = "categorical"
            group["codes"] = np.array(codes, np.int8)
            group.create_dataset("categories", data=levels, dtype=text)
        if variable is not None:
            file["var/highly_variable"] = variable
    return buffer.getvalue()


def mat(values: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    scipy_io.savemat(buffer, values)
    return buffer.getvalue()


def frame() -> pd.DataFrame:
    return pd.DataFrame({"sex": [1.0, 2, 1, 2] * 3, "age": [1.5, np.nan, 3, 4] * 3, "name": list("abcd") * 3})


def sav(*, is_packed: bool = False) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sav"
        labels = {"sex": {1: "male", 2: "female"}}
        pyreadstat.write_sav(frame(), path, variable_value_labels=labels, compress=is_packed)
        return path.read_bytes()


def dicom(pixels: np.ndarray, **tags: Any) -> bytes:
    """One image, or the frames of a volume."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    if pixels.ndim > 2:
        dataset.NumberOfFrames = len(pixels)
    bits = 8 * pixels.dtype.itemsize
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation, dataset.SamplesPerPixel = 0, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(dataset, name, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def nifti(values: np.ndarray, affine: np.ndarray | None = None) -> bytes:
    found: bytes = nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine).to_bytes()
    return found


def heic() -> bytes:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(buffer, "HEIF", quality=90)
    return buffer.getvalue()
