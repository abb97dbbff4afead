use proptest::prelude::*;

use super::*;

/// Upper bounds, cumulative growth, sum, lessons as (bucket, means, observations each), expected.
type Case<'a> = (
    &'a [(&'a str, f64)],
    f64,
    Option<(usize, &'a [f64], f64)>,
    [f64; 9],
);

fn estimates(
    buckets: &[(&str, f64)],
    sum: f64,
    lesson: Option<(usize, &[f64], f64)>,
) -> Option<[f64; 9]> {
    let les: Vec<String> = buckets.iter().map(|(le, _)| (*le).to_owned()).collect();
    let counts: Vec<f64> = buckets.iter().map(|(_, count)| *count).collect();
    let mut lessons = vec![Lessons::default(); les.len()];
    if let Some((bucket, means, count)) = lesson {
        lessons[bucket].means = means.iter().map(|mean| (*mean, count)).collect();
    }
    let grown = Cumulative {
        buckets: &counts,
        sum,
        count: counts.last().copied().unwrap_or(0.0),
    };
    percentiles(&les, grown, &lessons)
}

/// Computed with the reference.
#[test]
fn estimates_are_those_of_the_reference() {
    let usual = [("0.1", 10.0), ("0.5", 30.0), ("1.0", 40.0), ("+Inf", 40.0)];
    let beyond = [("0.1", 10.0), ("0.5", 30.0), ("1.0", 40.0), ("+Inf", 44.0)];
    let dominant = [
        ("0.1", 0.0),
        ("0.5", 100.0),
        ("1.0", 100.0),
        ("+Inf", 100.0),
    ];
    let one = [("1", 50.0), ("+Inf", 50.0)];
    let cases: &[Case<'_>] = &[
        (
            &usual,
            14.0,
            None,
            [
                0.0089, 0.0245, 0.044, 0.10625, 0.3, 0.49875, 0.78, 0.8775, 0.9555,
            ],
        ),
        (
            &beyond,
            22.0,
            None,
            [
                0.0093, 0.0265, 0.048, 0.125, 0.34, 0.6375, 0.96, 1.566_667, 2.713_333,
            ],
        ),
        (
            &dominant,
            22.0,
            None,
            [0.1, 0.1, 0.1, 0.113, 0.212, 0.311, 0.3704, 0.3902, 0.40604],
        ),
        (
            &dominant,
            25.0,
            Some((1, &[0.2, 0.25, 0.3], 10.0)),
            [
                0.10447, 0.11635, 0.1312, 0.17575, 0.25, 0.32425, 0.3688, 0.38365, 0.39553,
            ],
        ),
        (
            &one,
            25.0,
            Some((0, &[0.45, 0.5, 0.55], 5.0)),
            [
                0.35594, 0.3677, 0.3824, 0.4265, 0.5, 0.5735, 0.6176, 0.6323, 0.64406,
            ],
        ),
        (
            &one,
            25.0,
            Some((0, &[0.5, 0.501, 0.499], 5.0)),
            [0.500_002; 9],
        ),
        (
            &[("1", 0.0), ("+Inf", 3.0)],
            12.0,
            None,
            [1.06, 1.3, 1.6, 2.5, 4.0, 5.5, 6.4, 6.7, 6.94],
        ),
        (&[("1", 0.0), ("+Inf", 1.0)], 0.5, None, [1.5; 9]),
        (&one, 0.0, None, [0.0; 9]),
    ];
    for (buckets, sum, lesson, expected) in cases {
        let found = estimates(buckets, *sum, *lesson).unwrap();
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{buckets:?} {sum}: {found} {expected}"
            );
        }
    }
}

#[test]
fn nothing_is_estimated_from_nothing() {
    assert_eq!(estimates(&[("1", 0.0), ("+Inf", 0.0)], 0.0, None), None);
    assert_eq!(estimates(&[], 1.0, None), None);
    assert_eq!(estimates(&[("+Inf", 5.0)], 1.0, None), None);
    assert_eq!(estimates(&[("1", 5.0), ("+Inf", 5.0)], -1.0, None), None);
    assert_eq!(
        estimates(&[("1", 5.0), ("+Inf", 5.0)], f64::NAN, None),
        None
    );
}

#[test]
fn a_scrape_in_which_one_bucket_grew_teaches_its_mean() {
    let scrapes = [
        ([0.0, 0.0], 0.0, 0.0),
        ([2.0, 2.0], 1.0, 2.0),
        ([3.0, 5.0], 9.0, 5.0),
        ([3.0, 6.0], 11.0, 6.0),
        ([3.0, 6.0], 11.0, 6.0),
    ];
    let scrapes = scrapes.each_ref().map(|(buckets, sum, count)| Cumulative {
        buckets,
        sum: *sum,
        count: *count,
    });
    let lessons = lessons(2, scrapes);
    assert_eq!(lessons[0].means, [(0.5, 2.0)]);
    assert_eq!(lessons[1].means, [(2.0, 1.0)]);
}

proptest! {
    #[test]
    fn estimates_rise_and_stay_between_the_bounds(
        counts in proptest::collection::vec(0u32..200_000, 3),
        mean in 0.0f64..1.0,
    ) {
        let all = f64::from(counts.iter().sum::<u32>());
        let first = f64::from(counts[0]);
        let second = first + f64::from(counts[1]);
        let buckets = [("0.25", first), ("0.5", second), ("1", all), ("+Inf", all)];
        if let Some(found) = estimates(&buckets, mean * all, None) {
            prop_assert!(found.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", found);
            prop_assert!(found[0] >= 0.0 && found[8] <= 1.0, "{:?}", found);
        }
    }
}
