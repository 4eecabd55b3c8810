"""Checks docs/deletes.md in PostgreSQL: what activate_version removes or marks, and the recipe of its queries."""

import json
import re
import subprocess
from pathlib import Path

import psycopg
import tap
from consumers import DATABASE, HOME, POSTGRES

PAGE = Path(__file__).parents[2] / "docs" / "deletes.md"


def prove_deletes(outcome, folder):
    """Loads contacts and then their ids, makes the two differ, and expects the queries to find the differences."""
    place = folder / "deletes"
    place.mkdir()
    load(place, "crm", [])
    _, *words = command().split(">")[0].split()
    assert words[:3] == ["read", "--config", "sample_config.json"], words
    load(place, "proof", words[3:])
    missing, gone, mark = re.findall(r"^```sql\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    with psycopg.connect(**POSTGRES, dbname=DATABASE, autocommit=True) as connection:
        ids = [row[0] for row in connection.execute("select id from crm.contact order by id")]
        assert len(ids) == 2000 and not connection.execute(missing).fetchall() and not connection.execute(gone).fetchall()
        lost, deleted = set(ids[:3]), set(ids[10:12])
        connection.execute("delete from crm.contact where id = any(%s)", [list(lost)])
        connection.execute("delete from proof.contact where id = any(%s)", [list(deleted)])
        assert {row[0] for row in connection.execute(missing)} == lost
        assert {row[0] for row in connection.execute(gone)} == deleted
        connection.execute("alter table crm.contact add column deleted_at timestamptz")
        assert connection.execute(mark).rowcount == 2 and connection.execute(mark).rowcount == 0
    outcome.first = (len(ids), len(ids))


def prove_activate_version(outcome, folder, api, hard_delete):
    """Loads a stream as a whole, then what is left of it. Only that a whole reading proves gone, and no run before it, may touch rows."""
    stream, kept, name = ("contact" if api == "reevo" else "contacts"), 1950, f"versions_{api}_{'hard' if hard_delete else 'soft'}"
    place = folder / name
    place.mkdir()
    faults = place / "faults.json"
    faults.write_text(json.dumps([{"kind": "next_page", "skip": 1, "times": 1000, "fault": {"status": {"code": 403}}}]))
    stage = Stage(place, api, stream, name, hard_delete)
    everything, _ = stage.run("records=2000", 0)
    before = stage.rows()
    assert len(before) == everything and all(before.values()), "all rows are there, and none is marked"
    stage.run(f"records=2000&faults={faults}", 1)
    assert stage.rows() == before, "a run that fails touches no row"
    _, log = stage.run("records=1000", 1)
    assert "less than 90 % of the" in log and stage.rows() == before, "a run that brings much less touches no row"
    left, _ = stage.run(f"records={kept}", 0)
    rows = stage.rows()
    listed = {id for id, is_kept in rows.items() if is_kept}
    assert listed == stage.ids and len(listed) == left < everything, "what was listed is there"
    assert set(rows) == (listed if hard_delete else set(before)), "what was deleted is gone, or marked"
    outcome.first = (everything, left)


class Stage:
    """Runs of one stream into one schema of PostgreSQL, each with the state of the one before."""

    def __init__(self, place, api, stream, schema, hard_delete):
        self.place, self.api, self.stream, self.schema, self.state, self.ids = place, api, stream, schema, None, set()
        settings = {"hard_delete": hard_delete, "activate_version": True, "add_record_metadata": True}
        self.target = place / "target.json"
        self.target.write_text(json.dumps({**POSTGRES, **settings, "database": DATABASE, "default_target_schema": schema}))

    def run(self, options, status):
        """Reads the stream from a sandbox with these options; returns how many records came, and the log."""
        config, state = self.place / "tap.json", self.place / "state.json"
        sandbox = f"sandbox:?clock=2026-07-15T12:00:00Z&change_every_seconds=0&{options}"
        whole = {self.stream: {"replication_method": "FULL_TABLE"}}
        config.write_text(json.dumps({"api": self.api, "base_url": sandbox, "activate_version": True, "streams": whole, "page_size": 100}))
        arguments = ["read", "--config", config, "--stream", self.stream]
        if self.state is not None:
            state.write_text(json.dumps(self.state))
            arguments += ["--state", state]
        read = subprocess.run([tap.TAP, *arguments], env=tap.ENVIRONMENT, capture_output=True, text=True)
        assert read.returncode == status, read.stderr
        messages = [json.loads(line) for line in read.stdout.split("\n") if line]
        self.ids = {message["record"]["id"] for message in messages if message["type"] == "RECORD"}
        self.state = next((message["value"] for message in messages if message["type"] == "STATE"), self.state)
        program = HOME / "target-postgres/bin/target-postgres"
        subprocess.run([program, "--config", self.target], input=read.stdout, text=True, capture_output=True, check=True)
        return len(self.ids), read.stderr

    def rows(self):
        """Every row by its id: whether it is not marked as deleted."""
        with psycopg.connect(**POSTGRES, dbname=DATABASE) as connection:
            query = f"select id, _sdc_deleted_at is null from {self.schema}.{self.stream}"
            return dict(connection.execute(query).fetchall())


def command():
    return re.search(r"^```sh\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


def load(place, schema, flags):
    """Reads contacts of a sandbox that stands still into a schema."""
    config, target = place / "tap.json", place / f"{schema}.json"
    sandbox = "sandbox:?clock=2026-07-15T12:00:00Z&change_every_seconds=0"
    config.write_text(json.dumps({"api": "reevo", "base_url": sandbox, "record_types": ["contact"]}))
    target.write_text(json.dumps({**POSTGRES, "database": DATABASE, "default_target_schema": schema}))
    messages = tap.printed("read", "--config", str(config), *flags)
    program = HOME / "target-postgres/bin/target-postgres"
    subprocess.run([program, "--config", target], input=messages, text=True, capture_output=True, check=True)
