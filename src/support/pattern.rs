//! Patterns of names, in which `*` stands for any letters, or none.

/// Whether a name is of a pattern.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(first) else {
        return false;
    };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        let Some((_, after)) = left.split_once(part) else {
            return false;
        };
        left = after;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, expected) in [
            ("contact", "contact", true),
            ("contact", "contacts", false),
            ("*", "", true),
            ("impl*", "implementation_project", true),
            ("impl*", "simple", false),
            ("*_project", "implementation_project", true),
            ("*t*t*", "opportunity", true),
            ("*t*t*t*", "opportunity", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a**a", "aba", true),
            ("a*b*a", "aba", true),
            ("a*b*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
