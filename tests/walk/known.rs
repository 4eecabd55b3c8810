//! What the walk does not see through as yet, so that histories leave it out. Each `true` brings its
//! kind back.

use super::history::{Event, History, LATENESS, Shown, Tokens, UpperBound};
use tap_revops::walk::plan::Reading;

/// A first page may come before its turn after a token led to an empty end, which is then checked.
/// `WindowWalk::seek` believes such a page, and what stands before it is lost.
pub const EARLY_WHILE_CHECKING: bool = false;

/// The question for the newest record may be refused, or bring one without a stamp, where answers
/// have no `Date`. Then the horizon is that of the machine's own clock, `Plan::newest_is` takes it for certain, and a token that went
/// astray leads to records below it.
pub const NEITHER_DATE_NOR_NEWEST: bool = false;

/// A page of the present may come before its turn and begin with a version that another such page has
/// shown. `Present` takes any known version for one of the stamp that it asked from.
pub const EARLY_PAGES_SHOWN_BEFORE: bool = false;

/// A token within an instant of the present may fail or go astray where stamps are rounded up. The
/// bookmark is that instant's shown stamp, and records of it lie below what was shown.
pub const ROUNDED_INSTANTS_LEFT: bool = false;

/// A token of the present may fail or go astray after windows have ended and an upper bound was then
/// ignored. `Plan::seek_on` keeps what the higher windows promise, and the bookmark passes over what
/// is left.
pub const LEFT_AFTER_WINDOWS: bool = false;

/// A first page may be slow where answers have no `Date`. The horizon is then that of the newest
/// record, which is asked for afterwards: changes made in between lie below it, and the first walk's
/// token goes on from before them.
pub const SLOW_WITHOUT_DATE: bool = false;

/// A walk may start again, or be split, before it has left the records without a stamp, where these
/// come first. The query that it asks then has an upper bound, and hides the rest of them.
pub const RESTARTS_AMONG_UNDATED: bool = false;

/// Records without a stamp may come last, and answers have a `Date`. The newest record is then not
/// asked for, with one place or without windows, or its answer comes after the past has been read,
/// and the walk to the horizon does not reach them.
pub const UNDATED_LAST_UNKNOWN: bool = false;

/// A page by token without a follower may show nothing but records without a stamp, where queries
/// have no upper bound. `WindowWalk::end_page` takes it for one without records, and gives up.
pub const UNDATED_WITHOUT_BOUNDS: bool = false;

/// A history without what is known not to be seen through.
pub fn without(mut history: History) -> History {
    without_counting_tokens(&mut history);
    if !history.behaviour.has_date {
        without_doubtful_horizon(&mut history);
    }
    if history.reading != Reading::Scan && history.undated > 0 {
        without_hidden_undated(&mut history);
    }
    history
}

/// No reader that follows tokens can see through those that count records.
fn without_counting_tokens(history: &mut History) {
    let behaviour = &mut history.behaviour;
    let rounds = behaviour.shown == Shown::SecondsRounded && !ROUNDED_INSTANTS_LEFT;
    let follows = history.reading != Reading::Seek || rounds;
    if follows && behaviour.tokens == Tokens::CountRecords {
        behaviour.tokens = Tokens::NamePlace;
    }
}

fn without_doubtful_horizon(history: &mut History) {
    if !NEITHER_DATE_NOR_NEWEST {
        history.behaviour.descends = true;
        // A record of the future says nothing of the horizon.
        history.future = 0;
    }
    if !SLOW_WITHOUT_DATE {
        let is_slow = |event: &Event| matches!(event, Event::Slow(_));
        history.events.retain(|event| !is_slow(event));
    }
}

fn without_hidden_undated(history: &mut History) {
    let has_bounds =
        history.reading != Reading::Ordered && history.behaviour.upper_bound != UpperBound::Ignored;
    if !has_bounds && !UNDATED_WITHOUT_BOUNDS {
        history.undated = 0;
    }
    if history.behaviour.undated_first {
        if !RESTARTS_AMONG_UNDATED {
            keep_places(history);
        }
        return;
    }
    if !NEITHER_DATE_NOR_NEWEST {
        let offset = &mut history.behaviour.date_offset;
        *offset = (*offset).min(LATENESS / 2);
    }
    if !asks_for_newest(history) && !UNDATED_LAST_UNKNOWN {
        history.undated = 0;
    }
}

/// Lets every token lead where it should.
fn keep_places(history: &mut History) {
    history.events.retain(|event| event.keeps_place());
    history.for_good = None;
    if history.behaviour.tokens != Tokens::Snapshot {
        history.behaviour.tokens = Tokens::NamePlace;
    }
}

/// Whether the plan waits for the answer to the question for the newest record.
fn asks_for_newest(history: &History) -> bool {
    history.reading != Reading::Seek && !history.behaviour.has_date
}
