//! Random cases from a seed, which is printed, so that a run can be repeated.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// The environment variables with the number of cases and the seed.
const CASES: &str = "TAP_REVOPS_TEST_CASES";
const SEED: &str = "TAP_REVOPS_TEST_SEED";

/// The seed if none is given, so that every run of a commit is the same.
const DEFAULT_SEED: u64 = 20_261_122;

/// Checks `default` random cases, or as many as the variable says.
#[expect(clippy::print_stdout, reason = "a failure needs its seed")]
pub fn check_all<T: std::fmt::Debug>(
    default: u64,
    strategy: &impl Strategy<Value = T>,
    check: impl Fn(&T),
) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let cases: u64 = number(CASES).unwrap_or(default);
    let seed: u64 = number(SEED).unwrap_or(DEFAULT_SEED);
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
