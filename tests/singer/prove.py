"""Pipes the tap into every consumer, twice, and compares what arrived with what was emitted and with what the API lists.

The first run reads everything. The second starts from the state that the consumer echoed, at a later time of the sandbox, when
some records have changed and new ones exist. `run` prepares the environment and calls this file.
"""

import json
import os
import re
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sandbox
import tap
from consumers import CONSUMERS, HOME, Keeps
from prove_children import prove_links, prove_transcripts
from prove_deletes import prove_activate_version, prove_deletes
from prove_meltano import prove_commands, prove_example, prove_page, prove_runs
from values import same

FOLDER = Path(os.environ["PROVE_FOLDER"])
RECORDS = 500
FIRST, SECOND, THIRD = "2026-06-10T12:00:00Z", "2026-07-01T00:00:30Z", "2026-07-01T00:01:00Z"
"""From the first time to the second, the imports of June appear and six records of each stream change; six more by the third."""

VARIANTS = {
    "plain": {"reevo": "", "askelephant": ""},
    "awkward": {
        "reevo": "&hostile_text=true&timestamps=mixed&numbers=mixed&unknown_attributes=3&currency_code=true&select_plain=true"
        "&ties=shuffled&cursor_place=meta&archived=visible",
        "askelephant": "&hostile_text=true&timestamps=mixed&extra_members=true&ties=shuffled&nested_keys=b&optional_members=null",
    },
}
"""The forms of the API: as documented, or with the unusual forms that the documentation allows."""

SETTINGS = {
    "plain": {"reevo": {}, "askelephant": {"expand": ["contacts", "tags", "owner"]}},
    "awkward": {
        "reevo": {"unknown_fields": "collect", "page_size": 77},
        "askelephant": {
            "unknown_fields": "collect",
            "expand": ["companies", "contacts", "owner", "action_items", "signals", "transcript", "media_url", "tags"],
        },
    },
}


@dataclass
class Outcome:
    """One line of the report."""

    name: str
    passed: bool = False
    first: tuple = ("-", "-")
    second: tuple = ("-", "-")
    seconds: float = 0.0
    problem: str = ""


def options(api, variant, clock):
    return f"records={RECORDS}&clock={clock}{VARIANTS[variant][api]}"


def arguments(place, api, variant, clock, state=None, settings=None):
    """The tap's arguments for a run at a time of the sandbox. Writes the files that they name."""
    config = {"api": api, "base_url": f"sandbox:?{options(api, variant, clock)}", **SETTINGS[variant][api], **(settings or {})}
    if api == "reevo":
        config["record_types"] = list(sandbox.STREAMS[api].values())
    (place / "tap.json").write_text(json.dumps(config))
    given = ["--config", str(place / "tap.json")]
    if state is not None:
        (place / "state.json").write_text(json.dumps(state))
        given += ["--state", str(place / "state.json")]
    return given


def prove_consumer(outcome, name, api, variant, listings):
    consumer = CONSUMERS[name]
    place = FOLDER / f"{consumer.folder}-{variant}-{api}"
    place.mkdir()
    settings = consumer.settings(place)
    first, printed = consumer.receive(arguments(place, api, variant, FIRST, settings=settings), place, "first")
    outcome.first = (first.total, "-")
    assert_complete(first, sandbox.updated_times(listings[FIRST]))
    if variant == "plain":
        assert_true(first, api, listings[FIRST], api_names(place))
    held = assert_arrived(consumer, place, first, [first], printed)
    outcome.first = (first.total, held)
    state = consumer.state(printed) if consumer.echoes_state else first.state
    assert state == first.state, f"the echoed state is not the tap's last: {state}"

    second, printed = consumer.receive(arguments(place, api, variant, SECOND, state, settings), place, "second")
    outcome.second = (second.total, "-")
    assert_incremental(second, first.state, sandbox.updated_times(listings[SECOND]), certain=variant == "plain")
    held = assert_arrived(consumer, place, second, [first, second], printed)
    outcome.second = (second.total, held)
    if consumer.keeps is Keeps.NEWEST:
        for stream, listed in listings[SECOND].items():
            assert set(consumer.ids(place, stream)) == listed.keys(), f"{stream}: not the records that the API lists"


