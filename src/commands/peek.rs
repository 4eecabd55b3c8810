//! Shows the newest records of a stream.

use super::context::CommandContext;
use super::pick;
use crate::api::children::ParentRecord;
use crate::api::page::{Order, Page, PageRequest, PageToken, Window};
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Replication, Selection, Stream};
use crate::http::failure::Failure;
use crate::record::projection::{Projection, Scanned};
use crate::record::schema::Property;
use crate::record::value::ValueWriter;
use crate::source::Source;
use crate::source::children::Asker;
use crate::source::tally::Tally;
use crate::table;
use anyhow::Result;
use serde_json::{Map, Value};

pub async fn run(
    context: &CommandContext,
    config: &[String],
    stream: &str,
    fields: &[String],
    limit: usize,
    json: bool,
) -> Result<()> {
    let config = context.config(config)?;
    let (source, _sandbox) = context.source(config).await?;
    let mut wanted = pick::one(&source, stream).await?;
    wanted.fields = (!fields.is_empty()).then(|| fields.to_vec());
    let selection = wanted.select(&source).await?;
    if let Replication::FullTable { because } = &selection.stream.replication {
        context
            .log
            .warning(format!("these are not the newest records: {because}"));
    }
    let records = newest(&source, &selection, limit).await?;
    if json {
        context
            .print(records.iter().map(|one| format!("{one}\n")).collect())
            .await;
        return Ok(());
    }
    let width = table::width(&context.environment);
    let (text, left_out) = as_table(&selection, fields, &records, width);
    context.print(text).await;
    if left_out > 0 {
        context.log.info(format!(
            "{left_out} more fields have values; --fields picks some, --json prints all"
        ));
    }
    Ok(())
}

/// The newest records as they would be emitted, the newest one first.
async fn newest(
    source: &Source,
    selection: &Selection,
    limit: usize,
) -> Result<Vec<String>, Failure> {
    let stream = &selection.stream;
    let (projection, tally) = (selection.projection(), Tally::of(&stream.name));
    let asker = stream.parent.as_deref().map(Asker::new);
    let mut records = Vec::new();
    let mut token: Option<PageToken> = None;
    for number in 1.. {
        let left = u16::try_from(limit - records.len()).unwrap_or(u16::MAX);
        let request = PageRequest {
            stream: stream.walked(),
            window: &Window::default(),
            limit: left.min(source.config.page_size),
            order: Order::Descending,
            token: token.as_ref(),
        };
        let (page, _) = source.page(request, number, &tally).await?;
        match &asker {
            None => records.extend(emitted(page.raw_records(), &projection)),
            Some(asker) => {
                for parent in parents(&page, stream) {
                    let children = asker.children(source, &parent, &tally).await?;
                    let children = children.records.into_iter().flatten().flatten();
                    let children: Vec<String> = children.collect();
                    records.extend(emitted(children.iter().map(String::as_str), &projection));
                    if records.len() >= limit {
                        break;
                    }
                }
            }
        }
        token = page.next;
        if token.is_none() || records.len() >= limit {
            break;
        }
    }
    records.truncate(limit);
    Ok(records)
}

/// What the children of a page's records are asked for by.
fn parents(page: &Page, stream: &Stream) -> Vec<ParentRecord> {
    let versions = stream.walked().versions();
    let mut scanned = Scanned::default();
    let parents = page.raw_records().filter_map(|raw| {
        versions.scan(raw, &mut scanned)?;
        versions.version(&scanned).as_ref().map(ParentRecord::of)
    });
    parents.collect()
}

fn emitted<'r>(raw: impl Iterator<Item = &'r str>, projection: &Projection) -> Vec<String> {
    let mut scanned = Scanned::default();
    let written = raw.filter_map(|raw| {
        projection.scan(raw, &mut scanned)?;
        let mut writer = ValueWriter::default();
        projection.write(&mut writer, &scanned);
        String::from_utf8(writer.out).ok()
    });
    written.collect()
}

/// The table of the records, and how many fields with values are not in it.
fn as_table(
    selection: &Selection,
    fields: &[String],
    records: &[String],
    width: usize,
) -> (String, usize) {
    let parsed = records.iter().map(|record| serde_json::from_str(record));
    let records: Vec<Map<String, Value>> = parsed.filter_map(Result::ok).collect();
    let properties = selection.properties.iter();
    let columns = properties.map(|property| column(property, &records));
    let mut columns: Vec<Vec<String>> = columns
        .filter(|cells| !fields.is_empty() || Worth::of(cells) != Worth::Empty)
        .collect();
    let position = |cells: &Vec<String>| fields.iter().position(|field| *field == cells[0]);
    columns.sort_by_key(|cells| (position(cells), Worth::of(cells)));
    let shown = if fields.is_empty() {
        table::fitting(&columns, width)
    } else {
        (0..columns.len()).collect()
    };
    let row = |at: usize| {
        let cells = shown.iter().map(|column| columns[*column][at].clone());
        cells.collect::<Vec<String>>()
    };
    let rows = (1..=records.len()).map(row);
    let header = row(0);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let text = table::text(&header, rows.collect(), 2, width);
    (text, columns.len() - shown.len())
}

/// How much a column tells, the most first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Id,
    UpdatedAt,
    Own,
    /// The id of another record.
    Reference,
    /// The same in all records.
    Constant,
    Empty,
}

impl Worth {
    fn of(cells: &[String]) -> Self {
        let values = &cells[1..];
        let is_same = values.iter().all(|value| *value == values[0]);
        match cells[0].as_str() {
            PRIMARY_KEY => Self::Id,
            REPLICATION_KEY => Self::UpdatedAt,
            _ if values.iter().all(String::is_empty) => Self::Empty,
            _ if is_same && values.len() > 1 => Self::Constant,
            name if name.ends_with("_id") => Self::Reference,
            "created_at" => Self::Reference,
            _ => Self::Own,
        }
    }
}

/// The cells of a field: its name, and its value in each record.
fn column(property: &Property, records: &[Map<String, Value>]) -> Vec<String> {
    let name = &property.name;
    let value = |record: &Map<String, Value>| record.get(name).map(table::cell).unwrap_or_default();
    let cells = records.iter().map(value);
    std::iter::once(name.clone()).chain(cells).collect()
}
