//! One stream on its way from API to output. What to ask and what is certain, the plan says; this
//! moves bytes between it, the source and the writer.

use super::children::{self, ChildReader};
use super::end::End;
use super::fetches::{self, Answer, Fetched, Fetches, Held};
use super::lines::{Decoder, Lines};
use super::report::{Read, Report};
use super::rows::Versioned;
use super::terms;
use crate::catalog::{Replication, Selection, SyncMode};
use crate::config::Config;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::Protocol;
use crate::protocol::message::{Message, Rows};
use crate::source::Source;
use crate::state::{Bookmark, RowVersion};
use crate::time::timestamp;
use crate::walk::GaveUp;
use crate::walk::ask::{Ask, Query};
use crate::walk::facts::NewestAnswer;
use crate::walk::plan::{Plan, Restart};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;

/// What the runs before have left of a stream.
pub struct Last {
    pub bookmark: Option<Bookmark>,
    pub version: Option<RowVersion>,
}

pub struct StreamRun {
    source: Arc<Source>,
    /// As it is for this stream.
    config: Config,
    selection: Arc<Selection>,
    bookmark: Option<Bookmark>,
    plan: Plan,
    fetches: Fetches,
    /// What asks for the children of its records, if these are what is wanted.
    children: Option<Arc<ChildReader>>,
    /// How many records to read. Then the bookmark stays as it was.
    most: Option<u64>,
    /// The size of pages; it becomes smaller where large ones keep failing.
    limit: u16,
    pages: u64,
    decoder: Arc<Decoder>,
    lines: Lines,
    versioned: Option<Versioned>,
    /// Whether its records go to files.
    batched: bool,
    report: Report,
    messages: Sender<Message>,
}

impl StreamRun {
    pub fn new(
        source: &Arc<Source>,
        protocol: Protocol,
        selection: Selection,
        last: Last,
        spare: &Arc<Semaphore>,
        messages: Sender<Message>,
        most: Option<u64>,
    ) -> Self {
        let stream = &selection.stream;
        let report = Report::begin(Arc::clone(source), &stream.name);
        let (mut config, back) = terms::config(&source.config, stream);
        if let Some(most) = most {
            // Windows side by side would bring records from all over the stream.
            config.concurrency = 1;
            config.page_size =
                u16::try_from(most).map_or(config.page_size, |most| most.min(config.page_size));
        }
        let batched = protocol == Protocol::Singer && config.batches.is_some();
        let Last { bookmark, version } = last;
        let terms = terms::of_run(&config, &selection, bookmark.as_ref(), back);
        let now = source.clock.now();
        let versioned = Versioned::of_run(&config, protocol, &selection, version.as_ref(), now);
        let versioned = versioned.filter(|_| most.is_none());
        let version = versioned.as_ref().map(|versioned| versioned.version);
        let decoder = Arc::new(Decoder::new(protocol, &selection, batched, version));
        let parent = selection.stream.parent.as_deref();
        let children = |parent| ChildReader::new(parent, source, &decoder, &report.tally, spare);
        Self {
            source: Arc::clone(source),
            plan: Plan::new(terms),
            fetches: Fetches::new(
                source,
                &selection.stream,
                &decoder,
                &report.tally,
                spare,
                most.is_none(),
            ),
            children: parent.map(children),
            decoder,
            most,
            limit: config.page_size,
            config,
            pages: 0,
            lines: Lines::new(most),
            versioned,
            batched,
            report,
            bookmark,
            selection: Arc::new(selection),
            messages,
        }
    }

    /// Reads the stream to its end.
    pub async fn read(mut self) -> End {
        self.warn_of_future_bookmark();
        self.tell_of_whole();
        let began = Message::Began(Arc::clone(&self.selection));
        if let Err(unread) = self.say(began).await {
            return unread;
        }
        match self.carry_out().await {
            Ok(()) => self.end().await,
            Err(End::Failed(failure)) => self.fail(failure).await,
            Err(end) => end,
        }
    }

    /// Carries out the plan: every request that it wants, and every page that arrives.
    async fn carry_out(&mut self) -> Result<(), End> {
        loop {
            while let Some(place) = self.fetches.place()
                && let Some(ask) = self.plan.ask(self.limit)
            {
                self.log_request(&ask);
                self.fetches.send(place, ask, self.limit);
            }
            if self.plan.is_done() || self.is_enough() {
                return Ok(());
            }
            let fetched = self.fetches.next().await;
            let fetched = fetched.expect("a plan that is not done has a request on its way");
            let Fetched {
                ask,
                answer,
                mut held,
            } = fetched;
            self.take(&ask, answer, &mut held).await?;
            self.fetches.written(held);
        }
    }

