"""Reads an OpenAPI 3.1 document and prints what is wrong with it: one line of JSON, a list of texts."""

import json
import sys

import jsonschema_rs
from schemathesis.specs.openapi.definitions import OPENAPI_31

document = json.load(sys.stdin)


def problems():
    # The schema that the OpenAPI Initiative publishes; it leaves the schemas inside a document to JSON Schema.
    for error in jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document):
        yield f"{'/'.join(map(str, error.instance_path))}: {error.message}"
    for where, schema in schemas(document, "#"):
        try:
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        except jsonschema_rs.ValidationError as error:
            yield f"{where}: {error.message}"
            continue
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        for example in schema.get("examples", []):
            if not validator.is_valid(example):
                yield f"{where}: the example {example!r} is none"


def schemas(node, where):
    """Every schema, wherever one may stand."""
    if isinstance(node, list):
        for at, part in enumerate(node):
            yield from schemas(part, f"{where}/{at}")
    if not isinstance(node, dict):
        return
    for name, part in node.items():
        if name == "schema" and "$ref" not in part:
            yield f"{where}/schema", part
            yield from inner(part, f"{where}/schema")
        yield from schemas(part, f"{where}/{name}")


def inner(schema, where):
    for name, part in schema.get("properties", {}).items():
        yield f"{where}/{name}", part
        yield from inner(part, f"{where}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from inner(schema["items"], f"{where}/items")


print(json.dumps(list(problems())))
