//! Whether runs agree well enough to stop.

mod kolmogorov_smirnov;

pub use kolmogorov_smirnov::p_value;

use crate::confidence::{mean, standard_deviation, student_t};

/// When runs agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The confidence interval of the mean is narrow.
    #[default]
    CiWidth,
    /// The values vary little.
    Cv,
    /// The requests of the last run could be those of the runs before it.
    Distribution,
}

impl Mode {
    /// The word of flags and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CiWidth => "ci_width",
            Self::Cv => "cv",
            Self::Distribution => "distribution",
        }
    }

    /// The threshold where none is given.
    pub fn usual_threshold(self) -> f64 {
        match self {
            Self::CiWidth => 0.10,
            Self::Cv | Self::Distribution => 0.05,
        }
    }
}

/// What runs must agree in, and how well.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// The metric.
    pub metric: String,
    /// Its statistic; of no matter to [`Mode::Distribution`].
    pub statistic: String,
    /// When runs agree.
    pub mode: Mode,
    /// See [`Mode`]; a p-value for [`Mode::Distribution`], where more is stricter.
    pub threshold: f64,
    /// Runs that there must be before anyone asks.
    pub min_runs: usize,
    /// Of the confidence interval, between 0 and 1.
    pub confidence_level: f64,
}

impl Criterion {
    /// Whether the statistic came out much the same in all runs; for [`Mode::CiWidth`] and
    /// [`Mode::Cv`]. `values` has one finite value for each run that succeeded and has one.
    pub fn agree_in(&self, values: &[f64]) -> bool {
        if values.len() < self.min_runs.max(2) {
            return false;
        }
        let (Some(mean), Some(std)) = (mean(values), standard_deviation(values)) else {
            return false;
        };
        if mean == 0.0 {
            return false;
        }
        let spread = match self.mode {
            Mode::Cv => std,
            Mode::CiWidth => {
                let count = values.len() as f64;
                let freedom = u32::try_from(values.len() - 1).unwrap_or(u32::MAX);
                match student_t(self.confidence_level, freedom) {
                    // The whole width, not its half.
                    Some(t) => 2.0 * t * std / count.sqrt(),
                    None => return false,
                }
            }
            Mode::Distribution => return false,
        };
        spread / mean.abs() < self.threshold
    }

    /// Whether the last run's requests look like those of all runs before it; for
    /// [`Mode::Distribution`].
    pub fn look_alike(&self, last: &[f64], earlier: &[f64]) -> bool {
        last.len() >= 2 && earlier.len() >= 2 && p_value(last, earlier) > self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn criterion(mode: Mode, threshold: f64, min_runs: usize) -> Criterion {
        Criterion {
            metric: "m".to_owned(),
            statistic: "avg".to_owned(),
            mode,
            threshold,
            min_runs,
            confidence_level: 0.95,
        }
    }

    #[test]
    fn an_interval_is_narrow_by_its_whole_width() {
        // Half of the width is 12.706 · 0.1 / 100 = 0.0127 of the mean.
        let values = [99.9, 100.1];
        for (threshold, expected) in [(0.0254, false), (0.0255, true)] {
            let found = criterion(Mode::CiWidth, threshold, 2).agree_in(&values);
            assert_eq!(found, expected, "{threshold}");
        }
    }

    #[test]
    fn a_coefficient_of_variation_is_that_of_the_sample() {
        let values = [98.0, 100.0, 102.0];
        for (threshold, expected) in [(0.0199, false), (0.0201, true)] {
            let found = criterion(Mode::Cv, threshold, 2).agree_in(&values);
            assert_eq!(found, expected, "{threshold}");
        }
        let negative = values.map(|value| -value);
        assert!(criterion(Mode::Cv, 0.0201, 2).agree_in(&negative));
    }

    #[test]
    fn too_few_runs_and_means_of_zero_never_agree() {
        for mode in [Mode::CiWidth, Mode::Cv] {
            let of = |min_runs| criterion(mode, 0.99, min_runs);
            assert!(of(2).agree_in(&[1.0, 1.0]));
            assert!(!of(3).agree_in(&[1.0, 1.0]));
            assert!(!of(1).agree_in(&[1.0]));
            assert!(!of(2).agree_in(&[0.0, 0.0]));
        }
    }

    #[test]
    fn runs_look_alike_if_nothing_speaks_against_it() {
        let criterion = criterion(Mode::Distribution, 0.05, 2);
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let moved: Vec<f64> = values.iter().map(|value| value + 15.0).collect();
        assert!(criterion.look_alike(&values, &values));
        assert!(!criterion.look_alike(&values, &moved));
        assert!(!criterion.look_alike(&[1.0], &values));
    }
}
