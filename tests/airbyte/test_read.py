"""Read: what Airbyte's retired acceptance tests checked, and what the platform relies on."""

import json

import connector
import pytest
from connector import LATER, configured, form, read, version_of

RECORDS = "records=900"


@pytest.fixture(scope="module")
def reads(offered):
    """The first run of every stream, per API and sync mode."""
    done = {}
    for api, streams in offered.items():
        for mode in ("full_refresh", "incremental"):
            done[api, mode] = read(form(api, RECORDS), configured(streams, mode))
    return done


@pytest.fixture(params=["full_refresh", "incremental"])
def first(request, api, reads):
    return reads[api, request.param]


@pytest.fixture
def streams(api, offered):
    return offered[api]


def names(streams) -> list[str]:
    return [stream["name"] for stream in streams]


def test_each_stream_reports_started_running_and_complete(first, streams):
    for name in names(streams):
        assert first.statuses(name) == ["STARTED", "RUNNING", "COMPLETE"]


def test_records_come_between_running_and_the_state_and_complete_is_last(first, streams):
    for name in names(streams):
        order = [kind for kind, stream in map(place, first.messages) if stream == name]
        begin, end = ["STARTED", "RUNNING"], ["STATE", "COMPLETE"]
        assert order[:2] == begin and order[-2:] == end
        assert set(order[2:-2]) == {"RECORD"}


def place(message: dict) -> tuple[str, str | None]:
    """A message's kind and its stream."""
    if message["type"] == "RECORD":
        return "RECORD", message["record"]["stream"]
    if message["type"] == "STATE":
        return "STATE", message["state"]["stream"]["stream_descriptor"]["name"]
    if message["type"] == "TRACE" and message["trace"]["type"] == "STREAM_STATUS":
        status = message["trace"]["stream_status"]
        return status["status"], status["stream_descriptor"]["name"]
    return message["type"], None


def test_each_stream_has_one_state_that_counts_its_records(first, streams):
    assert len(first.of("STATE")) == len(streams)
    for name in names(streams):
        (state,) = first.states(name)
        assert state["sourceStats"] == {"recordCount": float(len(first.records(name)))}
        assert set(state["stream"]["stream_state"]) == {"updated_at", "id"}


def test_the_state_is_the_newest_record(first, streams):
    for name in names(streams):
        (state,) = first.states(name)
        versions = [version_of(record) for record in first.records(name)]
        newest = max((updated_at, key) for key, updated_at in versions)
        stream_state = state["stream"]["stream_state"]
        assert (stream_state["updated_at"], stream_state["id"]) == newest


def test_keys_are_scalar_not_null_and_unique(first, streams):
    for name in names(streams):
        keys = [record["id"] for record in first.records(name)]
        assert keys and all(isinstance(key, str) and key for key in keys)
        assert len(set(keys)) == len(keys)


def test_a_second_full_refresh_holds_the_first_and_comes_later(api, reads, streams):
    first = reads[api, "full_refresh"]
    second = read(form(api, RECORDS), configured(streams, "full_refresh"), first.state_messages)
    for name in names(streams):
        again = {record["id"]: record for record in second.records(name)}
        assert all(again[record["id"]] == record for record in first.records(name))
    earlier, later = emission(first), emission(second)
    assert max(earlier) < min(later)


def emission(run) -> list[int]:
    return [record["emitted_at"] for record in run.of("RECORD")]


def test_a_second_incremental_read_goes_on_where_the_first_ended(api, reads, streams):
    first = reads[api, "incremental"]
    later = form(api, RECORDS, clock=LATER)
    second = read(later, configured(streams), first.state_messages)
    for name in names(streams):
        cursors = [[record["updated_at"] for record in run.records(name)] for run in (first, second)]
        assert min(cursors[1]) >= max(cursors[0])
        assert 0 < len(cursors[1]) <= len(cursors[0])
        bookmarks = [run.states(name)[0]["stream"]["stream_state"] for run in (first, second)]
        assert bookmarks[0]["updated_at"] < bookmarks[1]["updated_at"]
    assert max(emission(first)) < min(emission(second))


def test_both_incremental_reads_together_are_a_full_refresh_at_the_later_time(api, reads, streams):
    later = form(api, RECORDS, clock=LATER)
    first = reads[api, "incremental"]
    second = read(later, configured(streams), first.state_messages)
    truth = read(later, configured(streams, "full_refresh"))
    for name in names(streams):
        table = {record["id"]: record for run in (first, second) for record in run.records(name)}
        assert table == {record["id"]: record for record in truth.records(name)}


