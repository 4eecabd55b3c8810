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
        let is_offered = offers
            .iter()
            .any(|one| one.name == key || one.api_name == key);
        let parent = discover::named(source, &offers, key, None).parent;
        let (place, problem) = match (named, parent.filter(|_| !is_offered)) {
            (_, Some((parent, _))) if !own.filters.is_none() => (
                format!("{key}.filters"),
                format!("the filters of streams.{parent} choose its parents"),
            ),
            (_, Some(_)) => continue,
            (None, None) => (key.to_owned(), unknown(source.config.api, key, &streams)),
            (Some((name, api_name)), None) => match settings.key(name, api_name) {
                Some(other) if other != key => (
                    key.to_owned(),
                    format!("streams.{other} is the same stream"),
                ),
                _ => continue,
            },
        };
        let warning = format!("streams.{place} has no effect: {problem}");
        source.log.warning(warning);
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
