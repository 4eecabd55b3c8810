//! Lists the streams: how each can be read, and what the key may not read.

use super::context::CommandContext;
use crate::catalog::{REPLICATION_KEY, Replication, Stream};
use crate::http::failure::Failure;
use crate::source::discover::{self, Answer, by_name};
use crate::table;
use anyhow::Result;
use serde_json::{Value, json};

pub async fn run(context: &CommandContext, config: &[String], json: bool) -> Result<()> {
    let config = context.config(config)?;
    let (source, _sandbox) = context.source(config).await?;
    let answers = discover::survey(&source).await?;
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for Answer { api_name, stream } in answers {
        match stream {
            Ok(stream) => {
                rows.push(described(&stream));
                rows.extend(source.children_of(&stream).iter().map(described));
            }
            Err(failure) => {
                rows.push(not_readable(&api_name, &failure));
                failed.push((api_name, failure));
            }
        }
    }
    let document = if json {
        rows.iter().map(|row| format!("{row}\n")).collect()
    } else {
        as_table(&rows, table::width(&context.environment))
    };
    context.print(context.log.without_secret(document)).await;
    if failed.len() == rows.len() {
        return Err(discover::nothing_readable(&source, &by_name(&failed)).into());
    }
    Ok(())
}

fn described(stream: &Stream) -> Value {
    let (method, key, because) = match &stream.replication {
        Replication::Incremental => ("INCREMENTAL", Some(REPLICATION_KEY), None),
        Replication::FullTable { because } => ("FULL_TABLE", None, Some(because.clone())),
    };
    let parent = stream.parent.as_ref().map(|parent| &parent.stream.name);
    let cost = parent.map(|parent| format!("off by default; a request per record of {parent}"));
    let note = cost.or(because);
    json!({
        "stream": stream.name,
        "api_name": stream.api_name,
        "is_readable": true,
        "replication_method": method,
        "replication_key": key,
        "key_properties": stream.key,
        "parent": parent,
        "fields": stream.properties.len(),
        "note": note,
    })
}

fn not_readable(api_name: &str, failure: &Failure) -> Value {
    json!({
        "stream": api_name,
        "api_name": api_name,
        "is_readable": false,
        "note": failure.to_string(),
    })
}

fn as_table(rows: &[Value], width: usize) -> String {
    let cells = rows.iter().map(|row| {
        let text = |key: &str| match &row[key] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let how = match row["replication_method"].as_str() {
            Some("INCREMENTAL") => format!("incremental, by {REPLICATION_KEY}"),
            Some(_) => "in full".to_owned(),
            None => "not readable".to_owned(),
        };
        let key = row["key_properties"].as_array().into_iter().flatten();
        let key: Vec<&str> = key.filter_map(Value::as_str).collect();
        let key = key.join(", ");
        vec![text("stream"), how, key, text("fields"), text("note")]
    });
    let header = ["stream", "read", "key", "fields", "note"];
    table::text(&header, cells.collect(), 4, width)
}