def test_a_read_without_changes_repeats_only_ties_and_keeps_the_state(api, reads, streams):
    first = reads[api, "incremental"]
    again = read(form(api, RECORDS), configured(streams), first.state_messages)
    for name in names(streams):
        boundary = first.states(name)[0]["stream"]["stream_state"]["updated_at"]
        # Records with the `updated_at` of the state may be repeated, except the one that it names.
        assert all(record["updated_at"] == boundary for record in again.records(name))
        assert again.states(name)[0]["stream"] == first.states(name)[0]["stream"]


def test_a_state_from_the_far_future_gives_no_record_and_is_kept(api, streams):
    bookmark = {"updated_at": "2999-12-31T23:59:59Z", "id": "x"}
    states = [state_of(name, bookmark) for name in names(streams)]
    done = read(form(api, RECORDS), configured(streams), states)
    assert done.of("RECORD") == []
    for name in names(streams):
        (state,) = done.states(name)
        assert state["stream"]["stream_state"] == bookmark
        assert state["sourceStats"] == {"recordCount": 0.0}
        assert done.statuses(name) == ["STARTED", "RUNNING", "COMPLETE"]


def state_of(name: str, bookmark) -> dict:
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": name}, "stream_state": bookmark},
    }


# A bookmark of one stream, in every form in which hosts pass it.
FORMS = {
    "a list of states": lambda name, bookmark: [state_of(name, bookmark)],
    "with nulls and counts, as PyAirbyte writes it": lambda name, bookmark: [
        {
            "type": "STREAM",
            "stream": {
                "stream_descriptor": {"name": name, "namespace": None},
                "stream_state": {**bookmark, "more": [None]},
            },
            "global_": None,
            "data": None,
            "sourceStats": {"recordCount": 10.0, "rejectedRecordCount": None},
            "destinationStats": None,
            "id": 7,
        }
    ],
    "with keys twice, as PyAirbyte writes it too": lambda name, bookmark: (
        json.dumps([state_of(name, bookmark)])[:-2] + ', "global_": null, "data": null, "global_": null}]'
    ),
    "global": lambda name, bookmark: [
        {"type": "GLOBAL", "global": {"shared_state": {"a": 1}, "stream_states": [_one(name, bookmark)]}}
    ],
    "global without shared state": lambda name, bookmark: [
        {"type": "GLOBAL", "global": {"shared_state": None, "stream_states": [_one(name, bookmark)]}}
    ],
    "global_": lambda name, bookmark: [
        {"type": "GLOBAL", "global": None, "global_": {"stream_states": [_one(name, bookmark)]}}
    ],
    "legacy in a list": lambda name, bookmark: [{"type": "LEGACY", "data": {name: bookmark}}],
    "legacy without type": lambda name, bookmark: [{"data": {name: bookmark}}],
    "a legacy dictionary": lambda name, bookmark: {name: bookmark, "cdc": False},
    "one state alone": lambda name, bookmark: state_of(name, bookmark),
    "Singer's": lambda name, bookmark: {"bookmarks": {name: bookmark}},
    "unknown type": lambda name, bookmark: [{**state_of(name, bookmark), "type": "NEW_TYPE"}],
}


def _one(name: str, bookmark) -> dict:
    return {"stream_descriptor": {"name": name, "namespace": None}, "stream_state": bookmark}


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS)
def test_every_form_of_state_is_accepted(write, reads, offered):
    bookmark = reads["askelephant", "incremental"].states("companies")[0]["stream"]["stream_state"]
    companies = configured(offered["askelephant"], names=["companies"])
    later = form("askelephant", RECORDS, clock=LATER)
    expected = read(later, companies, [state_of("companies", bookmark)]).records("companies")
    done = read(later, companies, write("companies", bookmark))
    whole = read(later, companies).records("companies")
    assert done.records("companies") == expected
    assert 0 < len(expected) < len(whole)


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", "null", [state_of("tags", None)], [state_of("tags", {})], [{"type": "STREAM"}],
              [{"type": "STREAM", "stream": None}], [{"type": "GLOBAL", "global": {"stream_states": None}}],
              [{"type": "LEGACY", "data": None}], [{"type": "LEGACY", "data": {}}], [state_of("gone", {"x": 1})]],
    ids=str,
)
def test_every_form_of_an_empty_state_is_accepted(state, reads, offered):
    tags = configured(offered["askelephant"], names=["tags"])
    done = read(form("askelephant", RECORDS), tags, state)
    assert done.records("tags") == reads["askelephant", "incremental"].records("tags")


