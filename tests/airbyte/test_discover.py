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


def test_links_are_full_refresh_only_and_have_a_key_of_two_fields(children):
    assert len(children["reevo"]) > 5
    for stream in children["reevo"]:
        assert stream["supported_sync_modes"] == ["full_refresh"]
        assert stream["source_defined_primary_key"] == [["parent_id"], ["related_record_id"]]


def test_links_of_changed_parents_and_transcripts_are_incremental(children):
    changed = connector.discover(form("reevo", "records=60", links="changed_parents"))
    links = [stream for stream in changed if connector.is_child(stream)]
    assert len(links) == len(children["reevo"])
    for stream in links + children["askelephant"]:
        assert stream["supported_sync_modes"] == MODES and stream["default_cursor_field"] == ["updated_at"]


def test_types_follow_airbytes_rules(api, discovered):
    for stream in discovered[api]:
        keys = {f"{stream['name']}.{name}" for (name,) in stream["source_defined_primary_key"]}
        for path, schema in schemas(stream["json_schema"], stream["name"]):
            check_type(path, schema, path in keys)


def schemas(schema: dict, path: str):
    for name, member in schema.get("properties", {}).items():
        yield f"{path}.{name}", member
        yield from schemas(member, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield f"{path}[]", schema["items"]
        yield from schemas(schema["items"], f"{path}[]")


def check_type(path: str, schema: dict, is_key: bool):
    assert not FORBIDDEN & set(schema), path
    *null, kind = schema["type"]
    assert null in ([], ["null"]) and kind in TYPES, path
    assert null == ["null"] or is_key, f"{path} is not nullable"
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
