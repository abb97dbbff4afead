//! The statistics that the log tells from time to time: one block of aligned rows.

use aiperf_metrics::MetricResult;
use aiperf_schedule::Nanos;
use aiperf_schedule::progress::per_second;

use crate::figures::count;
use crate::model::Snapshot;

/// What the block before told; needed for the rate since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    records: u64,
    at: Nanos,
}

/// How the numbers of a row are written.
#[derive(Clone, Copy)]
enum Written {
    Milliseconds,
    Whole,
}

/// A row of percentiles.
struct Percentiles {
    label: &'static str,
    tag: &'static str,
    percents: [u8; 4],
    written: Written,
    note: &'static str,
    /// Whether it is left out while there is nothing to show.
    is_optional: bool,
}

const fn latency(label: &'static str, tag: &'static str) -> Percentiles {
    Percentiles {
        label,
        tag,
        percents: [50, 75, 95, 99],
        written: Written::Milliseconds,
        note: "",
        is_optional: false,
    }
}

const fn tokens(label: &'static str, tag: &'static str) -> Percentiles {
    Percentiles {
        percents: [50, 75, 90, 99],
        written: Written::Whole,
        note: "(tokens)",
        is_optional: true,
        ..latency(label, tag)
    }
}

const ROWS: [Percentiles; 6] = [
    latency("ttft", "time_to_first_token"),
    latency("itl", "inter_token_latency"),
    latency("e2e", "request_latency"),
    Percentiles {
        written: Written::Whole,
        note: "(1/tpot tok/s)",
        ..latency("intvty", "output_token_throughput_per_user")
    },
    tokens("isl", "input_sequence_length"),
    tokens("osl", "output_sequence_length"),
];

/// The lines of the block, and what the next one needs to know; `None` before the first record, and
/// as long as there is no new one.
pub fn lines(snapshot: &Snapshot, before: Option<Told>) -> Option<(Vec<String>, Told)> {
    let measured = || {
        let phases = snapshot.phases.iter();
        phases.filter(|phase| phase.profiling_index.is_some())
    };
    let phase = measured().next_back()?;
    let start = measured().map(|phase| phase.start).min()?;
    let failed: u64 = measured().map(|phase| phase.failed_records).sum();
    let valid: u64 = measured().map(|phase| phase.valid_records).sum();
    let records = failed + valid;
    if records == 0 || before.is_some_and(|before| before.records == records) {
        return None;
    }
    let now = phase.records_end.unwrap_or(snapshot.now);
    let average = scalar(snapshot, "request_throughput")
        .or_else(|| per_second(records, now.saturating_sub(start)));
    let since_before = |before: Told| {
        let elapsed = now.saturating_sub(before.at);
        per_second(records.saturating_sub(before.records), elapsed)
    };
    let rate = before.and_then(since_before).or(average);
    let per_second = |rate: Option<f64>| rate.map_or("-".to_owned(), |rate| format!("{rate:.1}"));
    let token_rate = |tag| match scalar(snapshot, tag) {
        Some(rate) => format!("{}/s", count(rate.round() as u64)),
        None => "-".to_owned(),
    };
    let mut lines = vec![
        format!(
            "[realtime {} {}]",
            clock(now.saturating_sub(start)),
            phase.name
        ),
        format!(
            "  rps={} (avg {})  tput_in={}  tput_out={}  done={records} ok={valid} err={failed}",
            per_second(rate),
            per_second(average),
            token_rate("input_token_throughput"),
            token_rate("output_token_throughput"),
        ),
    ];
    lines.extend(rows(snapshot));
    let told = Told { records, at: now };
    Some((lines, told))
}