@pytest.mark.parametrize("state", ["[", "[1]", "5", [state_of("tags", {"updated_at": "soon"})]], ids=str)
def test_a_broken_state_is_refused_with_an_error(state, offered):
    tags = configured(offered["askelephant"], names=["tags"])
    done = connector.run("read", form("askelephant", RECORDS), tags, state)
    assert (done.status, done.of("RECORD"), done.of("STATE")) == (1, [], [])
    (error,) = done.errors
    assert error["failure_type"] == "config_error" and "state" in error["message"]


def test_full_refresh_ignores_the_state(api, reads, streams):
    states = [state_of(name, {"updated_at": "2999-12-31T23:59:59Z", "id": "x"}) for name in names(streams)]
    done = read(form(api, RECORDS), configured(streams, "full_refresh"), states)
    for name in names(streams):
        assert done.sorted(name) == reads[api, "full_refresh"].sorted(name)


def test_a_full_refresh_stream_configured_as_incremental_is_read_in_full_each_time():
    config = form("reevo", f"{RECORDS}&updated_at_unsortable=note")
    catalog = configured(connector.discover(config), "incremental", ["note"])
    first = read(config, catalog)
    second = read(config, catalog, first.state_messages)
    assert first.records("note") == second.records("note") != []
    for done in (first, second):
        assert len(done.states("note")) == 1
        assert done.statuses("note") == ["STARTED", "RUNNING", "COMPLETE"]


def test_an_empty_stream_emits_a_state(api, streams):
    done = read(form(api, "records=0"), configured(streams))
    assert done.of("RECORD") == []
    for name in names(streams):
        assert done.states(name)[0]["stream"]["stream_state"] == {}
        assert done.statuses(name) == ["STARTED", "RUNNING", "COMPLETE"]


def test_keys_that_hosts_add_to_catalogs_are_ignored(api, reads, streams):
    catalog = configured(streams, "incremental")
    for one in catalog["streams"]:
        one["stream"] = {**one["stream"], "namespace": None, "is_resumable": None, "new_key": {"a": []}}
        one |= {"destination_sync_mode": "overwrite_dedup", "cursor_field": None, "primary_key": None}
        one |= {"generation_id": None, "include_files": False, "destination_object_name": None}
    done = read(form(api, RECORDS), {**catalog, "new_key": 1})
    for name in names(streams):
        assert done.sorted(name) == reads[api, "incremental"].sorted(name)


def test_a_cursor_that_a_user_chose_is_ignored_since_the_source_defines_it(api, reads, streams):
    catalog = configured(streams, "incremental")
    for one in catalog["streams"]:
        one |= {"cursor_field": ["created_at"], "primary_key": [["created_at"]]}
    done = read(form(api, RECORDS), catalog)
    for name in names(streams):
        assert done.sorted(name) == reads[api, "incremental"].sorted(name)


def test_deselected_fields_are_left_out_without_a_warning(api, streams):
    stream = streams[0]
    kept = {name: stream["json_schema"]["properties"][name] for name in ("id", "created_at")}
    chosen = {**stream, "json_schema": {**stream["json_schema"], "properties": kept}}
    done = read(form(api, RECORDS), configured([chosen]))
    records = done.records(stream["name"])
    assert {frozenset(record) for record in records} == {frozenset({"id", "created_at", "updated_at"})}
    assert "WARN" not in done.logged


def test_altered_values_are_listed_in_the_meta_of_the_record(api):
    config = form(api, "records=300&hostile_text=true")
    streams = connector.discover(config)
    done = read(config, configured(streams))
    altered = [record for record in done.of("RECORD") if "meta" in record]
    assert 0 < len(altered) < len(done.of("RECORD"))
    for record in altered:
        assert set(record["meta"]) == {"changes"} and record["meta"]["changes"]
        for change in record["meta"]["changes"]:
            top = change["field"].split(".")[0].split("[")[0]
            assert top in record["data"], change
            assert change["reason"] == "SOURCE_SERIALIZATION_ERROR"
            assert change["change"] in ("TRUNCATED", "NULLED")
    assert b"\\u0000" not in done.stdout and b"\\ud8" not in done.stdout.lower()
    for stream in streams:
        assert len(done.records(stream["name"])) == done.states(stream["name"])[0]["sourceStats"]["recordCount"]