    async fn take(
        &mut self,
        ask: &Ask,
        answer: Result<Answer, Failure>,
        held: &mut Held,
    ) -> Result<(), End> {
        if !self.plan.is_wanted(ask.id) {
            return Ok(());
        }
        match (answer, &ask.query) {
            (Ok(answer), Query::Newest { .. }) => {
                self.plan.newest_is(answer.lines.newest());
                Ok(())
            }
            (Ok(answer), Query::Oldest { .. }) => {
                self.plan.oldest_is(answer.lines.newest());
                Ok(())
            }
            (Ok(answer), Query::Page { .. }) => {
                self.limit = self.limit.min(answer.limit);
                self.deliver(answer, ask, held).await
            }
            (Err(failure), query) => self.recover(&failure, ask.id, query),
        }
    }

    /// Hands over the records of a page.
    async fn deliver(&mut self, answer: Answer, ask: &Ask, held: &mut Held) -> Result<(), End> {
        self.pages += 1;
        let Answer {
            times,
            next,
            lines,
            limit,
        } = answer;
        self.plan.begin_page(ask.id, times, next.is_some());
        let lines = match &self.children {
            None => self.lines.wanted(lines, &mut self.plan, ask.id),
            Some(children) => {
                let parents = self.lines.parents(lines, &mut self.plan, ask.id);
                let lead_on = || self.fetches.lead_on(ask, next.as_ref(), limit, held);
                let found = children
                    .lines(parents, lead_on)
                    .await
                    .map_err(End::Failed)?;
                self.pages += found.asked.pages;
                self.lines.of_children(found)
            }
        };
        let share = self.plan.share();
        self.report.progress(self.pages, self.lines.records, share);
        if !lines.is_empty() {
            let stream = self.selection.stream.name.clone();
            let message = if self.batched {
                Message::Batched { stream, lines }
            } else {
                Message::Records(lines)
            };
            self.say(message).await?;
        }
        if self.is_enough() {
            return Ok(());
        }
        match self.plan.end_page(ask.id, next) {
            Ok(()) => {
                self.tell_of_restart(None);
                Ok(())
            }
            Err(gave_up) => Err(End::Failed(Failure::new(
                FailureKind::Malformed,
                self.given_up(gave_up, None),
            ))),
        }
    }

    fn is_enough(&self) -> bool {
        self.most.is_some_and(|most| self.lines.records >= most)
    }

    /// Goes on after a failure, where the plan knows a way.
    fn recover(&mut self, failure: &Failure, ask: u64, query: &Query) -> Result<(), End> {
        match query {
            Query::Newest { .. } if fetches::is_refused(failure) => {
                self.plan.newest_is(NewestAnswer::Nothing);
            }
            Query::Page { token: Some(_), .. } if failure.kind == FailureKind::InvalidCursor => {
                return self.go_on_without_token(failure, ask);
            }
            Query::Page { window, .. }
                if fetches::is_refused(failure) && window.until != self.config.end_date =>
            {
                self.report
                    .warning(format!("{failure}; going on without upper bounds"));
                self.plan.filter_refused();
            }
            _ => return Err(End::Failed(failure.clone())),
        }
        Ok(())
    }

    fn go_on_without_token(&mut self, failure: &Failure, ask: u64) -> Result<(), End> {
        match self.plan.token_failed(ask) {
            Ok(()) => {
                self.tell_of_restart(Some(failure));
                Ok(())
            }
            Err(gave_up) => Err(End::Failed(Failure {
                sentence: self.given_up(gave_up, Some(failure)),
                ..failure.clone()
            })),
        }
    }

    fn given_up(&self, gave_up: GaveUp, failure: Option<&Failure>) -> String {
        let happened = match gave_up {
            GaveUp::Endless => "the API repeated 1000 pages in a row".to_owned(),
            GaveUp::Restarts(reason) => {
                let reason = failure.map_or(reason.to_owned(), ToString::to_string);
                format!("{reason}; gave up after starting again 2 times without getting further")
            }
        };
        let is_in_order = self.selection.stream.walked().best_mode() == SyncMode::Incremental;
        let advice = if is_in_order {
            "run again, or set paging to \"seek\", which needs no page tokens"
        } else {
            "run again; if this persists, report it to the API's vendor"
        };
        format!("{happened}; {advice}")
    }

    /// Says that a walk has started again, if it has, and why.
    fn tell_of_restart(&self, failure: Option<&Failure>) {
        if let Some(Restart { reason, from }) = &self.plan.restarted {
            let reason = failure.map_or((*reason).to_owned(), ToString::to_string);
            let from = from.as_deref().unwrap_or("its start");
            let warning = format!("{reason}; starting again from {from}");
            self.report.warning(warning);
        }
    }

