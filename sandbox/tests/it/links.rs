//! The lists of related records have the shape of the fixtures, and hold every link once.

use serde_json::Value;

use crate::client::{fixture, reevo, sandbox};
use revops_sandbox::Sandbox;

const LISTS: [(&str, &str, &str); 2] = [
    ("", "items", ""),
    (
        "cursor_place=pagination&related_list=data&junctions=null",
        "data",
        "/pagination",
    ),
];

async fn list(sandbox: &Sandbox, of: &str, query: &str) -> Value {
    let answer = reevo(sandbox, "GET", &format!("{of}?{query}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn walks_over_all_parents_list_every_link_once() {
    for (options, name, place) in LISTS {
        let sandbox = sandbox(&format!("records=1000&{options}")).await;
        let mut listed = Vec::new();
        let mut pages = 0;
        for parent in sandbox.truth("contact") {
            let of = format!("/contact/{}/relationship/accounts", parent.id);
            let mut query = "limit=50".to_owned();
            loop {
                let page = list(&sandbox, &of, &query).await;
                let items = page[name].as_array().unwrap().iter();
                listed.extend(items.map(|item| (parent.id.clone(), item.to_string())));
                pages += 1;
                match page.pointer(&format!("{place}/next_cursor")).unwrap() {
                    Value::String(cursor) => query = format!("limit=50&cursor={cursor}"),
                    _ => break,
                }
            }
        }
        assert_eq!(listed, sandbox.links("contact", "accounts"));
        assert!(pages > 1000, "some records have more links than a page");
        let mut once = listed.clone();
        once.sort();
        once.dedup();
        assert!(once.len() == listed.len() && listed.len() > 1000);
    }
}

/// The names of all members, nested ones too.
fn members(value: &Value, path: &str, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}/{name}");
                members(value, &path, names);
                names.push(path);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| members(item, &format!("{path}/*"), names)),
        _ => {}
    }
}

fn shape(value: &Value) -> Vec<String> {
    let mut names = Vec::new();
    members(value, "", &mut names);
    names.sort();
    names.dedup();
    names
}

#[tokio::test]
async fn a_list_has_the_shape_of_the_fixture() {
    let sandbox = sandbox("records=100").await;
    let (parent, _) = sandbox.links("contact", "accounts").swap_remove(0);
    let of = format!("/contact/{parent}/relationship/accounts");
    let ours = list(&sandbox, &of, "limit=50").await;
    let theirs = fixture("reevo/relationship_contact_accounts_list.json");
    assert_eq!(shape(&ours), shape(&theirs));
    assert_eq!(ours["parent"]["id"].as_str(), Some(parent.as_str()));
}

#[tokio::test]
async fn a_relationship_of_one_record_has_at_most_one_link() {
    let sandbox = sandbox("records=500").await;
    let links = sandbox.links("task", "account");
    let mut parents: Vec<&String> = links.iter().map(|(parent, _)| parent).collect();
    parents.dedup();
    assert!(!links.is_empty() && parents.len() == links.len());
}

#[tokio::test]
async fn what_is_not_there_and_what_does_not_fit_is_refused() {
    let sandbox = sandbox("records=1000").await;
    let links = sandbox.links("contact", "accounts");
    let (parent, other) = (&links[0].0, &links[links.len() - 1].0);
    let gone = sandbox.truth("contact").swap_remove(5).id;
    sandbox.remove("contact", &gone);
    let long = links.iter().map(|(parent, _)| parent);
    let long = long.filter(|parent| links.iter().filter(|(one, _)| one == *parent).count() > 50);
    let of = |parent: &str| format!("/contact/{parent}/relationship/accounts");
    let page = list(&sandbox, &of(long.clone().next().unwrap()), "limit=50").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let missing = "/contact/00000000-0000-4000-8000-000000000000/relationship/accounts";
    for (path, status, code) in [
        (
            format!("/contact/{parent}/relationship/pets"),
            404,
            "unknown_relationship",
        ),
        (missing.to_owned(), 404, "record_not_found"),
        (of(&gone), 404, "record_not_found"),
        (
            format!("{}?cursor={cursor}", of(other)),
            400,
            "invalid_cursor",
        ),
        (format!("{}?cursor=x", of(parent)), 400, "invalid_cursor"),
        (
            format!("{}?limit=501", of(parent)),
            400,
            "limit_out_of_range",
        ),
    ] {
        let answer = reevo(&sandbox, "GET", &path, "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert_eq!(answer.json()["error"]["code"], code, "{path}");
    }
}
