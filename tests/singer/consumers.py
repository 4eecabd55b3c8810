"""The consumers of the tap's output: how to run each, and how to read what it has received."""

import csv
import json
import os
import re
import subprocess
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path

import duckdb
import psycopg
from psycopg.types.json import set_json_loads

import tap

HOME = Path(os.environ["SINGER_HOME"])
POSTGRES = {
    "host": "127.0.0.1",
    "port": int(os.environ["PROVE_POSTGRES_PORT"]),
    "user": "postgres",
    "password": "not needed",
}
DATABASE = "postgres"

exact_json = partial(json.loads, parse_float=Decimal)
set_json_loads(exact_json)


class Keeps(Enum):
    """What a consumer holds after several runs."""

    NOTHING = "no records; it prints how many the last run had"
    LAST = "the records of the last run"
    ALL = "every record of each run, including repeats"
    NEWEST = "the last version of each record"


class Consumer:
    """A program that reads the tap's output. `place` is a separate folder for each series of runs."""

    program: str
    environment: str
    """The name of its Python environment."""
    keeps = Keeps.ALL
    exact = True
    """Whether it keeps every digit of a number; if not, numbers become doubles."""
    echoes_state = True

    def settings(self, place):
        """Settings of the tap for this consumer."""
        return {}

    @property
    def folder(self):
        return self.environment

    def config(self, place):
        return None

    def command(self, place):
        command = [str(HOME / self.environment / "bin" / self.program)]
        config = self.config(place)
        if config is not None:
            path = place / "consumer.json"
            path.write_text(json.dumps(config))
            command += ["--config", str(path)]
        return command

    def receive(self, arguments, place, run):
        """Pipes the tap into the consumer. Returns what the tap emitted and what the consumer printed."""
        messages = place / f"{run}.singer"
        pipe = {"stdout": subprocess.PIPE, "env": tap.ENVIRONMENT}
        with (place / f"{run}.tap.log").open("wb") as tap_log, (place / f"{run}.log").open("wb") as log:
            source = subprocess.Popen([tap.TAP, *arguments], stderr=tap_log, **pipe)
            tee = subprocess.Popen(["tee", messages], stdin=source.stdout, **pipe)
            target = subprocess.Popen(self.command(place), stdin=tee.stdout, stderr=log, cwd=place, **pipe)
            source.stdout.close()
            tee.stdout.close()
            printed = target.communicate()[0].decode()
        statuses = [process.wait() for process in (source, tee, target)]
        if any(statuses):
            raise AssertionError(f"tap, tee and {self.program} ended with {statuses}: {tail(place / f'{run}.log')}")
        return tap.read_messages(messages), printed + (place / f"{run}.log").read_text()

    def state(self, printed):
        """The last state that the consumer echoed."""
        lines = [line for line in printed.splitlines() if line.startswith('{"bookmarks"')]
        assert lines, "no state was echoed"
        return json.loads(lines[-1])

    def counts(self, place, streams, printed):
        return {stream: len(self.ids(place, stream)) for stream in streams}

    def ids(self, place, stream):
        raise NotImplementedError

    def rows(self, place, stream):
        """The destination's records by id. Returns None if the checks compare only its ids."""
        return None

    def kept(self, value):
        """A field's value as this consumer stores it."""
        return value


def tail(path):
    return " / ".join(path.read_text(errors="replace").strip().splitlines()[-3:])


class CheckTap(Consumer):
    program, environment = "singer-check-tap", "singer-tools"
    keeps, echoes_state = Keeps.NOTHING, False

    def counts(self, place, streams, printed):
        assert "The output is valid." in printed, printed
        table = dict(re.findall(r"^\| (\w+) +\| (\d+) ", printed, re.MULTILINE))
        return {stream: int(table.get(stream, 0)) for stream in streams}


class Stitch(Consumer):
    """Runs dry: it validates batches as Stitch does, and sends nothing."""

    program, environment = "target-stitch", "target-stitch"
    keeps = Keeps.NOTHING

    def config(self, place):
        nowhere = "http://127.0.0.1:9"
        return {"client_id": 1, "token": "-", "small_batch_url": nowhere, "big_batch_url": nowhere}

    def command(self, place):
        return [*super().command(place), "--dry-run"]

    def counts(self, place, streams, printed):
        valid = dict.fromkeys(streams, 0)
        for stream, count in re.findall(r"INFO (\w+) \((\d+)\): Batch is valid", printed):
            valid[stream] += int(count)
        return valid


