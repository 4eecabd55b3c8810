//! Counts of the paths that histories take. All of them follow from requests, answers and what the
//! plan tells.

use std::collections::BTreeMap;

macro_rules! counts {
    ($($name:ident: $words:literal,)*) => {
        #[derive(Clone, Debug, Default)]
        pub struct Counts {
            $(pub $name: u64,)*
            pub most_at_once: u64,
            /// Restarts and runs that gave up, by reason.
            pub reasons: BTreeMap<String, u64>,
        }

        impl Counts {
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
                self.most_at_once = self.most_at_once.max(other.most_at_once);
                for (reason, count) in &other.reasons {
                    *self.reasons.entry(reason.clone()).or_default() += count;
                }
            }

            /// All counts, one a line.
            pub fn table(&self) -> String {
                let mut lines = vec![$(($words.to_owned(), self.$name),)*];
                lines.push(("most pages on their way at once".to_owned(), self.most_at_once));
                lines.extend(self.reasons.clone());
                let line = |(words, count)| format!("{count:>12}  {words}\n");
                lines.into_iter().map(line).collect()
            }
        }
    };
}

counts! {
    histories: "histories",
    records_changed: "changes of records",
    runs: "runs",
    ended: "runs that came to their end",
    killed: "runs killed",
    gave_up: "runs given up",
    scans: "runs by scan",
    sought: "runs that seek, come to their end",
    ordered: "runs without upper bounds",
    in_one_request: "runs of one request",
    from_bookmark: "runs from a bookmark",
    moved: "runs that moved the bookmark",
    left_more: "runs that left changes to the next one",
    requests: "requests",
    pages: "pages",
    by_token: "pages by token",
    empty: "pages without records",
    needless: "pages that were not wanted any more",
    newest: "questions for the newest record",
    oldest: "questions for the first record",
    bounded_runs: "runs that ended at a bound of their own",
    newest_undated: "newest records without a stamp",
    newest_refused: "questions for the newest record refused",
    bounded: "pages with an upper bound",
    splits: "windows split off",
    checks: "ends after a token that were checked",
    presents: "presents read after a past",
    undated_scans: "scans for records without a stamp",
    tie_tokens: "tokens followed in the present",
    confirmations: "first pages of the present asked for again",
    filters_refused: "upper bounds refused",
    filters_ignored: "pages whose upper bound was ignored",
    tokens_refused: "tokens refused",
    out_of_turn: "pages that changed places",
    ahead_of_turn: "times that a walk was led ahead and back",
    emptied: "empty pages put before one",
    duplicated: "pages that came twice",
    short: "pages smaller than asked",
    same_token: "tokens given twice",
    led_round: "tokens that lead round",
    slow: "slow answers",
    emitted: "records emitted",
    repeats: "repeats dropped",
    elsewhere: "records left to another window",
    ahead: "records ahead of time",
    undated: "records without a stamp",
}

impl Counts {
    pub fn reason(&mut self, what: &str, reason: &str) {
        *self.reasons.entry(format!("{what}: {reason}")).or_default() += 1;
    }
}
