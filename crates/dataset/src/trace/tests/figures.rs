//! Figures about a trace.

use super::super::analysis::{Statistics, TraceAnalysis, analyze};

fn analysis(content: &str) -> TraceAnalysis {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    analyze(file.path(), 512).unwrap()
}

const ROWS: &str = concat!(
    "{\"input_length\":1024,\"output_length\":50,\"hash_ids\":[0,1]}\n",
    "{\"input_length\":1500,\"output_length\":20,\"hash_ids\":[0,1,2]}\n",
    "{\"input_length\":700,\"output_length\":30,\"hash_ids\":[5,6]}\n",
    "{\"input_length\":300,\"output_length\":10}\n",
);

#[test]
fn figures_are_those_of_the_reference() {
    let found = analysis(ROWS);
    assert_eq!(found.total_requests, 4);
    assert_eq!(found.unique_prefixes, 5);
    assert_eq!(found.num_prefix_groups, 1);
    assert!((found.cache_hit_rate - 0.2222).abs() < 1e-4);
    assert!((found.prefix_reuse_ratio - 0.5714).abs() < 1e-4);
    assert_eq!(found.context_lengths, [1024.0, 1024.0, 0.0, 0.0]);
    assert_eq!(found.unique_prompt_lengths, [0.0, 476.0, 700.0, 300.0]);
    let table = found.table();
    assert_eq!(table[1].0, "Context Length");
    assert_eq!(table[1].1.unwrap().mean, 512.0);
}

#[test]
fn the_document_has_its_keys_in_order() {
    let document = analysis(ROWS).to_json();
    let keys: Vec<&str> = document.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "total_requests",
            "unique_prefixes",
            "num_prefix_groups",
            "cache_hit_rate",
            "min_isl",
            "max_isl",
            "avg_isl",
            "min_osl",
            "max_osl",
            "avg_osl",
            "prefix_reuse_ratio",
            "isl_stats",
            "osl_stats",
            "context_length_stats",
            "unique_prompt_length_stats",
            "hit_rate_stats",
        ]
    );
    assert_eq!(document["min_isl"].to_string(), "300");
    assert_eq!(document["avg_isl"].to_string(), "881.0");
    let keys: Vec<&String> = document["isl_stats"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["mean", "std_dev", "min", "p25", "median", "p75", "max"]
    );
}

#[test]
fn an_empty_trace_has_no_statistics_and_absent_lengths_are_zero() {
    let empty = analysis("\n");
    assert_eq!(empty.total_requests, 0);
    assert!(
        empty
            .table()
            .iter()
            .all(|(_, statistics)| statistics.is_none())
    );
    assert!(empty.to_json()["hit_rate_stats"].is_null());
    assert_eq!(analysis("{}").input_lengths, [0.0]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{}\nnonsense").unwrap();
    let error = analyze(file.path(), 512).unwrap_err().to_string();
    assert!(error.contains("line 2: not valid JSON"), "{error}");
}

#[test]
fn percentiles_are_interpolated_and_the_deviation_is_that_of_the_population() {
    let found = Statistics::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
    assert_eq!(
        found.columns(),
        [2.5, 1.25f64.sqrt(), 1.0, 1.75, 2.5, 3.25, 4.0]
    );
}
