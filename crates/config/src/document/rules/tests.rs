//! For each rule a file that breaks it and one that is as near to it as allowed.

use serde_json::{Map, Value, json};

use super::*;
use crate::document::parse::parse;
use crate::document::{Document, DocumentError};
use crate::profile::ProfileArgs;

/// A file that is complete, with a part of an example over it.
fn file(part: &str) -> String {
    let Value::Object(part) = parse(&format!("{{{part}}}")).unwrap().to_json() else {
        panic!("{part} is no map");
    };
    let mut body: Map<String, Value> = serde_json::from_value(json!({
        "model": "m", "endpoint": {"url": "h:1"}, "dataset": {"isl": 5},
        "phases": {"type": "concurrency", "requests": 1},
    }))
    .unwrap();
    let mut root = Map::new();
    for (key, value) in part {
        match key.as_str() {
            "sweep" | "multiRun" => {
                root.insert(key, value);
            }
            "endpoint" => {
                let endpoint = body[&key].as_object_mut().unwrap();
                endpoint.extend(value.as_object().unwrap().clone());
            }
            _ => {
                if key == "models" {
                    body.remove("model");
                }
                body.insert(key, value);
            }
        }
    }
    root.insert("benchmark".to_owned(), body.into());
    Value::Object(root).to_string()
}

fn read(part: &str) -> Result<Document, DocumentError> {
    Document::parse(&file(part), &|_: &str| None)
}

/// All that is told of a file.
fn told(part: &str) -> Vec<String> {
    let Err(error) = read(part) else {
        return Vec::new();
    };
    error.faults().iter().map(ToString::to_string).collect()
}

#[test]
fn each_rule_is_broken_by_its_part_and_kept_by_a_near_one() {
    for example in EXAMPLES {
        let faults = told(example.breaks);
        assert_eq!(faults.len(), 1, "{}: {faults:?}", example.breaks);
        assert!(faults[0].contains(example.said), "{faults:?}");
        assert!(faults[0].contains("hint: "), "{faults:?}");
        assert!(faults[0].starts_with("line 1, "), "{faults:?}");
        assert_eq!(told(example.keeps), [""; 0], "{}", example.keeps);
    }
}

#[test]
fn a_flag_over_a_file_is_called_by_its_name_and_a_key_by_its_path_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.yaml");
    std::fs::write(
        &path,
        "benchmark:\n  model: m\n  endpoint: {url: 'h:1', streaming: true}\n  dataset: {isl: 5}\n  phases:\n    type: concurrency\n    requests: 1\n    concurrency: 2\n",
    )
    .unwrap();
    let typed = ProfileArgs {
        prefill_concurrency: Some(3),
        ..ProfileArgs::default()
    };
    let error = Document::load_with_flags(&path, &|_: &str| None, &typed).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}:8:18: `--prefill-concurrency 3` is more than `benchmark.phases.0.concurrency: 2`\n  \
             hint: raise `benchmark.phases.0.concurrency` to at least 3, or lower `--prefill-concurrency`",
            path.display()
        )
    );
    let typed = ProfileArgs {
        concurrency: Some(1),
        ..typed
    };
    let error = Document::load_with_flags(&path, &|_: &str| None, &typed).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`--prefill-concurrency 3` is more than `--concurrency 1`"),
        "{error}"
    );
}
