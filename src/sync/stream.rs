//! Reads one stream: its walk, its lines, its end.

use super::bounds;
use super::end::End;
use super::lines::{Delivered, Lines};
use super::report::Report;
use crate::api::page::Window;
use crate::catalog::{Replication, Selection, SyncMode};
use crate::http::failure::Failure;
use crate::protocol::Protocol;
use crate::protocol::message::Message;
use crate::source::Source;
use crate::state::Bookmark;
use crate::time::timestamp;
use crate::walk::progress::Progress;
use crate::walk::traversal::{Step, Traversal};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

pub struct StreamRun {
    source: Arc<Source>,
    selection: Arc<Selection>,
    bookmark: Option<Bookmark>,
    progress: Progress,
    lines: Lines,
    report: Report,
    messages: Sender<Message>,
}

impl StreamRun {
    pub fn new(
        source: &Arc<Source>,
        protocol: Protocol,
        selection: Selection,
        bookmark: Option<Bookmark>,
        messages: Sender<Message>,
    ) -> Self {
        let progress = match (selection.stream.best_mode(), selection.mode) {
            (SyncMode::FullTable, _) => Progress::unsorted(bookmark.clone()),
            (_, SyncMode::FullTable) => Progress::full_table(bookmark.clone()),
            (_, SyncMode::Incremental) => Progress::incremental(bookmark.clone()),
        };
        Self {
            source: Arc::clone(source),
            bookmark,
            progress,
            lines: Lines::new(protocol, &selection),
            report: Report::begin(Arc::clone(source), &selection.stream.name),
            selection: Arc::new(selection),
            messages,
        }
    }

    /// Reads the stream to its end.
    pub async fn read(mut self) -> End {
        self.warn_of_future_bookmark();
        let began = Message::Began(Arc::clone(&self.selection));
        if let Err(unread) = self.send(began).await {
            return unread;
        }
        let mut traversal = self.traversal();
        loop {
            let step = match traversal.next_page(&mut self.progress).await {
                Ok(Some(step)) => step,
                Ok(None) => break,
                Err(failure) => return self.fail(failure).await,
            };
            let delivered = match self.deliver(&step).await {
                Ok(delivered) => delivered,
                Err(End::Failed(failure)) => return self.fail(failure).await,
                Err(end) => return end,
            };
            let pages = traversal.pages();
            self.report
                .progress(pages, self.lines.records, self.progress.newest());
            if delivered.starts_again {
                traversal.walk_again(&mut self.progress);
            } else if traversal.has_caught_up(&self.progress, step.is_last_resort, delivered.oldest)
            {
                self.report
                    .info("changes made during this run are left to the next one");
                return self.end(pages, Progress::settled_bookmark).await;
            }
        }
        self.end(traversal.pages(), Progress::bookmark).await
    }

    fn warn_of_future_bookmark(&self) {
        let is_incremental = self.selection.mode == SyncMode::Incremental;
        let bookmark = self.bookmark.as_ref().filter(|_| is_incremental);
        let now = self.source.clock.now();
        let warning = bookmark.and_then(|bookmark| {
            timestamp::warning_of_future("the bookmark", &bookmark.updated_at, now)
        });
        if let Some(warning) = warning {
            self.report.warning(warning);
        }
    }

    fn traversal(&self) -> Traversal {
        Traversal::begin(
            Arc::clone(&self.source),
            Arc::new(self.selection.stream.clone()),
            self.window(),
            Arc::clone(&self.report.tally),
        )
    }

    /// The `updated_at` window that this run reads. It is unbounded for a stream that cannot be
    /// filtered.
    fn window(&self) -> Window {
        let config = &self.source.config;
        if self.selection.stream.best_mode() == SyncMode::Incremental {
            return bounds::of_run(config, self.selection.mode, self.bookmark.as_ref());
        }
        if let Replication::FullTable { because } = &self.selection.stream.replication {
            let name = &self.selection.stream.name;
            let dated = config.start_date.is_some() || config.end_date.is_some();
            let despite = if dated {
                ", regardless of start_date and end_date"
            } else {
                ""
            };
            self.source
                .log
                .info(format!("{name} is read in full{despite}: {because}"));
        }
        Window::default()
    }

    /// Sends the records of a page to the writer.
    async fn deliver(&mut self, step: &Step) -> Result<Delivered, End> {
        let page = self.lines.of_page(step, &mut self.progress);
        let mut delivered = page.map_err(End::Failed)?;
        let lines = std::mem::take(&mut delivered.lines);
        if !lines.is_empty() {
            self.send(Message::Records(lines)).await?;
        }
        Ok(delivered)
    }

    async fn end(mut self, pages: u64, earned: fn(Progress) -> Option<Bookmark>) -> End {
        self.report.findings(&self.lines.findings());
        let progress = std::mem::replace(&mut self.progress, Progress::full_table(None));
        let (old, new) = (self.bookmark.as_ref(), earned(progress));
        let records = self.lines.records;
        let summary = self.report.summary(pages, records, old, new.as_ref());
        let ended = Message::Ended {
            stream: self.selection.stream.name.clone(),
            bookmark: new,
            records,
        };
        if let Err(unread) = self.send(ended).await {
            return unread;
        }
        self.report.info(summary);
        self.report.metrics("succeeded", records);
        End::Complete
    }

    async fn fail(self, failure: Failure) -> End {
        self.report.findings(&self.lines.findings());
        self.report.metrics("failed", self.lines.records);
        let stream = &self.selection.stream.name;
        End::failed(&self.source, &self.messages, stream, failure).await
    }

    async fn send(&self, message: Message) -> Result<(), End> {
        self.messages.send(message).await.map_err(|_| End::Unread)
    }
}
