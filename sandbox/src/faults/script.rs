//! The script while it runs: which rule applies to the request at hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::asked::Asked;
use super::bucket::Bucket;
use super::detour::Detours;
use super::reply::Reply;
use super::rule::Rule;
use crate::noise::Draw;

/// The running script, and its effects: connections to refuse, and cursors of its own.
#[derive(Default)]
pub struct Faults {
    seed: u64,
    script: Mutex<Script>,
    refusals: AtomicU64,
    pub detours: Detours,
}

#[derive(Default)]
struct Script {
    playing: Vec<Playing>,
    /// How many rules there ever were.
    count: u64,
}

/// A rule, and how many of its requests came so far.
struct Playing {
    rule: Rule,
    number: u64,
    passed: u64,
    hits: u64,
    bucket: Option<Bucket>,
}

/// What the script says about one request.
#[derive(Default)]
pub struct Hits {
    /// Changes to the records, made before the request is answered.
    pub changes: Vec<Hit>,
    /// What happens to the answer.
    pub fault: Option<Hit>,
}

/// One rule that applies to one request.
pub struct Hit {
    pub reply: Reply,
    /// The source of everything random; the same for the same seed and place in the script.
    pub draw: Draw,
    /// The seconds until an empty bucket has a token.
    pub wait: u64,
}

impl Faults {
    pub fn new(seed: u64, rules: &[Rule]) -> Self {
        let faults = Faults {
            seed,
            ..Faults::default()
        };
        faults.replace(rules.to_vec());
        faults
    }

    pub fn inject(&self, rule: Rule) {
        self.with_script(|script| script.add(rule));
    }

    pub fn replace(&self, rules: Vec<Rule>) {
        self.with_script(|script| {
            script.playing.clear();
            for rule in rules {
                script.add(rule);
            }
        });
        self.refusals.store(0, Ordering::Relaxed);
    }

    /// Whether a connection that was just accepted is refused; counts it.
    pub fn refuses(&self) -> bool {
        let taken = self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        taken.is_ok()
    }

    /// Refuses this many more connections.
    pub fn refuse(&self, connections: u64) {
        self.refusals.fetch_add(connections, Ordering::Relaxed);
    }

    /// The rules that apply to a request. Every rule that matches counts the request as long as it
    /// lets requests pass. Of the others, all changes of records apply, and the first fault.
    pub fn hits(&self, asked: &Asked, now: i64) -> Hits {
        let mut hits = Hits::default();
        self.with_script(|script| {
            script.playing.retain(|playing| !playing.is_over());
            for playing in &mut script.playing {
                if !playing.rule.requests.include(asked) || playing.lets_pass() {
                    continue;
                }
                if playing.rule.reply.changes_records() {
                    hits.changes.push(playing.hit(self.seed, 0));
                } else if hits.fault.is_none() {
                    hits.fault = playing.wait(now).map(|wait| playing.hit(self.seed, wait));
                }
            }
        });
        hits
    }

    fn with_script<T>(&self, use_it: impl FnOnce(&mut Script) -> T) -> T {
        let mut script = self
            .script
            .lock()
            .expect("no one panics holding the script");
        use_it(&mut script)
    }
}

impl Script {
    fn add(&mut self, rule: Rule) {
        self.count += 1;
        self.playing.push(Playing {
            rule,
            number: self.count,
            passed: 0,
            hits: 0,
            bucket: None,
        });
    }
}

impl Playing {
    fn is_over(&self) -> bool {
        self.rule.times.is_some_and(|times| self.hits >= times)
    }

    fn lets_pass(&mut self) -> bool {
        let passes = self.passed < self.rule.skip;
        self.passed += u64::from(passes);
        passes
    }

    /// The seconds that a refusal asks the client to wait, or nothing if a rate limit has a token
    /// left.
    fn wait(&mut self, now: i64) -> Option<u64> {
        let Reply::RateLimit {
            capacity,
            refill_per_second,
            ..
        } = self.rule.reply
        else {
            return Some(0);
        };
        let bucket = self.bucket.get_or_insert_with(|| Bucket::full(capacity));
        bucket.take(capacity, refill_per_second, now).err()
    }

    fn hit(&mut self, seed: u64, wait: u64) -> Hit {
        self.hits += 1;
        Hit {
            reply: self.rule.reply.clone(),
            draw: Draw::new(&[seed, self.number, self.hits, 9]),
            wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::requests::Requests;
    use super::*;
    use crate::call::Call;

    fn stall(path_contains: &str, skip: u64, times: Option<u64>) -> Rule {
        Rule {
            requests: Requests {
                path_contains: path_contains.to_owned(),
                ..Requests::default()
            },
            skip,
            times,
            reply: Reply::Stall,
        }
    }

    fn applies(faults: &Faults, path: &str) -> bool {
        let asked = Asked::of(&Call {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            walk: 0,
        });
        faults.hits(&asked, 0).fault.is_some()
    }

    #[test]
    fn a_rule_lets_some_requests_pass_then_applies_then_is_over() {
        let faults = Faults::new(7, &[stall("contact", 1, Some(2))]);
        let applied = ["contact", "account", "contact", "contact", "contact"]
            .map(|path| applies(&faults, path));
        assert_eq!(applied, [false, false, true, true, false]);
    }

    #[test]
    fn every_rule_counts_by_itself() {
        let faults = Faults::new(7, &[stall("a", 1, Some(1)), stall("a", 3, Some(1))]);
        assert_eq!(
            [(); 5].map(|()| applies(&faults, "a")),
            [false, true, false, true, false]
        );
    }

    #[test]
    fn a_rule_without_times_never_ends() {
        let faults = Faults::new(7, &[stall("a", 0, None)]);
        assert!((0..100).all(|_| applies(&faults, "a")));
        faults.replace(Vec::new());
        assert!(!applies(&faults, "a"));
    }
}
