//! Passing raw strings quickly: where they end, and whether they have escapes.

use memchr::memchr2;

/// The index just after the string that opens at `start`.
pub fn end_of_string(bytes: &[u8], start: usize) -> usize {
    scan(bytes, start).0
}

/// Whether a raw string has escapes.
pub fn has_escapes(string: &str) -> bool {
    scan(string.as_bytes(), 0).1
}

/// The index just after the string that opens at `start`, and whether it has escapes.
pub fn scan(bytes: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut has_escapes) = (start + 1, false);
    while let Some(distance) = distance_to_mark(bytes.get(at..).unwrap_or_default()) {
        at += distance;
        if bytes[at] == b'"' {
            return (at + 1, has_escapes);
        }
        has_escapes = true;
        at += 2;
    }
    (bytes.len(), has_escapes)
}

/// How many bytes before the first quote or backslash. Most strings are short, and for these it costs
/// less to look at eight bytes at a time than to begin a search.
fn distance_to_mark(bytes: &[u8]) -> Option<usize> {
    const WORD: usize = size_of::<u64>();
    const WORDS: usize = 4;
    let (words, _) = bytes.as_chunks::<WORD>();
    for (at, word) in words.iter().take(WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = bytes_equal(word, b'"') | bytes_equal(word, b'\\');
        if marks != 0 {
            return Some(at * WORD + marks.trailing_zeros() as usize / 8);
        }
    }
    let begin = words.len().min(WORDS) * WORD;
    let distance = memchr2(b'"', b'\\', &bytes[begin..])?;
    Some(begin + distance)
}

/// The highest bit of each byte that equals `byte`, up to the first of them; what is above that may be
/// wrong.
fn bytes_equal(word: u64, byte: u8) -> u64 {
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = LOWEST << 7;
    let zero_where_equal = word ^ (LOWEST * u64::from(byte));
    zero_where_equal.wrapping_sub(LOWEST) & !zero_where_equal & HIGHEST
}
