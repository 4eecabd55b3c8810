"""What a line of the protocol may look like. Nothing is let pass because a reader would tolerate it:
the model of the protocol must take the line, and so must its schema with no other keys than its own."""

import copy
import json
from collections import Counter

from airbyte_protocol.models import AirbyteMessage
from jsonschema import Draft202012Validator

# How many lines have been found valid, by the type of their message.
VALID = Counter()

# The members of a message, by its type.
MEMBERS = {
    "SPEC": "spec",
    "CONNECTION_STATUS": "connectionStatus",
    "CATALOG": "catalog",
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "TRACE": "trace",
}


def closed_world() -> dict:
    """The protocol's own schema, in which no object that it defines has unknown keys or nulls in
    place of keys that could be left out."""
    schema = copy.deepcopy(AirbyteMessage.model_json_schema())
    for definition in [schema, *schema["$defs"].values()]:
        if not definition.get("properties"):
            continue
        definition["additionalProperties"] = False
        for name, member in definition["properties"].items():
            choices = member.get("anyOf")
            if choices and name not in definition.get("required", []):
                member["anyOf"] = [choice for choice in choices if choice != {"type": "null"}]
    return schema


CLOSED_WORLD = Draft202012Validator(closed_world())


def _without_twins(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), f"a key stands twice: {[name for name, _ in pairs]}"
    return members


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


def message(line: bytes) -> dict:
    """The message on a line, or a failure that shows the line."""
    assert line.endswith(b"\n"), f"the line has no end: {line[-200:]!r}"
    text = line.decode("utf-8")
    try:
        AirbyteMessage.model_validate_json(text)
        parsed = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
        CLOSED_WORLD.validate(parsed)
        kind = parsed["type"]
        assert set(parsed) == {"type", MEMBERS[kind]}, f"a {kind} has {set(parsed)}"
        if kind == "RECORD":
            assert type(parsed["record"]["emitted_at"]) is int
            assert parsed["record"]["data"], "a record without data is dropped by the platform"
        if kind == "STATE":
            state = parsed["state"]
            assert state["type"] == "STREAM" and set(state) == {"type", "stream", "sourceStats"}
            assert type(state["sourceStats"]["recordCount"]) is float, "the count has no point"
        if kind == "TRACE":
            trace = parsed["trace"]
            assert set(trace) == {"type", "emitted_at", trace["type"].lower()}
    except Exception as error:
        error.add_note(f"in the line {text[:2000]}")
        raise
    VALID[kind] += 1
    return parsed
