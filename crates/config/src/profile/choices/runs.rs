//! About several runs.

use crate::command::choices;

choices! {
    /// The statistic of a metric that runs agree in.
    pub enum ConvergenceStat {
        /// The mean.
        Avg = "avg",
        /// The median.
        P50 = "p50",
        /// The 90th percentile.
        P90 = "p90",
        /// The 95th percentile.
        P95 = "p95",
        /// The 99th percentile.
        P99 = "p99",
        /// The smallest value.
        Min = "min",
        /// The largest value.
        Max = "max",
    }
}

choices! {
    /// When runs agree.
    pub enum ConvergenceMode {
        /// The confidence interval of the mean is narrow.
        CiWidth = "ci_width",
        /// The values vary little.
        Cv = "cv",
        /// The requests of the last run could be those of the runs before it.
        Distribution = "distribution",
    }
}

choices! {
    /// Which loop over runs is the outer one.
    pub enum SweepMode {
        /// Trials.
        Repeated = "repeated",
        /// Variations.
        Independent = "independent",
    }
}

choices! {
    /// What several flags with several values mean together.
    pub enum SweepType {
        /// Every combination.
        Grid = "grid",
        /// The first values of all, the second values of all, and so on.
        Zip = "zip",
    }
}
