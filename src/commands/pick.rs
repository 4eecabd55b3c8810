//! What the flags of `read` pick for one run, applied to the streams that it would read.

use crate::cli::command::Pick;
use crate::source::Source;
use crate::support::{pattern, suggestion};
use crate::sync::Wanted;
use anyhow::{Result, bail};

/// The streams that the flags pick, each with what they say of it.
pub async fn apply(pick: &Pick, source: &Source, mut wanted: Vec<Wanted>) -> Result<Vec<Wanted>> {
    for pattern in &pick.streams {
        // Child streams are in no run unless somebody asks for them.
        if !wanted.iter().any(|one| matches(pattern, one)) {
            wanted.extend(Wanted::children(source, pattern).await?);
        }
        for one in found(&mut wanted, pattern, "--stream")? {
            // A pattern asks for what is there; a name asks for that stream.
            one.is_named |= !pattern.contains('*');
        }
    }
    let is_picked = |one: &Wanted| pick.streams.iter().any(|pattern| matches(pattern, one));
    if !pick.streams.is_empty() {
        wanted.retain(is_picked);
    }
    for pattern in &pick.fresh {
        for one in found(&mut wanted, pattern, "--fresh")? {
            one.is_fresh = true;
        }
    }
    for text in &pick.fields {
        let (pattern, fields) = fields(text)?;
        for one in found(&mut wanted, pattern, "--fields")? {
            let listed = fields.iter().map(|field| (*field).to_owned());
            one.fields.get_or_insert_default().extend(listed);
        }
    }
    for one in &mut wanted {
        one.limit = pick.limit;
    }
    Ok(wanted)
}

/// The stream of a name.
pub async fn one(source: &Source, name: &str) -> Result<Wanted> {
    let mut wanted = Wanted::everything(source);
    let is_named = |one: &Wanted| [one.names().0, one.names().1].contains(&name);
    if !wanted.iter().any(is_named) {
        wanted.extend(Wanted::children(source, name).await?);
    }
    match wanted.iter().position(is_named) {
        Some(at) => Ok(wanted.swap_remove(at)),
        None => bail!("{}", unknown(&wanted, name, "peek")),
    }
}

/// The streams of a pattern, at least one.
fn found<'w>(wanted: &'w mut [Wanted], pattern: &str, flag: &str) -> Result<Vec<&'w mut Wanted>> {
    if !wanted.iter().any(|one| matches(pattern, one)) {
        bail!("{}", unknown(wanted, pattern, flag));
    }
    let found = wanted.iter_mut().filter(|one| matches(pattern, one));
    Ok(found.collect())
}

fn matches(pattern: &str, wanted: &Wanted) -> bool {
    let (name, api_name) = wanted.names();
    pattern::matches(pattern, name) || pattern::matches(pattern, api_name)
}

fn unknown(wanted: &[Wanted], pattern: &str, flag: &str) -> String {
    let names: Vec<&str> = wanted.iter().map(Wanted::name).collect();
    let advice = match suggestion::closest(pattern, names.iter().copied()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("the streams are {}", names.join(", ")),
    };
    format!("{flag} {pattern}: no stream of this run has that name; {advice}")
}

/// The stream and the fields that a value of `--fields` names.
fn fields(text: &str) -> Result<(&str, Vec<&str>)> {
    let (stream, fields) = text.split_once(':').unwrap_or_default();
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    if stream.is_empty() || fields.iter().any(|field| field.is_empty()) {
        bail!("--fields {text}: write a stream and its fields, such as contact:id,title");
    }
    Ok((stream, fields))
}
