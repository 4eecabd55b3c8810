//! A stream to read, before the API has described it.

use crate::catalog::{Replication, Selection, Stream, SyncMode};
use crate::config::streams::Method;
use crate::http::failure::Failure;
use crate::protocol::CatalogEntry;
use crate::source::Source;
use crate::source::discover::{self, Offer};

pub enum Wanted {
    /// All fields of a stream that the workspace may have.
    Whole(Offer),
    /// The fields of a stream that a catalog selects.
    Selected(Offer, Box<CatalogEntry>),
}

impl Wanted {
    /// All streams that may exist, for a run without a catalog.
    pub fn everything(source: &Source) -> Vec<Self> {
        let offers = discover::offers(source).into_iter();
        offers.map(Self::Whole).collect()
    }

    /// The streams of a catalog. The API's name of a stream is the one in the catalog, or else that
    /// of the offer with the same name.
    pub fn selected(source: &Source, entries: Vec<CatalogEntry>) -> Vec<Self> {
        let offers = discover::offers(source);
        let api_name = |entry: &CatalogEntry| {
            let offer = offers.iter().find(|offer| offer.name == entry.name());
            let kept = entry.api_name();
            kept.or(offer.map(|offer| offer.api_name.as_str()))
                .unwrap_or(entry.name())
                .to_owned()
        };
        let wanted = entries.into_iter().map(|entry| {
            let offer = Offer {
                api_name: api_name(&entry),
                name: entry.name().to_owned(),
            };
            Self::Selected(offer, Box::new(entry))
        });
        wanted.collect()
    }

    /// The emitted name.
    pub fn name(&self) -> &str {
        let (Self::Whole(offer) | Self::Selected(offer, _)) = self;
        &offer.name
    }

    /// The emitted name and the API's name.
    pub fn names(&self) -> (&str, &str) {
        let (Self::Whole(offer) | Self::Selected(offer, _)) = self;
        (&offer.name, &offer.api_name)
    }

    /// Gets the stream's description from the API, and applies the selection to it.
    pub async fn select(&self, source: &Source) -> Result<Selection, Failure> {
        match self {
            Self::Whole(offer) => {
                let mut selection = discover::examine(source, offer).await.map(Stream::whole)?;
                apply_method(source, &mut selection);
                Ok(selection)
            }
            Self::Selected(offer, entry) => {
                if let Some(failure) = entry.refusal() {
                    return Err(failure);
                }
                let stream = source.describe(&offer.api_name).await?;
                if !source
                    .config
                    .filters(&offer.name, &offer.api_name)
                    .is_none()
                {
                    source.probe(&offer.name, &offer.api_name).await?;
                }
                let (mut selection, warnings) = entry.resolve(stream);
                apply_method(source, &mut selection);
                for warning in warnings {
                    source.log.warning(format!("{}: {warning}", offer.name));
                }
                Ok(selection)
            }
        }
    }

    /// Whether the run succeeds without the stream if its description fails in this way.
    pub fn is_left_out(&self, source: &Source, failure: &Failure) -> bool {
        match self {
            Self::Whole(offer) => discover::is_left_out(source, &offer.api_name, failure),
            Self::Selected(..) => false,
        }
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
