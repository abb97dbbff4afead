//! Where the files of runs and aggregates are, below the folder of the plan.

use std::path::PathBuf;

use crate::order::IterationOrder;

/// What decides where files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// There are variations.
    pub is_sweep: bool,
    /// Runs of each variation, at most.
    pub trials: usize,
    /// Which loop is the outer one.
    pub order: IterationOrder,
}

/// The directory of aggregates.
const AGGREGATE: &str = "aggregate";
/// The directory of the aggregate over all variations.
const SWEEP_AGGREGATE: &str = "sweep_aggregate";

impl Layout {
    /// The folder of a run; `variation` is the variation's directory name, `trial` counts from 0.
    pub fn run(&self, variation: &str, trial: usize) -> PathBuf {
        let number = trial + 1;
        match (self.is_sweep, self.trials > 1, self.order) {
            (false, false, _) => PathBuf::new(),
            (false, true, _) => PathBuf::from(format!("profile_runs/run_{number:04}")),
            (true, false, _) => PathBuf::from(variation),
            (true, true, IterationOrder::Repeated) => {
                PathBuf::from(format!("profile_runs/trial_{number:04}")).join(variation)
            }
            (true, true, IterationOrder::Independent) => {
                PathBuf::from(variation).join(format!("profile_runs/trial_{number:04}"))
            }
        }
    }

    /// The folder of what the runs of a variation say together.
    pub fn aggregate(&self, variation: &str) -> PathBuf {
        match (self.is_sweep, self.order) {
            (false, _) => PathBuf::from(AGGREGATE),
            (true, IterationOrder::Repeated) => PathBuf::from(AGGREGATE).join(variation),
            (true, IterationOrder::Independent) => PathBuf::from(variation).join(AGGREGATE),
        }
    }

    /// The folder of what all variations say together.
    pub fn sweep_aggregate(&self) -> PathBuf {
        if self.trials > 1 && self.order == IterationOrder::Repeated {
            PathBuf::from(AGGREGATE).join(SWEEP_AGGREGATE)
        } else {
            PathBuf::from(SWEEP_AGGREGATE)
        }
    }

    /// The folder of the design of a sweep that samples a space.
    pub fn sampling_design(&self) -> PathBuf {
        PathBuf::from(SWEEP_AGGREGATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_plan_has_its_own_tree() {
        use IterationOrder::{Independent, Repeated};
        for (is_sweep, trials, order, run, aggregate, sweep) in [
            (false, 1, Repeated, "", "aggregate", "sweep_aggregate"),
            (
                false,
                2,
                Repeated,
                "profile_runs/run_0002",
                "aggregate",
                "aggregate/sweep_aggregate",
            ),
            (true, 1, Repeated, "c_8", "aggregate/c_8", "sweep_aggregate"),
            (
                true,
                1,
                Independent,
                "c_8",
                "c_8/aggregate",
                "sweep_aggregate",
            ),
            (
                true,
                2,
                Repeated,
                "profile_runs/trial_0002/c_8",
                "aggregate/c_8",
                "aggregate/sweep_aggregate",
            ),
            (
                true,
                2,
                Independent,
                "c_8/profile_runs/trial_0002",
                "c_8/aggregate",
                "sweep_aggregate",
            ),
        ] {
            let layout = Layout {
                is_sweep,
                trials,
                order,
            };
            let case = format!("{layout:?}");
            assert_eq!(layout.run("c_8", trials - 1), PathBuf::from(run), "{case}");
            assert_eq!(layout.aggregate("c_8"), PathBuf::from(aggregate), "{case}");
            assert_eq!(layout.sweep_aggregate(), PathBuf::from(sweep), "{case}");
        }
    }
}
