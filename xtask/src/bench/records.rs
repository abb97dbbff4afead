//! The per-request records of a run, and what the server says about the same requests.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use aiperf_mock::TruthRecord;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is looked at of a line of `profile_export.jsonl`: a few of its some sixty members, for
/// there are hundreds of thousands of lines.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) metadata: Metadata,
    metrics: Metrics,
    error: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    x_request_id: String,
    /// In open loops, when the request was due.
    pub(super) credit_issued_ns: Option<i64>,
    pub(super) request_start_ns: i64,
    pub(super) request_end_ns: i64,
}

#[derive(Debug, Deserialize)]
struct Metrics {
    time_to_first_token: Option<Milliseconds<f64>>,
    inter_chunk_latency: Option<Milliseconds<Vec<f64>>>,
}

#[derive(Debug, Deserialize)]
struct Milliseconds<T> {
    value: T,
}

/// Reads all lines of a file of records.
pub(super) fn read_records(path: &Path) -> Result<Vec<Record>> {
    let file = File::open(path).with_context(|| format!("there is no `{}`", path.display()))?;
    BufReader::new(file)
        .lines()
        .map(|line| {
            serde_json::from_str(&line?).with_context(|| format!("a line of `{}`", path.display()))
        })
        .collect()
}

/// How far the stamps of a client are from what the server did, in milliseconds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct StampErrors {
    /// Per request: the first token's instant minus when the server handed it over.
    pub(super) first_token: Vec<f64>,
    /// Per gap between chunks: its length minus that of the server's gap, without the sign.
    pub(super) gap: Vec<f64>,
}

impl Record {
    pub(super) fn is_valid(&self) -> bool {
        self.error.is_none()
    }

    /// What the server did for this request.
    pub(super) fn truth<'t>(
        &self,
        truth: &'t HashMap<String, TruthRecord>,
    ) -> Option<&'t TruthRecord> {
        truth.get(&self.metadata.x_request_id)
    }

    fn add_errors(&self, truth: &TruthRecord, errors: &mut StampErrors) {
        let Some(first) = &self.metrics.time_to_first_token else {
            return;
        };
        let Some(&handed_over) = truth.chunk_ns.first() else {
            return;
        };
        let seen = self.metadata.request_start_ns + (first.value * 1e6) as i64;
        errors
            .first_token
            .push(((seen - handed_over) as f64 / 1e6).abs());
        let Some(gaps) = &self.metrics.inter_chunk_latency else {
            return;
        };
        // A client that lost a chunk, or saw two as one, has no gaps that compare.
        if gaps.value.len() + 1 == truth.chunk_ns.len() {
            let true_gaps = truth
                .chunk_ns
                .windows(2)
                .map(|pair| (pair[1] - pair[0]) as f64 / 1e6);
            let pairs = gaps.value.iter().zip(true_gaps);
            errors
                .gap
                .extend(pairs.map(|(seen, real)| (seen - real).abs()));
        }
    }
}

/// Compares records with the truth by request id.
///
/// # Errors
/// Fewer than nine in ten records are found there: then the ids did not arrive.
pub(super) fn stamp_errors(
    records: &[Record],
    truth: &HashMap<String, TruthRecord>,
) -> Result<StampErrors> {
    let mut errors = StampErrors::default();
    for record in records.iter().filter(|record| record.is_valid()) {
        if let Some(truth) = record.truth(truth) {
            record.add_errors(truth, &mut errors);
        }
    }
    let found = errors.first_token.len();
    if found == 0 || found * 10 < records.len() * 9 {
        anyhow::bail!(
            "only {found} of {} records are in the truth file",
            records.len()
        );
    }
    Ok(errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(chunks: Vec<i64>) -> HashMap<String, TruthRecord> {
        let record = TruthRecord {
            x_request_id: Some("a".to_owned()),
            path: String::new(),
            peer_port: 1,
            first_byte_read_ns: 0,
            arrival_ns: 0,
            chunk_ns: chunks,
            end_ns: 0,
            disconnect_ns: None,
            status: Some(200),
            fault: None,
            output_tokens: 3,
            body_bytes: 0,
        };
        HashMap::from([("a".to_owned(), record)])
    }

    fn record() -> Record {
        serde_json::from_str(
            r#"{"metadata":{"x_request_id":"a","request_start_ns":1000000,"request_end_ns":9000000},
                "metrics":{"time_to_first_token":{"value":2.5,"unit":"ms"},
                           "inter_chunk_latency":{"value":[1.0,1.5],"unit":"ms"}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn errors_are_differences_to_the_servers_instants() {
        let errors = stamp_errors(&[record()], &truth(vec![3_000_000, 4_000_000, 5_000_000]));
        let errors = errors.unwrap();
        assert_eq!(errors.first_token, [0.5]);
        assert_eq!(errors.gap, [0.0, 0.5]);
    }

    #[test]
    fn records_without_truth_are_not_passed_over_in_silence() {
        assert!(stamp_errors(&[record()], &HashMap::new()).is_err());
    }
}
