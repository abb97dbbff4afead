//! What a person sees while a run goes on, on a real terminal.

use aiperf_mock::MockOptions;
use rustix::process::Signal;

use crate::support::place::{wait, wait_until};
use crate::support::scripted::refusing_url;
use crate::support::{Place, Terminal, mock, plain_mock, quick};

const ROWS: u16 = 60;
const COLUMNS: u16 = 170;
/// Ctrl-C, as a terminal sends it that is read key by key.
const CONTROL_C: &str = "\x03";

/// A run that leaves it to the program what is drawn.
fn profiling(place: &Place, url: &str, words: &[&str]) -> std::process::Command {
    let mut command = place.aiperf(&["profile", "--url", url, "--artifact-dir", "results"]);
    command.args(["--model", "mock-model", "--tokenizer", "builtin"]);
    command.args(words);
    command
}

/// Some requests are answered, others never; the run would go on for ever.
fn endless() -> MockOptions {
    MockOptions {
        hang_rate: 0.2,
        ..quick()
    }
}

const ENDLESS: &[&str] = &[
    "--streaming",
    "--concurrency",
    "4",
    "--benchmark-duration",
    "3600",
];

#[test]
fn on_a_terminal_the_dashboard_shows_the_run_and_leaves_the_report() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--streaming",
        "--warmup-request-count",
        "2",
        "--request-rate",
        "40",
        "--request-count",
        "120",
        "--osl",
        "8",
    ];
    let mut terminal = Terminal::start(&profiling(&place, &server.url(), &words), ROWS, COLUMNS);
    terminal.wait_for("Real-Time Metrics");
    for text in [
        "Profile Progress",
        "Application Logs",
        "Phase profiling (profiling) started",
        "/ 120 requests",
        "TTFT (ms)",
    ] {
        terminal.wait_for(text);
    }
    assert!(terminal.is_full_screen());
    // A key gives a pane the screen, and another size is drawn.
    terminal.press("3");
    wait_until("the log has gone", || {
        !terminal.text().contains("Application Logs")
    });
    terminal.resize(30, 80);
    terminal.wait_for("Req Latency (ms)");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(left.is_restored, "{}", left.text);
    assert!(left.text.contains("Benchmark Duration:"), "{}", left.text);
    assert!(!left.text.contains("Application Logs"), "{}", left.text);
    assert_eq!(place.summary()["request_count"]["avg"], 120.0);
}

#[test]
fn control_c_leaves_the_dashboard_and_ends_the_run_with_its_report() {
    let place = Place::new();
    let server = mock(endless());
    let command = profiling(&place, &server.url(), ENDLESS);
    let mut terminal = Terminal::start(&command, ROWS, COLUMNS);
    terminal.wait_for("records/s");
    terminal.press(CONTROL_C);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(left.is_restored, "{}", left.text);
    assert!(left.text.contains("cancelled early"), "{}", left.text);
    assert_eq!(place.summary()["was_cancelled"], true);
}

#[test]
fn two_signals_end_the_program_at_once_and_leave_the_terminal_as_it_was() {
    let place = Place::new();
    let server = mock(endless());
    let command = profiling(&place, &server.url(), ENDLESS);
    let terminal = Terminal::start(&command, ROWS, COLUMNS);
    terminal.wait_for("records/s");
    terminal.signal(Signal::TERM);
    terminal.wait_for("Cancellation in Progress");
    assert!(!terminal.is_full_screen());
    terminal.signal(Signal::TERM);
    let left = terminal.end();
    assert!(left.is_restored, "{}", left.text);
}

#[test]
fn an_error_during_the_run_is_shown_on_the_terminal_as_it_was() {
    let place = Place::new();
    let words = ["--request-count", "3"];
    let url = refusing_url();
    let left = Terminal::start(&profiling(&place, &url, &words), ROWS, COLUMNS).end();
    assert_ne!(left.code, 0, "{}", left.text);
    assert!(left.is_restored, "{}", left.text);
    assert!(left.text.contains("Error"), "{}", left.text);
}

#[test]
fn a_bar_is_drawn_below_the_log_and_removed() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--request-count",
        "400",
        "--ui",
        "simple",
        "--concurrency",
        "2",
    ];
    let terminal = Terminal::start(&profiling(&place, &server.url(), &words), ROWS, COLUMNS);
    terminal.wait_for("/400 |");
    assert!(!terminal.is_full_screen());
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(left.is_restored, "{}", left.text);
    // The bar is gone, and no line of the log was broken by it.
    assert!(!left.text.contains("/400 |"), "{}", left.text);
}

#[test]
fn without_a_terminal_the_dashboard_falls_back_and_says_so() {
    let place = Place::new();
    let server = plain_mock();
    let words = ["--request-count", "2", "--ui", "dashboard"];
    let command = profiling(&place, &server.url(), &words).spawn();
    let ended = wait(command.unwrap()).expect_code(0);
    assert!(
        ended
            .stdout
            .contains("the dashboard needs an interactive terminal"),
        "{ended}"
    );
    assert!(!ended.stdout.contains('\x1b'), "{ended}");
}

#[test]
fn a_terminal_that_can_do_nothing_gets_a_bar() {
    let place = Place::new();
    let server = plain_mock();
    let mut command = profiling(&place, &server.url(), &["--request-count", "2"]);
    command.env("TERM", "dumb");
    let left = Terminal::start(&command, ROWS, COLUMNS).end();
    assert_eq!(left.code, 0, "{}", left.text);
    let log = place.result("logs/aiperf.log");
    assert!(log.contains("falling back to `--ui simple`"), "{log}");
}

#[test]
fn statistics_are_logged_where_they_are_asked_for() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--streaming",
        "--request-rate",
        "50",
        "--benchmark-duration",
        "1.2",
        "--osl",
        "4",
    ];
    let silent = place.profile(&server.url(), &words).expect_code(0);
    assert!(!silent.stdout.contains("[realtime"), "{silent}");
    let words = [&words[..], &["--stats-interval", "0.5"]].concat();
    let ended = place.profile(&server.url(), &words).expect_code(0);
    let block: Vec<&str> = ended
        .stdout
        .lines()
        .skip_while(|line| !line.contains("[realtime 00:0"))
        .take(5)
        .collect();
    assert!(block[0].contains(" profiling]"), "{ended}");
    for (line, label) in block[1..].iter().zip(["rps=", "ttft ", "itl ", "e2e "]) {
        assert!(line.contains(label), "{label}: {ended}");
    }
    assert!(block[1].contains(" err=0"), "{ended}");
}
