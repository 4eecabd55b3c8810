//! Discovery: describes and probes every stream at once, to find those that the key can read.

use crate::catalog::Stream;
use crate::catalog::name;
use crate::config::BaseUrl;
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::support::{pattern, tasks};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A stream that the workspace may have; the API has not been asked yet.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The name in the output.
    pub name: String,
    /// The name in the API's paths.
    pub api_name: String,
    /// The stream whose records it is read for, if it is a child stream: both its names.
    pub parent: Option<(String, String)>,
}

impl Offer {
    /// Both names of the stream whose pages are read.
    pub fn walked(&self) -> (&str, &str) {
        match &self.parent {
            Some((name, api_name)) => (name, api_name),
            None => (&self.name, &self.api_name),
        }
    }

    /// The stream, from the API's current schema.
    pub async fn describe(&self, source: &Source) -> Result<Stream, Failure> {
        let (name, api_name) = self.walked();
        let described = source.describe(api_name).await?;
        let described = Stream {
            name: name.to_owned(),
            ..described
        };
        if self.parent.is_none() {
            return Ok(described);
        }
        let children = source.children_of(&described);
        let is_meant = |one: &&Stream| one.name == self.name || one.api_name == self.api_name;
        match children.iter().find(is_meant) {
            Some(child) => Ok(Stream {
                name: self.name.clone(),
                ..child.clone()
            }),
            None => Err(self.unknown(&children)),
        }
    }

    /// Fails if the key cannot read the stream's records, or those of its parent.
    pub async fn probe(&self, source: &Source) -> Result<(), Failure> {
        let (name, api_name) = self.walked();
        source.probe(name, api_name).await
    }

    fn unknown(&self, children: &[Stream]) -> Failure {
        let names: Vec<&str> = children.iter().map(|one| one.name.as_str()).collect();
        let parent = self.walked().0;
        let known = match names.as_slice() {
            [] => format!("{parent} has no child streams"),
            names => format!("those of {parent} are {}", names.join(", ")),
        };
        let sentence = format!("there is no such stream; {known}");
        Failure::new(FailureKind::UnknownStream, sentence)
    }
}

/// The result for one offer.
pub struct Answer {
    pub api_name: String,
    pub stream: Result<Stream, Failure>,
}

/// The streams that the configuration names, or else the standard ones.
pub fn offers(source: &Source) -> Vec<Offer> {
    let api_names = source.api_names();
    let names = name::safe_names(api_names.iter().map(String::as_str));
    let pairs = names.into_iter().zip(api_names);
    let offers = pairs.map(|(name, api_name)| Offer {
        name,
        api_name,
        parent: None,
    });
    offers.collect()
}

/// What a name stands for that no offer has: perhaps a child stream, which only its parent's schema
/// can tell. `api_name` is the API's name, if that is known; it says whether it is one.
pub fn named(source: &Source, offers: &[Offer], name: &str, api_name: Option<&str>) -> Offer {
    let of_name = || {
        let mut parents = offers.iter();
        let parent = parents.find(|one| is_child_of(name, &one.name))?;
        api_name.is_none().then_some(parent.api_name.as_str())
    };
    let parent = source.parent_of(api_name.unwrap_or(name)).or_else(of_name);
    let parent = parent.map(|api_name| {
        let offered = offers.iter().find(|one| one.api_name == api_name);
        let name = offered.map_or_else(
            || name::safe_names([api_name]).remove(0),
            |one| one.name.clone(),
        );
        (name, api_name.to_owned())
    });
    Offer {
        name: name.to_owned(),
        api_name: api_name.unwrap_or(name).to_owned(),
        parent,
    }
}

/// The child streams that a name or a pattern can mean. Which of them match a pattern, and what one is
/// called of which the API's name is given, only the API knows.
pub async fn children(source: &Source, pattern: &str) -> Result<Vec<Offer>, Failure> {
    let offers = offers(source);
    if !pattern.contains(['*', '/']) {
        let named = named(source, &offers, pattern, None);
        return Ok(Vec::from_iter(named.parent.is_some().then_some(named)));
    }
    let divided = ["__", "/"]
        .iter()
        .find_map(|between| pattern.split_once(between));
    let of_parents = divided.map_or("*", |(parent, _)| parent);
    let mut found = Vec::new();
    for parent in offers {
        let (name, api_name) = (&parent.name, &parent.api_name);
        if ![name, api_name]
            .iter()
            .any(|one| pattern::matches(of_parents, one))
        {
            continue;
        }
        let described = parent.describe(source).await?;
        let children = source.children_of(&described).into_iter();
        let matching = children.filter(|child| {
            pattern::matches(pattern, &child.name) || pattern::matches(pattern, &child.api_name)
        });
        found.extend(matching.map(|child| Offer {
            name: child.name,
            api_name: child.api_name,
            parent: Some((parent.name.clone(), parent.api_name.clone())),
        }));
    }
    Ok(found)
}

