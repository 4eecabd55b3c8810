//! Files of records, named by BATCH messages.

use crate::config::{BatchConfig, Compression};
use crate::time::timestamp::Timestamp;
use flate2::write::GzEncoder;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The end of the name of a file that is not whole.
const UNFINISHED: &str = ".part";

/// The files of a run: at most one open file for each stream.
pub struct Batches {
    config: BatchConfig,
    /// Tells the files of this run from those of others.
    run: String,
    count: u64,
    open: BTreeMap<String, OpenFile>,
}

struct OpenFile {
    /// Its name when it is whole.
    path: PathBuf,
    encoder: Encoder,
    records: u64,
}

enum Encoder {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
}

impl Batches {
    pub fn new(config: BatchConfig, now: Timestamp) -> Self {
        let time = now.format("%Y%m%dT%H%M%S%3f");
        Self {
            config,
            run: format!("{time}-{}", std::process::id()),
            count: 0,
            open: BTreeMap::new(),
        }
    }

    /// Adds records of a stream, a line each. Returns the messages for the files that became full.
    pub fn add(&mut self, stream: &str, lines: &[u8]) -> io::Result<String> {
        let mut messages = String::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            if !self.open.contains_key(stream) {
                let file = self.begin(stream)?;
                self.open.insert(stream.to_owned(), file);
            }
            let file = self.open.get_mut(stream).expect("it was opened");
            file.encoder
                .write_all(line)
                .map_err(|error| named(&file.path, &error))?;
            file.records += 1;
            if file.records >= self.config.size {
                messages.push_str(&self.finish(stream)?);
            }
        }
        Ok(messages)
    }

    /// Closes a stream's file, so that it is whole on the disk. Returns the message that names it; none
    /// if it has no file.
    pub fn finish(&mut self, stream: &str) -> io::Result<String> {
        let Some(file) = self.open.get_mut(stream) else {
            return Ok(String::new());
        };
        let path = file.path.clone();
        let whole = file.encoder.finish();
        whole
            .and_then(|()| fs::rename(unfinished(&path), &path))
            .and_then(|()| File::open(&self.config.root)?.sync_all())
            .map_err(|error| named(&path, &error))?;
        self.open.remove(stream);
        let message = json!({
            "type": "BATCH",
            "stream": stream,
            "encoding": {"format": "jsonl", "compression": self.config.compression.name()},
            "manifest": [format!("file://{}", path.display())],
        });
        Ok(format!("{message}\n"))
    }

    /// Removes the file of a stream that failed.
    pub fn give_up(&mut self, stream: &str) {
        if let Some(file) = self.open.remove(stream) {
            // Nothing names it, so it does no harm if it stays.
            let _ = fs::remove_file(unfinished(&file.path));
        }
    }

    fn begin(&mut self, stream: &str) -> io::Result<OpenFile> {
        self.count += 1;
        let BatchConfig { prefix, root, .. } = &self.config;
        let end = match self.config.compression {
            Compression::Gzip => "jsonl.gz",
            Compression::None => "jsonl",
        };
        let (run, count) = (&self.run, self.count);
        let path = root.join(format!("{prefix}{stream}-{run}-{count}.{end}"));
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(unfinished(&path));
        let file = BufWriter::new(file.map_err(|error| named(&path, &error))?);
        Ok(OpenFile {
            path,
            encoder: match self.config.compression {
                Compression::Gzip => {
                    Encoder::Gzip(GzEncoder::new(file, flate2::Compression::fast()))
                }
                Compression::None => Encoder::Plain(file),
            },
            records: 0,
        })
    }
}

impl Drop for Batches {
    /// Removes what is not whole.
    fn drop(&mut self) {
        let open: Vec<String> = self.open.keys().cloned().collect();
        for stream in open {
            self.give_up(&stream);
        }
    }
}

impl Encoder {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(file) => file.write_all(bytes),
        }
    }

    /// Writes what is left, and waits until the disk has everything.
    fn finish(&mut self) -> io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => {
                file.try_finish()?;
                file.get_mut()
            }
        };
        file.flush()?;
        file.get_ref().sync_all()
    }
}

/// Makes the folder if it is not there, and fails if no file can be written there.
pub fn check(config: &BatchConfig) -> io::Result<()> {
    fs::create_dir_all(&config.root)?;
    let probe = config
        .root
        .join(format!(".tap-revops-{}", std::process::id()));
    // What has this name is left over, or a link that leads to a file of somebody else.
    let _ = fs::remove_file(&probe);
    File::create_new(&probe)?;
    fs::remove_file(&probe)
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    PathBuf::from(name)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
