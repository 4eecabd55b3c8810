//! What a person probably meant by a word that is not known.

/// The candidate that is written most like a word, if one is near enough to be what was meant.
/// Capitals make no difference.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distances = candidates.into_iter().map(|candidate| {
        let distance = strsim::osa_distance(&word, &candidate.to_lowercase());
        (distance, candidate)
    });
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    let letters = candidate.chars().count().max(word.chars().count());
    (distance * LETTERS_PER_SLIP <= letters).then_some(candidate)
}

/// One slip in so many letters still leaves a word recognizable.
const LETTERS_PER_SLIP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["api", "api_key", "page_size", "start_date"];

    #[test]
    fn a_word_with_a_slip_suggests_the_one_that_was_meant() {
        for (word, meant) in [
            ("pagesize", "page_size"),
            ("PAGE_SIZE", "page_size"),
            ("page_szie", "page_size"),
            ("start-date", "start_date"),
            ("apikey", "api_key"),
        ] {
            assert_eq!(closest(word, KEYS), Some(meant), "{word}");
        }
    }

    #[test]
    fn a_word_of_its_own_suggests_nothing() {
        for word in ["", "x", "stream_maps", "page", "_orchestrator_key"] {
            assert_eq!(closest(word, KEYS), None, "{word}");
        }
        assert_eq!(closest("api", []), None);
    }
}
