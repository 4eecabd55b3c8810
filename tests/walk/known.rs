//! What the walk does not see through, so that histories leave it out. `docs/reliability.md` tells
//! what of it matters to users.

use super::history::{Event, History, Shown, Tokens, UpperBound};
use tap_revops::walk::terms::Reading;

/// A history without what is known not to be seen through.
pub fn without(mut history: History) -> History {
    if history.behaviour.tokens == Tokens::CountRecords && !sees_through_counts(&history) {
        history.behaviour.tokens = Tokens::NamePlace;
    }
    if history.behaviour.tokens == Tokens::CountRecords {
        // The records of one moment fill more than a page.
        let is_burst = |event: &Event| matches!(event, Event::Burst(_));
        history.events.retain(|event| !is_burst(event));
    }
    // Nor does a walk see through several early pages where the last of them shows its edge, which is so
    // in bounded runs too.
    if history.seeks || history.span.is_some() {
        // Several pages may come before their turn within one instant that is read by token. The walk
        // seeks on as soon as a page is certain, and does not see the one that comes after them.
        history.events.retain(|event| *event != Event::Ahead);
    }
    if !history.behaviour.has_date {
        // A record of the future says nothing of the horizon, and nothing else does.
        history.future = 0;
    }
    if history.reading != Reading::Scan {
        without_hidden_undated(&mut history);
    }
    history
}

/// No reader that follows tokens can see through those that count records. A walk that seeks follows
/// them within one instant.
fn sees_through_counts(history: &History) -> bool {
    let is_sharp = history.behaviour.shown != Shown::SecondsRounded;
    let seeks = history.seeks && history.reading == Reading::Windows;
    seeks && is_sharp && history.undated == 0 && history.has_small_ties()
}

fn without_hidden_undated(history: &mut History) {
    let has_bounds =
        history.reading == Reading::Windows && history.behaviour.upper_bound == UpperBound::Kept;
    // Records without a stamp are part of no range. Without upper bounds, the walk turns to the present
    // before it reaches them. Where they come last, only the question for the newest record shows them.
    let may_hide = !history.behaviour.undated_first && !history.behaviour.descends;
    if history.span.is_some() || !has_bounds || may_hide {
        history.undated = 0;
    }
    // The scan for such records ends only where the stream does, which may grow as fast as it is read.
    if history.undated > 0 && history.grows() {
        history.for_good = None;
    }
    // A token that names a record without a stamp may go astray when it gets one, or fail, and the
    // query that is asked then may have an upper bound, which hides the rest of them.
    if history.undated > 0 && history.behaviour.undated_first {
        history.events.retain(|event| event.keeps_place());
        history.for_good = None;
        if history.behaviour.tokens != Tokens::Snapshot {
            history.behaviour.tokens = Tokens::NamePlace;
        }
    }
}
