//! Points of a Latin hypercube: each axis is cut into as many parts as there are points, and each
//! part has one.

use aiperf_random::RootSeed;
use rand::Rng as _;
use rand::seq::SliceRandom as _;

/// Attempts of [`spread`], and attempts in vain after which it stops.
const ATTEMPTS: usize = 10_000;
const ATTEMPTS_IN_VAIN: usize = 100;
/// Steps of computation that [`spread`] may take.
const EFFORT: usize = 200_000_000;

/// Random points of a Latin hypercube. If `is_spread`, coordinates are then exchanged between points
/// as long as that lowers their centred discrepancy (Hickernell 1998), so that they fill the space
/// more evenly.
pub fn latin_hypercube(
    dimensions: usize,
    count: usize,
    seed: RootSeed,
    is_spread: bool,
) -> Vec<Vec<f64>> {
    let stream = seed.stream("sweep.latin_hypercube");
    let mut points = vec![vec![0.0; dimensions]; count];
    for dimension in 0..dimensions {
        let mut generator = stream.at(dimension as u64);
        let mut parts: Vec<usize> = (0..count).collect();
        parts.shuffle(&mut generator);
        for (point, part) in points.iter_mut().zip(parts) {
            let within: f64 = generator.random();
            point[dimension] = (part as f64 + within) / count as f64;
        }
    }
    if is_spread && dimensions > 0 && count > 1 {
        spread(&mut points, dimensions, seed);
    }
    points
}

fn spread(points: &mut [Vec<f64>], dimensions: usize, seed: RootSeed) {
    let count = points.len();
    let mut generator = seed.stream("sweep.latin_hypercube.spread").at(0);
    let affordable = EFFORT / (count * count * dimensions).max(1);
    let mut best = centred_discrepancy(points);
    let mut in_vain = 0;
    for _ in 0..ATTEMPTS.min(affordable) {
        let dimension = generator.random_range(0..dimensions);
        let one = generator.random_range(0..count);
        let other = generator.random_range(0..count);
        exchange(points, one, other, dimension);
        let found = centred_discrepancy(points);
        if found < best {
            best = found;
            in_vain = 0;
        } else {
            exchange(points, one, other, dimension);
            in_vain += 1;
            if in_vain == ATTEMPTS_IN_VAIN {
                return;
            }
        }
    }
}

fn exchange(points: &mut [Vec<f64>], one: usize, other: usize, dimension: usize) {
    let kept = points[one][dimension];
    points[one][dimension] = points[other][dimension];
    points[other][dimension] = kept;
}

/// The square of the centred L2 discrepancy: how far the shares of points in boxes that begin at the
/// nearest corner are from the sizes of those boxes.
fn centred_discrepancy(points: &[Vec<f64>]) -> f64 {
    let count = points.len() as f64;
    let dimensions = points.first().map_or(0, Vec::len);
    let from_middle = |coordinate: &f64| (coordinate - 0.5).abs();
    let single: f64 = points
        .iter()
        .map(|point| {
            let factors = point.iter().map(from_middle);
            factors
                .map(|far| 1.0 + 0.5 * far - 0.5 * far * far)
                .product::<f64>()
        })
        .sum();
    let mut pairs = 0.0;
    for one in points {
        for other in points {
            let factors = one.iter().zip(other).map(|(left, right)| {
                let far = from_middle(left) + from_middle(right);
                1.0 + 0.5 * far - 0.5 * (left - right).abs()
            });
            pairs += factors.product::<f64>();
        }
    }
    let empty = (13.0f64 / 12.0).powi(dimensions as i32);
    empty - 2.0 / count * single + pairs / (count * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(number: u64) -> RootSeed {
        RootSeed::fixed(number)
    }

    #[test]
    fn each_part_of_each_axis_has_one_point() {
        for is_spread in [false, true] {
            let points = latin_hypercube(3, 17, seed(5), is_spread);
            for dimension in 0..3 {
                let mut parts: Vec<usize> = points
                    .iter()
                    .map(|point| (point[dimension] * 17.0) as usize)
                    .collect();
                parts.sort_unstable();
                assert_eq!(parts, (0..17).collect::<Vec<_>>());
            }
            assert_eq!(points, latin_hypercube(3, 17, seed(5), is_spread));
            assert_ne!(points, latin_hypercube(3, 17, seed(6), is_spread));
        }
    }

    #[test]
    fn exchanging_coordinates_lowers_the_discrepancy() {
        for number in 0..10 {
            let random = centred_discrepancy(&latin_hypercube(2, 12, seed(number), false));
            let spread = centred_discrepancy(&latin_hypercube(2, 12, seed(number), true));
            assert!(spread < random, "{number}: {spread} {random}");
        }
    }

    #[test]
    fn the_discrepancy_is_that_of_scipy() {
        let points = [[0.1, 0.9], [0.4, 0.2], [0.7, 0.6]].map(|point| point.to_vec());
        let found = centred_discrepancy(&points);
        assert!((found - SCIPY).abs() < 1e-12, "{found}");
    }

    /// `qmc.discrepancy([[0.1, 0.9], [0.4, 0.2], [0.7, 0.6]], method="CD")`.
    const SCIPY: f64 = 0.04957222222222213;
}
