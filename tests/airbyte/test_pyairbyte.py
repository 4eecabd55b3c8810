"""PyAirbyte as a host, offline: two reads into its cache, with changes between them. The tables are
compared with the records of the API, read without the connector."""

import json
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import connector
import duckdb
import protocol
import pytest
from connector import EARLIER, LATER, SOURCE, assert_key_hidden, form
from workspace import Sandbox

# Enough for several pages of every larger stream.
RECORDS = "records=1500"


@pytest.fixture
def executable(tmp_path):
    """A script that runs the connector, and the file to which it copies the output."""
    script, captured = tmp_path / "source-revops", tmp_path / "captured.jsonl"
    script.write_text(
        "#!/usr/bin/env bash\n"
        f"set -o pipefail\n{shlex.quote(str(SOURCE))} \"$@\" | tee -a {shlex.quote(str(captured))}\n"
    )
    script.chmod(0o755)
    captured.touch()
    return script, captured


def test_after_two_reads_the_tables_hold_what_the_api_has(api, executable, tmp_path, add_to_summary):
    script, captured = executable
    database = tmp_path / "cache.duckdb"
    counts = []
    add_to_summary(f"PyAirbyte, {api}: rows in the table, and records of the API")
    for clock in (EARLIER, LATER):
        config = form(api, RECORDS, clock=clock)
        done = sync(script, config, database)
        counts.append(done["records"])
        with Sandbox(f"{RECORDS}&clock={clock}") as sandbox:
            for stream in done["streams"]:
                is_child = connector.is_child({"name": stream})
                truth = sandbox.children(api, stream) if is_child else versions(sandbox.records(api, stream))
                rows = keys(database, stream) if is_child else table(database, stream)
                # Links are read as a whole in every sync.
                counts[-1] -= len(rows) if "__" in stream else 0
                verdict = "same" if rows == truth else "DIFFERENT"
                add_to_summary(f"  {clock} {stream:<24} {len(rows):>6} {len(truth):>6}  {verdict}")
                assert len(rows) == len(truth) > 0
                assert set(rows) == set(truth)
                assert rows == truth
    add_to_summary(f"  records read but links: {counts[0]}, then {counts[1]}")
    assert 0 < counts[1] < counts[0] / 2, "the second read was not incremental"
    check_output(captured, config)


def sync(script, config: dict, database) -> dict:
    """One sync, in a separate process."""
    arguments = [sys.executable, Path(__file__).with_name("pyairbyte_sync.py"), script, json.dumps(config), database]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def versions(records: list[dict]) -> dict[str, datetime]:
    """The `updated_at` of each record, by its key."""
    return {record["id"]: instant(record["updated_at"]) for record in records}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def table(database, stream: str) -> dict[str, datetime]:
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(f'SELECT id, updated_at FROM main."{stream}"').fetchall()
    assert len({key for key, _ in rows}) == len(rows), "a key is in the table twice"
    return {key: at.replace(tzinfo=at.tzinfo or timezone.utc).astimezone(timezone.utc) for key, at in rows}


def keys(database, stream: str) -> set[tuple]:
    columns = "parent_id, related_record_id" if "__" in stream else "id"
    with duckdb.connect(str(database)) as connection:
        rows = connection.execute(f'SELECT {columns} FROM main."{stream}"').fetchall()
    assert len(set(rows)) == len(rows), "a key is in the table twice"
    return set(rows)


def check_output(captured, config) -> None:
    output = captured.read_bytes()
    assert_key_hidden(output, config)
    lines = output.splitlines(keepends=True)
    assert {protocol.message(line)["type"] for line in lines} >= {"SPEC", "CATALOG", "RECORD", "STATE"}
