//! How values are distributed.

use serde_json::{Value, json};

/// Percentiles by linear interpolation, the standard deviation that of the whole population.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Statistics {
    pub(super) count: usize,
    pub(super) mean: f64,
    pub(super) std: f64,
    pub(super) median: f64,
    pub(super) p05: f64,
    pub(super) p25: f64,
    pub(super) p75: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

impl Statistics {
    /// All zero where there are no values.
    pub(super) fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let variance = sorted
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / count as f64;
        let percentile = |percent: f64| {
            let place = (count - 1) as f64 * percent / 100.0;
            let below = sorted[place as usize];
            let above = sorted[(place as usize + 1).min(count - 1)];
            below + (above - below) * place.fract()
        };
        Self {
            count,
            mean,
            std: variance.sqrt(),
            median: percentile(50.0),
            p05: percentile(5.0),
            p25: percentile(25.0),
            p75: percentile(75.0),
            p95: percentile(95.0),
            p99: percentile(99.0),
        }
    }

    /// To two decimals, as files show it.
    pub(super) fn json(&self) -> Value {
        json!({
            "count": self.count,
            "mean": rounded(self.mean, 2),
            "std": rounded(self.std, 2),
            "median": rounded(self.median, 2),
            "p05": rounded(self.p05, 2),
            "p25": rounded(self.p25, 2),
            "p75": rounded(self.p75, 2),
            "p95": rounded(self.p95, 2),
            "p99": rounded(self.p99, 2),
        })
    }
}

/// To so many decimals, by the number's exact value.
pub(super) fn rounded(value: f64, decimals: usize) -> f64 {
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_values() {
        let statistics = Statistics::of(&[4.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            (statistics.count, statistics.mean, statistics.median),
            (4, 2.5, 2.5)
        );
        assert_eq!((statistics.p25, statistics.p75), (1.75, 3.25));
        assert!((statistics.std - 1.25f64.sqrt()).abs() < 1e-12);
        assert_eq!(Statistics::of(&[]), Statistics::default());
        assert_eq!(Statistics::of(&[7.0]).p99, 7.0);
    }

    #[test]
    fn rounding_goes_by_the_exact_value() {
        assert_eq!(rounded(2.675, 2), 2.67);
        assert_eq!(rounded(0.125, 2), 0.12);
        assert_eq!(rounded(-1.005, 1), -1.0);
    }
}
