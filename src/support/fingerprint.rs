//! Fingerprints: short texts that differ where longer ones differ.

/// FNV-1a in 64 bits, in hexadecimal. It is stored between runs, so it must be the same whatever
/// compiler built the program, which the standard hashes do not promise.
pub fn of(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_published_hash() {
        for (text, hash) in [
            ("", "cbf29ce484222325"),
            ("a", "af63dc4c8601ec8c"),
            ("foobar", "85944171f73967e8"),
        ] {
            assert_eq!(of(text), hash, "{text}");
        }
    }
}
