//! Tables that fit the terminal.

use crate::time::timestamp;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};
use serde_json::{Map, Value};
use std::os::fd::AsFd;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width without a terminal, in columns.
const USUAL_WIDTH: usize = 120;

/// The widest that a cell becomes, in columns, but for an id, which is useless when cut.
const WIDEST_CELL: usize = 24;
const WIDEST_ID: usize = 36;

/// What the borders of a column take.
const BORDER: usize = 3;

/// The width to write for on stdout: that of the terminal, or else what the environment says.
pub fn width(environment: &[(String, String)]) -> usize {
    let of_environment = || {
        let mut variables = environment.iter();
        let (_, text) = variables.find(|(name, _)| name == "COLUMNS")?;
        text.parse().ok()
    };
    width_of(std::io::stdout())
        .or_else(of_environment)
        .unwrap_or(USUAL_WIDTH)
}

/// The width of stderr, if it is a terminal.
pub fn width_of_log() -> usize {
    width_of(std::io::stderr()).unwrap_or(USUAL_WIDTH)
}

fn width_of(terminal: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// A table. Cells that do not fit are wrapped, but for those of the first columns, `whole` of them.
pub fn text(header: &[&str], rows: Vec<Vec<String>>, whole: usize, width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(header)
        .add_rows(rows)
        .set_constraints(vec![ColumnConstraint::ContentWidth; whole]);
    format!("{table}\n")
}

/// The positions of the columns that fit; the first is always among them.
pub fn fitting(columns: &[Vec<String>], width: usize) -> Vec<usize> {
    let mut taken = 1;
    let mut fitting = Vec::new();
    for (at, cells) in columns.iter().enumerate() {
        let widths = cells.iter().map(|cell| cell.width());
        let column = widths.max().unwrap_or_default() + BORDER;
        if at == 0 || taken + column <= width {
            taken += column;
            fitting.push(at);
        }
    }
    fitting
}

/// A value on one line, cut where it is long.
pub fn cell(value: &Value) -> String {
    let text = short(value);
    let is_word = !text.contains(char::is_whitespace);
    cut(
        &text,
        if is_word && text.len() <= WIDEST_ID {
            WIDEST_ID
        } else {
            WIDEST_CELL
        },
    )
}

/// A value in few words.
fn short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if timestamp::parse(text).is_some() => to_seconds(text),
        Value::String(text) => text.clone(),
        Value::Array(items) => joined(items),
        Value::Object(members) => short_object(members),
        other => other.to_string(),
    }
}

/// An object by its name, if it has one, or else by its values. Its id tells a person least.
fn short_object(members: &Map<String, Value>) -> String {
    let name = |key: &&str| members.get(*key)?.as_str();
    if let Some(name) = ["display_name", "name", "label"].iter().find_map(name) {
        return name.to_owned();
    }
    let others = members.iter().filter(|(name, _)| *name != "id");
    match joined(others.map(|(_, value)| value)) {
        text if text.is_empty() => joined(members.values()),
        text => text,
    }
}

fn joined<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let texts = values.into_iter().map(short);
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.join(", ")
}

/// A timestamp without the fraction of its seconds.
fn to_seconds(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text.to_owned(),
    }
}

/// A text without what a terminal would act on, and not wider than this.
fn cut(text: &str, widest: usize) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = text.chars().map(visible).collect();
    if text.width() <= widest {
        return text;
    }
    let mut taken = 1;
    let fits = text.chars().take_while(|letter| {
        taken += letter.width().unwrap_or_default();
        taken <= widest
    });
    fits.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_is_one_line_and_not_wide() {
        for (value, expected) in [
            (json!(null), ""),
            (json!("a\nb\u{1b}[31m"), "a b [31m"),
            (json!(12.5), "12.5"),
            (json!({"a": [1, null], "b": "c"}), "1, c"),
            (json!([{"id": 5, "name": "Acme"}]), "Acme"),
            (json!({"id": "x", "api_name": "new"}), "new"),
            (json!({"id": "x", "api_name": null}), "x"),
            (
                json!("x".repeat(36)),
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ),
            (json!("x".repeat(37)), "xxxxxxxxxxxxxxxxxxxxxxx…"),
            (json!("人".repeat(30)), "人人人人人人人人人人人…"),
            (json!("2026-01-02T03:04:05.678900Z"), "2026-01-02T03:04:05Z"),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }

    #[test]
    fn columns_are_taken_while_they_fit() {
        let columns = [&["abc", "abcde"][..], &["abcd"], &["x"]]
            .map(|cells| cells.iter().map(|cell| (*cell).to_owned()).collect());
        for (width, expected) in [
            (5, &[0][..]),
            (9, &[0]),
            (13, &[0, 2]),
            (15, &[0, 2]),
            (16, &[0, 1]),
            (19, &[0, 1]),
            (20, &[0, 1, 2]),
        ] {
            assert_eq!(fitting(&columns, width), expected, "{width}");
        }
    }

    #[test]
    fn a_table_is_not_wider_than_asked() {
        let rows = vec![vec!["a word ".repeat(30), "b".to_owned()]];
        let table = text(&["one", "two"], rows, 0, 40);
        assert!(table.lines().all(|line| line.width() <= 40), "{table}");
        assert!(table.lines().count() > 4);
    }
}
