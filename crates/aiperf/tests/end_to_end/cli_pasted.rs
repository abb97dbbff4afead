//! The recorded command line, pasted into a shell.

use std::path::Path;

use serde_json::Value;

use crate::support::place::wait;
use crate::support::{Place, plain_mock};

const PROGRAM: &str = env!("CARGO_BIN_EXE_aiperf");

/// Runs a recorded line in `place` as a shell would.
fn paste(place: &Place, line: &str) -> crate::support::Ended {
    let folder = Path::new(PROGRAM).parent().unwrap();
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", line])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", place.path())
        .env("HF_HUB_OFFLINE", "1")
        .env("AIPERF_SERVER_METRICS_DEFAULT", "false")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    wait(shell.spawn().unwrap())
}

fn recorded(summary: &Value) -> String {
    summary["run_info"]["cli_command"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn the_recorded_line_sends_the_same_requests_again() {
    let server = plain_mock();
    let place = Place::new();
    let odd = "it's \"odd\" $HOME `x` \\ * ? [a] {b} ~ ! # & ; | < > ()\n\tend";
    let extra = serde_json::json!({ "stop": odd, "n": 1 }).to_string();
    let words = [
        "--random-seed",
        "7",
        "--request-count",
        "3",
        "--isl",
        "20",
        "--osl=5",
        "--system-prompt",
        odd,
        "--extra-inputs",
        &extra,
        "-H",
        "X-Plain:a b",
        "--goodput",
        "request_latency:1000",
        "--streaming",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let first_inputs = place.result("inputs.json");
    let line = recorded(&place.summary());
    assert!(
        first_inputs.contains(r#"it's \"odd\" $HOME `x`"#),
        "{first_inputs}"
    );

    std::fs::remove_dir_all(place.results()).unwrap();
    paste(&place, &line).expect_code(0);
    assert_eq!(recorded(&place.summary()), line);
    assert_eq!(place.result("inputs.json"), first_inputs);
}

#[test]
fn a_recorded_credential_is_a_placeholder_that_the_server_gets() {
    let server = plain_mock();
    let place = Place::new();
    let words = ["--request-count", "1", "--api-key", "key-5f1c"];
    place.profile(&server.url(), &words).expect_code(0);
    let line = recorded(&place.summary());
    assert!(line.contains("--api-key '<redacted>'"), "{line}");
    // The line is whole, so the user has only the key to put back.
    let ended = paste(&place, &line).expect_code(0);
    assert!(!ended.to_string().contains("key-5f1c"), "{ended}");
}
