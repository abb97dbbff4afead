//! The curves over time against an evaluation that looks at every record at every instant.

use aiperf_metrics::{
    Bounds, InjectedLatencies, MetricResult, PhaseWindow, RecordFacts, summarise, timeslices,
};
use proptest::prelude::*;

use crate::common::{EPOCH_NS, chat, columns, find, request};

/// A request as the definitions of the curves see it; times in nanoseconds.
#[derive(Debug, Clone)]
struct Sent {
    start: u64,
    to_first: u64,
    gaps: Vec<u64>,
    to_end: u64,
    input: Option<u64>,
    output: Option<u64>,
    failed: bool,
}

impl Sent {
    fn first(&self) -> u64 {
        self.start + self.to_first
    }

    fn end(&self) -> u64 {
        self.first() + self.gaps.iter().sum::<u64>() + self.to_end
    }

    /// Arrival of the first chunk, then of every other one.
    fn arrivals(&self) -> Vec<u64> {
        let mut at = self.first();
        let others = self.gaps.iter().map(|gap| {
            at += gap;
            at
        });
        std::iter::once(self.first()).chain(others).collect()
    }

    /// Content at monotonic times, the start being 1000.
    fn content(&self) -> Vec<u64> {
        let since_start = |at: u64| 1000 + at - self.start;
        self.arrivals().into_iter().map(since_start).collect()
    }
}

/// Instants are counted in halves of a nanosecond: odd ones are moments before what follows.
fn time(instant: u64) -> f64 {
    match instant % 2 {
        0 => (instant / 2) as f64,
        _ => ((instant / 2) as f64 + 1.0).next_down(),
    }
}

/// What arrives with the last part is still in flight right before the end.
fn arriving(sent: &Sent, at: u64) -> u64 {
    (2 * at).min((2 * sent.end()).saturating_sub(1))
}

/// The values of one record at an instant: concurrency, decode and prefill throughput, decode and
/// prefill concurrency, evenly spread decode throughput, tokens in flight.
fn contribution(sent: &Sent, by_chunks: bool, instant: u64) -> [f64; 7] {
    let within = |from: u64, to: u64| 2 * from <= instant && instant < 2 * to;
    let one = |condition: bool| f64::from(u8::from(condition));
    let runs = within(sent.start, sent.end());
    let mut values = [0.0; 7];
    values[0] = one(runs);
    if sent.failed {
        return values;
    }
    let (first, end) = (sent.first(), sent.end());
    let input = sent.input.unwrap_or(0) as f64;
    if within(sent.start, first) {
        values[2] = input / (first - sent.start) as f64;
        values[4] = 1.0;
    }
    values[3] = one(within(first, end));
    let decoded = sent
        .output
        .filter(|&tokens| tokens >= 1)
        .map(|tokens| tokens as f64 - 1.0);
    if within(first, end) {
        values[5] = decoded.unwrap_or(0.0) / (end - first) as f64;
    }
    if !by_chunks {
        values[1] = values[5];
        let prefilled = if first > sent.start { input } else { 0.0 };
        values[6] =
            one(runs) * prefilled + one(within(first, end)) * sent.output.unwrap_or(0) as f64;
        return values;
    }
    values[6] = one(runs) * input;
    let Some(decoded) = decoded.filter(|_| !sent.gaps.is_empty()) else {
        return values;
    };
    let arrivals = sent.arrivals();
    let carriers = sent.gaps.iter().filter(|&&gap| gap > 0).count() as f64;
    for (two, &gap) in arrivals.windows(2).zip(&sent.gaps) {
        if gap > 0 && within(two[0], two[1]) {
            values[1] += decoded / carriers / gap as f64;
        }
    }
    if runs {
        let has_arrived = |at: u64| one(arriving(sent, at) <= instant);
        let chunks: f64 = arrivals[1..].iter().map(|&at| has_arrived(at)).sum();
        values[6] += has_arrived(first) + chunks * decoded / sent.gaps.len() as f64;
    }
    values
}

