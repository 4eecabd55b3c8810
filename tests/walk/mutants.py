#!/usr/bin/env python3
"""Checks that the model test bites: breaks one rule of the walk at a time, in a copy of the
checkout, and expects the test to fail.

    tests/walk/mutants.py [WORD…]    all mutants, or those whose names contain a word

It fails if a mutant survives, or if the text that it replaces is not found exactly once.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ["Cargo.toml", "Cargo.lock", "build.rs", "src", "sandbox", "catalog", "tests/walk", "README.md"]

# The name of each mutant, the file, the text before and the text after.
MUTANTS = [
    (
        "believe an empty end after a token",
        "window.rs",
        "None => self.doubt_end(),",
        "None => self.next = Next::Ended,",
    ),
    (
        "read the present before the past has ended",
        "plan.rs",
        "let is_over = past.windows.is_empty() && is_known;",
        "let is_over = past.windows.len() <= 1 && is_known;",
    ),
    (
        "settle the newest page at once",
        "window.rs",
        "let settled = if in_turn {",
        "let settled = if in_turn || true {",
    ),
    (
        "no step back after a page out of order",
        "window.rs",
        "            self.settled = first;\n",
        "",
    ),
    (
        "a page out of order goes on",
        "window.rs",
        "if page.is_out_of_order {",
        "if false {",
    ),
    (
        "no lateness below the horizon",
        "plan.rs",
        "let horizon = times.asked_at.checked_sub_signed(self.terms.lateness);",
        "let horizon = Some(times.asked_at);",
    ),
    (
        "the horizon at the time of the answer",
        "plan.rs",
        "let horizon = times.asked_at.checked_sub_signed(self.terms.lateness);",
        "let horizon = times.server_time.checked_sub_signed(self.terms.lateness);",
    ),
    (
        "the horizon by the machine's own clock",
        "plan.rs",
        "past.horizon = past.horizon.min(newest.unwrap_or(Timestamp::MIN_UTC));",
        "let _ = newest;",
    ),
    (
        "what a tie token leads to moves the bookmark",
        "present.rs",
        "self.in_doubt = true;",
        "self.in_doubt = false;",
    ),
    (
        "coarse stamps become bookmarks at once",
        "present.rs",
        "if is_settled || unit <= FINE {",
        "if true {",
    ),
    (
        "a coarse stamp is settled without a Date",
        "present.rs",
        "began.has_date && latest",
        "latest",
    ),
    (
        "a stamp past the present's beginning is a bookmark",
        "present.rs",
        "if is_past {\n            self.page.is_past = true;\n        } else {\n            self.judge(",
        "if is_past {\n            self.page.is_past = true;\n        }\n        {\n            self.judge(",
    ),
    (
        "the present goes on past its beginning",
        "present.rs",
        "if page.is_past {",
        "if false {",
    ),
    (
        "an unconfirmed page of the present is believed",
        "present.rs",
        "if !self.by_token && !page.begins_known && !self.is_confirmed(page.first) {",
        "if false {",
    ),
    (
        "a present page is confirmed by any other",
        "present.rs",
        "Some((same, _)) if same == first => return true,",
        "Some(_) => return true,",
    ),
    (
        "the lower bound is not lowered by a unit",
        "facts.rs",
        "let unit = timestamp::resolution(&self.text).max(TimeDelta::microseconds(1));",
        "let unit = TimeDelta::zero();",
    ),
    (
        "coarse stamps in order only where each is later",
        "facts.rs",
        "stamp.0 + timestamp::resolution(stamp.1) > earlier",
        "stamp.0 > earlier",
    ),
    (
        "what is shown past the filter is left to others",
        "window.rs",
        "return self.seen_as(timestamp, version.digest);\n        }\n        if is_past(&self.edge)",
        "return Observation::Elsewhere;\n        }\n        if is_past(&self.edge)",
    ),
    (
        "repeats are told by their stamp alone",
        "seen.rs",
        "self.versions.entry((timestamp, digest))",
        "self.versions.entry((timestamp, digest * 0))",
    ),
    (
        "the settled stamp's ties are forgotten",
        "seen.rs",
        "self.versions = self.versions.split_off(&(from, 0));",
        "let _ = from;\n            self.versions.clear();",
    ),
    (
        "a gap between two windows",
        "window.rs",
        "updated_at: start.text.clone(),",
        "updated_at: timestamp::micros(start.timestamp + (edge.timestamp - start.timestamp) / 8),",
    ),
    (
        "the owner of a split window does not narrow",
        "window.rs",
        "        self.narrow(start);\n        Some(upper)",
        "        Some(upper)",
    ),
    (
        "a query asked anew keeps its filter",
        "window.rs",
        "if self.has_bound && self.filter != self.edge {",
        "if false {",
    ),
    (
        "a narrowed walk is whole",
        "window.rs",
        "self.starts_at.is_none() && !self.is_narrowed",
        "self.starts_at.is_none()",
    ),
    (
        "a token is followed past the window's edge",
        "window.rs",
        "        if let Some(crossed) = page.crossed {",
        "        if let Some(crossed) = page.crossed.filter(|_| false) {",
    ),
    (
        "an old token with a new filter",
        "window.rs",
        "if token.is_none() {\n            // Records",
        "if true {\n            // Records",
    ),
    (
        "an empty page ends a walk",
        "window.rs",
        "Some(token) => self.follow(token),",
        "Some(_) if page.versions == 0 => self.next = Next::Ended,\n            Some(token) => self.follow(token),",
    ),
    (
        "an empty page ends a scan",
        "scan.rs",
        "let Some(token) = token else {",
        "let Some(token) = token.filter(|_| self.page_brought_new) else {",
    ),
    (
        "a repeated token is followed",
        "window.rs",
        "if self.tokens.insert(&token) {",
        "if self.tokens.insert(&token) || true {",
    ),
    (
        "a failed token ends a walk",
        "window.rs",
        "self.restart(\"a page token failed\");",
        "self.next = Next::Ended;",
    ),
    (
        "a failed token ends a scan",
        "scan.rs",
        "self.restart(\"a page token failed\");",
        "self.next = Next::Ended;",
    ),
    (
        "the lower window's newest version is kept",
        "plan.rs",
        ".is_none_or(|past| past.stamp.timestamp <= timestamp)",
        ".is_none_or(|past| past.stamp.timestamp >= timestamp)",
    ),
    (
        "records without a stamp that come last are not scanned",
        "plan.rs",
        "self.has_undated_last = true;",
        "self.has_undated_last = false;",
    ),
    (
        "records without a stamp are repeats of each other",
        "window.rs",
        "let is_new = self.seen.insert(Timestamp::MIN_UTC, version.digest);",
        "let is_new = self.seen.insert(Timestamp::MIN_UTC, 0);",
    ),
    (
        "an upper bound that is refused leaves the rest",
        "plan.rs",
        "        } else {\n            self.seek_on();\n        }",
        "        } else {\n            self.phase = Phase::Done;\n        }",
    ),
    (
        "an upper bound that is ignored is trusted",
        "window.rs",
        "if is_beyond || (page.asked_by",
        "if false && (page.asked_by",
    ),
    (
        "the token of a page that is not full is followed",
        "window.rs",
        "} else if !is_by_token && !is_filled && may_ask_again {",
        "} else if false && !is_filled && may_ask_again {",
    ),
    (
        "seeking goes on from the newest page",
        "plan.rs",
        "let (from, place) = (window.walk.start(), window.walk.settled().cloned());",
        "let place = window.walk.newest().map(|newest| newest.stamp.clone());\n        let from = window.walk.start();",
    ),
    (
        "the horizon does not bound the past",
        "plan.rs",
        "        past.lower_top(self.edge_at(horizon));\n        self.phase = Phase::Past(past);",
        "        self.phase = Phase::Past(past);",
    ),
    (
        "an edge that one page shows is believed",
        "window.rs",
        "} else if self.crossing.is_some() && is_certain && !has_own {",
        "} else if is_certain {",
    ),
    (
        "a walk that checks an end believes every first page",
        "window.rs",
        "if self.begins_in_turn(page) || self.doubted.take() == first {",
        "if true || self.doubted.take() == first {",
    ),
    (
        "without a Date, the machine's clock will do",
        "plan.rs",
        "if self.data_end.is_none() || self.is_all_present(horizon) {",
        "if self.is_all_present(horizon) {",
    ),
    (
        "a bounded run with nothing new ends",
        "plan.rs",
        "if self.is_bounded && !self.leaves_more && self.latest <= span.from {",
        "if false && !self.leaves_more && self.latest <= span.from {",
    ),
    (
        "a bounded run leaves a hole before the next record",
        "plan.rs",
        "self.terms.from = Some((from, oldest));",
        "self.terms.from = Some((LowerBound { updated_at: timestamp::micros(oldest + chrono::TimeDelta::seconds(1)), inclusive: from.inclusive }, oldest));",
    ),
    (
        "a bounded run always has more to read",
        "plan.rs",
        "let has_more = self.data_end.is_none_or(|end| end >= bound.timestamp);",
        "let has_more = true; self.is_bounded = true; return;",
    ),
]


def main() -> int:
    words = sys.argv[1:]
    chosen = [one for one in MUTANTS if not words or any(word in one[0] for word in words)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        copy_checkout(copy)
        if failure := test(copy):
            print(f"the code as it is fails: {failure}")
            return 1
        survived = [one[0] for one in chosen if not is_caught(copy, *one)]
    print(f"{len(chosen) - len(survived)} of {len(chosen)} mutants caught")
    return 1 if survived else 0


def copy_checkout(copy: Path) -> None:
    for name in COPIED:
        source, target = ROOT / name, copy / name
        if source.is_dir():
            # Without the times of the originals, which may be older than the last mutant.
            shutil.copytree(source, target, copy_function=shutil.copy)
        else:
            shutil.copy(source, target)


def is_caught(copy: Path, name: str, file: str, before: str, after: str) -> bool:
    """Breaks a rule in the copy, runs the test, and mends the copy."""
    path = copy / "src/walk" / file
    text = path.read_text()
    if text.count(before) != 1:
        print(f"{name}: found {text.count(before)} times in {file}, not once")
        return False
    path.write_text(text.replace(before, after))
    began = time.monotonic()
    failure = test(copy)
    path.write_text(text)
    print(f"{name}: {failure or 'NOT CAUGHT'} ({time.monotonic() - began:.0f} s)", flush=True)
    return failure is not None and failure.startswith("caught")


def test(copy: Path) -> str | None:
    """How the test fails in the copy. None if it passes."""
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target" / "mutants")
    # Nobody reads what a broken walk does, so it need not be short.
    variables = {"CARGO_TARGET_DIR": str(target), "RUST_BACKTRACE": "0"}
    # More than the test's own number: some rules protect only few histories.
    variables["TAP_REVOPS_TEST_CASES"] = "100000"
    done = subprocess.run(
        ["cargo", "test", "--locked", "--test", "walk", "a_target"],
        cwd=copy,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    output = done.stdout + done.stderr
    if history := re.search(r"history (\d+) of", output):
        how = re.search(r"^Then (.*)\.$", output, re.MULTILINE)
        return f"caught after {history[1]} histories: {how[1] if how else 'it panics'}"
    return "does not compile:\n" + output


if __name__ == "__main__":
    sys.exit(main())
