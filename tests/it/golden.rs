//! Golden files, which pin exact bytes. `UPDATE_GOLDEN=1 cargo test` writes them again; review the
//! diff.

use std::path::Path;

/// Checks that a text equals the golden file with this name.
pub fn assert_golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected =
        std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no golden file {name}"));
    assert_eq!(actual, expected, "differs from golden file {name}");
}
