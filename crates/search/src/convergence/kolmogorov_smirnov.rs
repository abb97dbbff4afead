//! The two-sample test of Kolmogorov and Smirnov.

/// Samples up to this size have an exact p-value.
const EXACT_UP_TO: usize = 10_000;

/// How likely two samples of one law differ as much as these, or more: the two-sided p-value. Exact
/// for samples of up to 10,000 values, by the limiting law with Stephens' correction (1970) beyond.
/// 1 where a sample is empty.
pub fn p_value(one: &[f64], other: &[f64]) -> f64 {
    let (m, n) = (one.len(), other.len());
    if m == 0 || n == 0 {
        return 1.0;
    }
    let distance = scaled_distance(one, other);
    let exact = m.max(n) <= EXACT_UP_TO;
    let p = if exact {
        1.0 - probability_inside(m, n, distance)
    } else {
        let (m, n) = (m as f64, n as f64);
        limiting(distance as f64 / (m * n), m * n / (m + n))
    };
    p.clamp(0.0, 1.0)
}

/// The largest distance between both empirical distributions, times the product of their sizes.
fn scaled_distance(one: &[f64], other: &[f64]) -> u64 {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (one, other) = (sorted(one), sorted(other));
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while let (Some(&left), Some(&right)) = (one.get(i), other.get(j)) {
        let value = left.min(right);
        while one.get(i).is_some_and(|next| *next <= value) {
            i += 1;
        }
        while other.get(j).is_some_and(|next| *next <= value) {
            j += 1;
        }
        largest = largest.max(gap(i, j, one.len(), other.len()));
    }
    largest
}

/// `|i/m - j/n|`, times `m·n`.
fn gap(i: usize, j: usize, m: usize, n: usize) -> u64 {
    (i as u64 * n as u64).abs_diff(j as u64 * m as u64)
}

/// How many of all ways to mix both samples keep the distance below this one everywhere. A way is a
/// path from (0, 0) to (m, n); the value of a place is the share of the paths to it that stayed
/// inside, which keeps all numbers between 0 and 1.
fn probability_inside(m: usize, n: usize, distance: u64) -> f64 {
    let inside = |i: usize, j: usize| gap(i, j, m, n) < distance;
    // By columns: `shares[j]` is that of (i, j).
    let mut shares = vec![0.0; n + 1];
    for i in 0..=m {
        for j in 0..=n {
            if i == 0 && j == 0 {
                shares[0] = if distance > 0 { 1.0 } else { 0.0 };
                continue;
            }
            let steps = (i + j) as f64;
            let from_left = shares[j] * (i as f64 / steps);
            let from_below = match j {
                0 => 0.0,
                _ => shares[j - 1] * (j as f64 / steps),
            };
            shares[j] = if inside(i, j) {
                from_left + from_below
            } else {
                0.0
            };
        }
    }
    shares[n]
}

fn limiting(distance: f64, size: f64) -> f64 {
    let root = size.sqrt();
    let scaled = (root + 0.12 + 0.11 / root) * distance;
    if scaled < 1e-3 {
        return 1.0;
    }
    let mut sum = 0.0;
    for k in 1..=100 {
        let k = f64::from(k);
        let term = (-2.0 * (k * scaled).powi(2)).exp();
        sum += if k % 2.0 == 1.0 { term } else { -term };
        if term < 1e-17 {
            break;
        }
    }
    2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(count: u32, from: f64, step: f64) -> Vec<f64> {
        (0..count)
            .map(|index| from + step * f64::from(index))
            .collect()
    }

    #[test]
    fn p_values_are_those_of_scipy() {
        for (one, other, expected) in [
            (
                range(4, 1.0, 1.0),
                range(5, 2.0, 1.0),
                0.746_031_746_031_745_9,
            ),
            (
                range(5, 1.0, 1.0),
                range(5, 6.0, 1.0),
                0.007_936_507_936_507_936,
            ),
            (
                vec![1.0, 1.0, 2.0, 2.0, 3.0],
                vec![1.0, 2.0, 2.0, 3.0, 3.0, 4.0],
                0.896_103_896_103_896_2,
            ),
            (
                range(30, 0.0, 1.0),
                range(40, 3.0, 1.0),
                0.043_461_466_368_588_11,
            ),
            (
                range(12, 0.0, 1.0),
                range(12, 2.5, 1.0),
                0.868_981_671_175_775_4,
            ),
        ] {
            let found = p_value(&one, &other);
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn large_samples_follow_the_limiting_law() {
        let one = range(12_000, 0.0, 1.0);
        let other = range(11_000, 150.0, 12.0 / 11.0);
        let found = p_value(&one, &other);
        assert!((found - 0.3215).abs() < 0.005, "{found}");
    }

    #[test]
    fn samples_that_are_the_same_or_empty_are_alike() {
        let values = range(9, 0.0, 1.0);
        assert_eq!(p_value(&values, &values), 1.0);
        assert_eq!(p_value(&[], &values), 1.0);
    }
}