fn is_child_of(name: &str, parent: &str) -> bool {
    let rest = name.strip_prefix(parent);
    rest.is_some_and(|rest| rest.starts_with("__"))
}

/// The streams that the key can read, in the order of the offers, each before its children. Standard
/// ones that it cannot read are left out with a warning, unless the configuration names them. Any other
/// failure is an error: a catalog without the stream would mean that the workspace does not have it.
pub async fn discover(source: &Arc<Source>) -> Result<Vec<Stream>, Failure> {
    let (mut streams, mut failed, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for Answer { api_name, stream } in survey(source).await? {
        match stream {
            Ok(stream) => {
                let children = source.children_of(&stream);
                streams.push(stream);
                streams.extend(children);
            }
            Err(failure) if is_left_out(source, &api_name, &failure) => {
                warn_of_left_out(source, &api_name, &failure);
                left_out.push((api_name, failure));
            }
            Err(failure) => failed.push((api_name, failure)),
        }
    }
    if streams.is_empty() {
        failed.extend(left_out);
        return Err(nothing_readable(source, &by_name(&failed)));
    }
    match failed.as_slice() {
        [] => Ok(streams),
        [(api_name, failure)] => Err(Failure {
            sentence: format!("discovering {api_name}: {failure}"),
            ..failure.clone()
        }),
        _ => {
            let heading = format!("{} streams cannot be discovered", failed.len());
            Err(Failure::of_several(&heading, &by_name(&failed)))
        }
    }
}

/// Describes and probes every offer, and returns the results in order; or the first failure that
/// concerns all of them, such as a wrong key. What is still on its way then ends.
pub async fn survey(source: &Arc<Source>) -> Result<Vec<Answer>, Failure> {
    let mut asked = JoinSet::new();
    for (at, offer) in offers(source).into_iter().enumerate() {
        let source = Arc::clone(source);
        asked.spawn(async move { (at, ask(&source, offer).await) });
    }
    let mut answers = Vec::new();
    while let Some(ended) = asked.join_next().await {
        let (at, answer) = tasks::result(ended).await;
        answers.push((at, answer?));
    }
    answers.sort_by_key(|(at, _)| *at);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// The result for one offer; or a failure that concerns all of them.
async fn ask(source: &Source, offer: Offer) -> Result<Answer, Failure> {
    let (described, probed) =
        tokio::try_join!(of_one(offer.describe(source)), of_one(offer.probe(source)))?;
    // Where both fail, it is always the first that is reported.
    let stream = described.and_then(|stream| probed.map(|()| stream));
    Ok(Answer {
        api_name: offer.api_name,
        stream,
    })
}

/// The answer to a question about one stream; or a failure that concerns all of them.
async fn of_one<T>(
    question: impl Future<Output = Result<T, Failure>>,
) -> Result<Result<T, Failure>, Failure> {
    match question.await {
        Err(failure) if failure.kind.ends_run() => Err(failure),
        answer => Ok(answer),
    }
}

/// Describes a stream, and fails if the key cannot read it: one request after the other.
pub async fn examine(source: &Source, offer: &Offer) -> Result<Stream, Failure> {
    let stream = offer.describe(source).await?;
    offer.probe(source).await?;
    Ok(stream)
}

/// Whether to leave out a stream that cannot be read, instead of failing.
pub fn is_left_out(source: &Source, api_name: &str, failure: &Failure) -> bool {
    let is_missing = matches!(
        failure.kind,
        FailureKind::Forbidden | FailureKind::NotFound | FailureKind::UnknownStream
    );
    source.is_optional(api_name) && is_missing
}

pub fn warn_of_left_out(source: &Source, api_name: &str, failure: &Failure) {
    let warning = format!("{api_name} is left out: {failure}");
    source.log.warning(warning);
}

/// The failure of a run that finds no stream to read, from the failures of all streams.
pub fn nothing_readable(source: &Source, failures: &[(&str, &Failure)]) -> Failure {
    let are_all = |kind: FailureKind| failures.iter().all(|(_, failure)| failure.kind == kind);
    if let BaseUrl::Remote(base_url) = &source.config.base_url
        && are_all(FailureKind::NotFound)
    {
        let api = source.config.api;
        let (title, usual) = (api.title(), api.usual_address());
        let sentence = format!(
            "every stream answered 404, so base_url ({base_url}) is probably wrong; for {title} it is usually {usual}"
        );
        return Failure::new(FailureKind::NotFound, sentence);
    }
    let heading = "this key can read no stream; give it permission to read some";
    match failures {
        [(name, failure)] => {
            Failure::new(failure.kind, format!("{name} cannot be read: {failure}"))
        }
        _ if are_all(FailureKind::Forbidden) => Failure::new(FailureKind::Forbidden, heading),
        _ => Failure::of_several("no stream can be read", failures),
    }
}

pub fn by_name(failures: &[(String, Failure)]) -> Vec<(&str, &Failure)> {
    let pairs = failures.iter();
    pairs
        .map(|(name, failure)| (name.as_str(), failure))
        .collect()
}
