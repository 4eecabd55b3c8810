//! Records in files that BATCH messages name.

use crate::clock::FakeClock;
use crate::support::{ASKELEPHANT, REEVO, Run, Workspace};
use flate2::read::MultiGzDecoder;
use revops_sandbox::{Fault, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Settings for files in a folder.
fn settings(folder: &Path, compression: &str, size: u64) -> Value {
    json!({
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": compression},
            "storage": {"root": format!("file://{}", folder.display()), "prefix": "crm-"},
            "batch_size": size,
        }
    })
}

/// What a run wrote, in order, and the records of its files.
struct Output {
    messages: Vec<Value>,
    files: Vec<PathBuf>,
    /// The lines of each stream.
    records: BTreeMap<String, Vec<String>>,
    /// How many records each file of a stream has.
    sizes: BTreeMap<String, Vec<usize>>,
}

fn output(run: &Run) -> Output {
    let lines = run.stdout.lines();
    let messages: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut output = Output {
        messages: Vec::new(),
        files: Vec::new(),
        records: BTreeMap::new(),
        sizes: BTreeMap::new(),
    };
    for message in &messages {
        if message["type"] != "BATCH" {
            continue;
        }
        let stream = message["stream"].as_str().unwrap().to_owned();
        let manifest = message["manifest"].as_array().unwrap();
        assert_eq!(manifest.len(), 1);
        let path = manifest[0]
            .as_str()
            .unwrap()
            .strip_prefix("file://")
            .unwrap();
        let text = content(Path::new(path), &message["encoding"]);
        assert!(text.ends_with('\n'));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        output.files.push(PathBuf::from(path));
        output
            .sizes
            .entry(stream.clone())
            .or_default()
            .push(lines.len());
        output.records.entry(stream).or_default().extend(lines);
    }
    output.messages = messages;
    output
}

fn content(path: &Path, encoding: &Value) -> String {
    let bytes = std::fs::read(path).unwrap();
    let compression = encoding["compression"].as_str().unwrap();
    assert_eq!(
        *encoding,
        json!({"format": "jsonl", "compression": compression})
    );
    let mut text = String::new();
    match compression {
        "gzip" => MultiGzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .unwrap(),
        _ => bytes.as_slice().read_to_string(&mut text).unwrap(),
    };
    text
}

/// The files of a folder, in the order of their names.
fn listed(folder: &TempDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_files_hold_what_the_messages_would() {
    for (api, compression) in [(REEVO, "gzip"), (REEVO, "none"), (ASKELEPHANT, "gzip")] {
        let workspace = Workspace::new(api, "records=300");
        let folder = tempfile::tempdir().unwrap();
        let batched = workspace.read(&settings(folder.path(), compression, 70));
        let output = output(&batched.run().ok());
        let plain = workspace.read(&json!({})).run().ok();
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in plain
            .stdout
            .lines()
            .filter(|line| line.contains("\"type\":\"RECORD\""))
        {
            let message: Value = serde_json::from_str(line).unwrap();
            let (_, record) = line.split_once("\"record\":").unwrap();
            let (record, _) = record.rsplit_once(",\"time_extracted\"").unwrap();
            let stream = message["stream"].as_str().unwrap().to_owned();
            expected.entry(stream).or_default().push(record.to_owned());
        }
        let sorted = |mut records: BTreeMap<String, Vec<String>>| {
            for lines in records.values_mut() {
                lines.sort();
            }
            records
        };
        assert_eq!(
            sorted(output.records),
            sorted(expected),
            "{api} {compression}"
        );
        let mut files = output.files;
        files.sort();
        assert_eq!(files, listed(&folder));
        for sizes in output.sizes.values() {
            let (last, full) = sizes.split_last().unwrap();
            assert!(
                full.iter().all(|size| *size == 70) && *last <= 70,
                "{sizes:?}"
            );
        }
    }
}

#[test]
fn the_state_of_a_stream_comes_after_its_last_batch_and_no_record_is_a_message() {
    let workspace = Workspace::reevo("records=200");
    let folder = tempfile::tempdir().unwrap();
    let run = workspace
        .read(&settings(folder.path(), "gzip", 50))
        .run()
        .ok();
    let messages = output(&run).messages;
    let position = |kind: &str, stream: &str| {
        messages.iter().rposition(|message| {
            let covers = message["value"]["bookmarks"].get(stream).is_some();
            message["type"] == kind && (message["stream"] == stream || covers)
        })
    };
    let first_state = |stream: &str| {
        messages
            .iter()
            .position(|message| message["value"]["bookmarks"].get(stream).is_some())
    };
    for stream in ["contact", "account", "note"] {
        assert!(position("SCHEMA", stream) < position("BATCH", stream));
        assert!(position("BATCH", stream) < first_state(stream), "{stream}");
    }
    assert!(messages.iter().all(|message| message["type"] != "RECORD"));
}

#[test]
fn two_runs_write_different_files() {
    let workspace = Workspace::reevo("records=20");
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        workspace
            .read(&settings(folder.path(), "none", 1000))
            .run()
            .ok();
    }
    assert_eq!(listed(&folder).len(), 12);
    let first = &listed(&folder)[0];
    let name = first.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("crm-account-"), "{name}");
    assert_eq!(first.extension().unwrap(), "jsonl");
}

