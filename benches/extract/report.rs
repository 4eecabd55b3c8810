//! The table, for people and for docs/performance.md.

use super::measure::Cost;
use super::pages::Api;
use anyhow::{Context, Result};
use std::fmt;
use std::path::Path;

pub struct Row {
    pub api: Api,
    pub records: u64,
    pub latency: u64,
    pub concurrency: usize,
    pub floor: Cost,
    pub tap: Cost,
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let (tap, floor) = (self.tap, self.floor);
        write!(
            formatter,
            "| {} | {} | {} ms | {} | {:.2} s | {:.2} × | {:.2} s | {:.2} × | {:.0} MiB |",
            self.api.name(),
            self.records,
            self.latency,
            self.concurrency,
            tap.wall,
            tap.wall / floor.wall,
            tap.cpu,
            tap.cpu / floor.cpu,
            tap.memory,
        )
    }
}

pub fn table(rows: &[Row]) -> String {
    let header = "| API | records | latency | concurrency | wall | of the floor | CPU | of the floor | peak |\n\
                  | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    let rows = rows.iter().map(|row| format!("{row}\n"));
    header.to_owned() + &rows.collect::<String>()
}

const BEGIN: &str = "<!-- cargo bench --bench extract writes from here -->\n";
const END: &str = "<!-- to here -->\n";

/// Writes the table into the page.
pub fn write(table: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let page = std::fs::read_to_string(&path)?;
    let (before, rest) = page
        .split_once(BEGIN)
        .context("the page has no place for the table")?;
    let (_, after) = rest
        .split_once(END)
        .context("the page's table has no end")?;
    std::fs::write(path, format!("{before}{BEGIN}{table}{END}{after}"))?;
    Ok(())
}
