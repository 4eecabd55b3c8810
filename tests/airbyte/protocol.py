"""Strict checks of a line of the protocol: the protocol's model must accept it, and so must the
model's schema without additional keys."""

import copy
import json
from collections import Counter

from airbyte_protocol.models import AirbyteMessage
from jsonschema import Draft202012Validator

# The number of valid lines by message type.
VALID = Counter()

# The member that holds the content of a message, by its type.
MEMBERS = {
    "SPEC": "spec",
    "CONNECTION_STATUS": "connectionStatus",
    "CATALOG": "catalog",
    "RECORD": "record",
    "STATE": "state",
    "LOG": "log",
    "TRACE": "trace",
}


def strict_schema() -> dict:
    """The protocol's schema, changed so that its objects have no unknown keys, and no null for an
    optional key."""
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


STRICT_SCHEMA = Draft202012Validator(strict_schema())


def _without_duplicates(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), f"duplicate keys: {[name for name, _ in pairs]}"
    return members


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


def message(line: bytes) -> dict:
    """The message on a line. Fails with a note that shows the line."""
    assert line.endswith(b"\n"), f"the line has no line feed: {line[-200:]!r}"
    text = line.decode("utf-8")
    try:
        AirbyteMessage.model_validate_json(text)
        parsed = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
        STRICT_SCHEMA.validate(parsed)
        kind = parsed["type"]
        assert set(parsed) == {"type", MEMBERS[kind]}, f"a {kind} has {set(parsed)}"
        if kind == "RECORD":
            assert type(parsed["record"]["emitted_at"]) is int
            assert parsed["record"]["data"], "a record without data is dropped by the platform"
        if kind == "STATE":
            state = parsed["state"]
            assert state["type"] == "STREAM" and set(state) == {"type", "stream", "sourceStats"}
            assert type(state["sourceStats"]["recordCount"]) is float, "recordCount is not a decimal number"
        if kind == "TRACE":
            trace = parsed["trace"]
            assert set(trace) == {"type", "emitted_at", trace["type"].lower()}
    except Exception as error:
        error.add_note(f"in the line {text[:2000]}")
        raise
    VALID[kind] += 1
    return parsed
