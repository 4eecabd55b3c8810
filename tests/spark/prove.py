"""Reads sandboxes into Apache Spark on a cluster of several processes, and compares what arrives with what the API lists.

`run` prepares the environment and calls this file. Every check runs in one Spark session, but for the streaming query that crashes.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import sandbox
import tap
from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, DateType, DecimalType, StringType, StructType, TimestampType
from tap_revops.spark import RevopsDataSource, Tap, Window, struct_of

FOLDER = Path(os.environ["PROVE_FOLDER"])
PARTITIONS = 8
CLOCK = "2026-07-15T12:00:00Z"
STILL = f"clock={CLOCK}&change_every_seconds=0"
STREAMS = {"reevo": "contact", "askelephant": "contacts"}
RECORDS = {"reevo": 100_000, "askelephant": 200_000}
"""A workspace of AskElephant has half as many contacts, so 200,000 records are read in all."""


def session(name):
    """A Spark cluster of two executors and their workers, all on loopback."""
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.streaming.stopTimeout": "20s",
    }
    builder = SparkSession.builder.master(f"local-cluster[2,1,1024]").appName(name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    spark.dataSource.register(RevopsDataSource)
    return spark


@contextmanager
def workspace(api, options):
    """A sandbox, and the path of a configuration for it."""
    with sandbox.serving(options) as (url, key):
        yield configuration(api, url, key), url, key


def configuration(api, url, key, name=None, **settings):
    path = FOLDER / f"{name or api}.json"
    path.write_text(json.dumps({"api": api, "base_url": url, "api_key": key, **settings}))
    return path


def load(spark, config, stream, **options):
    reader = spark.read.format("revops").option("config", str(config)).option("stream", stream).option("num_partitions", PARTITIONS)
    for name, value in options.items():
        reader = reader.option(name, value)
    return reader.load()


def listed(url, key, api):
    """Every record of an API's stream, by its id, straight from the API."""
    pages = {"reevo": sandbox.reevo_pages, "askelephant": sandbox.askelephant_pages}[api](url, key, STREAMS[api])
    return {record["id"]: record for page in pages for record in page}


def prove_batch(spark, api):
    """Every record arrives once, with the API's id, instant and values, in at least eight partitions."""
    with workspace(api, f"records={RECORDS[api]}&{STILL}") as (config, url, key):
        truth = listed(url, key, api)
        began = time.monotonic()
        frame = load(spark, config, STREAMS[api])
        partitions = frame.rdd.getNumPartitions()
        rows = frame.toArrow().to_pylist()
        took = time.monotonic() - began
    assert partitions >= 8, f"{partitions} partitions"
    assert len(rows) == len(truth) == len({row["id"] for row in rows}), f"{len(rows)} rows, {len(truth)} records"
    compared = sum(compare(api, frame.schema, row, truth[row["id"]]) for row in rows)
    return f"{len(rows)} records in {partitions} partitions, {compared} values compared, read in {took:.0f} s"


def compare(api, schema, row, record):
    """Compares the texts, numbers, booleans, dates and times of a row with the API's; returns how many."""
    given = sandbox.fields(api, record)
    given |= {name: record[name] for name in ("id", "created_at", "updated_at")}
    count = 0
    for field in schema.fields:
        if field.name not in given or isinstance(field.dataType, (StructType, ArrayType)):
            continue
        due, kept = given[field.name], row[field.name]
        if due is not None:
            if isinstance(field.dataType, TimestampType):
                due, kept = tap.instant(due), kept.replace(tzinfo=None)
            elif isinstance(field.dataType, DateType):
                kept = kept.isoformat()
            elif isinstance(field.dataType, DecimalType):
                due = Decimal(due)
            elif isinstance(field.dataType, StringType):
                due = due if isinstance(due, str) else json.dumps(due)
        assert due == kept, f"{field.name} of {record['id']}: {due!r} became {kept!r}"
        count += 1
    return count


