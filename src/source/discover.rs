//! Discovery: describes and probes every stream at once, to find those that the key can read.

use crate::catalog::Stream;
use crate::catalog::name;
use crate::config::BaseUrl;
use crate::http::failure::{Failure, FailureKind};
use crate::source::Source;
use crate::support::tasks;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A stream that the workspace may have; the API has not been asked yet.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The name in the output.
    pub name: String,
    /// The name in the API's paths.
    pub api_name: String,
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
    pairs
        .map(|(name, api_name)| Offer { name, api_name })
        .collect()
}

/// The streams that the key can read, in the order of the offers. Standard ones that it cannot read
/// are left out with a warning, unless the configuration names them. Any other failure is an error:
/// a catalog without the stream would mean that the workspace does not have it.
pub async fn discover(source: &Arc<Source>) -> Result<Vec<Stream>, Failure> {
    let (mut streams, mut failed, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for Answer { api_name, stream } in survey(source).await? {
        match stream {
            Ok(stream) => streams.push(stream),
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
    let Offer { name, api_name } = offer;
    let (described, probed) = tokio::try_join!(
        of_one(source.describe(&api_name)),
        of_one(source.probe(&name, &api_name)),
    )?;
    // Where both fail, it is always the first that is reported.
    let stream = described.and_then(|stream| probed.map(|()| Stream { name, ..stream }));
    Ok(Answer { api_name, stream })
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
    let stream = source.describe(&offer.api_name).await?;
    source.probe(&offer.name, &offer.api_name).await?;
    Ok(Stream {
        name: offer.name.clone(),
        ..stream
    })
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
