//! Environment variables, as a user meets them.

use crate::support::place::wait;
use crate::support::{Place, plain_mock};

#[test]
fn a_value_that_cannot_be_used_ends_the_run_before_anything_is_made() {
    let place = Place::new();
    let server = plain_mock();
    let mut command = place.profiling(&server.url(), &["--request-count", "1"]);
    command.env("AIPERF_HTTP_CONNECTION_LIMIT", "many");
    let ended = wait(command.spawn().unwrap()).expect_code(1);
    assert_ended!(ended, @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭─────────────────────────────── Error ───────────────────────────────╮
    │  the environment variable `AIPERF_HTTP_CONNECTION_LIMIT` is `many`  │
    │    hint: use a whole number from 1 to 65000, or unset it            │
    ╰─────────────────────────────────────────────────────────────────────╯
    ");
    assert_eq!(place.files(place.path()), [""; 0]);
}

#[test]
fn variables_that_do_nothing_are_pointed_out_and_the_run_goes_on() {
    let place = Place::new();
    let server = plain_mock();
    let mut command = place.profiling(&server.url(), &["--request-count", "1"]);
    command
        .env("AIPERF_HTTP_SSL_VERFIY", "value-not-shown")
        .env("AIPERF_ZMQ_RCVTIMEO", "value-not-shown")
        .env("AIPERF_HTTP_TRUST_ENV", "false");
    let ended = wait(command.spawn().unwrap()).expect_code(0);
    for line in [
        "no environment variable is called `AIPERF_HTTP_SSL_VERFIY`; did you mean `AIPERF_HTTP_SSL_VERIFY`?",
        "environment variables of AIPerf that do nothing in this version: `AIPERF_ZMQ_RCVTIMEO`",
    ] {
        assert!(ended.stdout.contains(line), "{ended}");
        assert!(place.result("logs/aiperf.log").contains(line), "{ended}");
    }
    assert!(!ended.to_string().contains("value-not-shown"), "{ended}");
    assert!(!ended.stdout.contains("TRUST_ENV"), "{ended}");
}
