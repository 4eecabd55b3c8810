//! Warns of settings of single streams that have no effect.

use super::Source;
use super::discover;
use crate::config::ApiName;
use crate::support::suggestion;

/// Warns of each name under `streams` that no stream has, neither one that is offered nor one of
/// `read`, which are pairs of emitted names and API names.
pub fn warn_of_unknown_streams(source: &Source, read: &[(&str, &str)]) {
    let offers = discover::offers(source);
    let offered = offers
        .iter()
        .map(|offer| (offer.name.as_str(), offer.api_name.as_str()));
    let streams: Vec<(&str, &str)> = offered.chain(read.iter().copied()).collect();
    let settings = &source.config.streams;
    for (key, own) in settings.iter() {
        let named = streams
            .iter()
            .find(|(name, api_name)| [*name, *api_name].contains(&key));
        let problem = match named {
            None => match discover::named(source, &offers, key, None).parent {
                Some((parent, _)) if !own.filters.is_none() => {
                    format!("its filters are those of streams.{parent}")
                }
                Some(_) => continue,
                None => unknown(source.config.api, key, &streams),
            },
            Some((name, api_name)) => match settings.key(name, api_name) {
                Some(other) if other != key => format!("streams.{other} is the same stream"),
                _ => continue,
            },
        };
        source
            .log
            .warning(format!("streams.{key} has no effect: {problem}"));
    }
}

fn unknown(api: ApiName, key: &str, streams: &[(&str, &str)]) -> String {
    let names = streams
        .iter()
        .flat_map(|(name, api_name)| [*name, *api_name]);
    let advice = match (suggestion::closest(key, names), api) {
        (Some(meant), _) => format!("did you mean {meant}?"),
        (None, ApiName::Reevo) => "list custom objects under record_types too".to_owned(),
        (None, ApiName::AskElephant) => {
            let names: Vec<&str> = streams.iter().map(|(name, _)| *name).collect();
            format!("the streams are {}", names.join(", "))
        }
    };
    format!("there is no such stream; {advice}")
}
