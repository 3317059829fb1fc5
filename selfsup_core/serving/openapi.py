"""What can be asked of the service, as OpenAPI 3.1; schemas are those of the types that are answered."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from selfsup_core import __version__
from selfsup_core.errors import ErrorAbout
from selfsup_core.export.predicting import Predictor
from selfsup_core.serving.messages import Answer, TextsAsk

REFERENCE = "#/components/schemas/{model}"


def describe(predictor: Predictor) -> dict[str, Any]:
    """Of the service of one run."""
    schemas: dict[str, Any] = {}
    for name, kind in (("Answer", Answer), ("Error", ErrorAbout), ("Texts", TextsAsk)):
        schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE)
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"SelfSup Studio: {predictor.folder.id}",
            "version": __version__,
            "description": f"A run ({predictor.task}) at epoch {predictor.epoch} on new samples.",
        },
        "paths": {
            "/predict": {
                "post": {
                    "operationId": "predict",
                    "summary": "What the run makes of new samples.",
                    "requestBody": {"required": True, "content": bodies(predictor.kind)},
                    "responses": {
                        "200": content("Codes, classes and scores, whatever the run gives.", "Answer"),
                        "403": error("The request is for another machine, or from a page of one."),
                        "413": error("Too much at once."),
                        "415": error("The body is neither JSON nor a form."),
                        "422": error("A file or a text cannot be read, or is of another kind."),
                    },
                }
            }
        },
        "components": {"schemas": schemas},
    }


def bodies(kind: str) -> dict[str, Any]:
    """What is sent: files, and of a run that reads texts also texts."""
    files = {
        "type": "object",
        "properties": {
            "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "column": {"type": "string", "description": "Column with the texts of a table."},
        },
        "required": ["files"],
    }
    made: dict[str, Any] = {"multipart/form-data": {"schema": files}}
    if kind == "text":
        made["application/json"] = {"schema": {"$ref": REFERENCE.format(model="Texts")}}
    return made


def content(about: str, model: str) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model=model)}
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def error(about: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"error": {"$ref": REFERENCE.format(model="Error")}},
        "required": ["error"],
    }
    return {"description": about, "content": {"application/json": {"schema": schema}}}