#[test]
fn a_stream_that_fails_names_only_whole_files_and_leaves_no_part() {
    let workspace = Workspace::askelephant("records=300");
    workspace.sandbox.inject(Fault {
        path_contains: "/v2/contacts".to_owned(),
        skip: 5,
        times: 1000,
        reply: Reply::Status {
            status: 403,
            headers: Vec::new(),
            body: r#"{"error":{"code":"forbidden","message":"No."}}"#.to_owned(),
        },
    });
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), "gzip", 25);
    settings["page_size"] = json!(10);
    settings["concurrency"] = json!(1);
    let run = workspace.read(&settings).run().ended(1);
    let output = output(&run);
    assert!(output.sizes["contacts"].iter().all(|size| *size == 25));
    let mut files = output.files;
    files.sort();
    assert_eq!(files, listed(&folder));
    let last = output
        .messages
        .iter()
        .rfind(|message| message["type"] == "STATE");
    assert_eq!(last.unwrap()["value"]["bookmarks"].get("contacts"), None);
}

#[test]
fn an_interrupted_run_leaves_no_part() {
    let workspace = Workspace::askelephant("records=300");
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), "gzip", 1000);
    settings["page_size"] = json!(5);
    let (interrupt, interrupted) = tokio::sync::oneshot::channel();
    let waiting = std::sync::Mutex::new((Some(interrupt), 0));
    workspace.sandbox.on_request(move |_| {
        let mut waiting = waiting.lock().unwrap();
        waiting.1 += 1;
        if waiting.1 > 20
            && let Some(interrupt) = waiting.0.take()
        {
            interrupt.send(()).unwrap();
        }
    });
    let interruption = Box::pin(async move {
        interrupted.await.unwrap();
        tap_revops::run::exit::ExitStatus::Interrupted
    });
    let run = workspace
        .read(&settings)
        .until(FakeClock::new(), interruption);
    let mut files = output(&run.ended(130)).files;
    files.sort();
    assert_eq!(files, listed(&folder));
}

#[test]
fn a_setting_that_cannot_work_is_refused() {
    let workspace = Workspace::reevo("records=5");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let root = folder.path().display().to_string();
    for (batches, sentence) in [
        (
            json!({"storage": {"root": "s3://bucket/x"}}),
            "batch_config.storage.root: s3 is no folder of this machine; write the path of a folder",
        ),
        (
            json!({"storage": {"root": "file://host/x"}}),
            "batch_config.storage.root: names a folder of another machine; write the path of a folder",
        ),
        (
            json!({"storage": {"root": format!("{root}/with space")}}),
            "whose name has other characters than letters, digits, '/', '.', '-' and '_'",
        ),
        (
            json!({"storage": {"root": root, "prefix": "a/b"}}),
            "batch_config.storage.prefix: has other characters than",
        ),
        (
            json!({"storage": {"root": root}, "encoding": {"format": "parquet"}}),
            "batch_config.encoding.format: is not one of the allowed values; write \"jsonl\"",
        ),
        (
            json!({"storage": {"root": root}, "encoding": {"compression": "zstd"}}),
            "batch_config.encoding.compression: is not one of the allowed values; write \"gzip\" or \"none\"",
        ),
        (
            json!({}),
            "batch_config.storage: is missing; write an object such as",
        ),
        (
            json!({"storage": {"root": file.display().to_string()}}),
            "batch_config.storage.root: no file can be written to",
        ),
    ] {
        let run = workspace.read(&json!({"batch_config": batches})).run();
        run.ended(2).says(sentence);
    }
}

