"""The image, tested without a container engine: linted, its rules checked, and its steps run in a
plain directory tree. Also the other files that Airbyte's tools read."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import uuid
from pathlib import Path
from xml.etree import ElementTree

import dockerfile
import protocol
import pytest
import yaml
from airbyte_cdk.models.connector_metadata import MetadataFile
from connector import SOURCE, run

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
BUILD, IMAGE = dockerfile.stages((ROOT / "Dockerfile").read_text())
DOCUMENTATION = (ROOT / "docs" / "airbyte.md").read_text()


def test_the_dockerfile_passes_hadolint():
    hadolint = Path(sys.executable).with_name("hadolint")
    subprocess.run([hadolint, "--failure-threshold", "style", ROOT / "Dockerfile"], check=True)


def test_the_entrypoint_is_absolute_and_equals_airbyte_entrypoint():
    (executable,) = IMAGE.entrypoint
    assert executable == IMAGE.environment["AIRBYTE_ENTRYPOINT"] == "/airbyte/source-revops"
    assert IMAGE.all("CMD") == []


def test_the_image_has_a_shell_and_the_tools_that_the_platform_needs():
    # These have sh, sleep and mv; an empty image or one without a shell does not.
    assert IMAGE.base.split(":")[0] in ("debian", "alpine")


def test_the_user_is_airbyte_and_not_root():
    steps = IMAGE.one("RUN")
    assert IMAGE.one("USER") == "1000:1000"
    assert "groupadd --gid 1000 airbyte" in steps and "useradd --uid 1000 --gid 1000" in steps
    (owned,) = re.findall(r"chown 1000:1000 ([^&]+)", steps)
    assert {"/airbyte", "/secrets", "/config"} <= set(owned.split())
    # No step may run after the switch of users.
    words = [word for word, _ in IMAGE.instructions]
    assert "RUN" not in words[words.index("USER") :]


def test_the_image_trusts_public_authorities_and_its_base_is_pinned():
    assert "ca-certificates" in IMAGE.one("RUN")
    for stage in (BUILD, IMAGE):
        assert re.search(r":[a-z0-9.]+-", stage.base), stage.base


def test_the_compiler_is_new_enough():
    version = re.search(r"rust:(\d+)\.(\d+)", BUILD.base).groups()
    assert tuple(map(int, version)) >= tuple(map(int, PACKAGE["rust-version"].split(".")))


def test_versions_agree():
    version = PACKAGE["version"]
    changelog = re.findall(r"^\| (\d+\.\d+\.\d+) \|", DOCUMENTATION, re.MULTILINE)
    printed = subprocess.run([SOURCE, "--version"], capture_output=True, text=True).stdout
    assert IMAGE.labels["io.airbyte.version"] == version
    assert METADATA["dockerImageTag"] == version
    assert changelog[0] == version and len(set(changelog)) == len(changelog)
    # Release builds name their commit.
    assert re.fullmatch(rf"source-revops {re.escape(version)}( \([0-9a-f]{{12}}\))?\n", printed), printed
    # The first section of CHANGELOG.md is for this version or for the next one.
    first = re.search(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first[1] in ("Unreleased", version)


def test_names_agree():
    assert IMAGE.labels["io.airbyte.name"] == METADATA["dockerRepository"] == "airbyte/source-revops"
    (spec,) = run("spec").of("SPEC")
    assert spec["documentationUrl"] == METADATA["documentationUrl"]
    assert METADATA["documentationUrl"].startswith(PACKAGE["repository"])
    for url in (spec["documentationUrl"], spec["changelogUrl"]):
        path = url.split("/blob/main/")[1].split("#")[0]
        assert (ROOT / path).exists()


def test_airbytes_tools_accept_the_metadata():
    read = MetadataFile.from_file(ROOT / "metadata.yaml").data
    assert read.dockerRepository == METADATA["dockerRepository"]
    assert uuid.UUID(METADATA["definitionId"]).version == 4
    assert (METADATA["connectorType"], METADATA["connectorSubtype"]) == ("source", "api")
    assert METADATA["license"] in ("MIT", "ELv2")
    assert "language:rust" in METADATA["tags"]
    assert METADATA["supportLevel"] == "community"


def test_allowed_hosts_are_those_of_the_form(offered):
    (spec,) = run("spec").of("SPEC")
    branches = spec["connectionSpecification"]["properties"]["api"]["oneOf"]
    hosts = [branch["properties"]["base_url"]["default"].split("/")[2] for branch in branches]
    assert METADATA["allowedHosts"]["hosts"] == hosts
    names = {stream["name"] for streams in offered.values() for stream in streams}
    assert set(METADATA["suggestedStreams"]["streams"]) <= names


def test_the_icon_is_a_square_drawing():
    icon = ElementTree.parse(ROOT / METADATA["icon"]).getroot()
    assert icon.tag == "{http://www.w3.org/2000/svg}svg"
    assert icon.get("width") == icon.get("height")
    left, top, width, height = icon.get("viewBox").split()
    assert (left, top) == ("0", "0") and width == height


def test_the_documentation_has_the_headings_and_names_every_stream(offered):
    headings = re.findall(r"^## (.+)$", DOCUMENTATION, re.MULTILINE)
    expected = ["Prerequisites", "Setup guide", "Supported sync modes", "Supported streams"]
    assert headings == [*expected, "Limitations & troubleshooting", "Changelog"]
    for streams in offered.values():
        for stream in streams:
            assert f"| `{stream['name']}` |" in DOCUMENTATION


@pytest.mark.parametrize(
    "title",
    ["Platform", "API key", "Record types", "Expand", "Start date", "End date", "Lookback", "Page size",
     "Concurrency", "Request timeout", "Longest retry", "Unknown fields"],
)
def test_the_documentation_and_the_form_use_the_same_titles(title):
    assert f"**{title}**" in DOCUMENTATION
    assert f'"title":"{title}"' in run("spec").stdout.decode()


@pytest.fixture(scope="module")
def tree():
    """A folder with the image's files, made by the steps of the Dockerfile."""
    # A fixed folder, so that cargo reuses what it has built.
    work = Path(os.environ["AIRBYTE_TEST_TOOLS"]) / "image" / "build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for copied in BUILD.all("COPY"):
        *sources, target = copied.split()
        for source in sources:
            copy(ROOT / source, work / target if target != "./" else work / source)
    target = work.parent / "target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    subprocess.run(["sh", "-c", BUILD.one("RUN")], cwd=work, env=environment, check=True)
    root = Path(tempfile.mkdtemp(prefix="source-revops-"))
    for folder in ("airbyte", "secrets", "config", "tmp", "source"):
        (root / folder).mkdir()
    copied = re.fullmatch(rf"--from={BUILD.name} {BUILD.one('WORKDIR')}/target/(\S+) (\S+)", IMAGE.one("COPY"))
    copy(target / copied[1], root / copied[2].lstrip("/"))
    # Every user may read it, as in an image.
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


