"""Discover: the catalog, checked against Airbyte's rules for types beyond the official tests."""

import connector
from connector import form, run

MODES = ["full_refresh", "incremental"]
TYPES = {"string", "integer", "number", "boolean", "array", "object"}
FORBIDDEN = {"$ref", "anyOf", "oneOf", "allOf", "not", "additionalProperties", "enum", "const"}


def test_there_is_one_catalog_and_nothing_else(api):
    done = run("discover", form(api, "records=60"))
    assert (done.status, [message["type"] for message in done.messages]) == (0, ["CATALOG"])


def test_every_stream_is_incremental_by_its_own_cursor_and_key(api, offered):
    for stream in offered[api]:
        assert stream["supported_sync_modes"] == MODES
        assert stream["source_defined_cursor"] is True
        assert stream["default_cursor_field"] == ["updated_at"]
        assert stream["source_defined_primary_key"] == [["id"]]
        assert "namespace" not in stream


def test_a_stream_that_cannot_be_filtered_is_full_refresh_only():
    streams = connector.discover(form("reevo", "records=60&updated_at_unsortable=note"))
    note = next(stream for stream in streams if stream["name"] == "note")
    assert note["supported_sync_modes"] == ["full_refresh"]
    assert "source_defined_cursor" not in note and "default_cursor_field" not in note
    assert note["source_defined_primary_key"] == [["id"]]


def test_types_follow_airbytes_rules(api, offered):
    for stream in offered[api]:
        for path, schema in schemas(stream["json_schema"], stream["name"]):
            check_type(path, schema)


def schemas(schema: dict, path: str):
    for name, member in schema.get("properties", {}).items():
        yield f"{path}.{name}", member
        yield from schemas(member, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield f"{path}[]", schema["items"]
        yield from schemas(schema["items"], f"{path}[]")


def check_type(path: str, schema: dict):
    assert not FORBIDDEN & set(schema), path
    *null, kind = schema["type"]
    assert null in ([], ["null"]) and kind in TYPES, path
    assert null == ["null"] or path.count(".") == 1 and path.endswith(".id"), f"{path} is not nullable"
    expected = {
        "date-time": "timestamp_with_timezone",
        "time": "time_without_timezone",
    }.get(schema.get("format"))
    assert schema.get("airbyte_type") == expected, path


def test_a_stream_that_the_key_cannot_read_is_left_out_with_a_warning():
    done = run("discover", form("reevo", "records=60&forbid=task"))
    assert done.status == 0 and "task" not in [stream["name"] for stream in done.catalog]
    assert "WARN task is left out" in done.logged


def test_failures_are_errors_and_exit_1():
    for config, expected in [
        (form("reevo", api_key="sk-apik_1234.wrong5678"), "check api_key"),
        (form("reevo", record_types=["no_such_object"]), "no_such_object"),
        (form("askelephant", "scopes="), "permission"),
        ({"api": "salesforce"}, "api: is not one of"),
    ]:
        done = run("discover", config)
        assert done.status == 1 and done.of("CATALOG") == []
        (error,) = done.errors
        assert error["failure_type"] == "config_error" and expected in error["message"]
