//! A bookmark is good for the filters that it was made with.

use super::{of_sales, of_stream};
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use serde_json::{Value, json};

fn read(workspace: &Workspace, stream: &str, own: &Value, state: &Value) -> Run {
    let settings = of_stream(workspace, stream, own, &json!({}));
    workspace.read(&settings).state(state).run()
}

fn state_after(workspace: &Workspace, stream: &str, own: &Value) -> Value {
    let run = read(workspace, stream, own, &json!({})).ok();
    run.emitted().state().clone()
}

#[test]
fn a_bookmark_without_filters_is_as_before_and_one_with_filters_names_them() {
    let workspace = Workspace::reevo("records=60");
    let plain = state_after(&workspace, "contact", &json!({"page_size": 5}));
    let bookmark = plain["bookmarks"]["contact"].as_object().unwrap();
    assert_eq!(bookmark.keys().collect::<Vec<_>>(), ["updated_at", "id"]);
    let filtered = state_after(&workspace, "contact", &json!({"filters": of_sales().0}));
    let bookmark = filtered["bookmarks"]["contact"].as_object().unwrap();
    assert_eq!(bookmark.keys().collect::<Vec<_>>(), ["updated_at", "id"]);
    assert!(filtered["filters"]["contact"].is_string());
    assert_eq!(plain.get("filters"), None);
    let empty = state_after(&workspace, "contact", &json!({"filters": []}));
    assert_eq!(empty, plain);
}

#[test]
fn the_same_filters_in_another_order_go_on_from_the_bookmark() {
    let workspace = Workspace::reevo("records=60");
    let a = json!({"field": "department", "operator": "in", "value": ["Sales", "人事"]});
    let b = json!({"field": "stage", "operator": "exists"});
    let state = state_after(&workspace, "contact", &json!({"filters": [a, b]}));
    let other_a = json!({"value": ["人事", "Sales"], "operator": "in", "field": "department"});
    read(
        &workspace,
        "contact",
        &json!({"filters": [b, other_a]}),
        &state,
    )
    .ok();
    // A text is how forms write them.
    let text = json!([b, a]).to_string();
    read(&workspace, "contact", &json!({"filters": text}), &state).ok();
}

#[test]
fn other_filters_under_a_bookmark_fail_the_stream_and_name_the_ways_out() {
    let other = json!({"filters": [{"field": "stage", "operator": "exists"}]});
    for (api, stream, own, other) in [
        (REEVO, "contact", json!({"filters": of_sales().0}), other),
        (
            ASKELEPHANT,
            "contacts",
            json!({"search": "nov"}),
            json!({"search": "an"}),
        ),
    ] {
        let workspace = Workspace::new(api, "records=60");
        let none = json!({});
        for (before, now, was, or) in [
            (
                &own,
                &other,
                "with other filters",
                "set streams.{} as it was",
            ),
            (
                &own,
                &none,
                "with filters, so what they left out has not been read",
                "set streams.{} as it was",
            ),
            (
                &none,
                &own,
                "without filters, so records that do not match have been read too",
                "remove those of streams.{}",
            ),
        ] {
            let state = state_after(&workspace, stream, before);
            workspace.sandbox.clear_requests();
            let run = read(&workspace, stream, now, &state).ended(1);
            let key = if api == REEVO { "contact" } else { "contacts" };
            let run = run
                .says(&format!("its bookmark was made {was}"))
                .says(&format!("`tap-revops read --fresh {key}`"))
                .says(&format!(", or {}", or.replace("{}", key)));
            let emitted = run.emitted();
            assert!(!emitted.schemas.contains_key(stream));
            let kept = |state: &Value| state["bookmarks"][stream].clone();
            assert!(emitted.states.iter().all(|one| kept(one) == kept(&state)));
            let limits = workspace.page_requests(stream).into_iter();
            let is_probe = |limit: &str| {
                limit.contains("limit=1&")
                    || limit.ends_with("limit=1")
                    || limit.contains("\"limit\":1}")
                    || limit.contains("\"limit\":1,")
            };
            assert!(
                limits
                    .map(|one| one.query + &one.body)
                    .all(|one| is_probe(&one))
            );
        }
    }
}

#[test]
fn only_the_stream_whose_filters_changed_fails() {
    let workspace = Workspace::reevo("records=60");
    let settings = |filters: &Value| json!({"record_types": ["contact", "account"], "streams": {"contact": {"filters": filters}}});
    let first = workspace
        .read(&settings(&of_sales().0))
        .run()
        .ok()
        .emitted();
    let other = json!([{"field": "stage", "operator": "exists"}]);
    let run = workspace
        .read(&settings(&other))
        .state(first.state())
        .run()
        .ended(1);
    let run =
        run.says("contact failed, and its bookmark stays as it was; the other stream was read");
    assert_eq!(run.emitted().state(), first.state());
}

#[test]
fn a_stream_that_is_read_in_full_takes_any_filters_and_its_bookmark_becomes_theirs() {
    let workspace = Workspace::reevo("records=60");
    let state = state_after(&workspace, "contact", &json!({}));
    let own = json!({"filters": of_sales().0, "replication_method": "FULL_TABLE"});
    let run = read(&workspace, "contact", &own, &state).ok();
    let after = run.emitted().state().clone();
    assert_eq!(
        after["bookmarks"]["contact"],
        state_after(&workspace, "contact", &json!({"filters": of_sales().0}))["bookmarks"]["contact"]
    );
    read(
        &workspace,
        "contact",
        &json!({"filters": of_sales().0}),
        &after,
    )
    .ok();
}

#[test]
fn a_full_read_that_finds_nothing_leaves_no_bookmark_of_other_filters() {
    let workspace = Workspace::reevo("records=60");
    let state = state_after(&workspace, "contact", &json!({}));
    let nobody = json!([{"field": "department", "operator": "eq", "value": "nobody's"}]);
    let own = json!({"filters": nobody, "replication_method": "FULL_TABLE"});
    let after = read(&workspace, "contact", &own, &state)
        .ok()
        .emitted()
        .state()
        .clone();
    assert_eq!(after["bookmarks"], json!({}));
    read(&workspace, "contact", &json!({"filters": nobody}), &after).ok();
}
