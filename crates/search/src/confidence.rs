//! How a statistic came out over several runs.
//!
//! The mean of `n` runs, the standard deviation of the sample (n-1) and the interval
//! `mean ± t · std / √n`, where `t` is the quantile of Student's distribution with n-1 degrees of
//! freedom.

use aiperf_model::ConfidenceMetric;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The quantile of Student's distribution that a two-sided interval of this level is made with.
/// `None` without a degree of freedom, or for a level that is not between 0 and 1.
pub fn student_t(level: f64, degrees_of_freedom: u32) -> Option<f64> {
    if degrees_of_freedom == 0 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let law = StudentsT::new(0.0, 1.0, f64::from(degrees_of_freedom)).ok()?;
    Some(law.inverse_cdf(0.5 + level / 2.0))
}

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation of the sample (n-1); `None` with fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The values of several runs. Those that are not finite are passed over; `None` if no value is
/// left.
pub fn over_runs(values: &[f64], level: f64, unit: &str) -> Option<ConfidenceMetric> {
    let values: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    let mean = mean(&values)?;
    let count = u32::try_from(values.len()).ok()?;
    let std = standard_deviation(&values);
    let se = std.map(|std| std / f64::from(count).sqrt());
    let t = student_t(level, count - 1);
    let margin = t.zip(se).map(|(t, se)| t * se);
    Some(ConfidenceMetric {
        mean: Some(mean),
        std,
        min: values.iter().copied().reduce(f64::min),
        max: values.iter().copied().reduce(f64::max),
        cv: std.map(|std| {
            if mean == 0.0 {
                f64::INFINITY
            } else {
                std / mean
            }
        }),
        se,
        ci_low: margin.map(|margin| mean - margin),
        ci_high: margin.map(|margin| mean + margin),
        t_critical: t,
        unit: unit.to_owned(),
    })
}

/// The value of the only run: no spread, and no interval that deserves the name.
pub fn of_one_run(value: f64, unit: &str) -> ConfidenceMetric {
    let zero = Some(0.0);
    let value = Some(value);
    ConfidenceMetric {
        mean: value,
        std: zero,
        min: value,
        max: value,
        cv: zero,
        se: zero,
        ci_low: value,
        ci_high: value,
        t_critical: None,
        unit: unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64, relative: f64) -> bool {
        (left - right).abs() <= relative * right.abs()
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let levels = [
            (
                0.90,
                [
                    6.313752, 2.919986, 2.353363, 2.131847, 2.015048, 1.943180, 1.894579, 1.859548,
                    1.833113,
                ],
            ),
            (
                0.95,
                [
                    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624,
                    2.306004, 2.262157,
                ],
            ),
            (
                0.99,
                [
                    63.656741, 9.924843, 5.840909, 4.604095, 4.032143, 3.707428, 3.499483,
                    3.355387, 3.249836,
                ],
            ),
        ];
        for (level, quantiles) in levels {
            for (freedom, expected) in (1..).zip(quantiles) {
                let found = student_t(level, freedom).unwrap();
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{level} {freedom}: {found}"
                );
            }
        }
    }

    #[test]
    fn quantiles_of_any_level_are_those_of_scipy() {
        for (level, freedom, expected) in [
            (0.95, 1, 12.706_204_736_174_694),
            (0.999, 1, 636.619_248_768_789_7),
            (0.5, 1, 1.0),
            (0.8, 4, 1.533_206_274_058_944),
            (0.9999, 3, 28.000_130_010_950_002),
            (0.99, 7, 3.499_483_297_350_492_4),
        ] {
            let found = student_t(level, freedom).unwrap();
            assert!(close(found, expected, 1e-10), "{level} {freedom}: {found}");
        }
        for (level, freedom) in [(0.95, 0), (0.0, 3), (1.0, 3), (f64::NAN, 3)] {
            assert_eq!(student_t(level, freedom), None);
        }
    }

    #[test]
    fn two_runs_have_a_mean_a_spread_and_an_interval() {
        let metric = over_runs(&[14.2, 15.6], 0.95, "ms").unwrap();
        let near = |found: Option<f64>, expected| close(found.unwrap(), expected, 1e-9);
        assert!(near(metric.mean, 14.9));
        assert!(near(metric.std, 0.989_949_493_661_167));
        assert!(near(metric.cv, 0.066_439_563_333_635));
        assert!(near(metric.se, 0.7));
        assert!(near(metric.ci_low, 14.9 - 0.7 * 12.706_204_736_174_694));
        assert!(near(metric.ci_high, 14.9 + 0.7 * 12.706_204_736_174_694));
        assert_eq!((metric.min, metric.max), (Some(14.2), Some(15.6)));
    }

    #[test]
    fn what_is_not_finite_does_not_count_and_one_value_has_no_spread() {
        assert_eq!(over_runs(&[f64::NAN, f64::INFINITY], 0.95, "ms"), None);
        let metric = over_runs(&[f64::NAN, 3.0], 0.95, "ms").unwrap();
        assert_eq!(
            (metric.mean, metric.std, metric.cv),
            (Some(3.0), None, None)
        );
        assert_eq!((metric.ci_low, metric.t_critical), (None, None));
        let zero = over_runs(&[-1.0, 1.0], 0.95, "ms").unwrap();
        assert_eq!(zero.cv, Some(f64::INFINITY));
    }
}
