"""Read with errors: a stream that fails reports it and emits no state, and the others finish."""

import signal
import subprocess
import time

import connector
import pytest
from connector import SOURCE, configured, form, read, run
from workspace import Fault, Faults, Sandbox

# Two streams of each API; the faults are on the first.
PAIRS = {"reevo": ("contact", "task"), "askelephant": ("contacts", "tags")}


def at(api: str, url: str, **settings) -> dict:
    """A configuration for an API at an address, without retries."""
    return form(api, base_url=url, clock=None, **{"max_retry_seconds": 0, "page_size": 50, **settings})


def path(api: str, stream: str) -> str:
    return {"reevo": f"/{stream}/_query", "askelephant": f"/v2/{stream}?"}[api]


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("records=400&clock=2026-07-01T00:10:00Z") as sandbox:
        yield sandbox


def assert_failed(done, stream: str, began: bool) -> dict:
    """Checks the messages of a failed stream and of its run. Returns the stream's error."""
    assert done.status == 1
    assert done.statuses(stream) == (["STARTED", "RUNNING"] if began else []) + ["INCOMPLETE"]
    assert done.states(stream) == []
    own = [error for error in done.errors if error.get("stream_descriptor") == {"name": stream}]
    (error,) = own
    last = done.messages[-1]["trace"]["error"]
    assert "stream_descriptor" not in last and stream in last["message"]
    return error


def assert_finished(done, stream: str, whole: int | None = None) -> None:
    assert done.statuses(stream) == ["STARTED", "RUNNING", "COMPLETE"]
    (state,) = done.states(stream)
    count = len(done.records(stream))
    assert count > 0 and state["sourceStats"]["recordCount"] == count
    assert whole is None or count == whole


def test_an_unknown_stream_fails_and_the_others_finish(api, offered):
    catalog = configured(offered[api], names=PAIRS[api])
    unknown = {**catalog["streams"][0]["stream"], "name": "no_such_stream"}
    catalog["streams"].insert(0, connector.configured_stream(unknown, "full_refresh"))
    done = run("read", form(api, "records=60"), catalog)
    error = assert_failed(done, "no_such_stream", began=False)
    assert error["failure_type"] == "config_error"
    for name in PAIRS[api]:
        assert_finished(done, name)


@pytest.mark.parametrize("mode", ["INVALID", "", None, "FULL_REFRESH"])
def test_an_invalid_sync_mode_fails_its_stream_and_the_others_finish(api, offered, mode):
    bad, good = PAIRS[api]
    catalog = configured(offered[api], names=PAIRS[api])
    next(one for one in catalog["streams"] if one["stream"]["name"] == bad)["sync_mode"] = mode
    done = run("read", form(api, "records=60"), catalog)
    error = assert_failed(done, bad, began=False)
    assert error["failure_type"] == "config_error" and "sync_mode" in error["message"]
    assert done.records(bad) == []
    assert_finished(done, good)


@pytest.mark.parametrize("catalog", ["{", "[]", "5", {"streams": 1}, {"streams": [{}]}, {}], ids=str)
def test_a_broken_catalog_is_refused_with_an_error(catalog):
    done = run("read", form("reevo", "records=60"), catalog)
    assert (done.status, done.of("RECORD"), done.of("STATE")) == (1, [], [])
    (error,) = done.errors
    assert error["failure_type"] == "config_error" and "catalog" in error["message"]


def test_missing_files_are_named(offered):
    for verb, flags in [
        ("discover", ["--config"]),
        ("read", ["--config", "--catalog"]),
        ("read", ["--config", "--catalog", "--state"]),
    ]:
        arguments = [part for flag in flags for part in (flag, f"/nowhere/{flag[2:]}.json")]
        done = connector.execute([verb, *arguments])
        assert done.status == 1 and "/nowhere/config.json" in done.errors[0]["message"]
    done = connector.execute(["check", "--config", "/nowhere/config.json"])
    assert (done.status, done.outcome["status"]) == (0, "FAILED")


def test_a_wrong_key_ends_the_read(api, offered):
    config = form(api, "records=60", api_key="sk-apik_1234.wrong5678")
    done = run("read", config, configured(offered[api]))
    assert (done.status, done.of("RECORD"), done.of("STATE")) == (1, [], [])
    assert {error["failure_type"] for error in done.errors} == {"config_error"}
    for stream in offered[api]:
        assert "COMPLETE" not in done.statuses(stream["name"])


def test_a_key_that_is_revoked_during_a_read_leaves_no_stream_open(api, sandbox, offered):
    bad, good = PAIRS[api]
    body = '{"error": {"code": "unauthorized", "message": "revoked"}, "code": "unauthorized"}'
    with Faults(sandbox.url, Fault(path(api, bad), 401, body=body, after=2)) as faults:
        done = run("read", at(api, faults.url, concurrency=2), configured(offered[api], names=PAIRS[api]))
    assert done.status == 1 and done.states(bad) == []
    assert done.statuses(bad)[-1] == "INCOMPLETE"
    assert done.statuses(good)[-1:] in ([], ["COMPLETE"], ["INCOMPLETE"])
    assert {error["failure_type"] for error in done.errors} == {"config_error"}


