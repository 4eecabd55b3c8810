"""Checks of a Meltano project made from docs/meltano.md."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import sandbox
import tap
from consumers import postgres_rows
from meltano_project import MELTANO, STATES, Project, definition

EXAMPLE = Path(__file__).parents[2] / "examples" / "meltano"

KINDS = {
    "string": "string",
    "boolean": "boolean",
    "integer": "integer",
    "number": "decimal",
    "array": "array",
    "object": "object",
}
"""Meltano's kind of a setting for its JSON type, except for enumerations and dates."""


def prove_page(outcome, folder):
    """Checks that the page's definition agrees with `--about`."""
    about = json.loads(tap.printed("--about", "--format", "json"))
    defined = Project(folder / "page", None, {}, "-").defined()
    assert defined["capabilities"] == about["capabilities"], "capabilities"
    properties = about["settings"]["properties"]
    settings = {setting["name"]: setting for setting in defined["settings"]}
    assert list(settings) == list(properties), f"settings {sorted(settings.keys() ^ properties.keys())}, or their order"
    for name, declared in properties.items():
        setting = settings[name]
        assert setting.get("kind") == kind(declared), f"kind of {name}"
        assert setting.get("sensitive", False) == declared.get("writeOnly", False), f"secrecy of {name}"
        if "enum" in declared:
            assert [option["value"] for option in setting["options"]] == declared["enum"], f"options of {name}"


def kind(declared):
    if "enum" in declared:
        return "options"
    if declared.get("format") == "date-time":
        return "date_iso8601"
    return KINDS[declared["type"]]


def prove_example(outcome, folder, wheel):
    """Installs the example's plugins, the tap from the wheel, and runs it twice, as its README says."""
    place = folder / "example"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns(".meltano", "output"))
    file = place / "meltano.yml"
    text = file.read_text()
    source = "    pip_url: ../..\n"
    assert text.count(source) == 1, "the example installs the tap from the repository"
    assert text.replace(source, "").startswith(definition()), "the example defines the tap as docs/meltano.md does"
    file.write_text(text.replace(source, f"    pip_url: {wheel}\n"))
    environment = {**tap.ENVIRONMENT, "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"}
    steps = re.search(r"^```sh\n(.*?)^```$", (EXAMPLE / "README.md").read_text(), re.DOTALL | re.MULTILINE)[1].splitlines()
    assert len(steps) == 3, steps
    counts = []
    for step in steps:
        _, *words = step.split("#")[0].split()
        finished = subprocess.run([MELTANO, *words], cwd=place, env=environment, capture_output=True, text=True)
        output = finished.stdout + finished.stderr
        assert finished.returncode == 0, f"{step} ended with {finished.returncode}: {output[-2000:]}"
        counts.append(sum(map(int, re.findall(r"\w+: (\d+) records? in", output))))
    lines = sum(len(path.read_text().splitlines()) for path in (place / "output").glob("*.jsonl"))
    assert lines == counts[1] + counts[2], f"{lines} lines, {counts} records"
    assert counts[1] > 5000 > 100 > counts[2] > 0, counts
    outcome.first, outcome.second = (counts[1], "-"), (counts[2], lines)
    prove_hub(folder / "hub", environment)