    fn log_request(&self, ask: &Ask) {
        let name = &self.selection.stream.name;
        let text = || match &ask.query {
            Query::Newest { .. } => "asks for its newest record".to_owned(),
            Query::Oldest { .. } => "asks for its first record".to_owned(),
            Query::Page { window, token } => {
                let from = window
                    .from
                    .as_ref()
                    .map_or("its start", |from| &from.updated_at);
                let until = window.until.as_deref().unwrap_or("its end");
                let token = if token.is_some() { ", by token" } else { "" };
                format!("asks from {from} to {until}{token}")
            }
        };
        self.source.log.debug(|| format!("{name} {}", text()));
    }

    fn warn_of_future_bookmark(&self) {
        let is_from_there = self.selection.mode == SyncMode::Incremental;
        let bookmark = self.bookmark.as_ref().filter(|_| is_from_there);
        let now = self.source.clock.now();
        let warning = bookmark.and_then(|bookmark| {
            timestamp::warning_of_future("the bookmark", &bookmark.updated_at, now)
        });
        if let Some(warning) = warning {
            self.report.warning(warning);
        }
    }

    /// Says why a stream is read as a whole.
    fn tell_of_whole(&self) {
        let Replication::FullTable { because } = &self.selection.stream.replication else {
            return;
        };
        let stream = &self.selection.stream;
        let dated = self.config.start_date.is_some() || self.config.end_date.is_some();
        let despite = if dated && stream.walked().best_mode() == SyncMode::FullTable {
            ", regardless of start_date and end_date"
        } else {
            ""
        };
        let name = &stream.name;
        self.source
            .log
            .info(format!("{name} is read in full{despite}: {because}"));
    }

    async fn end(mut self) -> End {
        if self.selection.replaces && self.plan.leaves_more {
            return self.fail(incomplete()).await;
        }
        if let Some(parent) = &self.selection.stream.parent {
            match children::without(parent, self.lines.asked) {
                Ok(told) => told.iter().for_each(|sentence| self.report.info(sentence)),
                Err(failure) => return self.fail(failure).await,
            }
        }
        let rows = match self.rows() {
            Ok(rows) => rows,
            Err(failure) => return self.fail(failure).await,
        };
        let findings = self.lines.findings(self.decoder.collects());
        self.report.findings(&findings);
        if self.plan.leaves_more {
            self.report
                .info("changes made during this run are left to the next one");
        }
        let records = self.lines.records;
        let stream = self.selection.stream.name.clone();
        let (new, ended) = if self.most.is_some() {
            (self.bookmark.clone(), Message::Left { stream })
        } else {
            let bookmark = self.new_bookmark();
            let ended = Message::Ended {
                stream,
                bookmark: bookmark.clone(),
                records,
                rows,
            };
            (bookmark, ended)
        };
        if let Err(unread) = self.say(ended).await {
            return unread;
        }
        self.report.summary(&Read {
            pages: self.pages,
            records,
            old: self.bookmark.as_ref(),
            new: new.as_ref(),
            caught_up: self.plan.is_done() && !self.plan.is_bounded,
        });
        self.report.metrics("succeeded", records);
        End::Complete
    }

    /// What becomes of the stream's rows, if they have a version.
    fn rows(&mut self) -> Result<Option<Rows>, Failure> {
        let Some(versioned) = self.versioned.take() else {
            return Ok(None);
        };
        let doubt = self.plan.doubt();
        if let Some(doubt) = doubt {
            let warning = format!("no row is removed after this reading, since {doubt}");
            self.report.warning(warning);
        }
        let rows = versioned.end(doubt.is_none(), self.lines.records)?;
        if doubt.is_none() && !rows.are_all {
            self.report.info(
                "no row is removed yet: this reading says how many records to expect of the next",
            );
        }
        Ok(Some(rows))
    }

    /// What the run promises; or the old bookmark if that is later, and was made with the same
    /// filters.
    fn new_bookmark(&self) -> Option<Bookmark> {
        let filters = self.selection.stream.filters(&self.config).fingerprint();
        let promised = self.plan.promised().map(|newest| Bookmark {
            timestamp: newest.stamp.timestamp,
            updated_at: newest.stamp.text,
            id: Some(newest.id),
            filters: filters.clone(),
        });
        let old = self.bookmark.clone();
        Bookmark::newer(old.filter(|old| old.filters == filters), promised)
    }

    async fn fail(self, failure: Failure) -> End {
        let findings = self.lines.findings(self.decoder.collects());
        self.report.findings(&findings);
        self.report.metrics("failed", self.lines.records);
        let stream = &self.selection.stream.name;
        End::failed(&self.source, &self.messages, stream, failure).await
    }

    async fn say(&self, message: Message) -> Result<(), End> {
        self.messages.send(message).await.map_err(|_| End::Unread)
    }
}

/// The failure of a stream that is to replace another reading, and lacks changes.
fn incomplete() -> Failure {
    Failure::new(
        FailureKind::Server,
        "changes made during the run are left to the next one, so what it read must not replace \
         what the destination has; sync again",
    )
}
