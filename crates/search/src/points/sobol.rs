//! Points of a Sobol sequence, with the direction numbers of Joe and Kuo (2008), in the order of Gray
//! codes (Antonov and Saleev 1979): the points of SciPy's engine.

use aiperf_random::RootSeed;
use rand::Rng as _;

/// The most dimensions that [`sobol`] has.
pub const MOST_DIMENSIONS: usize = DIRECTIONS.len();

/// Bits of a coordinate.
const BITS: usize = 30;

/// For each dimension the primitive polynomial over GF(2), its bits as a number, and the first
/// direction numbers.
const DIRECTIONS: &[(u32, &[u32])] = &[
    (1, &[1]),
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
];

/// The first points of the sequence; the first of all is the origin. Dimensions beyond
/// [`MOST_DIMENSIONS`] are left out.
pub fn sobol(dimensions: usize, count: usize) -> Vec<Vec<f64>> {
    points(&directions(dimensions), &vec![0; dimensions], count)
}

/// The same points, scrambled: the matrices of each dimension are multiplied by a random lower
/// triangular one, and a random number is added bit by bit (Matoušek 1998). They spread as evenly, and
/// no corner of the space comes first.
pub fn scrambled_sobol(dimensions: usize, count: usize, seed: RootSeed) -> Vec<Vec<f64>> {
    let stream = seed.stream("sweep.sobol");
    let mut shifts = Vec::new();
    let mut scrambled = Vec::new();
    for (index, columns) in (0..).zip(directions(dimensions)) {
        let mut generator = stream.at(index);
        let rows: Vec<u32> = (0..BITS)
            .map(|row| {
                // Bits above the diagonal are free, the diagonal is 1.
                let diagonal = 1 << (BITS - 1 - row);
                let free = !(diagonal | (diagonal - 1)) & ((1 << BITS) - 1);
                (generator.random::<u32>() & free) | diagonal
            })
            .collect();
        let times = |column: u32| {
            let bits = rows.iter().map(|row| (row & column).count_ones() & 1);
            bits.fold(0, |number, bit| (number << 1) | bit)
        };
        scrambled.push(columns.into_iter().map(times).collect());
        shifts.push(generator.random::<u32>() & ((1 << BITS) - 1));
    }
    points(&scrambled, &shifts, count)
}

/// A number for each bit of the point's index: it is added where that bit of the Gray code changes.
fn directions(dimensions: usize) -> Vec<Vec<u32>> {
    let of_dimension = |(index, (polynomial, first)): (usize, &(u32, &[u32]))| {
        let mut numbers: Vec<u32> = if index == 0 {
            vec![1; BITS]
        } else {
            first.to_vec()
        };
        let degree = first.len();
        while numbers.len() < BITS {
            let from = numbers.len() - degree;
            let mut next = numbers[from] ^ (numbers[from] << degree);
            for step in 1..degree {
                let has_term = polynomial >> (degree - step) & 1 == 1;
                if has_term {
                    next ^= numbers[numbers.len() - step] << step;
                }
            }
            numbers.push(next);
        }
        (0..)
            .zip(numbers)
            .map(|(bit, number)| number << (BITS - 1 - bit))
            .collect()
    };
    DIRECTIONS
        .iter()
        .take(dimensions)
        .enumerate()
        .map(of_dimension)
        .collect()
}

fn points(directions: &[Vec<u32>], shifts: &[u32], count: usize) -> Vec<Vec<f64>> {
    let mut state: Vec<u32> = shifts.to_vec();
    let scale = f64::from(1u32 << BITS);
    let mut points = Vec::with_capacity(count);
    for index in 0..count {
        points.push(
            state
                .iter()
                .map(|number| f64::from(*number) / scale)
                .collect(),
        );
        let changes = (!index).trailing_zeros() as usize;
        for (number, columns) in state.iter_mut().zip(directions) {
            *number ^= columns.get(changes).copied().unwrap_or(0);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_points_are_the_published_ones() {
        assert_eq!(
            sobol(2, 4),
            [[0.0, 0.0], [0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]
        );
        assert_eq!(
            sobol(6, 8)[4..],
            [
                [0.375, 0.375, 0.625, 0.875, 0.375, 0.125],
                [0.875, 0.875, 0.125, 0.375, 0.875, 0.625],
                [0.625, 0.125, 0.875, 0.625, 0.625, 0.875],
                [0.125, 0.625, 0.375, 0.125, 0.125, 0.375],
            ]
        );
    }

    #[test]
    fn a_later_point_of_all_dimensions_is_that_of_scipy() {
        let expected = [
            0.6923828125,
            0.9365234375,
            0.1630859375,
            0.2744140625,
            0.6357421875,
            0.3564453125,
            0.1904296875,
            0.7626953125,
            0.3486328125,
            0.3232421875,
            0.7451171875,
            0.6962890625,
            0.3837890625,
            0.4736328125,
            0.5693359375,
            0.5146484375,
            0.4033203125,
            0.8642578125,
            0.3701171875,
            0.7529296875,
            0.2373046875,
            0.2724609375,
            0.9462890625,
            0.4814453125,
            0.3447265625,
            0.1455078125,
            0.0595703125,
            0.7802734375,
            0.0634765625,
            0.1103515625,
            0.5419921875,
            0.8994140625,
        ];
        assert_eq!(sobol(MOST_DIMENSIONS, 1_024)[777], expected);
    }

    /// Each of 16 equal boxes of a plane has one of 16 points, and each half, quarter … of each axis
    /// its share.
    fn is_balanced(points: &[Vec<f64>]) -> bool {
        (0..=4).all(|bits| {
            let (columns, rows) = (1usize << bits, 1usize << (4 - bits));
            let mut boxes = [0; 16];
            for point in points {
                let column = (point[0] * columns as f64) as usize;
                let row = (point[1] * rows as f64) as usize;
                boxes[column * rows + row] += 1;
            }
            boxes.iter().all(|count| *count == 1)
        })
    }

    #[test]
    fn scrambled_points_spread_as_evenly_and_follow_from_the_seed() {
        assert!(is_balanced(&sobol(2, 16)));
        for seed in 0..20 {
            let points = scrambled_sobol(2, 16, RootSeed::fixed(seed));
            assert!(is_balanced(&points), "{seed}");
            assert_eq!(points, scrambled_sobol(2, 16, RootSeed::fixed(seed)));
            assert_ne!(points, scrambled_sobol(2, 16, RootSeed::fixed(seed + 1)));
            assert_ne!(points[0], [0.0, 0.0]);
        }
    }
}