/// The rows below the first two lines, in columns.
fn rows(snapshot: &Snapshot) -> Vec<String> {
    let shown: Vec<(&Percentiles, Vec<String>)> = ROWS
        .iter()
        .filter_map(|row| {
            let metric = snapshot.metric(row.tag);
            let is_there = metric.is_some() || !row.is_optional;
            is_there.then(|| (row, values(row, metric)))
        })
        .collect();
    let totals = totals(snapshot);
    let labels = shown.iter().map(|(row, _)| row.label.len());
    let label_width = labels.chain(totals.is_some().then_some(3)).max();
    let label_width = label_width.unwrap_or(0);
    let column_width = |column: usize| {
        let cells = shown.iter().filter_map(|(_, values)| values.get(column));
        cells.map(String::len).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(column_width).collect();
    let mut lines: Vec<String> = shown
        .iter()
        .map(|(row, values)| {
            let mut line = format!("  {:<label_width$}", row.label);
            for ((percent, value), width) in row.percents.iter().zip(values).zip(&widths) {
                line += &format!("  p{percent}={value:>width$}");
            }
            if !row.note.is_empty() {
                line = line + "  " + row.note;
            }
            line
        })
        .collect();
    lines.extend(totals.map(|totals| format!("  {:<label_width$}  {totals}", "tot")));
    lines
}

fn values(row: &Percentiles, metric: Option<&MetricResult>) -> Vec<String> {
    let number = |percent: u8| metric?.statistics.percentile(percent);
    let written = |percent: &u8| match (number(*percent), row.written) {
        (None, _) => "-".to_owned(),
        (Some(ms), Written::Milliseconds) if ms < 1.0 => "<1ms".to_owned(),
        (Some(ms), Written::Milliseconds) => format!("{ms:.0}ms"),
        (Some(number), Written::Whole) => format!("{number:.0}"),
    };
    row.percents.iter().map(written).collect()
}

fn totals(snapshot: &Snapshot) -> Option<String> {
    let total = |tag| scalar(snapshot, tag).map(|total| count(total.round() as u64));
    let (input, output) = (total("total_isl"), total("total_osl"));
    (input.is_some() || output.is_some()).then(|| {
        let or_dash = |total: Option<String>| total.unwrap_or("-".to_owned());
        format!("in={}  out={}", or_dash(input), or_dash(output))
    })
}

fn scalar(snapshot: &Snapshot, tag: &str) -> Option<f64> {
    snapshot.metric(tag)?.statistics.avg
}

/// `MM:SS`, from an hour on `H:MM:SS`.
fn clock(span: Nanos) -> String {
    let seconds = span / 1_000_000_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_run::{S, snapshot};

    #[test]
    fn the_block_tells_rates_percentiles_and_totals() {
        let (lines, told) = lines(&snapshot(), None).unwrap();
        insta::assert_snapshot!(lines.join("\n"));
        assert_eq!(
            told,
            Told {
                records: 96,
                at: 110 * S
            }
        );
    }

    #[test]
    fn a_later_block_has_the_rate_since_the_one_before() {
        let mut snapshot = snapshot();
        let (_, told) = lines(&snapshot, None).unwrap();
        // Nothing new is nothing to tell.
        assert_eq!(lines(&snapshot, Some(told)), None);
        snapshot.now += 2 * S;
        snapshot.phases[1].valid_records += 50;
        let (lines, _) = lines(&snapshot, Some(told)).unwrap();
        assert_eq!(lines[0], "[realtime 00:12 profiling]");
        assert!(
            lines[1].starts_with("  rps=25.0 (avg 18.9)"),
            "{}",
            lines[1]
        );
    }

    #[test]
    fn there_is_no_block_without_measured_records() {
        let mut snapshot = snapshot();
        snapshot.phases.pop();
        assert_eq!(lines(&snapshot, None), None);
    }

    #[test]
    fn what_a_run_does_not_have_is_left_out_or_a_dash() {
        let mut snapshot = snapshot();
        snapshot
            .metrics
            .retain(|metric| metric.tag == "request_latency");
        snapshot.metrics[0].statistics.percentiles[3] = Some(0.4);
        let (lines, _) = lines(&snapshot, None).unwrap();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn hours_are_shown_where_there_are_any() {
        assert_eq!(clock(64 * S), "01:04");
        assert_eq!(clock(3_764 * S), "1:02:44");
    }
}
