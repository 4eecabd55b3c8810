//! Filters that are wrong: each is a sentence with the way out, before any record is asked for.

use super::of_stream;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use serde_json::{Value, json};

/// Reads one stream with settings of its own, and checks that no record of it was asked for, but by
/// the probe if `probes` says so.
fn refused(api: &'static str, stream: &str, own: &Value, status: i32, probes: usize) -> Run {
    let workspace = Workspace::new(api, "records=30");
    let run = workspace
        .read(&of_stream(&workspace, stream, own, &json!({})))
        .run()
        .ended(status);
    assert_eq!(workspace.page_requests(stream).len(), probes, "{own}");
    run
}

fn check_reevo(filter: &Value, expected: &str) {
    let run = refused(REEVO, "contact", &json!({"filters": [filter]}), 1, 0);
    run.says("contact failed, and its bookmark stays as it was: streams.contact.filters.0: ")
        .says(expected);
}

#[test]
fn a_filter_that_does_not_fit_the_schema_fails_the_stream_before_its_first_request() {
    check_reevo(
        &json!({"field": "primary_mail", "operator": "exists"}),
        "invalid_filter_field: contact has no field primary_mail; did you mean primary_email?",
    );
    check_reevo(
        &json!({"field": "address", "operator": "exists"}),
        "invalid_filter_field: address cannot be filtered by; use one of id, created_at",
    );
    check_reevo(
        &json!({"field": "sms_consent", "operator": "contains", "value": "x"}),
        "invalid_filter_operator: sms_consent does not take contains; use one of eq, ne, exists, not_exists",
    );
    check_reevo(
        &json!({"field": "lead_score", "operator": "gt", "value": "many"}),
        "invalid_filter_value: lead_score is of the type number; write a number, or a text with one",
    );
}

#[test]
fn a_filter_that_breaks_the_grammar_is_a_problem_of_the_configuration() {
    for (filter, expected) in [
        (
            json!({"field": "title", "operator": "eq", "value": ["CTO", "CFO"]}),
            "streams.contact.filters.0.value: invalid_filter_value: eq takes one value, not a list; use in for several",
        ),
        (
            json!({"field": "title", "operator": "like", "value": "C%"}),
            "streams.contact.filters.0.operator: invalid_filter_operator: there is no such operator; write one of eq, ne,",
        ),
    ] {
        refused(REEVO, "contact", &json!({"filters": [filter]}), 2, 0).says(expected);
    }
    let object = json!({"engagement_type": {"eq": "CALL"}});
    refused(REEVO, "contact", &json!({"filters": object}), 2, 0)
        .says("streams.contact.filters: is not a list; write one such as [{");
    refused(REEVO, "contact", &json!({"filters": "[{"}), 2, 0)
        .says("streams.contact.filters: is not valid JSON at line 1, column 2");
    refused(REEVO, "contact", &json!({"search": "x"}), 2, 0)
        .says("streams.contact.search: only AskElephant has this setting; remove the key");
}

#[test]
fn a_path_that_is_too_deep_for_the_api_is_refused_by_the_probe_that_carries_it() {
    let field = "accounts.contacts.accounts.display_name";
    let own = json!({"filters": [{"field": field, "operator": "exists"}]});
    let expected = "filter_depth_exceeded";
    let workspace = Workspace::reevo("records=30");
    let settings = of_stream(&workspace, "contact", &own, &json!({}));
    let plain = workspace.config_file(&of_stream(&workspace, "contact", &json!({}), &json!({})));
    let catalog = workspace.run(&["discover", "--config", &plain]).ok().stdout;
    let catalog: Value = serde_json::from_str(&catalog).unwrap();
    for read in [
        workspace.read(&settings),
        workspace.read(&settings).catalog(&catalog),
    ] {
        workspace.sandbox.clear_requests();
        let run = read.run().ended(1);
        run.says(expected)
            .says("shorten the dot path in the stream's filters");
        assert_eq!(workspace.page_requests("contact").len(), 1);
    }
}

#[test]
fn check_tells_of_filters_too() {
    let workspace = Workspace::reevo("records=30");
    let own = json!({"filters": [{"field": "address", "operator": "exists"}]});
    let config = workspace.config_file(&of_stream(&workspace, "contact", &own, &json!({})));
    let run = workspace.run(&["check", "--config", &config]).ended(1);
    run.says("streams.contact.filters.0: invalid_filter_field: address cannot be filtered by");
}

#[test]
fn filters_that_askelephant_does_not_document_are_problems_of_the_configuration() {
    for (stream, own, expected) in [
        (
            "engagements",
            json!({"filters": {"company_ids": {"in": vec!["cmp_1"; 26]}}}),
            "streams.engagements.filters.company_ids: in has 26 values, and the API takes at most 25",
        ),
        (
            "engagements",
            json!({"filters": {"contact_ids": {"eq": ["cnt_1", "cnt_2"]}}}),
            "streams.engagements.filters.contact_ids: eq takes one value, not a list",
        ),
        (
            "contacts",
            json!({"filters": {"engagement_type": {"eq": "CALL"}}}),
            "streams.contacts.filters.engagement_type: is not a filter of contacts; write crm_associations",
        ),
        (
            "tags",
            json!({"search": "vip"}),
            "streams.tags.search: tags cannot be searched; remove the key",
        ),
        (
            "contacts",
            json!({"page_size": 101}),
            "streams.contacts.page_size: AskElephant allows at most 100",
        ),
    ] {
        refused(ASKELEPHANT, stream, &own, 2, 0).says(expected);
    }
}

#[test]
fn an_unknown_stream_or_setting_is_told_with_what_was_meant() {
    let workspace = Workspace::reevo("records=30");
    let settings = json!({"record_types": ["contact", "Renewal-Plan"], "streams": {
        "contct": {}, "invoice": {}, "renewal_plan": {"page_size": 5}, "Renewal-Plan": {"page_size": 6}
    }});
    let run = workspace.read(&settings).run().ok();
    run.says("streams.contct has no effect: there is no such stream; did you mean contact?")
        .says("streams.invoice has no effect: there is no such stream; list custom objects under record_types too")
        .says("streams.renewal_plan has no effect: streams.Renewal-Plan is the same stream");
    refused(REEVO, "contact", &json!({"filter": []}), 2, 0)
        .says("streams.contact.filter: is not known; did you mean filters?");
    refused(REEVO, "contact", &json!(5), 2, 0)
        .says("streams.contact: is not an object; write an object such as {\"page_size\":100}");
}

#[test]
fn a_problem_in_the_variable_names_it_and_the_place_in_it() {
    let environment = [
        ("TAP_REVOPS_API", "reevo"),
        ("TAP_REVOPS_BASE_URL", "sandbox:"),
        ("TAP_REVOPS_STREAMS", r#"{"contact": {"page_size": 0}}"#),
    ];
    let run = crate::support::run(&["read", "--config", "ENV"], &environment).ended(2);
    run.says("TAP_REVOPS_STREAMS, contact.page_size: is out of range; write a whole number from 1 to 500");
}
