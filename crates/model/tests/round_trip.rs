//! What is read and written again is the same: members, their order, and the kind of every number.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use aiperf_model::{
    ErrorDetails, InputsFile, MetricData, MetricRecord, MetricValue, NumberValue, OutputsFile,
    PhaseKind, PhaseManifest, RawRecord, ReadyMarker, RecordMetadata, Summary, Timeslices,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Both sides go through the same printer, which keeps the order of members and tells `16` from
/// `16.0`; only whitespace and the spelling of exponents are evened out.
fn assert_same_again<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    let typed: T = serde_json::from_str(text).unwrap();
    let untyped: Value = serde_json::from_str(text).unwrap();
    let written = serde_json::to_string(&typed).unwrap();
    assert_same_text(&written, &untyped.to_string());
    assert_eq!(serde_json::from_str::<T>(&written).unwrap(), typed);
}

#[track_caller]
fn assert_same_text(written: &str, expected: &str) {
    let difference = written
        .bytes()
        .zip(expected.bytes())
        .position(|(left, right)| left != right);
    let at = difference
        .unwrap_or(written.len().min(expected.len()))
        .saturating_sub(60);
    let excerpt = |text: &str| text.chars().skip(at).take(160).collect::<String>();
    assert!(
        written == expected,
        "wrote …{}\nread …{}",
        excerpt(written),
        excerpt(expected)
    );
}

#[test]
fn record_lines_come_out_as_they_went_in() {
    for line in sample("profile_export.jsonl").lines() {
        assert_same_again::<MetricRecord>(line);
    }
}

#[test]
fn raw_record_lines_come_out_as_they_went_in() {
    for line in sample("profile_export_raw.jsonl").lines() {
        assert_same_again::<RawRecord>(line);
    }
}

#[test]
fn documents_come_out_as_they_went_in() {
    assert_same_again::<InputsFile>(&sample("inputs.json"));
    assert_same_again::<OutputsFile>(&sample("outputs.json"));
    assert_same_again::<PhaseManifest>(&sample("phase_manifest.json"));
    assert_same_again::<ReadyMarker>(&sample(".aiperf_results_ready.json"));
    assert_same_again::<Timeslices>(&sample("profile_export_aiperf_timeslices.json"));
    assert_same_again::<Summary>(&sample("profile_export_aiperf.json"));
}

#[test]
fn unknown_members_are_tolerated_and_nulls_are_absent() {
    let line = r#"{"metadata":{"session_num":0,"request_start_ns":1,"request_end_ns":2,
        "worker_id":"w","record_processor_id":"p","benchmark_phase":"PROFILING","shoe_size":44,
        "x_request_id":null},"metrics":{},"weather":{"rain":true},"error":null}"#;
    let record: MetricRecord = serde_json::from_str(line).unwrap();
    assert!(record.is_profiling());
    assert_eq!(
        serde_json::to_string(&record).unwrap(),
        "{\"metadata\":{\"session_num\":0,\"request_start_ns\":1,\"request_end_ns\":2,\
         \"worker_id\":\"w\",\"record_processor_id\":\"p\",\"benchmark_phase\":\"profiling\",\
         \"was_cancelled\":false,\"context_overflow_skip\":false,\"agent_depth\":0},\"metrics\":{}}"
    );
}

#[test]
fn a_record_without_a_required_member_is_refused() {
    let metadata = r#""session_num":0,"request_start_ns":1,"request_end_ns":2"#;
    for (line, missing) in [
        (r#"{"metrics":{}}"#.to_owned(), "metadata"),
        (
            format!(r#"{{"metadata":{{{metadata}}},"metrics":{{}}}}"#),
            "worker_id",
        ),
    ] {
        let error = serde_json::from_str::<MetricRecord>(&line)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("missing field `{missing}`")),
            "{error}"
        );
    }
}

#[test]
fn every_kind_of_response_is_told_apart() {
    let metadata = r#"{"session_num":0,"request_start_ns":1,"request_end_ns":2,"worker_id":"w","record_processor_id":"p","benchmark_phase":"warmup","was_cancelled":false,"context_overflow_skip":false,"agent_depth":0}"#;
    assert_same_again::<RawRecord>(&format!(
        r#"{{"metadata":{metadata},"start_perf_ns":5,"status":200,"responses":[{{"perf_ns":1,"packets":[{{"name":"event","value":"x"}},{{"name":"comment"}}]}},{{"perf_ns":2,"text":"{{}}","content_type":"application/json"}},{{"perf_ns":3,"raw_bytes":"AAEC","content_type":"audio/wav"}}],"payload":{{"a":1.5}}}}"#
    ));
}

#[test]
fn the_payload_of_a_raw_record_keeps_every_byte() {
    let line = r#"{"metadata":{"session_num":0,"request_start_ns":1,"request_end_ns":2,"worker_id":"w","record_processor_id":"p","benchmark_phase":"warmup"},"responses":[],"payload":{"b" : 1.50,"a":[ ]}}"#;
    let record: RawRecord = serde_json::from_str(line).unwrap();
    assert!(
        serde_json::to_string(&record)
            .unwrap()
            .ends_with(r#""payload":{"b" : 1.50,"a":[ ]}}"#)
    );
}

fn number() -> impl Strategy<Value = NumberValue> {
    prop_oneof![
        any::<i64>().prop_map(NumberValue::Int),
        any::<f64>()
            .prop_filter("JSON has no NaN and no infinity", |float| float.is_finite())
            .prop_map(NumberValue::Float),
    ]
}

fn metric_value() -> impl Strategy<Value = MetricValue> {
    let data = prop_oneof![
        number().prop_map(MetricData::Number),
        proptest::collection::vec(number(), 0..5).prop_map(MetricData::List),
    ];
    (data, ".{0,8}").prop_map(|(value, unit)| MetricValue { value, unit })
}

fn metadata() -> impl Strategy<Value = RecordMetadata> {
    let identity = (
        any::<u64>(),
        any::<Option<String>>(),
        any::<Option<u64>>(),
        any::<String>(),
    );
    let instants = (
        any::<u64>(),
        any::<Option<u64>>(),
        any::<u64>(),
        any::<Option<i64>>(),
    );
    (identity, instants, any::<[bool; 2]>()).prop_map(|(identity, instants, flags)| {
        RecordMetadata {
            session_num: identity.0,
            conversation_id: identity.1,
            turn_index: identity.2,
            worker_id: identity.3,
            request_start_ns: instants.0,
            request_ack_ns: instants.1,
            request_end_ns: instants.2,
            source_inner_idx: instants.3,
            was_cancelled: flags[0],
            benchmark_phase: if flags[1] {
                PhaseKind::Warmup
            } else {
                PhaseKind::Profiling
            },
            ..RecordMetadata::default()
        }
    })
}

proptest! {
    #[test]
    fn any_record_survives_writing_and_reading(
        metadata in metadata(),
        metrics in proptest::collection::vec((any::<String>(), metric_value()), 0..6),
        error in any::<Option<(Option<i64>, String)>>(),
    ) {
        let record = MetricRecord {
            metadata,
            metrics: metrics.into_iter().collect(),
            trace_data: None,
            spec_decode_acceptance: None,
            error: error.map(|(code, message)| ErrorDetails { code, message, ..ErrorDetails::default() }),
        };
        let line = serde_json::to_string(&record).unwrap();
        prop_assert!(!line.contains('\n'), "a record must stay on its line");
        let again: MetricRecord = serde_json::from_str(&line).unwrap();
        prop_assert_eq!(&again, &record);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), line);
    }
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(sample_path(name)).unwrap()
}

fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}