/// The figures of a window by tag: mean, smallest, largest, deviation, and value with duration of
/// all pieces.
type Figures = Vec<(&'static str, [f64; 4], Vec<(f64, f64)>)>;

fn figures(run: &[Sent], (from, to): (u64, u64)) -> Figures {
    let by_chunks = run.iter().any(|sent| !sent.failed && !sent.gaps.is_empty());
    let mut instants: Vec<u64> = run
        .iter()
        .flat_map(|sent| {
            let arrivals = sent.arrivals();
            let moved: Vec<u64> = arrivals.iter().map(|&at| arriving(sent, at)).collect();
            let others = arrivals.into_iter().chain([sent.start, sent.end()]);
            others.map(|at| 2 * at).chain(moved)
        })
        .chain([2 * from, 2 * to])
        .filter(|instant| (2 * from..=2 * to).contains(instant))
        .collect();
    instants.sort_unstable();
    instants.dedup();

    let mut pieces: Vec<(f64, [f64; 9])> = Vec::new();
    for two in instants.windows(2) {
        let mut sums = [0.0; 7];
        for sent in run {
            let of_record = contribution(sent, by_chunks, two[0]);
            sums.iter_mut()
                .zip(of_record)
                .for_each(|(sum, value)| *sum += value);
        }
        let [running, decode, prefill, decoding, prefilling, even, tokens] = sums;
        let per_user = |rate: f64, users: f64| if users > 0.0 { rate / users } else { 0.0 };
        let values = [
            running,
            decode * 1e9,
            prefill * 1e9,
            decoding,
            prefilling,
            (prefill + even) * 1e9,
            per_user(decode, decoding) * 1e9,
            per_user(prefill, prefilling) * 1e9,
            tokens,
        ];
        pieces.push((time(two[1]) - time(two[0]), values));
    }

    // Which value, and which one has to be above 0.
    let tags = [
        ("effective_concurrency", 0, None),
        ("effective_decode_throughput", 1, None),
        ("effective_prefill_throughput", 2, None),
        ("effective_decode_concurrency", 3, None),
        ("effective_prefill_concurrency", 4, None),
        ("effective_total_throughput", 5, None),
        ("effective_decode_throughput_per_user", 6, None),
        ("effective_prefill_throughput_per_user", 7, None),
        ("tokens_in_flight", 8, None),
        ("active_decode_throughput", 1, Some(3)),
        ("active_prefill_throughput", 2, Some(4)),
        ("active_decode_throughput_per_user", 6, Some(3)),
        ("active_prefill_throughput_per_user", 7, Some(4)),
        ("active_total_throughput", 5, Some(0)),
    ];
    let of_tag = |(tag, value, mask): (&'static str, usize, Option<usize>)| {
        let mut shown: Vec<(f64, f64)> = pieces
            .iter()
            .filter(|(_, values)| mask.is_none_or(|mask: usize| values[mask] > 0.0))
            .map(|(duration, values)| (values[value], *duration))
            .collect();
        let length: f64 = shown.iter().map(|piece| piece.1).sum();
        let mean = shown.iter().map(|(value, time)| value * time).sum::<f64>() / length;
        let square = |(value, time): &(f64, f64)| time * (value - mean).powi(2);
        let deviation = (shown.iter().map(square).sum::<f64>() / length).sqrt();
        shown.sort_by(|left, right| left.0.total_cmp(&right.0));
        let ends = (
            shown.first().map(|piece| piece.0),
            shown.last().map(|piece| piece.0),
        );
        let known = |value: Option<f64>| value.filter(|value| value.is_finite()).unwrap_or(0.0);
        let numbers = [Some(mean), ends.0, ends.1, Some(deviation)].map(known);
        (tag, numbers, shown)
    };
    tags.into_iter().map(of_tag).collect()
}

/// The value at the share `q` of the time.
fn percentile(pieces: &[(f64, f64)], q: f64) -> f64 {
    let length: f64 = pieces.iter().map(|piece| piece.1).sum();
    let mut covered = 0.0;
    let reached = pieces.iter().find(|(_, time)| {
        covered += time;
        covered / length >= q
    });
    reached.or(pieces.last()).map_or(0.0, |piece| piece.0)
}

/// The largest value of each curve over the whole run, at least 1.
fn largest(run: &[Sent]) -> Vec<f64> {
    let last = run.iter().map(Sent::end).max().unwrap_or(0);
    let figures = figures(run, (0, last.max(1)));
    figures
        .iter()
        .map(|(_, [_, _, max, _], _)| max.max(1.0))
        .collect()
}

/// `largest`: what rounding leaves of a sum over many requests is in proportion to that sum.
fn check(
    results: &[MetricResult],
    run: &[Sent],
    window: (u64, u64),
    largest: &[f64],
) -> Result<(), TestCaseError> {
    let all_failed = run.iter().all(|sent| sent.failed);
    for (figures, &largest) in figures(run, window).into_iter().zip(largest) {
        let (tag, [mean, min, max, deviation], pieces) = figures;
        if all_failed && tag != "effective_concurrency" {
            prop_assert!(find(results, tag).is_none(), "{tag}");
            continue;
        }
        let found = find(results, tag).unwrap().statistics;
        let rounding = 1e-9 * largest;
        let near = |left: f64, right: f64| (left - right).abs() <= rounding;
        let pairs = [(found.avg, mean), (found.min, min), (found.max, max)];
        for (found, expected) in pairs {
            prop_assert!(
                near(found.unwrap(), expected),
                "{tag}: {found:?} {expected}"
            );
        }
        // The root of a rounding is larger than the rounding.
        let std = found.std.unwrap();
        prop_assert!(
            (std - deviation).abs() <= 1e-6 * largest,
            "{tag}: {std} {deviation}"
        );
        for q in [50, 90, 95, 99] {
            let value = found.percentile(q).unwrap();
            let share = f64::from(q) / 100.0;
            // A share that is met exactly may be missed by rounding.
            let (below, above) = (
                percentile(&pieces, share - 1e-9),
                percentile(&pieces, share + 1e-9),
            );
            let is_right = below - rounding <= value && value <= above + rounding;
            prop_assert!(is_right, "{tag} p{q}: {value} not in {below}..{above}");
        }
    }
    Ok(())
}

fn sent() -> impl Strategy<Value = Sent> {
    let times = (0..60_u64, 0..12_u64, 0..6_u64);
    let gaps = prop_oneof![
        proptest::collection::vec(0..8_u64, 0..9),
        proptest::collection::vec(0..1_u64, 0..4),
        proptest::collection::vec(4..5_u64, 20..30),
    ];
    let tokens = (
        proptest::option::of(0..60_u64),
        proptest::option::of(0..40_u64),
    );
    (times, gaps, tokens, proptest::bool::weighted(0.1)).prop_map(
        |((start, to_first, to_end), gaps, (input, output), failed)| Sent {
            start,
            to_first,
            gaps,
            to_end,
            input,
            output,
            failed,
        },
    )
}

fn at_scale(run: &mut [Sent], scale: u64) {
    for sent in run {
        sent.start *= scale;
        sent.to_first *= scale;
        sent.to_end *= scale;
        sent.gaps.iter_mut().for_each(|gap| *gap *= scale);
    }
}

#[test]
fn an_answer_whose_chunks_all_come_at_its_start_counts_for_nothing() {
    let records = [(request(&[1000, 1000, 1000]), 0)];
    let phase = PhaseWindow {
        phase: 0,
        bounds: None,
    };
    let results = summarise(
        &columns(&chat(), &records),
        &[phase],
        InjectedLatencies::None,
    );
    for tag in ["effective_concurrency", "tokens_in_flight"] {
        assert_eq!(
            find(&results, tag).unwrap().statistics.max,
            Some(0.0),
            "{tag}"
        );
    }
}

#[test]
fn nothing_is_left_of_a_rate_when_all_who_had_one_are_gone() {
    // 0.1 + 0.2 - 0.1 - 0.2 is not 0 in floats; the last request prefills, of unknown length.
    let prefilling = |from: u64, length: u64, tokens: Option<u64>| {
        let facts = RecordFacts {
            start_epoch_ns: EPOCH_NS + from,
            request_end_perf_ns: Some(1000 + length),
            input_tokens: tokens,
            output_tokens: None,
            ..request(&[])
        };
        (facts, length)
    };
    let requests = [
        prefilling(0, 10, Some(1)),
        prefilling(5, 10, Some(2)),
        prefilling(8, 40, None),
    ];
    let contents: Vec<[u64; 1]> = requests.iter().map(|(_, length)| [1000 + length]).collect();
    let facts: Vec<(RecordFacts<'_>, u16)> = requests
        .iter()
        .zip(&contents)
        .map(|((facts, _), content)| {
            let facts = RecordFacts {
                content_perf_ns: content,
                ..*facts
            };
            (facts, 0)
        })
        .collect();
    let bounds = Bounds {
        start_epoch_ns: EPOCH_NS,
        end_epoch_ns: EPOCH_NS + 48,
    };
    let phase = PhaseWindow {
        phase: 0,
        bounds: Some(bounds),
    };
    let results = summarise(&columns(&chat(), &facts), &[phase], InjectedLatencies::None);
    for tag in ["active_prefill_throughput", "active_total_throughput"] {
        let statistics = find(&results, tag).unwrap().statistics;
        assert_eq!(statistics.min, Some(0.0), "{tag}");
        assert!(statistics.max > Some(0.29e9), "{tag}");
    }
}

proptest! {
    // Each looks at every record at every instant of several windows.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn curves_are_those_of_the_definitions(
        mut run in proptest::collection::vec(sent(), 1..25),
        scale in prop_oneof![Just(1_u64), Just(1_000_003), Just(70_000_000_000)],
        streaming in any::<bool>(),
        (from, length) in (0..40_u64, 1..120_u64),
    ) {
        if !streaming {
            run.iter_mut().for_each(|sent| sent.gaps.clear());
        }
        at_scale(&mut run, scale);
        let contents: Vec<Vec<u64>> = run.iter().map(Sent::content).collect();
        let facts: Vec<(RecordFacts<'_>, u16)> = run
            .iter()
            .zip(&contents)
            .map(|(sent, content)| {
                let facts = RecordFacts {
                    start_epoch_ns: EPOCH_NS + sent.start,
                    request_end_perf_ns: Some(1000 + sent.end() - sent.start),
                    input_tokens: sent.input,
                    output_tokens: sent.output,
                    failed: sent.failed,
                    ..request(content)
                };
                (facts, 0)
            })
            .collect();
        let columns = columns(&chat(), &facts);
        let (from, to) = (from * scale, (from + length) * scale);
        let bounds = Bounds {
            start_epoch_ns: EPOCH_NS + from,
            end_epoch_ns: EPOCH_NS + to,
        };
        let phase = PhaseWindow { phase: 0, bounds: Some(bounds) };
        let largest = largest(&run);
        let results = summarise(&columns, &[phase], InjectedLatencies::None);
        check(&results, &run, (from, to), &largest)?;
        for slice in timeslices(&columns, &[phase], 17 * scale) {
            let from = slice.bounds.start_epoch_ns - EPOCH_NS;
            let to = slice.bounds.end_epoch_ns - EPOCH_NS;
            check(&slice.results, &run, (from, to), &largest)?;
        }
    }
}
