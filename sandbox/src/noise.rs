//! Deterministic noise: everything random in the sandbox is drawn from hashes of (seed, stream,
//! index, purpose), so that two processes with the same options have the same records.

/// The increment of the Weyl sequence of `SplitMix64`: odd, and without a pattern in its bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection of 64 bits with good avalanche; being a bijection it never makes two different ranks
/// equal.
pub const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// One hash of several numbers; order matters.
pub fn noise(parts: &[u64]) -> u64 {
    parts
        .iter()
        .fold(STEP, |hash, part| mix(hash.wrapping_add(STEP) ^ part))
}

/// A hash of bytes, for checksums and for telling things apart; not for secrets.
pub fn noise_of_bytes(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(STEP, |hash, byte| mix(hash ^ u64::from(*byte)))
}

/// A short sequence of draws that starts from a hash.
pub struct Draw(u64);

impl Draw {
    pub fn new(parts: &[u64]) -> Self {
        Draw(noise(parts))
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number in `0..bound`; the bound must not be zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let position = self.below(choices.len() as u64);
        choices[usize::try_from(position).expect("a position below a length fits")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_draws() {
        let mut one = Draw::new(&[1, 2]);
        let mut other = Draw::new(&[1, 2]);
        assert_eq!(one.bits(), other.bits());
        assert_ne!(noise(&[1, 2]), noise(&[2, 1]));
    }
}
