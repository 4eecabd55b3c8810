//! A stream to read, before the API has described it.

use crate::catalog::{Replication, Selection, Stream, SyncMode};
use crate::config::streams::Method;
use crate::http::failure::{Failure, FailureKind};
use crate::protocol::CatalogEntry;
use crate::source::Source;
use crate::source::discover::{self, Offer};

pub struct Wanted {
    offer: Offer,
    /// What a catalog says of it. Without a catalog, everything is read.
    entry: Option<Box<CatalogEntry>>,
    /// Whether somebody asked for it by its name, so that the run fails without it.
    pub is_named: bool,
    /// Whether its bookmark does not count.
    pub is_fresh: bool,
    /// The only fields to emit, by their emitted names or those of the API.
    pub fields: Option<Vec<String>>,
    /// How many records to read of it. Then its bookmark stays.
    pub limit: Option<u64>,
}

impl Wanted {
    fn new(offer: Offer, entry: Option<CatalogEntry>) -> Self {
        Self {
            offer,
            is_named: entry.is_some(),
            entry: entry.map(Box::new),
            is_fresh: false,
            fields: None,
            limit: None,
        }
    }

    /// All streams that may exist, for a run without a catalog. Child streams are read only if somebody
    /// asks for them.
    pub fn everything(source: &Source) -> Vec<Self> {
        let offers = discover::offers(source).into_iter();
        offers.map(|offer| Self::new(offer, None)).collect()
    }

    /// The streams of a catalog. The API's name of a stream is the one in the catalog, or else that
    /// of the offer with the same name.
    pub fn selected(source: &Source, entries: Vec<CatalogEntry>) -> Vec<Self> {
        let offers = discover::offers(source);
        let wanted = entries.into_iter().map(|entry| {
            let offered = offers.iter().find(|offer| offer.name == entry.name());
            let kept = entry.api_name();
            let api_name = kept.or(offered.map(|offer| offer.api_name.as_str()));
            let offer = discover::named(source, &offers, entry.name(), api_name);
            Self::new(offer, Some(entry))
        });
        wanted.collect()
    }

    /// The child streams of a name or a pattern, if it can be one of some.
    pub async fn children(source: &Source, pattern: &str) -> Result<Vec<Self>, Failure> {
        let offers = discover::children(source, pattern).await?.into_iter();
        Ok(offers.map(|offer| Self::new(offer, None)).collect())
    }

    /// The emitted name.
    pub fn name(&self) -> &str {
        &self.offer.name
    }

    /// The emitted name and the API's name.
    pub fn names(&self) -> (&str, &str) {
        (&self.offer.name, &self.offer.api_name)
    }

    /// Gets the stream's description from the API, and applies the selection to it.
    pub async fn select(&self, source: &Source) -> Result<Selection, Failure> {
        let mut selection = match &self.entry {
            None => discover::examine(source, &self.offer)
                .await
                .map(Stream::whole)?,
            Some(entry) => self.as_in_catalog(source, entry).await?,
        };
        apply_method(source, &mut selection);
        match &self.fields {
            None => Ok(selection),
            Some(fields) => selection
                .only(fields)
                .map_err(|problem| Failure::new(FailureKind::Rejected, problem)),
        }
    }

    async fn as_in_catalog(
        &self,
        source: &Source,
        entry: &CatalogEntry,
    ) -> Result<Selection, Failure> {
        if let Some(failure) = entry.refusal() {
            return Err(failure);
        }
        let stream = self.offer.describe(source).await?;
        if !stream.filters(&source.config).is_none() {
            self.offer.probe(source).await?;
        }
        let name = &self.offer.name;
        let (selection, warnings) = entry.resolve(stream);
        for warning in warnings {
            source.log.warning(format!("{name}: {warning}"));
        }
        Ok(selection)
    }

    /// Whether the run succeeds without the stream if its description fails in this way.
    pub fn is_left_out(&self, source: &Source, failure: &Failure) -> bool {
        !self.is_named && discover::is_left_out(source, &self.offer.api_name, failure)
    }
}

/// Applies the replication method that the configuration sets for a stream. Where the catalog or the
/// API asks for the stream as a whole, the method cannot change that.
fn apply_method(source: &Source, selection: &mut Selection) {
    let stream = &selection.stream;
    match source
        .config
        .streams
        .of(&stream.name, &stream.api_name)
        .method
    {
        Some(Method::FullTable) => selection.mode = SyncMode::FullTable,
        Some(Method::Incremental) if selection.mode == SyncMode::FullTable => {
            let because = match &stream.replication {
                Replication::FullTable { because } => because,
                Replication::Incremental => "the catalog says so",
            };
            source.log.warning(format!(
                "{}: replication_method is INCREMENTAL, but the stream is read in full: {because}",
                stream.name
            ));
        }
        _ => {}
    }
}
