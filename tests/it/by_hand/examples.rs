//! The examples of the manual.

use std::path::Path;
use std::process::Command;

/// The pages whose commands work without an account, and how many commands they have.
const PAGES: [(&str, usize); 4] = [
    ("command-line.md", 11),
    ("deletes.md", 1),
    ("scale.md", 2),
    ("troubleshooting.md", 3),
];

#[test]
fn each_command_of_the_manual_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, count) in PAGES {
        let text = std::fs::read_to_string(root.join("docs").join(page)).unwrap();
        let blocks = text.split("```sh\n").skip(1);
        let blocks = blocks.map(|block| block.split("```").next().unwrap());
        // A command goes on after a pipe or a backslash.
        let blocks = blocks.map(|block| block.replace("|\n", "|").replace("\\\n", " "));
        let blocks: Vec<String> = blocks.collect();
        let commands: Vec<&str> = blocks.iter().flat_map(|block| block.lines()).collect();
        assert_eq!(commands.len(), count, "{page}");
        let folder = tempfile::tempdir().unwrap();
        let sample = "sample_config.json";
        std::fs::copy(root.join(sample), folder.path().join(sample)).unwrap();
        for command in commands {
            run(command, folder.path());
        }
    }
}

/// Runs a command in a folder. It prints something, unless that goes to a file.
fn run(command: &str, folder: &Path) {
    let executables = Path::new(env!("CARGO_BIN_EXE_tap-revops"))
        .parent()
        .unwrap();
    let path = format!(
        "{}:{}",
        executables.display(),
        std::env::var("PATH").unwrap()
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", command]).env("PATH", &path);
    let output = shell.current_dir(folder).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {log}");
    let has_file = command.contains('>') || command.contains(" man ");
    let is_silent = output.stdout.is_empty() && (has_file || log.is_empty());
    assert_eq!(is_silent, has_file, "{command}");
}

#[test]
fn each_link_of_the_manual_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![
        root.join("README.md"),
        root.join("CONTRIBUTING.md"),
        root.join("CHANGELOG.md"),
    ];
    let docs = std::fs::read_dir(root.join("docs")).unwrap();
    pages.extend(docs.map(|entry| entry.unwrap().path()));
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if target.extension().is_some_and(|end| end == "md") && !anchor.is_empty() {
                let text = std::fs::read_to_string(&target).unwrap();
                assert!(has_heading(&text, anchor), "{}: {link}", page.display());
            }
        }
    }
}

/// Whether a page has a heading that an anchor names.
fn has_heading(text: &str, anchor: &str) -> bool {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let name = |heading: &str| -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    };
    headings.map(name).any(|heading| heading == anchor)
}
