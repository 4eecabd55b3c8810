//! Links: every plausible form, all parents or only changed ones, and rows of links that are gone.

use super::{assert_complete, child_requests, discovered, read, selecting};
use crate::catalog::Catalog;
use crate::support::{RECORD_TYPES, Workspace};
use chrono::{DateTime, Utc};
use revops_sandbox::Faults;
use serde_json::json;
use std::collections::BTreeSet;

/// The streams of links of a catalog.
fn links(catalog: &Catalog) -> Vec<&str> {
    let streams = catalog.streams.iter().map(|entry| entry.stream.as_str());
    streams.filter(|stream| stream.contains("__")).collect()
}

#[test]
fn every_link_of_every_relationship_is_emitted_once_in_every_form_of_the_api() {
    for options in [
        "",
        "related_list=data&cursor_place=pagination&cursor_end=absent",
        "related_list=related_records&cursor_place=meta&cursor_end=empty&junctions=null",
        "max_limit=20&limit_overrun=error422&timestamps=mixed",
    ] {
        let workspace = Workspace::reevo(&format!("records=150&{options}"));
        let settings = json!({"record_types": RECORD_TYPES, "page_size": 20});
        let catalog = discovered(&workspace, &settings);
        let streams = links(&catalog);
        assert!(streams.len() > 8, "{streams:?}");
        let run = read(&workspace, &settings, &streams).run().ok();
        let emitted = run.emitted();
        assert_eq!(emitted.schemas.len(), streams.len());
        for stream in &streams {
            assert_complete(&workspace, &catalog, stream, &emitted);
        }
        let several = emitted.records("contact__accounts").len();
        assert!(several > 150, "some records have more links than a page");
    }
}

#[test]
fn links_are_read_only_if_somebody_asks_for_them() {
    let workspace = Workspace::reevo("records=20");
    let catalog = discovered(&workspace, &json!({}));
    let root = catalog.entry("contact__accounts").metadata(&[]);
    assert_eq!(root["selected-by-default"], false);
    assert_eq!(root["forced-replication-method"], "FULL_TABLE");
    let without = workspace.read(&json!({})).emitted();
    assert!(!without.schemas.keys().any(|name| name.contains("__")));
    for (flags, streams) in [
        (["--stream", "contact__accounts"], 1),
        (["--stream", "contact__*"], 2),
        (["--stream", "*__account"], 2),
        (["--stream", "contact/relationship/accounts"], 1),
    ] {
        let emitted = workspace.read(&json!({})).flags(&flags).emitted();
        assert_eq!(emitted.schemas.len(), streams, "{flags:?}");
        assert!(emitted.schemas.keys().all(|name| name.contains("__")));
    }
}

#[test]
fn a_relationship_that_does_not_exist_fails_with_those_that_do() {
    let workspace = Workspace::reevo("records=20");
    let read = workspace.read(&json!({}));
    let run = read.flags(&["--stream", "contact__acounts"]).run();
    run.ended(1)
        .says("those of contact are contact__accounts, contact__opportunities");
}

#[test]
fn a_few_links_are_read_by_hand() {
    let workspace = Workspace::reevo("records=200");
    let flags = ["--stream", "contact__accounts", "--limit", "3"];
    let run = workspace.read(&json!({})).flags(&flags).run().ok();
    assert_eq!(run.emitted().records("contact__accounts").len(), 3);
    assert!(run.emitted().states.is_empty());
    let config = workspace.config_file(&json!({}));
    let peek = [
        "peek",
        "contact__accounts",
        "--limit",
        "4",
        "--json",
        "--config",
        &config,
    ];
    assert_eq!(workspace.run(&peek).ok().stdout.lines().count(), 4);
}

#[test]
fn links_of_changed_parents_are_read_from_the_bookmark_on() {
    let workspace = Workspace::reevo("records=150");
    let settings = json!({"links": "changed_parents"});
    let streams = ["contact__accounts"];
    let first = read(&workspace, &settings, &streams).run().ok().emitted();
    let catalog = discovered(&workspace, &settings);
    assert_complete(&workspace, &catalog, "contact__accounts", &first);
    let schema = &first.schemas["contact__accounts"];
    assert_eq!(
        schema.bookmark_properties.as_deref(),
        Some(&["updated_at".to_owned()][..])
    );
    let parent = workspace
        .sandbox
        .links("contact", "accounts")
        .swap_remove(7)
        .0;
    let at: DateTime<Utc> = "2026-07-15T11:00:00Z".parse().unwrap();
    workspace.sandbox.touch("contact", &parent, at);
    let next = read(&workspace, &settings, &streams).state(first.state());
    let next = next.run().ok().emitted();
    // The parent of the bookmark is asked again: it may have other links by now.
    assert_eq!(child_requests(&workspace), 2);
    let parents = next.records("contact__accounts").iter();
    let parents: BTreeSet<&str> = parents
        .map(|one| one.record.get("parent_id").text())
        .collect();
    assert!(parents.contains(parent.as_str()));
    assert_eq!(next.state()["bookmarks"]["contact__accounts"]["id"], parent);
}

