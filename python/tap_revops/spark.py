"""Reads a stream into Apache Spark 4.0 or later, in windows that Spark's executors read side by side.

    from tap_revops.spark import RevopsDataSource

    spark.dataSource.register(RevopsDataSource)
    contacts = spark.read.format("revops").option("config", "config.json").option("stream", "contact").load()

docs/scale.md describes the options, batches and streaming. The tap reads; this module plans windows, starts one process for each, and
turns its records into Arrow.
"""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread

import pyarrow
from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, InputPartition
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from . import executable
from .arrow import Converter

try:
    from pyspark.sql.streaming.datasource import SupportsTriggerAvailableNow
except ImportError:

    class SupportsTriggerAvailableNow:
        """Spark before 4.2 lets a source finish what is available by itself."""


__all__ = ["RevopsDataSource", "RevopsError"]

BEGINNING = "1970-01-01T00:00:00Z"
"""Before all records, for streaming without `start_date`."""

BLOCK = 4 * 1024 * 1024
"""So many bytes of records become one Arrow batch."""

NUMBER = DecimalType(38, 10)
"""The type of numbers: 28 digits before the point and 10 after it, which a double does not keep."""


class RevopsError(RuntimeError):
    """What went wrong, and what to do."""


class RevopsDataSource(DataSource):
    """The data source `revops`."""

    @classmethod
    def name(cls) -> str:
        return "revops"

    def schema(self) -> StructType:
        return struct_of(Tap(self.options).entry()["schema"])

    def reader(self, schema: StructType) -> DataSourceReader:
        return RevopsReader(Tap(self.options).described(), schema)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:
        return RevopsStreamReader(Tap(self.options), schema)


@dataclass
class Window(InputPartition):
    """A range of `updated_at`: from its start on, and before its end. None is no bound."""

    start_date: str | None
    end_date: str | None


