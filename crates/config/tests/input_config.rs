//! The `input_config` block beside what the reference writes for the same command lines.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;

use aiperf_config::{PROFILE, Parsed, Surroundings, input_config, resolve};
use serde_json::{Map, Value, json};

/// Takes out what the reference writes whatever was typed. Its reader takes all of it as absent.
fn without_constants(config: &mut Map<String, Value>) {
    for section in ["otel", "mlflow", "wandb"] {
        config.remove(section);
    }
    for (section, enabled) in [
        ("gpu_telemetry", true),
        ("server_metrics", true),
        ("network_latency", false),
    ] {
        if config
            .get(section)
            .is_some_and(|telemetry| telemetry["enabled"] == enabled)
        {
            config.remove(section);
        }
    }
    let artifacts = config["artifacts"].as_object_mut().unwrap();
    artifacts.remove("auto_plot");
    artifacts.remove("plot_required");
}

/// Of a schedule without `--request-count`, the reference writes the number of the file's rows as
/// bound. It plays another number all the same if a row holds several turns.
fn without_counted_rows(line: &str, config: &mut Map<String, Value>) {
    let phases = config["phases"].as_array_mut().unwrap();
    for phase in phases {
        if phase["type"] == "fixed_schedule" && !line.contains("--request-count") {
            assert!(phase.as_object_mut().unwrap().remove("requests").is_some());
        }
    }
}

/// The recording has a file of this crate as template, which may have changed since.
fn with_file_as_it_is(config: &mut Map<String, Value>) {
    let template = config["endpoint"].get_mut("template");
    if let Some(body) = template.and_then(|template| template.get_mut("body"))
        && body
            .as_str()
            .is_some_and(|text| text.starts_with("[package]"))
    {
        *body = json!(std::fs::read_to_string("Cargo.toml").unwrap());
    }
}

/// The words of a line with double quotes.
fn words(line: &str) -> Vec<String> {
    let quoted_or_not = line.split('"').enumerate();
    let mut words = Vec::new();
    for (index, part) in quoted_or_not {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn ours(line: &str, artifact_dir: &str) -> Value {
    let Ok(Parsed::Values(args)) = PROFILE.parse(words(line)) else {
        panic!("{line}")
    };
    let resolved = resolve(
        &args,
        Surroundings {
            stdout_is_terminal: false,
        },
    )
    .unwrap();
    input_config(&args, &resolved.config, Path::new(artifact_dir))
}

#[test]
fn the_block_holds_what_the_reference_writes_for_the_same_command_line() {
    let recorded: Vec<Value> =
        serde_json::from_str(include_str!("fixtures/reference_input_config.json")).unwrap();
    assert!(recorded.len() > 85);
    for row in recorded {
        let line = row["line"].as_str().unwrap();
        let mut expected = row["input_config"].as_object().unwrap().clone();
        without_constants(&mut expected);
        // The recording stops before the reference settles on a directory.
        let artifact_dir = expected["artifacts"]
            .get("dir")
            .and_then(Value::as_str)
            .unwrap_or("auto")
            .to_owned();
        expected["artifacts"]["dir"] = json!(artifact_dir);
        without_counted_rows(line, &mut expected);
        with_file_as_it_is(&mut expected);
        assert_eq!(ours(line, &artifact_dir), Value::Object(expected), "{line}");
    }
}

#[test]
fn flags_of_our_own_leave_no_trace() {
    let line = "-m m --timestamp-source kernel --fail-on-client-limit --arrival-overflow queue --http-version 2 \
                --no-tls-verify --tls-client-cert Cargo.toml --export-formats parquet";
    assert_eq!(ours(line, "d"), ours("-m m", "d"));
}

#[test]
fn no_secret_gets_into_the_block() {
    let line = r#"-m m --api-key sk-1 -H Authorization:sk-2 --url http://u:sk-3@h/?token=sk-4 --extra-inputs api_key:sk-5,min_tokens:6"#;
    let block = ours(line, "d");
    assert!(!block.to_string().contains("sk-"));
    assert_eq!(
        block["endpoint"]["extra"],
        json!({"api_key": "<redacted>", "min_tokens": 6})
    );
}