def copy(source: Path, target: Path) -> None:
    """Copies with modification times, by which cargo knows what has changed."""
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def test_the_build_context_holds_only_what_is_copied():
    sources = {source for copied in BUILD.all("COPY") for source in copied.split()[:-1]}
    everything, *kept = (ROOT / ".dockerignore").read_text().split("\n")[1:-1]
    assert everything == "*" and {line.lstrip("!") for line in kept} == sources


def as_the_platform(tree: Path, script: str) -> subprocess.CompletedProcess:
    """Runs a script as the platform runs the connector: by sh, from another folder, and as the user
    of the image if this process is root."""
    entrypoint = f"{tree}{IMAGE.environment['AIRBYTE_ENTRYPOINT']}"
    someone = {"user": 1000, "group": 1000, "extra_groups": []} if os.getuid() == 0 else {}
    return subprocess.run(
        ["sh", "-c", script],
        cwd=tree / "source",
        env={"PATH": os.environ["PATH"], "AIRBYTE_ENTRYPOINT": entrypoint},
        capture_output=True,
        **someone,
    )


def test_the_steps_of_the_image_give_an_executable_that_the_platform_can_start(tree):
    done = as_the_platform(tree, 'eval "$AIRBYTE_ENTRYPOINT spec"')
    assert (done.returncode, done.stderr) == (0, b"")
    assert protocol.message(done.stdout)["spec"] == run("spec").of("SPEC")[0]


def test_the_executable_of_the_image_reads(tree, offered):
    config = {"api": {"name": "reevo", "api_key": "sk-apik_sandbox.local-only", "base_url": "sandbox:?records=60"}}
    (tree / "config" / "config.json").write_text(json.dumps(config))
    stream = {"stream": offered["reevo"][0], "sync_mode": "incremental", "destination_sync_mode": "append"}
    (tree / "config" / "catalog.json").write_text(json.dumps({"streams": [stream]}))
    files = f"--config {tree}/config/config.json --catalog {tree}/config/catalog.json"
    done = as_the_platform(tree, f'(eval "$AIRBYTE_ENTRYPOINT read {files}") & wait $!; status=$?; sleep 0; exit $status')
    assert (done.returncode, done.stderr) == (0, b"")
    kinds = [protocol.message(line)["type"] for line in done.stdout.splitlines(keepends=True)]
    assert kinds.count("RECORD") == 60 and kinds.count("STATE") == 1
