//! Suggests the known word that a person probably meant.

/// The candidate whose spelling is closest to `word`, or None if none is close enough. Case is
/// ignored.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distances = candidates.into_iter().map(|candidate| {
        let distance = strsim::osa_distance(&word, &candidate.to_lowercase());
        (distance, candidate)
    });
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    let letters = candidate.chars().count().max(word.chars().count());
    (distance * LETTERS_PER_TYPO <= letters).then_some(candidate)
}

/// A word with one typo in this many letters is still recognizable.
const LETTERS_PER_TYPO: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["api", "api_key", "page_size", "start_date"];

    #[test]
    fn a_word_with_a_typo_suggests_the_known_word() {
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
    fn a_word_unlike_all_candidates_suggests_nothing() {
        for word in ["", "x", "stream_maps", "page", "_orchestrator_key"] {
            assert_eq!(closest(word, KEYS), None, "{word}");
        }
        assert_eq!(closest("api", []), None);
    }
}
