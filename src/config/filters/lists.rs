//! Names as a list in a sentence, and what a name that is not known was probably meant to be.

use crate::support::suggestion;

/// Ends a sentence about an unknown name.
pub fn instead(name: &str, known: &[&str]) -> String {
    match suggestion::closest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("write {}", one_of(known)),
    }
}

pub fn one_of(names: &[&str]) -> String {
    match names {
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        _ => format!("one of {}", names.join(", ")),
    }
}
