"""Links and transcripts: streams that are read by requests for each record of another."""

import connector
import pytest
from connector import LATER, configured, form, read, run
from workspace import Fault, Faults, Sandbox

RECORDS = "records=150"


@pytest.fixture(scope="module")
def reads(children):
    """The first run of every child stream, per API."""
    return {api: read(form(api, RECORDS), configured(streams)) for api, streams in children.items()}


def key(stream: dict, record: dict) -> tuple:
    return tuple(record[name] for (name,) in stream["source_defined_primary_key"])


def test_each_child_stream_is_complete_and_ends_with_its_state(api, children, reads):
    with Sandbox(f"{RECORDS}&clock={connector.EARLIER}") as sandbox:
        for stream in children[api]:
            name = stream["name"]
            keys = [key(stream, record) for record in reads[api].records(name)]
            assert len(keys) == len(set(keys)) > 0 and set(keys) == sandbox.children(api, name)
            assert reads[api].statuses(name) == ["STARTED", "RUNNING", "COMPLETE"]
            (state,) = reads[api].states(name)
            assert state["sourceStats"] == {"recordCount": float(len(keys))}
            assert set(state["stream"]["stream_state"]) == {"updated_at", "id"}


def test_a_second_sync_reads_links_again_and_only_the_transcripts_of_the_last_days(api, children, reads):
    later = form(api, RECORDS, clock=LATER)
    second = read(later, configured(children[api]), reads[api].state_messages)
    for stream in children[api]:
        counts = [len(run.records(stream["name"])) for run in (reads[api], second)]
        if api == "reevo":
            assert counts[1] >= counts[0] * 0.9
        else:
            assert 0 < counts[1] < counts[0]


def test_a_child_that_cannot_be_read_fails_its_stream_and_spares_the_others(api, children, offered):
    child, other = children[api][0], offered[api][3]
    part = "relationship" if api == "reevo" else "transcript"
    with Sandbox(RECORDS) as sandbox, Faults(sandbox.url, Fault(part, status=403, after=20)) as faults:
        config = form(api, RECORDS, base_url=faults.url)
        done = run("read", config, configured([child, other]))
    assert done.status == 1
    assert done.statuses(child["name"])[-1] == "INCOMPLETE" and not done.states(child["name"])
    assert done.statuses(other["name"])[-1] == "COMPLETE" and done.states(other["name"])
