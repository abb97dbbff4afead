//! Which format a file or folder is taken for.

use super::super::detect::detect;
use super::super::{FileFormat, SpeedBench};
use super::folder;
use crate::error::DatasetError;

fn detected(name: &str, content: &str) -> Result<FileFormat, DatasetError> {
    let folder = folder(&[(name, content)]);
    detect(&folder.path().join(name))
}

#[test]
fn rows_tell_their_format() {
    use FileFormat::*;
    for (content, format) in [
        (r#"{"text":"a"}"#, SingleTurn),
        (
            r#"{"type":"single_turn","images":["http://h/x"]}"#,
            SingleTurn,
        ),
        (r#"{"turns":[{"text":"a"}]}"#, MultiTurn),
        (
            r#"{"timestamp":0,"input_length":1024,"hash_ids":[0]}"#,
            MooncakeTrace,
        ),
        (r#"{"text_input":"a"}"#, MooncakeTrace),
        (r#"{"payload":{"a":1}}"#, MooncakeTrace),
        (r#"{"messages":[],"timestamp":5}"#, MooncakeTrace),
        (
            r#"{"messages":[{"role":"user","content":"a"}]}"#,
            RawPayload,
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[{}]}]}"#,
            InputsJson,
        ),
        (
            "{\n  \"data\": [\n    {\"payloads\": []}\n  ]\n}\n",
            InputsJson,
        ),
        (
            r#"{"chat_id":1,"parent_chat_id":-1,"timestamp":1,"type":"text","input_length":5}"#,
            BailianTrace,
        ),
        (
            r#"{"captureData":{},"eventMetadata":{}}"#,
            SageMakerDataCapture,
        ),
        (r#"{"type":"random_pool","text":"a"}"#, RandomPool),
        (
            "Timestamp,Model,Request tokens,Response tokens,Total tokens\n5,a,1,2,3",
            BurstGptTrace,
        ),
    ] {
        assert_eq!(detected("x.jsonl", content).unwrap(), format, "{content}");
    }
}

#[test]
fn formats_that_are_not_yet_supported_are_refused_by_name() {
    for (name, content, format) in [
        (
            "x",
            r#"{"session_id":"a","turns":[{"text":"a","forks":["b"]}]}"#,
            "dag_jsonl",
        ),
        (
            "x",
            r#"{"session_id":"a","turns":[{"messages":[]}]}"#,
            "dag_jsonl",
        ),
        (
            "x",
            r#"{"session_id":"s","round_index":0,"timing_events":[]}"#,
            "tracelab",
        ),
        ("x", "{\n\"id\":1,\n\"requests\":[]\n}", "weka_trace"),
        ("x", r#"{"type":"tracelab","text":"a"}"#, "tracelab"),
        ("x.parquet", "PAR1", "baseten_trace"),
    ] {
        let error = detected(name, content).unwrap_err();
        let DatasetError::UnsupportedFormat { format: found, .. } = &error else {
            panic!("{content}: {error}")
        };
        assert_eq!(found, format);
        assert!(error.to_string().ends_with("which is not yet supported"));
    }
    assert!(matches!(
        detected("x", r#"{"prompt":"a"}"#).unwrap_err(),
        DatasetError::Unrecognized { .. }
    ));
}

#[test]
fn speed_bench_is_told_by_rows_and_file_name() {
    let row = r#"{"question_id":"q","category":"math","messages":[]}"#;
    let FileFormat::SpeedBench(set) = detected("throughput_16k.jsonl", row).unwrap() else {
        panic!("another format")
    };
    assert_eq!(set.name, "speed_bench_throughput_16k");
    assert_eq!(set.category, None);
    let error = detected("renamed.jsonl", row).unwrap_err().to_string();
    assert!(
        error.contains("SPEED-Bench rows under another name"),
        "{error}"
    );
}

#[test]
fn folders_are_told_by_their_files() {
    let capture = r#"{"captureData":{},"eventMetadata":{}}"#;
    let payload = r#"{"messages":[]}"#;
    for (files, format) in [
        (
            &[("2024/01/01/00/a.jsonl", capture)][..],
            FileFormat::SageMakerDataCapture,
        ),
        (
            &[("a.jsonl", payload), ("b.jsonl", payload)],
            FileFormat::RawPayload,
        ),
        (
            &[
                ("a.jsonl", r#"{"text":"a"}"#),
                ("b.jsonl", r#"{"image":"http://h/x"}"#),
            ],
            FileFormat::RandomPool,
        ),
    ] {
        let folder = folder(files);
        assert_eq!(detect(folder.path()).unwrap(), format, "{files:?}");
    }
    let traces = folder(&[("a.json", "{\"requests\":[]}")]);
    let error = detect(traces.path()).unwrap_err();
    assert!(
        matches!(error, DatasetError::UnsupportedFormat { .. }),
        "{error}"
    );
    for files in [&[][..], &[("a.txt", "hello")]] {
        let error = detect(folder(files).path()).unwrap_err();
        assert!(
            matches!(error, DatasetError::UnrecognizedFolder { .. }),
            "{error}"
        );
    }
}

#[test]
fn format_names_may_be_written_in_several_ways() {
    for (name, format) in [
        ("single_turn", FileFormat::SingleTurn),
        ("Single-Turn", FileFormat::SingleTurn),
        ("SAGEMAKER-data_capture", FileFormat::SageMakerDataCapture),
        ("burst-gpt-trace", FileFormat::BurstGptTrace),
    ] {
        assert_eq!(FileFormat::from_name(name).unwrap(), format);
        assert_eq!(FileFormat::from_name(format.name()).unwrap(), format);
    }
    for name in ["dag_jsonl", "Weka-Trace", "tracelab", "baseten_trace"] {
        let error = FileFormat::from_name(name).unwrap_err();
        assert!(
            matches!(error, DatasetError::UnsupportedFormat { .. }),
            "{error}"
        );
    }
    let error = FileFormat::from_name("csv").unwrap_err();
    assert!(
        error.to_string().contains("known are `single_turn`"),
        "{error}"
    );
}

#[test]
fn every_part_of_speed_bench_has_a_name() {
    let names: Vec<&str> = SpeedBench::all().map(|set| set.name).collect();
    assert_eq!(names.len(), 12 + 5 * 4);
    for name in [
        "speed_bench_qualitative",
        "speed_bench_coding",
        "speed_bench_writing",
        "speed_bench_throughput_1k",
        "speed_bench_throughput_32k_high_entropy",
    ] {
        assert!(names.contains(&name), "{name}");
        let format = FileFormat::from_name(name).unwrap();
        assert_eq!(format.name(), name);
    }
}
