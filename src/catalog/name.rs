//! Names that every SQL target accepts: `[a-z0-9_]`, at most 63 bytes, no two equal. The catalog's
//! metadata keeps the API's own name of each.

use std::collections::HashSet;

/// PostgreSQL's limit for an identifier, in bytes; the smallest among the usual targets.
const LONGEST: usize = 63;

/// Safe names for one set of API names, in their order. A name that is already safe is not changed.
/// Any other is folded: lower case, with `_` for other characters. It gets a hash of the original
/// if the folded form is too long, empty, or that of another name too.
pub fn safe_names<'a>(api_names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let originals: Vec<&str> = api_names.into_iter().collect();
    let folded: Vec<String> = originals.iter().map(|name| fold(name)).collect();
    let mut taken: HashSet<String> = originals
        .iter()
        .filter(|name| is_safe(name))
        .map(|name| (*name).to_owned())
        .collect();
    let shared = shared_by_several(&originals, &folded);
    let mut names = Vec::with_capacity(originals.len());
    for (original, folded) in originals.iter().zip(folded) {
        let name = if is_safe(original) {
            (*original).to_owned()
        } else if is_safe(&folded) && !taken.contains(&folded) && !shared.contains(&folded) {
            folded
        } else {
            with_hash(&folded, original)
        };
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Whether a name can be used as it is.
pub fn is_safe(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn fold(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect()
}

/// Folded forms of more than one unsafe name. All these names get a hash, so that no name depends
/// on the order in which the API lists them.
fn shared_by_several(originals: &[&str], folded: &[String]) -> HashSet<String> {
    let mut seen = HashSet::new();
    let unsafe_ones = originals
        .iter()
        .zip(folded)
        .filter(|(name, _)| !is_safe(name));
    unsafe_ones
        .filter(|(_, folded)| !seen.insert(folded.as_str()))
        .map(|(_, folded)| folded.clone())
        .collect()
}

fn with_hash(folded: &str, original: &str) -> String {
    let hash = format!("_{:08x}", fnv1a(original));
    let kept = folded.len().min(LONGEST - hash.len());
    format!("{}{hash}", &folded[..kept])
}

/// FNV-1a in 32 bits. Column names must be the same whatever compiler built the program, which
/// the standard hashes do not promise.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unsafe_names_become_safe_and_stay_readable() {
        let names = safe_names([
            "contact",
            "Renewal-Plan",
            "NPS Score",
            "Größe (cm)",
            "_x",
            "",
        ]);
        assert_eq!(names[0], "contact");
        assert_eq!(names[1], "renewal_plan");
        assert_eq!(names[2], "nps_score");
        assert_eq!(names[3], "gr__e__cm_");
        assert_eq!(names[4], "_x");
        assert_eq!(names[5], "_811c9dc5");
    }

    #[test]
    fn names_that_differ_only_by_case_do_not_collide() {
        let names = safe_names(["status", "Status", "STATUS"]);
        assert_eq!(names[0], "status");
        assert!(names[1].starts_with("status_") && names[2].starts_with("status_"));
        assert_ne!(names[1], names[2]);
    }

    #[test]
    fn the_order_of_the_api_does_not_change_a_name() {
        let listed = safe_names(["Status", "STATUS", "x"]);
        let reversed = safe_names(["x", "STATUS", "Status"]);
        assert_eq!((&listed[0], &listed[1]), (&reversed[2], &reversed[1]));
    }

    proptest! {
        #[test]
        fn names_are_safe_and_distinct(
            originals in prop::collection::hash_set("[aA_é -]{0,4}|.{60,80}", 1..12),
        ) {
            let names = safe_names(originals.iter().map(String::as_str));
            prop_assert!(names.iter().all(|name| is_safe(name)), "{:?}", names);
            let distinct: HashSet<&String> = names.iter().collect();
            prop_assert_eq!(distinct.len(), names.len());
        }
    }
}
