//! Where in their buckets observations are put.

/// What scrapes told of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Learned {
    pub(super) mean: f64,
    pub(super) variance: Option<f64>,
}

/// A bucket with an upper bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub(super) lower: f64,
    pub(super) upper: f64,
    /// Observations in it; not whole where many are represented by few.
    pub(super) count: f64,
    pub(super) learned: Option<Learned>,
}

/// A spread this narrow, as a share of the bucket, is two points.
const TWO_POINTS: f64 = 0.01;
/// Up to this spread and distance from the middle both ways to place observations are averaged.
const NARROW: f64 = 0.2;
const CENTRAL: f64 = 0.3;
/// The bucket that has this share of all observations has their mean.
const DOMINANT: f64 = 0.95;
/// A sum that is off by less is right.
const EXACT: f64 = 0.001;
/// Observations are moved by at most this share of the bucket.
const LARGEST_SHIFT: f64 = 0.4;
/// Standard deviations that a bucket shows to each side.
const DEVIATIONS: f64 = 3.0;

impl Bucket {
    fn width(&self) -> f64 {
        self.upper - self.lower
    }

    fn middle(&self) -> f64 {
        f64::midpoint(self.lower, self.upper)
    }

    /// The learned mean, if the bucket can have it.
    fn learned_mean(&self) -> Option<f64> {
        let mean = self.learned?.mean;
        (self.lower < mean && mean < self.upper).then_some(mean)
    }

    /// The sum of its observations before anything is placed.
    pub(super) fn expected_sum(&self) -> f64 {
        self.count * self.learned_mean().unwrap_or_else(|| self.middle())
    }

    fn clip(&self, value: f64) -> f64 {
        value.max(self.lower).min(self.upper)
    }

    /// `number` observations. `overall` is the mean of all where this bucket has nearly all.
    fn place(&self, number: usize, overall: Option<f64>) -> Vec<f64> {
        let variance = self.learned.and_then(|learned| learned.variance);
        let variance = variance.filter(|&variance| variance > 0.0);
        if let (Some(mean), Some(variance)) = (self.learned_mean(), variance) {
            let deviation = variance.sqrt();
            let spread = 4.0 * deviation / self.width();
            if spread < TWO_POINTS {
                return self.two_points(number, mean, variance);
            }
            let spread_out = self.spread_out(number, mean, deviation);
            if spread < NARROW && (mean - self.middle()).abs() / self.width() < CENTRAL {
                let even = self.evenly(number, mean);
                let both = spread_out.iter().zip(even);
                return both
                    .map(|(left, right)| f64::midpoint(*left, right))
                    .collect();
            }
            return spread_out;
        }
        let overall = overall.filter(|&mean| self.lower < mean && mean < self.upper);
        let centre = overall.or_else(|| self.learned_mean());
        self.evenly(number, centre.unwrap_or_else(|| self.middle()))
    }

    /// Evenly over the width of a bucket around `centre`.
    fn evenly(&self, number: usize, centre: f64) -> Vec<f64> {
        let shift = centre - self.middle();
        fractions(number)
            .map(|fraction| self.clip(self.lower + self.width() * fraction + shift))
            .collect()
    }

    /// Away from the mean by up to three standard deviations.
    fn spread_out(&self, number: usize, mean: f64, deviation: f64) -> Vec<f64> {
        let below = ((mean - self.lower) / deviation).min(DEVIATIONS) * deviation;
        let above = ((self.upper - mean) / deviation).min(DEVIATIONS) * deviation;
        fractions(number)
            .map(|fraction| {
                let way = 2.0 * fraction - 1.0;
                self.clip(mean + way * if way < 0.0 { below } else { above })
            })
            .collect()
    }

    /// At the lower bound and at one other point, with the right mean and variance.
    fn two_points(&self, number: usize, mean: f64, variance: f64) -> Vec<f64> {
        let above = mean - self.lower;
        let other = self.clip(mean + variance / above);
        let share = (variance / (variance + above * above)).clamp(0.0, 1.0);
        let at_bound = (number as f64 * share) as usize;
        let point = |index| if index < at_bound { self.lower } else { other };
        (0..number).map(point).collect()
    }
}

fn fractions(number: usize) -> impl Iterator<Item = f64> {
    (0..number).map(move |index| (index as f64 + 0.5) / number as f64)
}

/// Observations of all buckets whose sum is `target`, as far as the bounds permit.
pub(super) fn observations(buckets: &[Bucket], target: f64) -> Vec<f64> {
    let count: f64 = buckets.iter().map(|bucket| bucket.count).sum();
    let most = buckets
        .iter()
        .map(|bucket| bucket.count)
        .fold(0.0, f64::max);
    let dominant = (count > 0.0 && most / count >= DOMINANT)
        .then(|| buckets.iter().position(|bucket| bucket.count == most))
        .flatten();
    let mut placed: Vec<Vec<f64>> = Vec::with_capacity(buckets.len());
    for (index, bucket) in buckets.iter().enumerate() {
        let overall = (dominant == Some(index)).then_some(target / count);
        placed.push(bucket.place(bucket.count as usize, overall));
    }
    let sum: f64 = placed.iter().flatten().sum();
    let missing = target - sum;
    let is_right = sum <= 0.0 || target <= 0.0 || missing.abs() / target < EXACT;
    if !is_right {
        for (bucket, values) in buckets.iter().zip(&mut placed) {
            let share = values.iter().sum::<f64>() / sum;
            let most = bucket.width() * LARGEST_SHIFT;
            let shift = (missing * share / values.len() as f64).max(-most).min(most);
            values
                .iter_mut()
                .for_each(|value| *value = bucket.clip(*value + shift));
        }
    }
    placed.concat()
}