def assert_complete(emitted, listed):
    """Checks that exactly the records that the API lists were emitted, each once."""
    assert emitted.records.keys() == listed.keys(), f"streams {sorted(emitted.records)}"
    for stream, records in listed.items():
        ids = emitted.ids(stream)
        assert len(ids) == len(set(ids)), f"{stream}: a record was emitted twice"
        assert set(ids) == records.keys(), f"{stream}: {len(ids)} emitted, {len(records)} listed"
        for record in emitted.records[stream]:
            assert tap.instant(record["updated_at"]) == records[record["id"]], f"{stream}: {record['id']} has another updated_at"
    assert emitted.state["bookmarks"].keys() == listed.keys(), "the state lacks a stream"


def assert_true(emitted, api, listed, names):
    """Checks that the emitted values are the API's, digit by digit. Leaves out objects and lists."""
    for stream, records in listed.items():
        for record in emitted.records[stream]:
            given = sandbox.fields(api, records[record["id"]])
            for name, schema in emitted.properties(stream).items():
                value = given.get(names[stream, name])
                if value is not None:
                    kept = tap.instant(value) if schema.get("format") == "date-time" else value
                    assert same(schema, record[name], kept, True), f"{stream}.{name}: given {value!r}, emitted {record[name]!r}"


def api_names(place):
    """The API's name of each field, from the catalog of the last configured run."""
    catalog = json.loads(tap.printed("--config", str(place / "tap.json"), "--discover"))
    return {
        (stream["tap_stream_id"], entry["breadcrumb"][1]): entry["metadata"]["api-name"]
        for stream in catalog["streams"]
        for entry in stream["metadata"]
        if len(entry["breadcrumb"]) == 2
    }


def assert_incremental(emitted, state, listed, certain):
    """Checks that exactly the records changed at or after the bookmark were emitted. If the API shortens its timestamps, so that
    this is not `certain`, other records may be repeated, but not all."""
    assert emitted.state["bookmarks"].keys() == listed.keys(), "the state lacks a stream"
    for stream, records in listed.items():
        bookmark = state["bookmarks"][stream]
        since = tap.instant(bookmark["updated_at"])
        repeat = (bookmark["id"], since)
        due = {id for id, at in records.items() if at >= since and (id, at) != repeat}
        ids = emitted.ids(stream)
        assert len(ids) == len(set(ids)), f"{stream}: a record was emitted twice"
        assert due <= set(ids), f"{stream}: {len(due - set(ids))} changed records are missing"
        assert not certain or due == set(ids), f"{stream}: {len(set(ids) - due)} unchanged records were repeated"
        assert len(ids) < len(records), f"{stream}: everything was read again"
        newest, bookmark = max(records.values()), tap.instant(emitted.state["bookmarks"][stream]["updated_at"])
        # A record may change again within a shortened timestamp, so one of the last minute is no bookmark yet.
        due = newest if certain else max(at for at in records.values() if at <= newest - timedelta(seconds=65))
        assert due <= bookmark <= newest, f"{stream}: the bookmark is {bookmark}, and {due} is certain"


def assert_arrived(consumer, place, emitted, runs, printed):
    """Checks the rows that a consumer must hold now, and their values. Returns their number."""
    streams = list(emitted.records)
    counts = consumer.counts(place, streams, printed)
    for stream in streams:
        last = emitted.ids(stream)
        every = [id for run in runs for id in run.ids(stream)]
        due = {Keeps.NOTHING: last, Keeps.LAST: last, Keeps.ALL: every, Keeps.NEWEST: set(every)}[consumer.keeps]
        assert counts[stream] == len(due), f"{stream}: {len(due)} rows were expected, {counts[stream]} are there"
        if consumer.keeps is not Keeps.NOTHING:
            assert set(consumer.ids(place, stream)) == set(due), f"{stream}: other ids than emitted"
        assert_values(consumer, place, emitted, stream)
    return sum(counts.values())


def assert_values(consumer, place, emitted, stream):
    """Compares every value of every record of the run with its column."""
    rows = consumer.rows(place, stream)
    if rows is None:
        return
    for record in emitted.records[stream]:
        row = rows[record["id"]]
        for name, schema in emitted.properties(stream).items():
            due = consumer.kept(record[name])
            assert same(schema, due, row[name], consumer.exact), f"{stream}.{name} of {record['id']}: emitted {record[name]!r}, stored {row[name]!r}"


