//! Every test that `docs/reliability.md` names exists.

use std::fs;
use std::path::Path;

fn tests_below(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let tests = text.split("#[test]").skip(1);
            let found = tests.filter_map(|test| {
                let name = test.split_once("fn ")?.1;
                Some(format!("{module}::{}", name.split('(').next()?))
            });
            names.extend(found);
        }
    }
}

#[test]
fn every_row_of_the_manual_names_existing_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = Vec::new();
    tests_below(&root.join("tests/it"), &mut tests);
    let manual = fs::read_to_string(root.join("docs/reliability.md")).unwrap();
    let rows = manual
        .lines()
        .filter(|line| line.starts_with("| ") && line.matches(" | ").count() == 4);
    let mut count = 0;
    for row in rows.filter(|row| !row.starts_with("| fault |")) {
        count += 1;
        let cell = row.rsplit(" | ").next().unwrap();
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        for name in named {
            assert!(
                tests.iter().any(|one| one == name),
                "there is no test {name}"
            );
        }
    }
    assert!(count > 30, "{count}");
}
