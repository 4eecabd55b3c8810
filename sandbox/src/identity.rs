//! Record ids. The last 32 bits of an id are the record's index, masked by a hash of the bits
//! above. So ids look random, do not sort by time, and still lead back to their record without a
//! table.

use crate::noise::{mix, noise};
use crate::stream::Stream;

/// The alphabet of ULIDs, in ASCII order, so that texts sort as their numbers do.
const BASE_32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Version 4 and the RFC variant, in the places where a UUID has them.
const UUID_MARKS: u128 = (4 << 76) | (2 << 62);
const UUID_MARK_PLACES: u128 = (0xf << 76) | (3 << 62);

/// The 128 bits of a record's id.
pub fn bits(seed: u64, stream: Stream, index: u64) -> u128 {
    let owner = stream.number();
    numbered(seed, owner, index)
}

/// The id of something that records refer to but that is not in a stream. Each group, such as users
/// or teams, has ids of its own.
pub fn outsider(seed: u64, group: u64, index: u64) -> u128 {
    numbered(seed, 1000 + group, index)
}

fn numbered(seed: u64, owner: u64, index: u64) -> u128 {
    let upper = u128::from(noise(&[seed, owner, index, 1]));
    let lower = u128::from(noise(&[seed, owner, index, 2]) & 0xffff_ffff_0000_0000);
    let top = (((upper << 64) | lower) & !UUID_MARK_PLACES) | UUID_MARKS;
    top | u128::from(index & 0xffff_ffff ^ mask(top))
}

/// The mask of an index: 32 bits that depend on all bits above them.
fn mask(top: u128) -> u64 {
    mix(high(top) ^ low(top) & 0xffff_ffff_0000_0000) >> 32
}

fn high(bits: u128) -> u64 {
    u64::try_from(bits >> 64).expect("64 bits are left")
}

fn low(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).expect("64 bits are left")
}

/// Orders records as their ids do: the top half of the id. It has 60 random bits, so collisions are
/// not expected.
pub fn rank(seed: u64, stream: Stream, index: u64) -> u64 {
    high(bits(seed, stream, index))
}

/// The id as its API writes it.
pub fn text(seed: u64, stream: Stream, index: u64) -> String {
    let bits = bits(seed, stream, index);
    match prefix(stream) {
        None => uuid(bits),
        Some(prefix) => prefixed(prefix, bits),
    }
}

/// The index of the record with this id; `None` if the id is not one of this stream.
pub fn index(seed: u64, stream: Stream, id: &str) -> Option<u64> {
    let found = match prefix(stream) {
        None => parse_uuid(id)?,
        Some(prefix) => parse_base_32(id.strip_prefix(prefix)?.strip_prefix('_')?)?,
    };
    let hidden = low(found) & 0xffff_ffff;
    let index = hidden ^ mask(found & !0xffff_ffff);
    (bits(seed, stream, index) == found).then_some(index)
}

fn prefix(stream: Stream) -> Option<&'static str> {
    match stream {
        Stream::Contacts => Some("cnt"),
        Stream::Companies => Some("cmp"),
        Stream::Users => Some("usr"),
        Stream::Tags => Some("tag"),
        Stream::Engagements => Some("ngmt"),
        _ => None,
    }
}

/// `prefix_` and 26 characters.
pub fn prefixed(prefix: &str, bits: u128) -> String {
    let mut text = String::with_capacity(prefix.len() + 27);
    text.push_str(prefix);
    text.push('_');
    for place in (0..26).rev() {
        let digit = usize::try_from((bits >> (5 * place)) & 31).expect("five bits fit");
        text.push(char::from(BASE_32[digit]));
    }
    text
}

/// Eight, four, four, four and twelve hexadecimal digits.
pub fn uuid(bits: u128) -> String {
    let mut text = String::with_capacity(36);
    for place in (0..32).rev() {
        let digit = usize::try_from((bits >> (4 * place)) & 15).expect("four bits fit");
        text.push(char::from(HEX[digit]));
        if matches!(place, 24 | 20 | 16 | 12) {
            text.push('-');
        }
    }
    text
}

/// Reads a UUID in its hyphenated form, in either case.
pub fn parse_uuid(text: &str) -> Option<u128> {
    let hyphens_stand = [8, 13, 18, 23]
        .iter()
        .all(|at| text.as_bytes().get(*at) == Some(&b'-'));
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let well_formed = text.len() == 36 && digits.len() == 32 && hyphens_stand;
    let only_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if well_formed && only_digits {
        u128::from_str_radix(&digits, 16).ok()
    } else {
        None
    }
}

fn parse_base_32(text: &str) -> Option<u128> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, letter| {
        let digit = BASE_32.iter().position(|known| *known == letter)?;
        Some((bits << 5) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_index_and_to_its_stream_only() {
        for (_, stream) in Stream::MEMBERS {
            for expected in [0, 1, 77, 999_999] {
                let id = text(7, *stream, expected);
                assert_eq!(index(7, *stream, &id), Some(expected), "{id}");
                assert_eq!(index(8, *stream, &id), None);
            }
        }
        assert_eq!(
            index(7, Stream::Account, &text(7, Stream::Contact, 3)),
            None
        );
        assert_eq!(index(7, Stream::Contacts, "cnt_nonsense"), None);
        assert_eq!(index(7, Stream::Contact, ""), None);
    }

    #[test]
    fn ids_sort_as_their_ranks_do() {
        let mut ids: Vec<_> = (0..500)
            .map(|index| (text(7, Stream::Tags, index), rank(7, Stream::Tags, index)))
            .collect();
        ids.sort();
        assert!(ids.is_sorted_by_key(|(_, rank)| *rank));
    }
}
