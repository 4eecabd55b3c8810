//! Transcript timelines: their shape, who may read them, and when they are ready.

use serde_json::Value;

use crate::client::{Answer, fixture, keys, sandbox, send};
use revops_sandbox::Sandbox;

async fn timeline(sandbox: &Sandbox, engagement: &str) -> Answer {
    let path = format!("/v2/engagements/{engagement}/transcript_timeline");
    let headers = [("authorization", sandbox.key())];
    send(sandbox, "GET", &path, &headers, "").await
}

#[tokio::test]
async fn engagements_have_the_transcripts_that_are_true_and_no_others() {
    let sandbox = sandbox("records=200").await;
    let transcripts = sandbox.transcripts();
    let (mut found, mut without) = (Vec::new(), 0);
    for engagement in sandbox.truth("engagements") {
        let answer = timeline(&sandbox, &engagement.id).await;
        match answer.status {
            200 => found.push((engagement.id, answer.body)),
            status => {
                assert_eq!(status, 404);
                without += 1;
            }
        }
    }
    assert_eq!(found, transcripts);
    assert!(found.len() > 20 && without > 20);
}

#[tokio::test]
async fn a_transcript_has_the_members_of_the_fixture() {
    let sandbox = sandbox("records=50").await;
    let (id, text) = sandbox.transcripts().swap_remove(0);
    let ours: Value = serde_json::from_str(&text).unwrap();
    let theirs = fixture("askelephant/transcript_timeline.json");
    assert_eq!(keys(&ours), keys(&theirs));
    assert_eq!(keys(&ours["entries"][0]), keys(&theirs["entries"][0]));
    assert_eq!(ours["engagement_id"].as_str(), Some(id.as_str()));
}

#[tokio::test]
async fn transcripts_need_their_scope_and_private_ones_another() {
    let all = sandbox("records=200").await;
    let transcripts = all.transcripts();
    let is_private = |id: &str| {
        let engagements = all.truth("engagements").into_iter();
        let mut engagements = engagements.filter(|engagement| engagement.id == id);
        engagements
            .next()
            .unwrap()
            .json
            .contains("\"is_private\":true")
    };
    let (private, public): (Vec<_>, Vec<_>) =
        transcripts.into_iter().partition(|(id, _)| is_private(id));
    let without = sandbox("records=200&scopes=engagements:read").await;
    let answer = timeline(&without, &public[0].0).await;
    assert!(answer.status == 403 && answer.body.contains("transcript_timelines:read"));
    let scopes = "records=200&scopes=engagements:read,transcript_timelines:read";
    let some = sandbox(scopes).await;
    assert_eq!(timeline(&some, &public[0].0).await.status, 200);
    let answer = timeline(&some, &private[0].0).await;
    assert!(answer.status == 403 && answer.body.contains("engagements:private:read"));
}

#[tokio::test]
async fn a_transcript_may_be_ready_later_than_its_engagement() {
    let sandbox = sandbox("records=100&transcript_delay_seconds=3600").await;
    let before = sandbox.now();
    let (id, _) = sandbox.transcripts().swap_remove(0);
    sandbox.touch("engagements", &id, before);
    assert_eq!(timeline(&sandbox, &id).await.status, 404);
    sandbox.set_clock(before + chrono::TimeDelta::hours(1));
    assert_eq!(timeline(&sandbox, &id).await.status, 200);
}
