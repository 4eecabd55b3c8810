//! Reads files that a user names, up to a size limit, since the path may be an endless device.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Far more than any configuration, catalog or state needs, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_all(File::open(path)?)
}

/// Reads standard input to its end. A second call returns an empty text.
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
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_an_endless_device_fails() {
        let error = read("/dev/zero").unwrap_err();
        assert!(error.to_string().contains("larger than 256 MiB"));
    }
}