class Jsonl(Consumer):
    program, environment = "target-jsonl", "target-jsonl"

    def config(self, place):
        return {"destination_path": str(place), "do_timestamp_file": False}

    def ids(self, place, stream):
        path = place / f"{stream}.jsonl"
        with path.open(encoding="utf-8", newline="\n") as lines:
            return [json.loads(line)["id"] for line in lines]


class Csv(Consumer):
    program, environment = "target-csv", "target-csv"
    keeps = Keeps.LAST

    def config(self, place):
        return {"output_path": str(place)}

    def ids(self, place, stream):
        with (place / f"{stream}.csv").open(encoding="utf-8", newline="") as lines:
            return [row["id"] for row in csv.DictReader(lines)]


class Postgres(Consumer):
    """The target of the Meltano SDK, which keeps every digit."""

    program, environment = "target-postgres", "target-postgres"
    keeps = Keeps.NEWEST

    def schema(self, place):
        return place.name.replace("-", "_")

    def config(self, place):
        return {**POSTGRES, "database": DATABASE, "default_target_schema": self.schema(place)}

    def ids(self, place, stream):
        return list(postgres_ids(self.schema(place), stream))

    def rows(self, place, stream):
        return postgres_rows(self.schema(place), stream)


class BatchedPostgres(Postgres):
    """Reads records from files that BATCH messages name."""

    folder = "batched-target-postgres"

    def settings(self, place):
        # Several files for most streams, in both forms.
        compression = "none" if place.name.endswith("reevo") else "gzip"
        return {"batch_config": {"encoding": {"compression": compression}, "storage": {"root": str(place / "files")}, "batch_size": 70}}


def postgres_rows(schema, stream):
    # Read as text in UTC, so that a column with a zone compares like one without.
    with psycopg.connect(**POSTGRES, dbname=DATABASE, options="-c timezone=UTC") as connection:
        cursor = connection.execute(f'select * from "{schema}"."{stream}"')
        names = [column.name for column in cursor.description]
        return {row[names.index("id")]: dict(zip(names, row)) for row in cursor}


def postgres_ids(schema, stream):
    with psycopg.connect(**POSTGRES, dbname=DATABASE) as connection:
        return [row[0] for row in connection.execute(f'select id from "{schema}"."{stream}"')]


class PipelinewisePostgres(Postgres):
    """Stores empty texts as null, and control characters as JSON escapes."""

    environment = "pipelinewise-target-postgres"
    exact = False

    def kept(self, value):
        if value == "":
            return None
        if isinstance(value, str):
            return re.sub(r"[\x00-\x1f]", lambda control: json.dumps(control[0])[1:-1], value)
        return value

    def config(self, place):
        return {**POSTGRES, "dbname": DATABASE, "default_target_schema": self.schema(place)}


class DuckDb(Consumer):
    """Stores empty texts as null."""

    program, environment = "target-duckdb", "target-duckdb"
    keeps = Keeps.NEWEST
    exact = False

    def config(self, place):
        return {"path": str(place / "kept.duckdb"), "default_target_schema": "proof"}

    def kept(self, value):
        return None if value == "" else value

    def query(self, place, query):
        with duckdb.connect(str(place / "kept.duckdb"), read_only=True) as connection:
            result = connection.execute(query)
            return [column[0] for column in result.description], result.fetchall()

    def ids(self, place, stream):
        _, rows = self.query(place, f'select id from proof."{stream}"')
        return [row[0] for row in rows]

    def rows(self, place, stream):
        names, rows = self.query(place, f'select * from proof."{stream}"')
        return {row[names.index("id")]: dict(zip(names, row)) for row in rows}


CONSUMERS = {
    "singer-check-tap": CheckTap(),
    "target-stitch -n": Stitch(),
    "target-jsonl": Jsonl(),
    "meltanolabs-target-csv": Csv(),
    "meltanolabs-target-postgres": Postgres(),
    "meltanolabs-target-postgres by BATCH": BatchedPostgres(),
    "pipelinewise-target-postgres": PipelinewisePostgres(),
    "target-duckdb": DuckDb(),
}
