"""Fixtures that the tests share, and the summary after the tests."""

import os
from collections import Counter, defaultdict

import connector
import protocol
import pytest

APIS = ["reevo", "askelephant"]

# Lines that tests add to the summary, in order.
SUMMARY_LINES = []


@pytest.fixture(params=APIS)
def api(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def discovered():
    """All streams of each API in the sandbox, discovered once."""
    return {api: connector.discover(connector.form(api, "records=60")) for api in APIS}


@pytest.fixture(scope="session")
def offered(discovered):
    """The streams of each API that have pages of their own."""
    return {api: [stream for stream in streams if not connector.is_child(stream)] for api, streams in discovered.items()}


@pytest.fixture(scope="session")
def children(discovered):
    """The streams of each API that are read by requests for each record of another."""
    return {api: [stream for stream in streams if connector.is_child(stream)] for api, streams in discovered.items()}


@pytest.fixture(scope="session")
def add_to_summary():
    """Adds a line to the summary."""
    return SUMMARY_LINES.append


OUTCOMES = defaultdict(Counter)


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        group = report.nodeid.split("::")[0].rsplit("/", 1)[-1]
        OUTCOMES[group][report.outcome] += 1


def pytest_sessionfinish():
    path = os.environ.get("AIRBYTE_TEST_SUMMARY")
    total = sum(OUTCOMES.values(), Counter())
    if not path or not total:
        return
    lines = ["", "Tests"]
    lines += [f"  {group:<24} {_outcome(count)}" for group, count in sorted(OUTCOMES.items())]
    lines += ["", *SUMMARY_LINES] if SUMMARY_LINES else []
    lines += ["", f"Valid lines: {sum(protocol.VALID.values())}"]
    lines += [f"  {kind:<24} {count}" for kind, count in sorted(protocol.VALID.items())]
    lines += ["", f"{total['passed']} passed, {total['failed']} failed"]
    with open(path, "w") as summary:
        summary.write("\n".join(lines) + "\n")


def _outcome(count: Counter) -> str:
    text = f"{count['passed']} passed, {count['failed']} failed"
    return text + (f", {count['skipped']} do not apply" if count["skipped"] else "")