def prove(name, check, *given):
    """Runs a check, and returns its line of the report."""
    outcome = Outcome(name)
    started = time.monotonic()
    try:
        check(outcome, *given)
        outcome.passed = True
    except Exception as error:
        outcome.problem = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
    outcome.seconds = time.monotonic() - started
    print(f"{'passed' if outcome.passed else 'FAILED'}  {outcome.name}", file=sys.stderr, flush=True)
    return outcome


def prove_sdk(outcome, api):
    """Runs the Meltano SDK's standard tests of a tap."""
    place = FOLDER / f"sdk-{api}"
    place.mkdir()
    arguments(place, api, "plain", FIRST)
    environment = {**tap.ENVIRONMENT, "PROVE_CONFIG": str(place / "tap.json")}
    suite = Path(__file__).parent / "sdk_suite.py"
    command = [HOME / "singer-sdk/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", suite]
    finished = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-4000:]
    outcome.first = (re.search(r"(\d+) passed", finished.stdout)[1], "tests")


def main():
    listings = {
        (api, variant, clock): sandbox.listing(api, options(api, variant, clock))
        for api in sandbox.STREAMS
        for variant in VARIANTS
        for clock in (FIRST, SECOND, THIRD)
    }

    def base_url(api, clock):
        return f"sandbox:?{options(api, 'plain', clock)}"

    def stages(api):
        return [(base_url(api, clock), sandbox.updated_times(listings[api, "plain", clock])) for clock in (FIRST, SECOND, THIRD)]

    checks = []
    for variant in VARIANTS:
        for api in sandbox.STREAMS:
            at = {clock: listings[api, variant, clock] for clock in (FIRST, SECOND)}
            checks += [(f"{name}, {api}, {variant}", prove_consumer, name, api, variant, at) for name in CONSUMERS]
    checks += [(f"Meltano SDK's tests of a tap, {api}", prove_sdk, api) for api in sandbox.STREAMS]
    checks.append(("docs/deletes.md, target-postgres", prove_deletes, FOLDER))
    checks.append(("links, target-postgres", prove_links, FOLDER))
    checks.append(("transcripts, target-postgres", prove_transcripts, FOLDER))
    for api in sandbox.STREAMS:
        for hard_delete in (True, False):
            manner = "hard" if hard_delete else "soft"
            name = f"activate_version, {api}, target-postgres, {manner} delete"
            checks.append((name, prove_activate_version, FOLDER, api, hard_delete))
    meltano = FOLDER / "meltano"
    meltano.mkdir()
    checks += [
        ("docs/meltano.md says what --about says", prove_page, meltano),
        ("meltano config test, meltano select", prove_commands, meltano, base_url("reevo", FIRST)),
        ("meltano run, reevo, target-jsonl", prove_runs, meltano, "reevo", "target-jsonl", stages("reevo")),
        ("meltano run, reevo, target-postgres", prove_runs, meltano, "reevo", "target-postgres", stages("reevo")),
        ("meltano run, askelephant, target-postgres", prove_runs, meltano, "askelephant", "target-postgres", stages("askelephant")),
    ]
    if wheel := os.environ.get("WHEEL"):
        checks.append(("examples/meltano, the wheel by pip_url", prove_example, meltano, wheel))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        outcomes = list(workers.map(lambda check: prove(*check), checks))
    report(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def report(outcomes):
    line = "{:<54} {:>9} {:>9} {:>11} {:>9} {:>8}  {}"
    print(line.format("consumer", "full run", "rows out", "second run", "rows out", "seconds", ""))
    for outcome in outcomes:
        cells = (*outcome.first, *outcome.second, f"{outcome.seconds:.1f}")
        print(line.format(outcome.name, *map(str, cells), "" if outcome.passed else "FAILED"))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n{outcome.name}: {outcome.problem}")
    print(f"\n{len(outcomes) - len(failed)} passed, {len(failed)} failed")


if __name__ == "__main__":
    sys.exit(main())
