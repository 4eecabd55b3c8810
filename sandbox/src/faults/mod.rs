//! The script of faults: what goes wrong with which requests. To add a kind of fault, add a `Reply`, spell it in `spelling`, and say in
//! `delivery` what it does to an answer; the server only knows deliveries.

mod asked;
mod bucket;
mod delivery;
mod detour;
mod fields;
mod gzip;
mod page;
mod paging;
mod parse;
mod proxy;
mod record;
mod reply;
mod rule;
mod schema;
mod spelling;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::noise::Draw;
use asked::Asked;
use bucket::Bucket;
pub use delivery::{Delivery, Manner, delivery};
use detour::Detours;
pub use reply::{Ending, RecordChange, Reply, SchemaChange};
pub use rule::{Fault, RequestKind, Requests, Rule};

/// The script as it is being played.
#[derive(Default)]
pub struct Faults {
    seed: u64,
    script: Mutex<Script>,
    refusals: AtomicU64,
    detours: Detours,
}

#[derive(Default)]
struct Script {
    playing: Vec<Playing>,
    /// How many rules there ever were.
    count: u64,
}

/// A rule and how far it is.
struct Playing {
    rule: Rule,
    number: u64,
    passed: u64,
    struck: u64,
    bucket: Option<Bucket>,
}

/// What the script says about one request.
struct Struck {
    /// What changes before it is answered.
    disturbances: Vec<Strike>,
    spoiled: Option<Strike>,
}

struct Strike {
    reply: Reply,
    /// What is random about it; the same for the same seed and place in the script.
    draw: Draw,
    /// In how many seconds an empty bucket has a token.
    wait: u64,
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

    fn refuse(&self, connections: u64) {
        self.refusals.fetch_add(connections, Ordering::Relaxed);
    }

    /// Every rule that matches counts the request, as long as it lets requests pass; the first that strikes is the only one.
    fn strike(&self, asked: &Asked, now: i64) -> Struck {
        let mut struck = Struck {
            disturbances: Vec::new(),
            spoiled: None,
        };
        self.with_script(|script| {
            script.playing.retain(|playing| !playing.is_over());
            for playing in &mut script.playing {
                if !playing.rule.requests.include(asked) || playing.lets_pass() {
                    continue;
                }
                match playing.rule.reply {
                    Reply::RecordsChange { .. } | Reply::RecordsVanish { .. } => {
                        struck.disturbances.push(playing.strike(self.seed, 0));
                    }
                    _ if struck.spoiled.is_some() => {}
                    Reply::RateLimit {
                        capacity,
                        refill_per_second,
                        ..
                    } => {
                        let bucket = &mut playing.bucket;
                        let bucket = bucket.get_or_insert_with(|| Bucket::full(capacity));
                        if let Err(wait) = bucket.take(capacity, refill_per_second, now) {
                            struck.spoiled = Some(playing.strike(self.seed, wait));
                        }
                    }
                    _ => struck.spoiled = Some(playing.strike(self.seed, 0)),
                }
            }
        });
        struck
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
            struck: 0,
            bucket: None,
        });
    }
}

impl Playing {
    fn is_over(&self) -> bool {
        self.rule.times.is_some_and(|times| self.struck >= times)
    }

    fn lets_pass(&mut self) -> bool {
        let passes = self.passed < self.rule.skip;
        self.passed += u64::from(passes);
        passes
    }

    fn strike(&mut self, seed: u64, wait: u64) -> Strike {
        self.struck += 1;
        Strike {
            reply: self.rule.reply.clone(),
            draw: Draw::new(&[seed, self.number, self.struck, 9]),
            wait,
        }
    }
}

#[cfg(test)]
mod tests {
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

    fn strikes(faults: &Faults, path: &str) -> bool {
        let asked = Asked::of(&Call {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            walk: 0,
        });
        faults.strike(&asked, 0).spoiled.is_some()
    }

    #[test]
    fn a_fault_lets_some_requests_pass_then_strikes_then_is_over() {
        let faults = Faults::new(7, &[stall("contact", 1, Some(2))]);
        let struck = ["contact", "account", "contact", "contact", "contact"]
            .map(|path| strikes(&faults, path));
        assert_eq!(struck, [false, false, true, true, false]);
    }

    #[test]
    fn every_rule_counts_by_itself() {
        let faults = Faults::new(7, &[stall("a", 1, Some(1)), stall("a", 3, Some(1))]);
        assert_eq!(
            [(); 5].map(|()| strikes(&faults, "a")),
            [false, true, false, true, false]
        );
    }

    #[test]
    fn a_rule_without_times_never_ends() {
        let faults = Faults::new(7, &[stall("a", 0, None)]);
        assert!((0..100).all(|_| strikes(&faults, "a")));
        faults.replace(Vec::new());
        assert!(!strikes(&faults, "a"));
    }
}
