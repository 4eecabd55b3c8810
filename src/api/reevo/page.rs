//! The wire form of a page of records.

use crate::api::malformed::{malformed, unreadable};
use crate::api::page::PageToken;
use crate::http::failure::Failure;
use crate::record::json;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    next_cursor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pagination: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// The other places, in an answer of any form.
#[derive(Deserialize)]
struct WirePlaces<'a> {
    #[serde(borrow, default)]
    pagination: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// A place where the cursor may be.
#[derive(Deserialize, Default)]
struct WirePlace<'a> {
    #[serde(borrow, default)]
    next_cursor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Option<&'a RawValue>,
}

/// The records of a page and the token of the next page. The cursor may be at the top, in
/// `pagination` or in `meta`; where it is null, empty or missing, the page is the last.
pub fn page(text: &str) -> Result<(Vec<&RawValue>, Option<PageToken>), Failure> {
    let page: WirePage = json::parse_object(text).map_err(|error| unreadable(text, &error))?;
    let top = WirePlace {
        next_cursor: page.next_cursor,
        has_more: page.has_more,
    };
    let next = token(&[top, place(page.pagination)?, place(page.meta)?])?;
    Ok((page.data, next))
}

/// The token of the next page, in an answer of any form.
pub fn next(text: &str) -> Result<Option<PageToken>, Failure> {
    let broken = |error| unreadable(text, &error);
    let top: WirePlace = json::parse_object(text).map_err(broken)?;
    let others: WirePlaces = json::parse_object(text).map_err(broken)?;
    token(&[top, place(others.pagination)?, place(others.meta)?])
}

fn token(places: &[WirePlace]) -> Result<Option<PageToken>, Failure> {
    for raw in places.iter().filter_map(|place| place.next_cursor) {
        let token: Option<String> = serde_json::from_str(raw.get())
            .map_err(|_| malformed("its next_cursor is not a string"))?;
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            return Ok(Some(PageToken(token)));
        }
    }
    for raw in places.iter().filter_map(|place| place.has_more) {
        match raw.get() {
            "false" => {}
            "true" => return Err(malformed("has_more is true but next_cursor is missing")),
            _ => return Err(malformed("its has_more is neither true nor false")),
        }
    }
    Ok(None)
}

/// Reads `pagination` or `meta`. A value that is not an object is ignored; an object that cannot be
/// read is an error, since it may say that there are more pages.
fn place(raw: Option<&RawValue>) -> Result<WirePlace<'_>, Failure> {
    let raw = raw.map(RawValue::get);
    match raw.filter(|raw| raw.starts_with('{')) {
        Some(raw) => json::parse_object(raw)
            .map_err(|_| malformed("its pagination does not have the documented form")),
        None => Ok(WirePlace::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_not_the_last_while_it_may_say_that_there_are_more() {
        for (rest, next) in [
            (r#""next_cursor":null"#, Some(None)),
            (r#""meta":"v2","pagination":null"#, Some(None)),
            (
                r#""pagination":{"next_cursor":"c","has_more":1}"#,
                Some(Some("c")),
            ),
            (
                r#""meta":{"next_cursor":"c","has_more":"yes"}"#,
                Some(Some("c")),
            ),
            (
                r#""pagination":{"next_cursor":"c","next_cursor":null}"#,
                None,
            ),
            (r#""has_more":"true""#, None),
            (r#""pagination":{"has_more":1}"#, None),
            (r#""next_cursor":7"#, None),
        ] {
            let text = format!(r#"{{"data":[],{rest}}}"#);
            let token = page(&text).map(|(_, token)| token.map(|PageToken(token)| token));
            let expected = next.map(|next| next.map(str::to_owned));
            assert_eq!(token.ok(), expected, "{rest}");
        }
    }

    #[test]
    fn the_cursor_is_found_in_every_place_and_its_absence_in_every_form() {
        for (text, expected) in [
            (r#"{"data":[],"next_cursor":"a"}"#, Some("a")),
            (
                r#"{"data":[],"pagination":{"next_cursor":"a","has_more":true}}"#,
                Some("a"),
            ),
            (
                r#"{"data":[],"meta":{"next_cursor":"a"},"pagination":null}"#,
                Some("a"),
            ),
            (r#"{"data":[],"next_cursor":null,"meta":[1]}"#, None),
            (r#"{"data":[],"next_cursor":""}"#, None),
            (r#"{"data":[]}"#, None),
        ] {
            let (_, next) = page(text).unwrap();
            assert_eq!(
                next,
                expected.map(|token| PageToken(token.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn an_answer_that_is_not_a_page_is_an_error() {
        for text in [
            "",
            "<html>",
            "{}",
            r#"{"data":{}}"#,
            r#"{"data":[1"#,
            r#"{"data":[],"next_cursor":5}"#,
            r#"{"data":[],"pagination":{"has_more":true}}"#,
            r#"{"data":[],"next_cursor":null,"has_more":true}"#,
        ] {
            assert!(page(text).is_err(), "{text}");
        }
    }
}
