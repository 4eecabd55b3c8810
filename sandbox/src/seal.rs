//! Turns the contents of a cursor into an opaque text and back. A checksum finds texts that were
//! cut or changed.

use std::fmt::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::noise::noise_of_bytes;

/// The text of a cursor: a checksum and the contents, in hexadecimal digits.
pub fn seal(content: &impl Serialize) -> String {
    let json = serde_json::to_vec(content).expect("what cursors hold can always be written");
    let mut text = format!("{:016x}", noise_of_bytes(&json));
    for byte in json {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

/// The contents of a cursor; `None` if `seal` did not make this text.
pub fn open<T: DeserializeOwned>(text: &str) -> Option<T> {
    let (checksum, digits) = text.split_at_checked(16)?;
    let checksum = u64::from_str_radix(checksum, 16).ok()?;
    let json = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    if noise_of_bytes(&json) == checksum {
        serde_json::from_slice(&json).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens() {
        let text = seal(&("contact", 7_u64));
        assert_eq!(open(&text), Some(("contact".to_owned(), 7_u64)));
        let cut = &text[..text.len() - 2];
        let longer = format!("{text}00");
        for wrong in [
            "",
            "abc",
            "Y29udGFjdHxwYWdlMg",
            "žžžžžžžžžžžž",
            cut,
            &longer,
        ] {
            assert_eq!(open::<(String, u64)>(wrong), None, "{wrong}");
        }
    }
}