#[test]
fn all_parents_are_read_again_without_that_setting() {
    let workspace = Workspace::reevo("records=60");
    let first = read(&workspace, &json!({}), &["contact__accounts"])
        .run()
        .ok()
        .emitted();
    let next = read(&workspace, &json!({}), &["contact__accounts"]).state(first.state());
    let next = next.run().ok().emitted();
    assert_eq!(
        next.records("contact__accounts").len(),
        first.records("contact__accounts").len()
    );
}

#[test]
fn a_parent_that_vanishes_meanwhile_is_skipped_and_counted() {
    let workspace = Workspace::reevo("records=100");
    let gone = workspace
        .sandbox
        .links("contact", "accounts")
        .swap_remove(3)
        .0;
    let run = read(
        &workspace,
        &json!({"concurrency": 1}),
        &["contact__accounts"],
    );
    let (sandbox, parent) = (workspace.sandbox.clone(), gone.clone());
    workspace.sandbox.on_request(move |request| {
        if request.path.contains("/relationship/") {
            // The first request for children comes after the page with all parents.
            sandbox.remove("contact", &parent);
        }
    });
    let run = run.run().ok();
    run.says("1 of 100 records of contact vanished before their links were read");
}

#[test]
fn an_api_without_links_at_their_path_fails_the_stream() {
    let workspace = Workspace::reevo("records=30");
    let streams = ["contact__accounts", "note"];
    let run = read(&workspace, &json!({}), &streams);
    let rules = json!([{"kind": "child", "fault": {"status": {"code": 404}}}]);
    let rules = Faults::parse(&rules.to_string()).unwrap();
    workspace.sandbox.script(rules);
    let run = run.run().ended(1);
    let run =
        run.says("answered 404 for all 30 records of contact, so it does not offer these links");
    let emitted = run.emitted();
    let bookmarks = &emitted.state()["bookmarks"];
    assert!(bookmarks.get("contact__accounts").is_none() && bookmarks.get("note").is_some());
}

#[test]
fn rows_of_links_that_are_gone_retire() {
    let workspace = Workspace::reevo("records=100");
    let settings = json!({"activate_version": true});
    let first = read(&workspace, &settings, &["contact__accounts"])
        .run()
        .ok()
        .emitted();
    assert!(first.activated.is_empty());
    let related = first.records("contact__accounts")[0]
        .record
        .get("related_record_id");
    workspace.sandbox.remove("account", related.text());
    let next = read(&workspace, &settings, &["contact__accounts"]).state(first.state());
    let next = next.run().ok().emitted();
    let mut kept = next.records("contact__accounts").iter();
    assert!(kept.all(|one| one.record.get("related_record_id") != related));
    assert_eq!(next.activated.len(), 1);
}

#[test]
fn filters_of_the_parent_choose_whose_links_are_read() {
    let workspace = Workspace::reevo("records=100");
    let id = workspace
        .sandbox
        .links("contact", "accounts")
        .swap_remove(5)
        .0;
    let filters = json!([{"field": "id", "operator": "eq", "value": id}]);
    let settings = json!({"streams": {"contact": {"filters": filters.clone()}}});
    let emitted = read(&workspace, &settings, &["contact__accounts"])
        .run()
        .ok()
        .emitted();
    let records = emitted.records("contact__accounts");
    assert!(
        !records.is_empty()
            && records
                .iter()
                .all(|one| one.record.get("parent_id").text() == id)
    );
    let misplaced = json!({"streams": {"contact__accounts": {"filters": filters}}});
    let run = read(&workspace, &misplaced, &["contact__accounts"])
        .run()
        .ok();
    run.says("streams.contact__accounts.filters has no effect: the filters of streams.contact choose its parents");
    // The bookmark is one for these filters only.
    let settings = json!({"links": "changed_parents"});
    let catalog = selecting(&workspace, &settings, &["contact__accounts"]);
    let run = workspace
        .read(&settings)
        .catalog(&catalog)
        .state(emitted.state())
        .run();
    run.ended(1).says("its bookmark was made with filters");
}
