"""The filters of the form: the records that match, the state that names the filters, and the remedy
after a change."""

import json

from connector import configured, discover, form, read, run

# A stream of each API, two filters, and whether a record passes the first.
CASES = {
    "reevo": (
        "contact",
        [{"field": "department", "operator": "eq", "value": "Sales"}],
        [{"field": "department", "operator": "exists"}],
        lambda record: record["department"] == "Sales",
    ),
    "askelephant": (
        "engagements",
        {"engagement_type": {"in": ["CALL", "EMAIL"]}},
        {"processing_status": {"eq": "COMPLETED"}},
        lambda record: record["engagement_type"] in ("CALL", "EMAIL"),
    ),
}


def filtered(api: str, stream: str, filters) -> dict:
    """A configuration as the form makes it."""
    config = form(api, "records=200&change_every_seconds=0")
    # Forms keep what nobody filled in as null.
    item = {"name": stream, "filters": json.dumps(filters), "page_size": 20, "start_date": None}
    config["api"]["streams"] = [item]
    return config


def test_a_sync_reads_the_records_that_match_the_filters_of_the_form(api):
    stream, filters, _, passes = CASES[api]
    config = filtered(api, stream, filters)
    catalog = configured(discover(config), names=[stream])
    plain = read(form(api, "records=200&change_every_seconds=0"), catalog)
    expected = [record for record in plain.sorted(stream) if passes(record)]
    assert 0 < len(expected) < len(plain.records(stream))
    assert read(config, catalog).sorted(stream) == expected


def test_a_sync_with_other_filters_fails_the_stream_and_tells_to_clear_it(api):
    stream, filters, others, _ = CASES[api]
    config = filtered(api, stream, filters)
    catalog = configured(discover(config), names=[stream])
    first = read(config, catalog)
    (state,) = first.states(stream)
    assert set(state["stream"]["stream_state"]) == {"updated_at", "id", "filters"}
    # Only the instant of the bookmark is read again.
    again = read(config, catalog, first.state_messages)
    assert len(again.records(stream)) < len(first.records(stream))
    other = filtered(api, stream, others)
    changed = run("read", other, catalog, first.state_messages)
    assert (changed.status, changed.states(stream)) == (1, [])
    (error,) = [one for one in changed.errors if "stream_descriptor" in one]
    assert error["failure_type"] == "config_error"
    assert f"clear the stream {stream} in the platform" in error["message"]
    # That is what the platform does when the stream is cleared.
    read(other, catalog)


def test_a_check_refuses_filters_that_cannot_be_right(api):
    stream = CASES[api][0]
    wrong = {"reevo": [{"field": "nope", "operator": "exists"}], "askelephant": {"nope": {"eq": "a"}}}
    outcome = run("check", filtered(api, stream, wrong[api])).outcome
    assert outcome["status"] == "FAILED"
    assert f"streams.{stream}.filters." in outcome["message"] and "nope" in outcome["message"]
    not_json = filtered(api, stream, {})
    not_json["api"]["streams"][0]["filters"] = "department = Sales"
    outcome = run("check", not_json).outcome
    assert "is not valid JSON at line 1" in outcome["message"]
