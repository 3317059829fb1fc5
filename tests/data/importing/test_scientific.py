"""HDF5, AnnData, MATLAB, SPSS, SAS, DICOM, NIfTI and HEIC: what is read is what was written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyreadstat
import pytest
from scipy import sparse

from selfsup_core.data.importing.build import build_dataset
from selfsup_core.data.importing.config import ImportConfig
from selfsup_core.data.importing.files import open_files
from selfsup_core.data.importing.images import read_image, read_images
from selfsup_core.data.importing.scans import unpack_scans
from selfsup_core.data.importing.tones import Tone
from selfsup_core.errors import DataError
from tests.data.importing.make import archive, write
from tests.data.importing.make_scientific import cells, dicom, frame, hdf5, heic, mat, nifti, sav

ROWS = np.arange(24, dtype=np.float32).reshape(8, 3)
MARKS = np.array([0, 1] * 4)


def build(*paths, **config):
    return build_dataset(list(paths), ImportConfig(**config), "my-x")


def refused(*paths, **config) -> DataError:
    with pytest.raises(DataError) as caught:
        build(*paths, **config)
    return caught.value


def test_arrays_of_hdf5_in_groups_are_samples_and_labels(tmp_path):
    content = hdf5({"deep/X": ROWS, "deep/y": MARKS, "note": np.float64(3)}, compression="gzip")
    made = build(write(tmp_path, "a.h5", content))
    assert np.array_equal(made.x, ROWS)
    assert made.label_names() == [str(mark) for mark in MARKS]
    assert "note" in made.details["aside"]


def test_strings_of_hdf5_are_labels_or_names(tmp_path):
    names = [f"row {i}" for i in range(8)]
    words = np.array(["no", "yés"] * 4, dtype=object)
    content = hdf5({"X": ROWS, "label": words, "names": np.array(names, dtype=object)})
    made = build(write(tmp_path, "a.hdf5", content))
    assert (made.classes, list(made.extra["names"])) == (("no", "yés"), names)


def test_no_link_of_hdf5_is_followed_and_no_other_file_is_read(tmp_path):
    secret = write(tmp_path, "secret.h5", hdf5({"X": ROWS + 100}))
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["X"] = ROWS
        file["out"] = h5py.ExternalLink(str(secret), "X")
        file["soft"] = h5py.SoftLink("/X")
        file["loop"] = file["/"]
        raw = file.create_dataset("raw", (8, 3), "f4", external=[(str(secret), 0, 96)])
        assert raw.external
        layout = h5py.VirtualLayout((8, 3), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "X", (8, 3))
        file.create_virtual_dataset("virtual", layout)
    made = build(path)
    assert np.array_equal(made.x, ROWS)
    assert {"out", "soft", "raw", "virtual"} <= set(made.details["aside"])


def test_a_huge_declared_shape_and_a_filter_that_would_be_loaded_are_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", (10**6, 10**4), "f4", chunks=(100, 100), compression="gzip")
    assert refused(path).code == "too-large"
    path = tmp_path / "b.h5"
    with h5py.File(path, "w") as file:
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk((8, 3))
        made.set_filter(32008, h5py.h5z.FLAG_OPTIONAL, ())
        h5py.h5d.create(file.id, b"X", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((8, 3)), made)
    assert "filter 32008" in refused(path).message


def test_a_keras_model_and_records_of_pandas_are_named(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3"
    assert "Keras model" in refused(path).message
    path = tmp_path / "b.h5"
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros(3, [("index", "i8"), ("a", "f8")])
    assert "holds records" in refused(path).message


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_cells_by_genes_with_names_and_the_type_of_each_cell(tmp_path, form):
    path = write(tmp_path, "a.h5ad", cells(form(ROWS)))
    made = build(path)
    assert np.array_equal(made.x, ROWS)
    assert made.columns == ("gene 0", "gene 1", "gene 2")
    assert list(made.extra["names"]) == [f"cell {i}" for i in range(8)]
    assert made.label_names() == ["B", "T", "B", "", "B", "T", "B", "T"]
    assert "leiden" in "".join(made.details["notes"])
    assert build(path, label="leiden").classes == ("0", "1")
    assert build(path, label="-").y is None


def test_genes_that_are_marked_as_highly_variable_are_read_alone(tmp_path):
    content = cells(sparse.csr_matrix(ROWS), variable=np.array([True, False, True]))
    made = build(write(tmp_path, "a.h5ad", content))
    assert np.array_equal(made.x, ROWS[:, [0, 2]])
    assert made.columns == ("gene 0", "gene 2")


def test_variables_of_matlab(tmp_path):
    words = np.array(["no", "yes"] * 4, dtype=object)
    path = write(tmp_path, "a.mat", mat({"X": ROWS, "species": words, "s": {"inner": 1}, "k": 3.5}))
    made = build(path)
    assert np.array_equal(made.x, ROWS)
    assert made.classes == ("no", "yes")
    assert {"s", "k"} <= set(made.details["aside"])
    made = build(write(tmp_path, "b.mat", mat({"X": sparse.csc_matrix(ROWS), "y": MARKS})))
    assert np.array_equal(made.x, ROWS)
    assert made.classes == ("0", "1")


def test_images_of_matlab_on_the_last_axis_are_turned(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 8), np.uint8)
    made = build(write(tmp_path, "svhn.mat", mat({"X": pixels, "y": MARKS[:, None]})))
    assert np.array_equal(made.x, np.moveaxis(pixels, -1, 0))
    assert made.classes == ("0", "1")


def test_variables_of_matlab_7_3(tmp_path):
    path = tmp_path / "a.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["X"] = ROWS.T
        refs = file.create_group("#refs#")
        cell = file.create_dataset("species", (1, 8), h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_(b"cell")
        for i in range(8):
            codes = np.frombuffer("nyoe"[i % 2 :: 2].encode(), np.uint8)
            word = refs.create_dataset(str(i), data=codes[:, None])
            word.attrs["MATLAB_class"] = np.bytes_(b"char")
            cell[0, i] = word.ref
        file.create_group("struct")["inner"] = 1.0
    made = build(path)
    assert np.array_equal(made.x, ROWS)
    assert made.classes == ("no", "ye")
    assert "struct" in made.details["aside"]


def test_a_file_of_matlab_with_structures_alone_names_the_way(tmp_path):
    found = refused(write(tmp_path, "a.mat", mat({"s": {"inner": 1}})))
    assert "s holds a struct" in found.message
    assert "plain arrays" in found.remedy


@pytest.mark.parametrize("ending", ["sav", "zsav"])
def test_coded_values_of_spss_are_their_labels(tmp_path, ending):
    made = build(write(tmp_path, f"a.{ending}", sav(is_packed=ending == "zsav")), label="sex")
    assert made.classes == ("female", "male")
    assert made.columns[0] == "age"
    assert np.array_equal(made.x[:, 0], [1.5, np.nan, 3, 4] * 3, equal_nan=True)


def test_a_portable_file_of_spss(tmp_path):
    pyreadstat.write_por(frame(), tmp_path / "a.por")
    made = build(tmp_path / "a.por", label="SEX")  # the format has capitals only
    assert made.classes == ("1", "2")
    assert made.columns[0] == "AGE"
    assert np.array_equal(made.x[:, 0], [1.5, np.nan, 3, 4] * 3, equal_nan=True)


ENDINGS = ("docx", "pdf", "epub", "h5", "mat", "sav", "por", "xpt", "dta", "dcm", "nii", "xlsx", "feather")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_reader_stumbles_over_is_said_in_words(tmp_path, ending):
    starts = {
        "h5": b"\x89HDF\r\n\x1a\n",
        "pdf": b"%PDF-1.4\n",
        "feather": b"ARROW1\0\0",
        "xpt": b"HEADER RECORD",
    }
    zipped = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"})
    content = zipped if ending in ("docx", "epub", "xlsx") else starts.get(ending, b"") + bytes(600)
    found = refused(write(tmp_path, f"a.{ending}", content))
    assert f"a.{ending}" in found.message
    assert found.remedy
    for internal in ("lxml", "object has no", "NoneType", "0x", "Traceback", "Error:", "argument"):
        assert internal not in found.message


def test_a_transport_file_of_sas(tmp_path):
    pyreadstat.write_xport(frame(), tmp_path / "a.xpt")
    made = build(tmp_path / "a.xpt", label="sex")
    assert made.classes == ("1", "2")
    assert np.array_equal(made.x[:, 0], [1.5, np.nan, 3, 4] * 3, equal_nan=True)


def test_images_of_dicom_share_one_scale(tmp_path):
    dark, bright = np.full((28, 28), 100, np.uint16), np.full((28, 28), 4000, np.uint16)
    bright[0] = 0
    files = {f"{name}/1.dcm": dicom(pixels) for name, pixels in {"a": dark, "b": bright}.items()}
    made = build(write(tmp_path, "a.zip", archive(files)))
    assert made.x[0, 5, 5] == int(100 / 4000 * 255)
    assert made.x[1, 5, 5] == 255
    assert made.classes == ("a", "b")


def test_the_values_of_dicom_are_rescaled_and_inverted(tmp_path):
    pixels = np.arange(28 * 28, dtype=np.uint16).reshape(28, 28)
    made = build(write(tmp_path, "a.dcm", dicom(pixels, RescaleSlope=2, RescaleIntercept=-1024)))
    assert made.x[0, 0, 0] == 0
    assert made.x[0, 27, 27] == 255
    made = build(write(tmp_path, "b.dcm", dicom(pixels, PhotometricInterpretation="MONOCHROME1")))
    assert made.x[0, 0, 0] == 255
    assert made.x[0, 27, 27] < 255


@pytest.mark.parametrize(
    ("slices", "expected"), [("auto", [0, 85, 170, 255]), ("middle", [255]), ("all", [0, 85, 170, 255])]
)
def test_slices_of_a_volume(tmp_path, slices, expected):
    levels = np.broadcast_to(np.arange(4, dtype=np.int16) * 85, (28, 28, 4))
    made = build(write(tmp_path, "a.nii", nifti(levels)), slices=slices)
    assert made.x[:, 9, 9].tolist()[-1:] == expected[-1:] if slices != "middle" else made.x.shape[0] == 1
    assert len(made) == len(expected)
    frames = np.stack([np.full((28, 28), i * 85, np.uint8) for i in range(4)])
    made = build(write(tmp_path, "a.dcm", dicom(frames)), slices=slices)
    assert made.x[:, 9, 9].tolist() == (expected if slices != "middle" else [170])


def test_of_several_volumes_the_middle_slices_are_read_and_all_slices_stay_together(tmp_path):
    rng = np.random.default_rng(0)
    files = {f"v{i}.nii": nifti(rng.integers(0, 99, (28, 28, 3), np.int16)) for i in range(10)}
    path = write(tmp_path, "a.zip", archive(files))
    assert len(build(path)) == 10
    made = build(path, slices="all")
    assert made.groups.tolist() == [i - i % 3 for i in range(30)]
    assert made.grouped_by == "volume"


def test_a_volume_is_seen_from_its_feet_with_the_front_above(tmp_path):
    values = np.zeros((28, 28, 3), np.uint8)
    values[3, 25, 0] = 255  # left, front, lowest slice
    made = build(write(tmp_path, "a.nii", nifti(values)))
    assert np.argwhere(made.x == 255).tolist() == [[0, 2, 3]]
    turned = nifti(values[::-1], affine=np.diag([-1.0, 1, 1, 1]))
    assert np.array_equal(build(write(tmp_path, "b.nii", turned)).x, made.x)


@pytest.mark.parametrize(("kind", "size"), [("int16", 28), ("uint8", 28), ("float32", 20), ("uint8", 40)])
@pytest.mark.parametrize("color", [False, True])
def test_slices_that_are_read_at_once_are_those_that_are_read_singly(
    tmp_path, kind, size, color, monkeypatch
):
    """Also across the borders of what is read together."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 200, (28, 28, 7)).astype(kind)
    values = values - 3 if kind != "uint8" else values
    config = ImportConfig()
    path = write(tmp_path, "a.nii", nifti(values))
    members, _, _ = unpack_scans(open_files([path]), config)
    tone = Tone(-3.0, 190.0)
    monkeypatch.setattr("selfsup_core.data.importing.slices.RUN", 3)
    at_once, kept, sizes, aside = read_images(members, config, size, color, tone)
    singly = np.stack([read_image(member, size, color, config.fit, tone)[0] for member in members])
    np.testing.assert_array_equal(at_once, singly)
    assert (kept, sizes.tolist(), aside) == (list(range(7)), [[28, 28]] * 7, {})


