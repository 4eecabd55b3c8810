//! The examples of the manual.

use std::path::Path;
use std::process::Command;

#[test]
fn each_command_of_the_manual_works() {
    let page = include_str!("../../../docs/command-line.md");
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let commands: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert_eq!(commands.len(), 10);
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = "sample_config.json";
    std::fs::copy(root.join(sample), folder.path().join(sample)).unwrap();
    let executables = Path::new(env!("CARGO_BIN_EXE_tap-revops"))
        .parent()
        .unwrap();
    let path = format!(
        "{}:{}",
        executables.display(),
        std::env::var("PATH").unwrap()
    );
    for command in commands {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).env("PATH", &path);
        let output = shell.current_dir(&folder).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {log}");
        let has_file = command.contains('>') || command.contains(" man ");
        assert_eq!(output.stdout.is_empty(), has_file, "{command}");
    }
    assert!(folder.path().join("man1/tap-revops-peek.1").exists());
}