def prove_killed_task(spark):
    """A tap that is killed while it reads fails its task, which Spark tries again: nothing is lost, and nothing there twice."""
    with workspace("reevo", f"records=20000&latency_milliseconds=60&{STILL}") as (config, url, key):
        truth = listed(url, key, "reevo")
        killed = []
        stop = threading.Event()
        killer = threading.Thread(target=kill_a_reader, args=(killed, stop))
        killer.start()
        try:
            ids = [row["id"] for row in load(spark, config, "contact").select("id").toArrow().to_pylist()]
        finally:
            stop.set()
            killer.join()
    assert killed, "no tap was found to kill"
    failed = sum(stage["numFailedTasks"] for stage in rest(spark, "stages"))
    assert failed >= 1, "no task failed"
    assert sorted(ids) == sorted(truth), f"{len(ids)} rows, {len(set(ids))} ids, {len(truth)} records"
    return f"{len(killed)} killed, {failed} failed tasks, {len(ids)} records"


def kill_a_reader(killed, stop):
    """Kills the first process of the tap that has read for a moment."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
                written = int((path / "io").read_text().split("wchar: ")[1].split()[0])
            except (OSError, IndexError):
                continue
            if words[0].endswith(b"tap-revops") and words[1:2] == [b"read"] and written > 1_000_000:
                os.kill(int(path.name), signal.SIGKILL)
                killed.append(int(path.name))
                return
        time.sleep(0.02)


FIRST, SECOND, THIRD = "2026-06-10T12:00:00Z", "2026-07-01T00:10:00Z", "2026-07-01T00:20:00Z"


def prove_stream():
    """Three runs over what is available, with changes in between, one of them with a crash between reading and committing."""
    place = FOLDER / "stream"
    place.mkdir()
    counts, crashed = [], None
    for clock, crash in [(FIRST, []), (SECOND, ["crash"]), (SECOND, []), (THIRD, [])]:
        with sandbox.serving(f"records=3000&clock={clock}") as (url, key):
            config = configuration("askelephant", url, key, name="stream")
            command = [sys.executable, __file__, "stream", place, config, *crash]
            run = subprocess.run(command, capture_output=True, text=True)
            truth = listed(url, key, "askelephant")
        assert (run.returncode != 0) == bool(crash), run.stderr[-3000:]
        if crash:
            assert "the crash of the test" in run.stderr, run.stderr[-3000:]
            crashed = batches(place)
            continue
        outcome = json.loads(run.stdout.strip().split("\n")[-1])
        if crashed:
            assert crashed.items() <= batches(place).items(), "the batch that crashed was another one when it was planned again"
            crashed = None
        until = tap.instant(outcome["until"])
        table = {row["id"]: tap.instant(row["updated_at"]) for row in outcome["rows"]}
        changed = {id: tap.instant(record["updated_at"]) for id, record in truth.items()}
        due = {id: at for id, at in changed.items() if at < until}
        assert len(due) > 1000 and due.items() <= table.items(), f"{len(due.items() - table.items())} records are missing or old"
        counts.append(outcome["read"])
    assert counts[0] > 1000 and 0 < counts[1] < counts[0] and 0 < counts[2] < counts[1], counts
    return f"rows of the batches: {', '.join(map(str, counts))}"


def batches(place):
    """The windows of each batch, as the checkpoint has them."""
    offsets = Path(place, "checkpoint/offsets").glob("[0-9]*")
    return {path.name: path.read_text().split("\n")[2] for path in offsets}


def run_stream(place, config, crash):
    """One streaming run in a process of its own. Prints what the table holds afterwards."""
    spark = session("stream")
    read = []

    def write(frame, batch):
        frame.persist()
        read.append(frame.count())
        frame.select("id", "updated_at").write.mode("overwrite").parquet(f"{place}/table/batch={batch}")
        frame.unpersist()
        if crash:
            raise RuntimeError("the crash of the test, after the batch was written")

    source = spark.readStream.format("revops").option("config", config).option("stream", "contacts").option("num_partitions", 4).load()
    query = source.writeStream.foreachBatch(write).option("checkpointLocation", f"{place}/checkpoint").trigger(availableNow=True).start()
    query.awaitTermination()
    table = spark.read.parquet(f"{place}/table").groupBy("id").agg({"updated_at": "max"}).toArrow().to_pylist()
    rows = [{"id": row["id"], "updated_at": row["max(updated_at)"].isoformat()} for row in table]
    planned = batches(place)
    until = json.loads(planned[max(planned, key=int)])["until"]
    spark.stop()
    print(json.dumps({"rows": rows, "read": sum(read), "until": until}))


def prove_secret(spark):
    """The key is in no plan, log or page of Spark."""
    with workspace("reevo", f"records=2000&{STILL}") as (config, _, key):
        frame = load(spark, config, "contact")
        frame.count()
        texts = [frame._jdf.queryExecution().toString()]
    for path in ("environment", "sql?details=true&planDescription=true&length=200", "stages?details=true", "executors", "jobs"):
        texts.append(json.dumps(rest(spark, path)))
    work = Path(os.environ["SPARK_WORK"])
    texts += [path.read_text(errors="replace") for path in work.rglob("std*")]
    secrets = {key, key.rsplit(".", 1)[-1]}
    assert sum(map(len, texts)) > 10_000 and not any(secret in text for secret in secrets for text in texts), "the key is shown"
    return f"{len(texts)} texts of {sum(map(len, texts))} characters"


def rest(spark, path):
    """What Spark's own pages say."""
    context = spark.sparkContext
    with urllib.request.urlopen(f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/{path}") as answer:
        return json.load(answer)


def prove_mistakes(spark):
    """Each mistake ends in one sentence that names the option and the remedy, and no table is called done."""
    with workspace("reevo", f"records=2000&{STILL}") as (config, url, _):
        wrong = configuration("reevo", url, "sk-apik_wrong.12345678", name="wrong")
        unreadable = FOLDER / "nowhere.json"
        mistakes = [
            (config, "contcat", {}, "option stream: there is no stream contcat; the streams are contact"),
            (unreadable, "contact", {}, "option config: "),
            (config, "contact", {"executable": "/nowhere/tap-revops"}, "option executable: /nowhere/tap-revops cannot be started"),
            (config, "contact", {"api_key": "sk-apik_1.2345678"}, "option api_key: Spark shows options in plans and logs"),
            (config, "contact", {"num_partitions": "many"}, "option num_partitions: many is not a whole number"),
            (wrong, "contact", {}, "check api_key"),
        ]
        for path, stream, options, expected in mistakes:
            assert_fails(lambda: load(spark, path, stream, **options).count(), expected)
        # An executor that lacks what the driver has.
        task = Tap({"config": str(config), "stream": "contact"}).described()
        schema = struct_of(task.entry()["schema"])
        task.config = str(unreadable)
        assert_fails(lambda: next(task.records(Window(None, None), schema)), f"option config: {unreadable} cannot be read on")
    # The driver plans by less than 90 pages, so that it is the executors that fail.
    table, faulty = FOLDER / "half", FOLDER / "faults.json"
    faulty.write_text(json.dumps([{"kind": "page", "skip": 120, "fault": {"status": {"code": 403}}}]))
    with sandbox.serving(f"records=20000&{STILL}&faults={faulty}") as (url, key):
        config = configuration("reevo", url, key, page_size=100)
        frame = load(spark, config, "contact")
        assert_fails(lambda: frame.write.parquet(str(table)), "give the key permission to read this")
    assert not (table / "_SUCCESS").exists(), "a table that lacks records is called done"
    return f"{len(mistakes) + 2} mistakes"


def assert_fails(action, expected):
    try:
        action()
    except Exception as error:
        assert expected in str(error), f"{expected!r} is not in {str(error)[:1500]}"
        return
    raise AssertionError(f"no failure, though {expected!r} was expected")


def main():
    spark = session("proof")
    checks = [
        ("reevo, batch", lambda: prove_batch(spark, "reevo")),
        ("askelephant, batch", lambda: prove_batch(spark, "askelephant")),
        ("a tap that is killed", lambda: prove_killed_task(spark)),
        ("the key", lambda: prove_secret(spark)),
        ("mistakes", lambda: prove_mistakes(spark)),
    ]
    failed = prove(checks)
    spark.stop()
    failed += prove([("availableNow, with a crash", prove_stream)])
    print(f"{6 - failed} passed, {failed} failed")
    return 1 if failed else 0


def prove(checks):
    failed = 0
    for name, check in checks:
        began = time.monotonic()
        try:
            told = check()
        except Exception as error:
            failed += 1
            told = f"FAILED: {error}"
        print(f"{name:<28} {time.monotonic() - began:6.1f} s  {told}", flush=True)
    return failed


if __name__ == "__main__":
    if sys.argv[1:2] == ["stream"]:
        run_stream(*sys.argv[2:4], crash="crash" in sys.argv)
    else:
        sys.exit(main())