def test_a_volume_that_declares_more_than_it_holds_is_refused(tmp_path):
    content = bytearray(nifti(np.zeros((28, 28, 3), np.int16)))
    content[42:44] = (30_000).to_bytes(2, "little")
    assert "more than it holds" in refused(write(tmp_path, "a.nii", bytes(content))).message


def test_heic(tmp_path):
    made = build(write(tmp_path, "a.heic", heic()))
    assert made.x.shape == (1, 64, 64, 3)
    assert abs(made.x[0, 32, 32].astype(int) - [200, 30, 30]).max() < 12


@pytest.mark.parametrize(
    ("name", "content", "module", "package"),
    [
        ("a.h5", lambda: hdf5({"X": ROWS}), "h5py", "h5py"),
        ("a.sav", sav, "pyreadstat", "pyreadstat"),
        ("a.dcm", lambda: dicom(np.zeros((28, 28), np.uint8)), "pydicom", "pydicom"),
        ("a.nii", lambda: nifti(np.zeros((28, 28, 3), np.uint8)), "nibabel", "nibabel"),
        ("a.heic", heic, "pillow_heif", "pillow-heif"),
    ],
)
def test_without_its_package_a_file_is_refused_with_its_name(
    tmp_path: Path, monkeypatch, name: str, content: Callable[[], bytes], module: str, package: str
) -> None:
    path = write(tmp_path, name, content())
    monkeypatch.setitem(sys.modules, module, None)
    found = refused(path)
    assert found.code == "no-reader"
    assert f"pip install {package}" in found.remedy
