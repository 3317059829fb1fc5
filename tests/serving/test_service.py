"""The HTTP service of a run: what it answers is what `predict` gives, and what it refuses."""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from selfsup_core.data.sources import open_source
from selfsup_core.export.predicting import NetworkPredictor, Predictor, load_predictor
from selfsup_core.files import policy_hash
from selfsup_core.runs.spec import make_spec
from selfsup_core.serving import guard
from selfsup_core.serving.service import MOST_ANSWERED, Service
from tests.helpers import make_run, run_here
from tests.tasks.classify_helpers import head_spec, make_pets

HERE = "http://127.0.0.1:8600"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving") / "workspace"


@pytest.fixture(scope="module")
def pictures(place: Path) -> Predictor:
    spec = {
        "data": {"source": "digits"},
        "model": {"widths": [16, 4]},
        "train": {"epochs": 1, "device": "cpu", "threads": 1},
        "frames": {"samples": 60, "tiles": 8},
    }
    folder = make_run(place, make_spec(spec))
    run_here(folder)
    return load_predictor(place, folder.id)


@pytest.fixture(scope="module")
def texts(place: Path) -> Predictor:
    make_pets(place)
    folder = make_run(place, head_spec(data__source="my-pets", data__vocabulary=50, train__epochs=10))
    run_here(folder)
    return load_predictor(place, folder.id)


@pytest.fixture
def client(pictures: Predictor) -> Iterator[TestClient]:
    with TestClient(Service(pictures).app(), base_url=HERE, raise_server_exceptions=False) as found:
        yield found


def digit(row: int) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        digits = open_source("digits", Path(place))
    values = np.rint(np.asarray(digits.x[row], np.float64) * digits.scale * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


def checked(client: TestClient, answer: dict[str, object]) -> dict[str, object]:
    """The answer, which is as /openapi.json says."""
    about = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Answer", "components": about["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer)
    return answer


def test_files_are_answered_as_predict_does(client, pictures: NetworkPredictor, tmp_path):
    files = [("files", (f"{row}.png", digit(row), "image/png")) for row in (3, 8)]
    answer = client.post("/predict", files=files)
    assert answer.status_code == 200, answer.text
    made = checked(client, answer.json())
    paths = [tmp_path / f"{row}.png" for row in (3, 8)]
    for path, row in zip(paths, (3, 8), strict=True):
        path.write_bytes(digit(row))
    found = pictures.predict(paths)
    assert made["samples"] == found.samples()
    first = base64.b64decode(str(made["reconstructions"][0]).removeprefix("data:image/png;base64,"))
    assert np.abs(np.asarray(Image.open(io.BytesIO(first))) / 255 - found.rebuilt[0]).max() < 0.005


def test_texts_are_answered_and_never_taken_for_files(texts: Predictor, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the dog sat")
    with TestClient(Service(texts).app(), base_url=HERE) as client:
        made = client.post("/predict", json={"texts": ["a cat on the mat", str(secret)]}).json()
        checked(client, made)
        file = client.post(
            "/predict", files=[("files", ("../../new.txt", b"log on\n\nthe dog sat\n"))]
        ).json()
        assert "application/json" in str(client.get("/openapi.json").json()["paths"])
        assert '<textarea name="texts"' in client.get("/").text
    assert [one["item"] for one in made["samples"]] == ["a cat on the mat", str(secret)]
    assert made["samples"][0]["label"] == "cats"
    assert [one["label"] for one in file["samples"]] == ["logs", "dogs"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8600", "127.0.0.1@evil.example", ""]
)
@pytest.mark.parametrize("path", ["/", "/openapi.json", "/predict", "/serve.js"])
def test_another_host_is_refused_everywhere(client, host: str, path: str):
    answer = client.request("POST" if path == "/predict" else "GET", path, headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not-here")


def test_pages_of_others_may_neither_send_nor_read(client):
    files = [("files", ("a.png", digit(1), "image/png"))]
    for origin in ("https://evil.example", "null"):
        assert client.post("/predict", files=files, headers={"origin": origin}).status_code == 403
    own = client.post("/predict", files=files, headers={"origin": HERE})
    assert own.status_code == 200
    assert not [name for name in own.headers if name.startswith("access-control")]
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    assert client.options("/predict", headers=asked).status_code == 403


def test_a_large_body_is_refused_before_it_is_read(client, monkeypatch):
    monkeypatch.setattr(guard, "MOST_BYTES", 1000)
    said = client.post("/predict", files=[("files", ("a.png", bytes(2000), "image/png"))])
    assert (said.status_code, said.json()["error"]["code"]) == (413, "too-large")
    pieces = client.post(
        "/predict", content=iter([bytes(600)] * 3), headers={"content-type": "application/json"}
    )
    assert (pieces.status_code, pieces.json()["error"]["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 422, "bad-setting"),
        ({"json": {"text": "a"}}, 422, "bad-setting"),
        ({"json": {"texts": ["a"]}}, 422, "no-texts"),
        ({"json": {"texts": []}}, 422, "no-samples"),
        ({"content": b"a=b", "headers": {"content-type": "text/plain"}}, 415, "bad-type"),
        ({"files": [("files", ("a.png", b"no picture", "image/png"))]}, 422, "wrong-content"),
        ({"files": [("files", (f"{n}.png", b"x", "image/png")) for n in range(40)]}, 400, "bad-request"),
        (
            {"content": b"--x", "headers": {"content-type": "multipart/form-data; boundary=y"}},
            400,
            "bad-request",
        ),
    ],
)
def test_rubbish_is_refused_as_json(client, sent, status: int, code: str):
    answer = client.post("/predict", **sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert set(answer.json()["error"]) >= {"code", "message", "remedy"}


def test_other_addresses_and_mistakes_of_the_program_are_json_too(client, pictures, monkeypatch):
    assert client.get("/nothing").json()["error"]["code"] == "bad-request"
    assert client.get("/predict").status_code == 405

    def fail(*given: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(pictures, "predict", fail)
    answer = client.post("/predict", files=[("files", ("a.png", digit(1), "image/png"))])
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_many_samples_are_refused(texts: Predictor):
    lines = b"cat\n" * (MOST_ANSWERED + 1)
    with TestClient(Service(texts).app(), base_url=HERE) as client:
        answer = client.post("/predict", files=[("files", ("a.txt", lines))])
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-many-samples")


def test_the_page_runs_its_own_script_and_style_alone(client, pictures):
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert policy_hash(style) in policy
    assert "'unsafe" not in policy
    assert re.findall(r"<script([^>]*)>", answer.text) == [' type="module" src="/serve.js"']
    assert "javascript" in client.get("/serve.js").headers["content-type"]
    assert pictures.folder.id in answer.text
