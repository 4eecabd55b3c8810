//! Files that a user names. None of them is read without end, as a device might be.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// No configuration, catalog or state is larger.
const LARGEST: u64 = 256 * 1024 * 1024;

pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_all(File::open(path)?)
}

/// Everything from standard input, which holds it once.
pub fn read_standard_input() -> io::Result<String> {
    text(read_all(io::stdin())?)
}

pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    text(read(path)?)
}

fn read_all(input: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        let most = LARGEST / (1024 * 1024);
        return Err(io::Error::other(format!("it is larger than {most} MiB")));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_end_is_not_read_for_ever() {
        let error = read("/dev/zero").unwrap_err();
        assert!(error.to_string().contains("larger than 256 MiB"));
    }
}
