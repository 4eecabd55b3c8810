//! Transcripts: one for each engagement that has one, also if it comes late.

use super::{TRANSCRIPTS, assert_complete, child_requests, discovered, read};
use crate::support::Workspace;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn every_transcript_is_emitted_once() {
    for options in [
        "",
        "timestamps=millis",
        "timestamps=seconds&ties=shuffled",
        "optional_members=null",
    ] {
        let workspace = Workspace::askelephant(&format!("records=300&{options}"));
        let run = read(&workspace, &json!({}), &[TRANSCRIPTS]).run().ok();
        assert_complete(
            &workspace,
            &discovered(&workspace, &json!({})),
            TRANSCRIPTS,
            &run.emitted(),
        );
        let engagements = workspace.sandbox.truth("engagements").len();
        let without = engagements - workspace.sandbox.transcripts().len();
        let count = format!("{without} of {engagements} records of engagements have no transcript");
        run.says(&count);
        assert_eq!(child_requests(&workspace), engagements);
    }
}

#[test]
fn a_transcript_that_comes_late_is_found_within_the_lookback() {
    let settings = |lookback: Option<u64>| match lookback {
        None => json!({}),
        Some(seconds) => json!({"streams": {TRANSCRIPTS: {"lookback_seconds": seconds}}}),
    };
    for (lookback, is_found) in [(None, true), (Some(86400), true), (Some(0), false)] {
        let workspace = Workspace::askelephant("records=60&transcript_delay_seconds=3600");
        let now = workspace.sandbox.now();
        // Its transcript is not ready at the first run. A later change moves the bookmark past it.
        let late = late_engagement(&workspace, now - TimeDelta::minutes(30));
        let other = workspace.sandbox.truth("engagements").swap_remove(0).id;
        workspace
            .sandbox
            .touch("engagements", &other, now - TimeDelta::minutes(20));
        let first = read(&workspace, &settings(lookback), &[TRANSCRIPTS])
            .run()
            .ok()
            .emitted();
        assert!(!first.ids(TRANSCRIPTS).contains(&late.as_str()));
        workspace.sandbox.set_clock(now + TimeDelta::hours(2));
        let next = read(&workspace, &settings(lookback), &[TRANSCRIPTS]).state(first.state());
        let next = next.run().ok().emitted();
        let found: BTreeSet<&str> = next.ids(TRANSCRIPTS).into_iter().collect();
        assert_eq!(found.contains(late.as_str()), is_found, "{lookback:?}");
        assert_eq!(found.len(), next.ids(TRANSCRIPTS).len());
        assert_eq!(next.state()["bookmarks"], first.state()["bookmarks"]);
    }
}

/// An engagement with a transcript, changed at this time.
fn late_engagement(workspace: &Workspace, at: chrono::DateTime<chrono::Utc>) -> String {
    let sandbox = &workspace.sandbox;
    let candidates = sandbox.transcripts().into_iter().rev();
    for (id, _) in candidates {
        sandbox.touch("engagements", &id, at);
        sandbox.set_clock(at + TimeDelta::hours(3));
        let has_one = sandbox.transcripts().iter().any(|(one, _)| *one == id);
        sandbox.set_clock(at + TimeDelta::minutes(30));
        if has_one {
            return id;
        }
    }
    panic!("no engagement keeps its transcript when it changes")
}

#[test]
fn a_transcript_of_the_bookmarks_engagement_is_found_too() {
    let workspace = Workspace::askelephant("records=60&transcript_delay_seconds=3600");
    let now = workspace.sandbox.now();
    let late = late_engagement(&workspace, now - TimeDelta::minutes(30));
    let first = read(&workspace, &json!({}), &[TRANSCRIPTS])
        .run()
        .ok()
        .emitted();
    assert_eq!(first.state()["bookmarks"][TRANSCRIPTS]["id"], late.as_str());
    workspace.sandbox.set_clock(now + TimeDelta::hours(2));
    let next = read(&workspace, &json!({}), &[TRANSCRIPTS]).state(first.state());
    assert!(
        next.run()
            .ok()
            .emitted()
            .ids(TRANSCRIPTS)
            .contains(&late.as_str())
    );
}

#[test]
fn a_key_without_the_scope_is_told_which() {
    let workspace = Workspace::askelephant("records=30&scopes=engagements:read,tags:read");
    let run = read(&workspace, &json!({}), &[TRANSCRIPTS, "tags"])
        .run()
        .ended(1);
    let run = run.says("the scope transcript_timelines:read, and those of private engagements engagements:private:read");
    let emitted = run.emitted();
    let bookmarks = &emitted.state()["bookmarks"];
    assert!(bookmarks.get(TRANSCRIPTS).is_none() && bookmarks.get("tags").is_some());
}

#[test]
fn transcripts_are_read_only_if_somebody_asks_for_them() {
    let workspace = Workspace::askelephant("records=30");
    let without = workspace.read(&json!({})).emitted();
    assert!(!without.schemas.contains_key(TRANSCRIPTS));
    for name in [
        TRANSCRIPTS,
        "transcript*",
        "engagements/transcript_timeline",
    ] {
        let emitted = workspace
            .read(&json!({}))
            .flags(&["--stream", name])
            .emitted();
        assert_eq!(emitted.schemas.keys().collect::<Vec<_>>(), [TRANSCRIPTS]);
    }
}
