//! What the tests of random laws share.

/// Largest distance between the empirical distribution of `samples` and `cumulative`.
pub(crate) fn kolmogorov_smirnov(mut samples: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let count = samples.len() as f64;
    samples
        .iter()
        .enumerate()
        .map(|(rank, &sample)| {
            let expected = cumulative(sample);
            (expected - rank as f64 / count)
                .abs()
                .max((expected - (rank + 1) as f64 / count).abs())
        })
        .fold(0.0, f64::max)
}

/// The critical value of the Kolmogorov-Smirnov statistic at the 0.1 % level.
pub(crate) fn critical(count: usize) -> f64 {
    1.95 / (count as f64).sqrt()
}