HALF_WAY = {
    "broken": (Fault("", 500), "transient_error"),
    "unavailable": (Fault("", 503, {"retry-after": "30"}), "transient_error"),
    "forbidden": (Fault("", 403, body='{"error": {"code": "forbidden"}}'), "config_error"),
    "a page of a proxy": (Fault("", 200, {"content-type": "text/html"}, "<html>login</html>"), "system_error"),
    "half a page": (Fault("", 200, {}, '{"data": [{"id": "x"'), "system_error"),
    "another document": (Fault("", 200, {}, '{"items": []}'), "system_error"),
}


@pytest.mark.parametrize("fault", HALF_WAY.values(), ids=HALF_WAY)
def test_a_stream_that_fails_half_way_emits_no_state_and_the_others_finish(api, fault, sandbox, offered):
    bad, good = PAIRS[api]
    what, failure_type = fault
    strike = Fault(path(api, bad), what.status, what.headers, what.body, after=2)
    with Faults(sandbox.url, strike) as faults:
        # One request after the other, so that the fault is where it should be.
        done = run("read", at(api, faults.url, concurrency=1), configured(offered[api], names=PAIRS[api]))
    error = assert_failed(done, bad, began=True)
    assert error["failure_type"] == failure_type
    # The records before the failure were emitted; the next run emits them again.
    assert len(done.records(bad)) == 100
    assert_finished(done, good, whole=len(sandbox.records(api, good)))


def test_the_next_run_after_a_failure_loses_nothing(api, sandbox, offered):
    bad, good = PAIRS[api]
    catalog = configured(offered[api], names=PAIRS[api])
    with Faults(sandbox.url, Fault(path(api, bad), after=2)) as faults:
        first = run("read", at(api, faults.url), catalog)
    second = read(at(api, sandbox.url), catalog, first.state_messages)
    truth = {record["id"] for record in sandbox.records(api, bad)}
    assert {record["id"] for record in second.records(bad)} == truth
    assert len(second.records(good)) < len(sandbox.records(api, good))


def test_a_forbidden_stream_fails_and_the_others_finish(offered):
    done = run("read", form("reevo", "records=60&forbid=task"), configured(offered["reevo"]))
    error = assert_failed(done, "task", began=len(done.statuses("task")) == 3)
    assert error["failure_type"] == "config_error" and "permission" in error["message"]
    for stream in offered["reevo"]:
        if stream["name"] != "task":
            assert_finished(done, stream["name"])


def test_a_rate_limited_stream_reports_when_the_limit_ends(api, sandbox, offered):
    name, _ = PAIRS[api]
    body = '{"error": {"code": "rate_limited", "message": "slow down"}, "code": "rate_limited"}'
    fault = Fault(path(api, name), 429, {"retry-after": "1"}, body, after=1, times=1)
    before = time.time()
    with Faults(sandbox.url, fault) as faults:
        done = read(at(api, faults.url, max_retry_seconds=60), configured(offered[api], names=[name]))
    after = time.time()
    assert done.statuses(name) == ["STARTED", "RUNNING", "RUNNING", "COMPLETE"]
    reasons = done.status_traces(name)[2]["reasons"]
    reset = reasons[0]["rate_limited"]["quota_reset"]
    assert reasons == [{"type": "RATE_LIMITED", "rate_limited": {"quota_reset": reset}}]
    assert type(reset) is int and (before + 1) * 1000 <= reset + 1 and reset <= after * 1000
    assert len(done.records(name)) == len(sandbox.records(api, name))


def test_a_temporary_fault_changes_only_the_log(api, sandbox, offered):
    name, _ = PAIRS[api]
    catalog = configured(offered[api], names=[name])
    undisturbed = read(at(api, sandbox.url), catalog)
    with Faults(sandbox.url, Fault(path(api, name), 502, body="<html>bad gateway</html>", after=1, times=1)) as faults:
        done = read(at(api, faults.url, max_retry_seconds=60), catalog)
    assert done.sorted(name) == undisturbed.sorted(name)
    assert done.states(name) == undisturbed.states(name)
    assert "WARN" in done.logged and "trying again" in done.logged


def endless(verb_output: dict, tmp_path) -> subprocess.Popen:
    """Starts a long read whose output is not read yet."""
    paths = []
    for name, content in verb_output.items():
        file = tmp_path / f"{name}.json"
        file.write_text(connector.json.dumps(content))
        paths += [f"--{name}", str(file)]
    return subprocess.Popen([SOURCE, "read", *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def long_read(tmp_path, offered):
    files = {"config": form("reevo", "records=200000"), "catalog": configured(offered["reevo"])}
    process = endless(files, tmp_path)
    assert b"STARTED" in process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_a_reader_that_goes_away_ends_the_run_at_once_and_quietly(long_read):
    long_read.stdout.close()
    assert long_read.wait(timeout=10) not in (0, 143, -signal.SIGTERM)
    assert long_read.stderr.read() == b""


def test_a_sigterm_of_the_host_ends_the_run(long_read):
    long_read.send_signal(signal.SIGTERM)
    long_read.stdout.read()
    assert long_read.wait(timeout=10) in (143, -signal.SIGTERM)
    assert long_read.stderr.read() == b""