class Tap:
    """Starts the executable with the options of a data source. It is sent to the executors, so it holds no key."""

    OPTIONS = ("config", "stream", "start_date", "end_date", "num_partitions", "executable")

    def __init__(self, options: dict):
        given = {name.lower(): text for name, text in options.items()}
        # Spark adds options of its own to some reads, such as `path`.
        if "api_key" in given:
            raise RevopsError(
                "option api_key: Spark shows options in plans and logs; write the key into the file that the option config names"
            )
        for name in ("config", "stream"):
            if not given.get(name):
                raise RevopsError(f"option {name} is missing; the options are {', '.join(self.OPTIONS)}")
        self.config = os.path.abspath(given["config"])
        self.stream = given["stream"]
        self.start_date, self.end_date = given.get("start_date"), given.get("end_date")
        self.num_partitions = whole_number("num_partitions", given.get("num_partitions", "8"))
        self.given_executable = given.get("executable")
        self.catalog = None

    def entry(self) -> dict:
        """The stream's entry in the catalog."""
        streams = json.loads(self._printed("discover"))["streams"]
        for entry in streams:
            if entry["tap_stream_id"] == self.stream:
                return entry
        names = ", ".join(entry["tap_stream_id"] for entry in streams)
        raise RevopsError(f"option stream: there is no stream {self.stream}; the streams are {names}")

    def described(self) -> "Tap":
        """The same with a catalog of the stream alone, so that the tasks need not ask for it again. What Arrow cannot read from JSON is
        text in it."""
        entry = self.entry()
        entry["metadata"][0]["metadata"]["selected"] = True
        entry["schema"] = with_texts(entry["schema"])
        self.catalog = {"streams": [entry]}
        return self

    def is_whole(self) -> bool:
        """Whether the stream can only be read in full."""
        (entry,) = self.catalog["streams"]
        return "forced-replication-method" in entry["metadata"][0]["metadata"]

    def windows(self, start_date: str | None, end_date: str | None, partitions: int | None = None) -> list[Window]:
        """Windows that hold about as many records each, up to what no longer changes."""
        command = ["plan", "--stream", self.stream, "--partitions", str(partitions or self.num_partitions)]
        lines = self._printed(*command, *dates(start_date, end_date)).splitlines()
        return [Window(line["start_date"], line["end_date"]) for line in map(json.loads, lines)]

    def records(self, window: Window, schema: StructType) -> Iterator[pyarrow.RecordBatch]:
        """Reads one window in a process of its own. Fails if that fails, so that Spark tries the task again."""
        converter = Converter(to_arrow_schema(schema, timezone="UTC"))
        with tempfile.TemporaryDirectory(prefix="tap-revops-") as folder:
            catalog = os.path.join(folder, "catalog.json")
            with open(catalog, "w", encoding="utf-8") as file:
                json.dump(self.catalog, file)
            arguments = ["read", "--catalog", catalog, *dates(window.start_date, window.end_date)]
            process = self._started(arguments, is_task=True)
            errors = Tail(process.stderr)
            try:
                yield from converter.batches(process.stdout, BLOCK)
                if process.wait() != 0:
                    raise RevopsError(f"reading {self.stream} on {socket.gethostname()}: {errors.sentence()}")
            finally:
                # Spark closes this generator when the task is cancelled.
                process.kill()
                process.wait()
                process.stdout.close()

    def _printed(self, *arguments: str) -> str:
        """The output of a command that must succeed."""
        process = self._started(list(arguments), is_task=False)
        errors = Tail(process.stderr)
        output = process.stdout.read()
        process.stdout.close()
        if process.wait() != 0:
            raise RevopsError(errors.sentence())
        return output.decode()

    def _started(self, arguments: list[str], is_task: bool) -> subprocess.Popen:
        host = socket.gethostname()
        try:
            with open(self.config, encoding="utf-8") as file:
                rate = json.load(file).get("requests_per_second")
        except (OSError, ValueError, AttributeError) as error:
            remedy = "put the file, a JSON object, where the driver and all executors can read it"
            raise RevopsError(f"option config: {self.config} cannot be read on {host}; {remedy}") from error
        variables = {}
        if is_task and rate is not None:
            # Each of the tasks gets its share.
            variables["TAP_REVOPS_REQUESTS_PER_SECOND"] = str(max(0.01, float(rate) / self.num_partitions))
        command = self.given_executable or self._own_executable(host)
        try:
            return subprocess.Popen(
                [command, *arguments, "--config", self.config],
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            sentence = f"{command} cannot be started on {host} ({error.strerror}); install tap-revops there"
            raise RevopsError(f"option executable: {sentence}") from error

    def _own_executable(self, host: str) -> str:
        try:
            return executable()
        except FileNotFoundError as error:
            raise RevopsError(f"option executable: on {host}, {error}; or name its path by this option") from error


class RevopsReader(DataSourceReader):
    """Reads a stream once, up to what no longer changes."""

    def __init__(self, tap: Tap, schema: StructType):
        self.tap, self.schema = tap, schema

    def partitions(self) -> list[Window]:
        # Spark makes a partition of None of an empty list.
        return self.tap.windows(self.tap.start_date, self.tap.end_date) or [Window(BEGINNING, BEGINNING)]

    def read(self, partition: Window) -> Iterator[pyarrow.RecordBatch]:
        if partition.start_date is not None and partition.start_date == partition.end_date:
            return iter(())
        return self.tap.records(partition, self.schema)


class RevopsStreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads what has changed since the last batch.

    An offset is the instant before which everything has been read, with the edges of the windows that lead to it. So the partitions of a
    batch follow from its offsets alone, and a batch that is planned again after a crash is the same.
    """

    def __init__(self, tap: Tap, schema: StructType):
        self.tap, self.schema = tap, schema
        self.available = self.problem = None
        # Spark 4.3 loses what a constructor raises.
        try:
            self.tap.described()
        except RevopsError as error:
            self.problem = str(error)
        else:
            if self.tap.is_whole():
                self.problem = f"option stream: {tap.stream} can only be read in full; read it as a batch, by spark.read"

    def initialOffset(self) -> dict:
        if self.problem:
            raise RevopsError(self.problem)
        return {"until": self.tap.start_date or BEGINNING, "edges": []}

    def prepareForTriggerAvailableNow(self) -> None:
        windows = self.tap.windows(self.initialOffset()["until"], self.tap.end_date, partitions=1)
        self.available = windows[-1].end_date if windows else self.initialOffset()["until"]

    def latestOffset(self, start: dict | None = None, limit: object = None) -> dict:
        start = self.initialOffset() if start is None else start
        end_date = self.available or self.tap.end_date
        if end_date is not None and start["until"] >= end_date:
            return start
        windows = self.tap.windows(start["until"], end_date)
        if not windows:
            return start
        return {"until": windows[-1].end_date, "edges": [window.start_date for window in windows[1:]]}

    def partitions(self, start: dict, end: dict) -> list[Window]:
        inner = [edge for edge in end["edges"] if start["until"] < edge < end["until"]]
        edges = [start["until"], *inner, end["until"]]
        return [Window(*edges[at : at + 2]) for at in range(len(edges) - 1)]

    def read(self, partition: Window) -> Iterator[pyarrow.RecordBatch]:
        return self.tap.records(partition, self.schema)

    def commit(self, end: dict) -> None:
        """Spark's checkpoint is the state; there is nothing else to keep."""


class Tail:
    """Reads a log as it comes, and keeps its end."""

    def __init__(self, stream):
        self.last = b""
        self.thread = Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream) -> None:
        with stream:
            for line in stream:
                if line.startswith((b"CRITICAL", b"error:", b"thread ")) or not self.last:
                    self.last = line

    def sentence(self) -> str:
        """What the last line says."""
        self.thread.join()
        text = self.last.decode(errors="replace").strip()
        level, _, rest = text.partition(" ")
        # The time follows the level.
        return rest.partition(" ")[2] if level == "CRITICAL" else text or "the tap ended without a word"


def dates(start_date: str | None, end_date: str | None) -> list[str]:
    start = [] if start_date is None else ["--start-date", start_date]
    end = [] if end_date is None else ["--end-date", end_date]
    return start + end


def whole_number(option: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise RevopsError(f"option {option}: {text} is not a whole number from 1 to 10000")
    return int(text)


def struct_of(schema: dict) -> StructType:
    """The Spark type of an object of a JSON Schema."""
    fields = schema["properties"].items()
    return StructType([StructField(name, type_of(one), "null" in one["type"]) for name, one in fields])


def type_of(schema: dict) -> DataType:
    base = next(name for name in schema["type"] if name != "null")
    match base, schema.get("format"):
        case "string", "date-time":
            return TimestampType()
        case "string", "date":
            return DateType()
        case "integer", _:
            return LongType()
        case "number", _:
            return NUMBER
        case "boolean", _:
            return BooleanType()
        case "object", _ if "properties" in schema:
            return struct_of(schema)
        case "array", _ if "items" in schema:
            return ArrayType(type_of(schema["items"]), True)
    return StringType()


def with_texts(schema: dict) -> dict:
    """A schema in which text stands for numbers, to keep their digits, and for objects and arrays that are not described."""
    if "properties" in schema:
        properties = {name: with_texts(one) for name, one in schema["properties"].items()}
        return {**schema, "properties": properties}
    if "items" in schema:
        return {**schema, "items": with_texts(schema["items"])}
    if {"number", "object", "array"} & set(schema["type"]):
        return {**schema, "type": ["string", *(name for name in schema["type"] if name == "null")]}
    return schema
