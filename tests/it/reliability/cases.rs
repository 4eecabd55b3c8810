//! Cases made up from a seed, which is told, so that a run can be had again.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// How many cases are run, and from which seed: each in a variable.
const CASES: &str = "TAP_REVOPS_TEST_CASES";
const SEED: &str = "TAP_REVOPS_TEST_SEED";

/// The seed of a run that names none, so that every run of a commit is the same.
const USUAL_SEED: u64 = 20_261_122;

/// Checks so many made-up cases, unless a variable says how many.
#[expect(clippy::print_stdout, reason = "a seed is of use only if it is told")]
pub fn check_all<T: std::fmt::Debug>(
    usual: u64,
    strategy: &impl Strategy<Value = T>,
    check: impl Fn(&T),
) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let cases: u64 = number(CASES).unwrap_or(usual);
    let seed: u64 = number(SEED).unwrap_or(USUAL_SEED);
    println!("{cases} cases, {SEED}={seed}");
    let config = ProptestConfig {
        cases: u32::try_from(cases).unwrap(),
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(strategy, |case| {
        check(&case);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{SEED}={seed}: {failure}");
    }
}