#[test]
fn an_address_of_a_local_file_is_a_root() {
    for host in ["", "localhost"] {
        let workspace = Workspace::reevo("records=5");
        let folder = tempfile::tempdir().unwrap();
        let root = format!("file://{host}{}", folder.path().display());
        let run = workspace
            .read(&json!({"batch_config": {"storage": {"root": root}}}))
            .run();
        let mut files = output(&run.ended(0)).files;
        files.sort();
        assert!(!files.is_empty());
        assert_eq!(files, listed(&folder));
    }
}

/// Whoever may write to the folder, too, must not be able to have another file emptied.
#[cfg(unix)]
#[test]
fn the_check_of_the_folder_follows_no_link() {
    let workspace = Workspace::reevo("records=5");
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "kept").unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let probe = root.join(format!(".tap-revops-{}", std::process::id()));
    std::os::unix::fs::symlink(&other, probe).unwrap();
    let run = workspace.read(&settings(&root, "none", 10)).run();
    run.ended(0);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "kept");
}

#[test]
fn a_disk_that_fills_up_is_reported_and_covered_by_no_state() {
    let workspace = Workspace::reevo("records=2000");
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path(), "none", 100_000);
    settings["record_types"] = json!(["contact"]);
    let config = workspace.config_file(&settings);
    let tap = env!("CARGO_BIN_EXE_tap-revops");
    // A limit of the shell on the size of files: a write beyond it fails as on a full disk.
    let command = format!("trap '' XFSZ; ulimit -f 500; exec {tap} read --config {config}");
    let done = std::process::Command::new("bash")
        .args(["-c", &command])
        .output()
        .unwrap();
    let run = Run::from(done).ended(4);
    let run = run
        .says("CRITICAL the output cannot be written (")
        .says("is the disk full?");
    assert!(
        run.stderr.contains(folder.path().to_str().unwrap()),
        "{}",
        run.stderr
    );
    let output = output(&run);
    assert!(
        output
            .messages
            .iter()
            .all(|message| message["type"] == "SCHEMA")
    );
    assert_eq!(listed(&folder), [] as [PathBuf; 0]);
}

#[test]
fn airbyte_takes_no_files_and_says_so() {
    let workspace = Workspace::reevo("records=5");
    let folder = tempfile::tempdir().unwrap();
    let config = workspace.config_file(&settings(folder.path(), "gzip", 10));
    let catalog = json!({"streams": [{
        "stream": {"name": "note", "json_schema": {"properties": {"id": {"type": "string"}}}, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh", "destination_sync_mode": "append"
    }]});
    let catalog = workspace.file("catalog.json", &catalog.to_string());
    let mut source = std::process::Command::new(env!("CARGO_BIN_EXE_source-revops"));
    let done = source
        .args(["read", "--config", &config, "--catalog", &catalog])
        .output();
    let run = Run::from(done.unwrap()).ok();
    assert!(
        run.stdout.contains("batch_config has no effect"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("\"type\":\"RECORD\""));
    assert_eq!(listed(&folder), [] as [PathBuf; 0]);
}

#[test]
fn the_example_of_the_manual_works() {
    let page = include_str!("../../docs/targets.md");
    let (_, example) = page.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = "/tmp/tap-revops-batches";
    assert!(example.contains(root));
    let config = folder.path().join("config.json");
    let files = folder.path().join("files");
    std::fs::write(&config, example.replace(root, files.to_str().unwrap())).unwrap();
    let arguments = [
        "read",
        "--config",
        config.to_str().unwrap(),
        "--stream",
        "note",
    ];
    let run = crate::support::run(&arguments, &[]).ok();
    assert_eq!(output(&run).records["note"].len(), 500);
}