def prove_hub(place, environment):
    """Lets Meltano add the tap from its definition for the hub."""
    place.mkdir()
    (place / "meltano.yml").write_text("default_environment: dev\nenvironments: [{name: dev}]\n")
    command = ["add", "--no-install", "--plugin-type", "extractor", "tap-revops", "--from-ref", EXAMPLE.parent / "hub" / "tap-revops.yml"]
    finished = subprocess.run([MELTANO, *command], cwd=place, env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "name: tap-revops" in (place / "meltano.yml").read_text()


def prove_commands(outcome, folder, base_url):
    """Checks Meltano's own commands, with the tap on the path."""
    project = Project(folder / "commands", None, {"TAP_REVOPS_BASE_URL": base_url}, "-")
    assert "Plugin configuration is valid" in project.meltano("config", "test", "tap-revops")
    refused = project.failing("config", "test", "tap-revops", TAP_REVOPS_API_KEY="wrong")
    assert "check api_key" in refused, f"the refused key is not reported: {refused}"
    listed = set(re.findall(r"\[(automatic|selected|excluded) *\] (\S+)", project.meltano("select", "tap-revops", "--list", "--all")))
    streams = {name.split(".")[0] for _, name in listed if "__" not in name}
    assert streams == sandbox.STREAMS["reevo"].keys(), f"streams {sorted(streams)}"
    for line in (
        ("automatic", "renewal_plan.id"),
        ("automatic", "contact.updated_at"),
        ("excluded", "contact.linkedin_url"),
        ("excluded", "contact.address.zip_code"),
        ("selected", "contact.address.city"),
        ("excluded", "contact__accounts.role"),
        ("selected", "account.linkedin_url"),
    ):
        assert line in listed, f"{line[1]} is not {line[0]}"


def prove_runs(outcome, folder, api, loader, stages):
    """A full run, a second run, two that cannot read a stream, and a full refresh. `stages` are three pairs for three times of the
    sandbox: a base URL, and the `updated_at` of every record."""
    (first_url, first), (second_url, second), (third_url, third) = stages
    schema = f"meltano_{api}"
    project = Project(folder / f"{loader}-{api}", tap.TAP, {}, schema)
    if api == "askelephant":
        project.meltano("config", "set", "tap-revops", "api", "askelephant")
        project.meltano("config", "unset", "tap-revops", "record_types")
        project.meltano("config", "set", "tap-revops", "expand", '["contacts", "tags", "owner"]')

    def run(url, *flags):
        output = project.meltano("run", *flags, "tap-revops", loader, TAP_REVOPS_BASE_URL=url)
        counts = {stream: int(count) for stream, count in re.findall(r"(\w+): (\d+) records? in", output)}
        return counts, project.bookmarks(STATES[loader])

    def held():
        if loader == "target-postgres":
            return {stream: list(postgres_rows(schema, stream).values()) for stream in first}
        return {stream: project.lines(stream) for stream in first}

    emitted, bookmarks = run(first_url)
    rows = held()
    outcome.first = (sum(emitted.values()), total(rows))
    assert emitted == {stream: len(listed) for stream, listed in first.items()}, f"emitted {emitted}"
    assert_newest(rows, first)
    assert bookmarks.keys() == first.keys(), "the state lacks a stream"
    if api == "reevo":
        assert_selected(rows["contact"])

    again, bookmarks = run(second_url)
    rows = held()
    outcome.second = (sum(again.values()), total(rows))
    assert 0 < sum(again.values()) < total(second) / 2, f"the second run read {sum(again.values())} records"
    assert_newest(rows, second)
    assert bookmarks.keys() == second.keys(), "the state lacks a stream after the second run"

    withheld = "task" if api == "reevo" else "users"
    if api == "reevo":
        # The project names its record types, so one that cannot be discovered must not go unnoticed.
        said = project.failing("run", "tap-revops", loader, TAP_REVOPS_BASE_URL=f"{second_url}&forbid={withheld}")
        assert f"discovering {withheld}: the API answered 403" in said, f"the failure is not told: {said}"
        kept = project.bookmarks(STATES[loader])
    else:
        _, kept = run(f"{second_url}&forbid={withheld}")
    assert kept == bookmarks, f"the state changed while {withheld} could not be discovered: {kept}"

    # An older catalog still selects the stream, which then fails.
    settings = {"TAP_REVOPS__CATALOG": discovered(project, first_url), "TAP_REVOPS_BASE_URL": f"{third_url}&forbid={withheld}"}
    output = project.failing("run", "tap-revops", loader, **settings)
    assert f"{withheld} failed, and its bookmark stays as it was" in output, f"the failure is not reported: {output}"
    after = project.bookmarks(STATES[loader])
    moved = {stream for stream in after if after[stream] != bookmarks[stream]}
    assert moved == second.keys() - {withheld}, f"the bookmarks of {sorted(moved)} moved"

    refreshed, bookmarks = run(third_url, "--full-refresh")
    assert refreshed == {stream: len(listed) for stream, listed in third.items()}, f"a full refresh emitted {refreshed}"
    assert_newest(held(), third)
    assert bookmarks.keys() == third.keys(), "the state lacks a stream after the full refresh"


def discovered(project, url):
    """Writes the catalog of the project's configuration to a file, and returns its path."""
    path = project.place / "catalog.json"
    output = project.meltano("invoke", "--dump=catalog", "tap-revops", TAP_REVOPS_BASE_URL=url)
    path.write_text(output[: output.rindex("\n}") + 2])
    return str(path)


def total(streams):
    return sum(map(len, streams.values()))


def assert_newest(rows, listed):
    """Checks that the newest row of each record is the version that the API lists now."""
    for stream, records in listed.items():
        at = {row["id"]: row["updated_at"] for row in rows[stream]}
        at = {id: tap.instant(value) if isinstance(value, str) else value for id, value in at.items()}
        assert at == records, f"{stream}: {len(at)} records are there, {len(records)} are listed, or some are older"


def assert_selected(contacts):
    addresses = [contact["address"] for contact in contacts if contact["address"]]
    assert addresses and not any("zip_code" in address for address in addresses), "zip_code was not deselected"
    assert not any("linkedin_url" in contact for contact in contacts), "linkedin_url was not deselected"
