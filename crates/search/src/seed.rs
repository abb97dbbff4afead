//! Which seed a run has.

use sha2::{Digest as _, Sha256};

/// The seed of plans of several runs that nobody chose a seed for, so that all runs send the same.
pub const CONSISTENT_SEED: u64 = 42;

/// How the seeds of runs follow from that of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    /// The seed of the plan; without one each run draws its own.
    pub base: Option<u64>,
    /// Variations differ in what they are about and in nothing else.
    pub same_for_variations: bool,
    /// Trials of a variation send different requests.
    pub vary_by_trial: bool,
}

impl Seeds {
    /// The seed of a run.
    pub fn of_run(&self, variation: usize, label: &str, trial: usize) -> Option<u64> {
        let base = self.base?;
        Some(if self.vary_by_trial {
            derived(base, &format!("{label}:trial:{trial}"))
        } else if self.same_for_variations {
            base
        } else {
            base.wrapping_add(variation as u64)
        })
    }
}

/// A seed below another one: 63 bits of SHA-256 over `<seed>:variation:<name>`, the reference's
/// derivation.
pub fn derived(seed: u64, name: &str) -> u64 {
    let digest = Sha256::digest(format!("{seed}:variation:{name}").as_bytes());
    let mut head = [0u8; 8];
    head.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(head) & (u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_seeds_are_the_published_ones() {
        for (name, seed) in [
            ("search_iter_0000", 2_514_855_533_662_739_662),
            ("base:trial:0", 6_858_774_025_263_032_934),
            ("base:trial:1", 4_337_237_111_802_998_792),
            (
                "phases.profiling.concurrency=10:trial:0",
                8_473_338_739_865_271_337,
            ),
        ] {
            assert_eq!(derived(42, name), seed, "{name}");
        }
    }

    #[test]
    fn a_run_gets_its_seed_from_plan_variation_and_trial() {
        let plan = Seeds {
            base: Some(42),
            same_for_variations: false,
            vary_by_trial: false,
        };
        let same = Seeds {
            same_for_variations: true,
            ..plan
        };
        let varied = Seeds {
            vary_by_trial: true,
            ..same
        };
        assert_eq!(plan.of_run(3, "v", 1), Some(45));
        assert_eq!(same.of_run(3, "v", 1), Some(42));
        assert_eq!(varied.of_run(0, "base", 1), Some(4_337_237_111_802_998_792));
        let none = Seeds {
            base: None,
            ..varied
        };
        assert_eq!(none.of_run(0, "base", 1), None);
    }
}
