//! Percentiles of a histogram, estimated from its buckets, its sum, and what single scrapes tell.
//!
//! Not Prometheus' `histogram_quantile`, which puts observations evenly into each bucket: here they
//! are placed so that their sum is the sum that the server reports. Where a scrape brought
//! observations of one bucket only, its sum tells their mean exactly, and such means tell where
//! in the bucket observations lie. The method and its constants are the reference's.

mod place;

use crate::page::bound;
use place::{Bucket, Learned};

/// The percentiles of files.
pub const PERCENTILES: [f64; 9] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0];

/// More observations are represented by this many.
const MOST_OBSERVATIONS: f64 = 100_000.0;

/// What a histogram shows at one scrape, or by how much it grew.
#[derive(Debug, Clone, Copy)]
pub struct Cumulative<'a> {
    /// Observations up to each bound.
    pub buckets: &'a [f64],
    /// Their sum.
    pub sum: f64,
    /// Their number.
    pub count: f64,
}

/// What single scrapes tell of one bucket: means of the observations of a scrape, and their numbers.
#[derive(Debug, Clone, Default)]
pub struct Lessons {
    means: Vec<(f64, f64)>,
}

impl Lessons {
    /// The mean over all observations; the sample variance of the means of three or more scrapes.
    fn learned(&self) -> Option<Learned> {
        let count: f64 = self.means.iter().map(|(_, count)| count).sum();
        if count <= 0.0 {
            return None;
        }
        let sum: f64 = self.means.iter().map(|(mean, count)| mean * count).sum();
        let number = self.means.len() as f64;
        let middle = self.means.iter().map(|(mean, _)| mean).sum::<f64>() / number;
        let squares = self.means.iter().map(|(mean, _)| (mean - middle).powi(2));
        Some(Learned {
            mean: sum / count,
            variance: (number >= 3.0).then(|| squares.sum::<f64>() / (number - 1.0)),
        })
    }
}

/// Learns from scrapes that follow one another: those in which exactly one bucket grew.
pub fn lessons<'a>(
    bounds: usize,
    scrapes: impl IntoIterator<Item = Cumulative<'a>>,
) -> Vec<Lessons> {
    let mut lessons = vec![Lessons::default(); bounds];
    let mut scrapes = scrapes.into_iter();
    let Some(mut before) = scrapes.next() else {
        return lessons;
    };
    for scrape in scrapes {
        let count = scrape.count - before.count;
        let grown = the_one_that_grew(before.buckets, scrape.buckets);
        if count > 0.0
            && let Some(lesson) = grown.and_then(|bucket| lessons.get_mut(bucket))
        {
            lesson
                .means
                .push(((scrape.sum - before.sum) / count, count));
        }
        before = scrape;
    }
    lessons
}

fn the_one_that_grew(before: &[f64], after: &[f64]) -> Option<usize> {
    let mut grown = None;
    let (mut below_before, mut below_after) = (0.0, 0.0);
    for (index, (&before, &after)) in before.iter().zip(after).enumerate() {
        if (after - below_after) - (before - below_before) > 0.0 && grown.replace(index).is_some() {
            return None;
        }
        (below_before, below_after) = (before, after);
    }
    grown
}

/// The estimates for [`PERCENTILES`]; `None` where there is nothing to estimate from.
///
/// `les` are the upper bounds by rising value, `grown` by how much the histogram grew.
pub fn percentiles(les: &[String], grown: Cumulative<'_>, lessons: &[Lessons]) -> Option<[f64; 9]> {
    let is_usable = grown.count > 0.0 && !les.is_empty() && grown.sum.is_finite();
    if !is_usable || grown.sum < 0.0 {
        return None;
    }
    if grown.sum == 0.0 {
        return Some([0.0; 9]);
    }
    let mut sum = grown.sum;
    let mut counts = own_counts(grown.buckets);
    let all: f64 = counts.iter().sum();
    if all > MOST_OBSERVATIONS {
        let share = MOST_OBSERVATIONS / all;
        counts.iter_mut().for_each(|count| *count *= share);
        sum *= share;
    }

    let mut finite = Vec::new();
    let mut beyond = 0.0;
    let mut lower = 0.0;
    for (index, (le, &count)) in les.iter().zip(&counts).enumerate() {
        let upper = bound(le);
        if upper.is_infinite() {
            beyond += count;
            continue;
        }
        finite.push(Bucket {
            lower,
            upper,
            count,
            learned: lessons.get(index).and_then(Lessons::learned),
        });
        lower = upper;
    }
    let highest = finite.last()?.upper;
    let expected: f64 = finite.iter().map(Bucket::expected_sum).sum();
    let beyond = observations_beyond(sum - expected, beyond, highest);
    let target = sum - beyond.iter().sum::<f64>();
    let mut observations = place::observations(&finite, target);
    observations.extend(beyond);
    if observations.is_empty() {
        return None;
    }
    observations.sort_by(f64::total_cmp);
    Some(PERCENTILES.map(|percent| percentile(&observations, percent)))
}

/// Observations of each bucket alone.
fn own_counts(cumulative: &[f64]) -> Vec<f64> {
    let mut below = 0.0;
    let own = |&count: &f64| {
        let own = count - below;
        below = count;
        own.max(0.0)
    };
    cumulative.iter().map(own).collect()
}

/// Observations above the highest bound, whose sum is what the buckets below leave over.
fn observations_beyond(sum: f64, count: f64, highest: f64) -> Vec<f64> {
    let count = count.ceil() as usize;
    if count == 0 {
        return Vec::new();
    }
    let mean = sum / count as f64;
    let is_possible = sum > 0.0 && mean > highest;
    let mean = if is_possible { mean } else { highest * 1.5 };
    if count == 1 {
        return vec![mean];
    }
    let most = 2.0 * mean - highest;
    let most = if most > highest { most } else { highest * 2.0 };
    let step = (most - highest) / (count - 1) as f64;
    (0..count)
        .map(|index| highest + step * index as f64)
        .collect()
}

/// Linear between the two nearest of sorted values, which are not empty.
pub(crate) fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = percent / 100.0 * (sorted.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64)
}

#[cfg(test)]
mod tests;
