//! Defaults, derivations and conflicts of the flags, as command lines.

use super::*;
use crate::command::Parsed;
use crate::profile::config::{
    Arrivals, DatasetSource, FileDataset, Normal, PhaseConfig, RatePattern, SyntheticDataset,
};
use crate::profile::{DatasetFormat, PROFILE, Sampling};

const TERMINAL: Surroundings = Surroundings {
    stdout_is_terminal: true,
};
const PIPE: Surroundings = Surroundings {
    stdout_is_terminal: false,
};

fn args(line: &str) -> ProfileArgs {
    match PROFILE.parse(line.split_whitespace()) {
        Ok(Parsed::Values(args)) => args,
        other => panic!("{line}: {other:?}"),
    }
}

fn resolved(line: &str) -> Resolved {
    let line = format!("-m m {line}");
    resolve(&args(&line), PIPE).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn config(line: &str) -> ProfileConfig {
    resolved(line).config
}

fn problems(line: &str) -> Vec<String> {
    let error = resolve(&args(line), PIPE).unwrap_err();
    error.problems().iter().map(ToString::to_string).collect()
}

fn warnings(line: &str) -> Vec<String> {
    resolved(line)
        .warnings
        .into_iter()
        .map(|warning| warning.message)
        .collect()
}

fn synthetic(line: &str) -> SyntheticDataset {
    match config(line).dataset.source {
        DatasetSource::Synthetic(dataset) => dataset,
        DatasetSource::File(file) => panic!("{file:?}"),
    }
}

fn closed_loop(concurrency: u64) -> Arrivals {
    Arrivals::ClosedLoop { concurrency }
}

fn rate(pattern: RatePattern, rate: f64, concurrency: Option<u64>) -> Arrivals {
    Arrivals::Rate {
        pattern,
        rate,
        concurrency,
    }
}

#[test]
fn a_model_is_all_that_a_run_needs() {
    let config = config("");
    assert_eq!(config.models.names, ["m"]);
    assert_eq!(config.endpoint.urls, ["http://localhost:8000"]);
    assert_eq!(config.endpoint.timeout_seconds, 21_600.0);
    assert_eq!(config.warmup, None);
    let profiling = PhaseConfig {
        arrivals: closed_loop(1),
        requests: Some(10),
        sessions: None,
        duration_seconds: None,
        grace_seconds: None,
    };
    assert_eq!(config.profiling, profiling);
    assert_eq!(config.output.export_level, ExportLevel::Records);
    assert_eq!(problems(""), ["no model is given"]);
}

#[test]
fn generated_prompts_have_550_tokens_and_one_turn_unless_told_otherwise() {
    let expected = SyntheticDataset {
        entries: 100,
        isl: Normal::fixed(550.0),
        osl: None,
        batch_size: 1,
        turns: Normal::fixed(1.0),
        turn_delay_ms: Normal::fixed(0.0),
        turn_delay_ratio: 1.0,
    };
    assert_eq!(synthetic(""), expected);
    assert_eq!(
        synthetic("--isl-stddev 10").isl,
        Normal {
            mean: 550.0,
            stddev: 10.0
        }
    );
    assert_eq!(
        synthetic("--osl 8 --osl-stddev 2").osl,
        Some(Normal {
            mean: 8.0,
            stddev: 2.0
        })
    );
    assert_eq!(
        synthetic("--session-turns-stddev 1").turns,
        Normal {
            mean: 1.0,
            stddev: 1.0
        }
    );
}

#[test]
fn the_size_of_the_dataset_comes_from_the_flag_that_says_it_best() {
    assert_eq!(synthetic("--request-count 9").entries, 9);
    assert_eq!(synthetic("--request-count 9 --num-sessions 5").entries, 5);
    assert_eq!(
        synthetic("--request-count 9 --num-sessions 5 --num-prompts 7").entries,
        7
    );
    assert_eq!(synthetic("--benchmark-duration 5").entries, 100);
}

#[test]
fn ten_requests_bound_a_run_that_nothing_else_bounds() {
    for (line, requests) in [
        ("--concurrency 50", Some(10)),
        ("--request-rate 5", Some(10)),
        ("--num-sessions 4", None),
        ("--benchmark-duration 5", None),
        ("--benchmark-duration 5 --request-count 3", Some(3)),
    ] {
        assert_eq!(config(line).profiling.requests, requests, "{line}");
    }
}

#[test]
fn a_duration_brings_thirty_seconds_of_grace() {
    assert_eq!(
        config("--benchmark-duration 5").profiling.grace_seconds,
        Some(30.0)
    );
    assert_eq!(
        config("--benchmark-duration 5 --benchmark-grace-period 0")
            .profiling
            .grace_seconds,
        Some(0.0)
    );
    let for_ever = config("--benchmark-duration inf --benchmark-grace-period inf").profiling;
    assert_eq!((for_ever.duration(), for_ever.grace()), (None, None));
    assert_eq!(
        config("--benchmark-duration 1.5").profiling.duration(),
        Some(std::time::Duration::from_millis(1500))
    );
    assert_eq!(
        problems("-m m --benchmark-grace-period 3"),
        ["`--benchmark-grace-period` needs `--benchmark-duration`"]
    );
}

#[test]
fn a_rate_opens_the_loop_and_smoothness_alone_means_gamma() {
    use RatePattern::{Constant, Gamma, Poisson};
    for (line, expected) in [
        ("--request-rate 5", rate(Poisson, 5.0, None)),
        (
            "--request-rate 5 --concurrency 3",
            rate(Poisson, 5.0, Some(3)),
        ),
        (
            "--request-rate 5 --arrival-pattern constant",
            rate(Constant, 5.0, None),
        ),
        (
            "--request-rate 5 --arrival-pattern gamma",
            rate(Gamma { smoothness: 1.0 }, 5.0, None),
        ),
        (
            "--request-rate 5 --arrival-smoothness 2",
            rate(Gamma { smoothness: 2.0 }, 5.0, None),
        ),
        (
            "--request-rate 5 --request-rate-mode Concurrency-Burst",
            rate(Poisson, 5.0, None),
        ),
        ("--concurrency 7", closed_loop(7)),
    ] {
        assert_eq!(config(line).profiling.arrivals, expected, "{line}");
    }
    assert_eq!(
        problems("-m m --arrival-smoothness 2"),
        ["`--arrival-smoothness` needs `--request-rate`"]
    );
    assert_eq!(
        problems("-m m --request-rate 2 --arrival-smoothness 2 --arrival-pattern constant"),
        ["`--arrival-smoothness` does not go with `--arrival-pattern constant`"]
    );
}

#[test]
fn warmup_exists_by_its_bounds_and_inherits_the_rest() {
    use RatePattern::{Constant, Gamma, Poisson};
    for (line, expected) in [
        ("--warmup-request-count 3", closed_loop(1)),
        ("--warmup-request-count 3 --concurrency 4", closed_loop(4)),
        (
            "--warmup-duration 3 --concurrency 4 --warmup-concurrency 2",
            closed_loop(2),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5",
            rate(Poisson, 5.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --concurrency 4",
            rate(Poisson, 5.0, Some(4)),
        ),
        (
            "--num-warmup-sessions 3 --warmup-request-rate 2",
            rate(Poisson, 2.0, None),
        ),
        (
            "--num-warmup-sessions 3 --warmup-request-rate 2 --arrival-pattern constant",
            rate(Constant, 2.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --arrival-smoothness 2",
            rate(Poisson, 5.0, None),
        ),
        (
            "--num-warmup-sessions 3 --request-rate 5 --arrival-smoothness 2 --warmup-arrival-pattern gamma",
            rate(Gamma { smoothness: 2.0 }, 5.0, None),
        ),
    ] {
        assert_eq!(config(line).warmup.unwrap().arrivals, expected, "{line}");
    }
    let warmup = config("--warmup-request-count 3 --warmup-duration 4 --num-warmup-sessions 5")
        .warmup
        .unwrap();
    assert_eq!(
        (warmup.requests, warmup.duration_seconds, warmup.sessions),
        (Some(3), Some(4.0), Some(5))
    );
    assert_eq!(warmup.grace(), None);
    let graceful = config("--warmup-duration 4 --warmup-grace-period 2")
        .warmup
        .unwrap();
    assert_eq!(graceful.grace_seconds, Some(2.0));
    for line in [
        "-m m --warmup-grace-period 2",
        "-m m --warmup-request-count 3 --warmup-grace-period 2",
    ] {
        assert_eq!(
            problems(line),
            ["`--warmup-grace-period` needs `--warmup-duration`"],
            "{line}"
        );
    }
}

#[test]
fn a_file_takes_the_place_of_generated_prompts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().display();
    let line = format!(
        "--input-file {path} --custom-dataset-type multi_turn --osl 8 --dataset-sampling-strategy random"
    );
    let dataset = config(&line).dataset;
    let expected = FileDataset {
        path: file.path().to_owned(),
        format: Some(DatasetFormat::MultiTurn),
        entries: None,
        osl: Some(Normal::fixed(8.0)),
    };
    assert_eq!(dataset.source, DatasetSource::File(expected));
    assert_eq!(dataset.sampling, Sampling::Random);

    let line = format!("-m m --input-file {path} --isl 4 -b 2 --session-delay-ratio 2");
    assert_eq!(
        problems(&line),
        [
            "`--isl`, `--prompt-batch-size`, `--conversation-turn-delay-ratio` cannot be used with `--input-file`"
        ]
    );
    assert_eq!(
        problems("-m m --custom-dataset-type single_turn"),
        ["`--custom-dataset-type` needs `--input-file`"]
    );
}

#[test]
fn a_standard_deviation_of_answers_needs_a_mean() {
    assert_eq!(
        problems("-m m --osl-stddev 3"),
        ["`--osl-stddev` needs `--osl`"]
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = format!("--input-file {} --osl-stddev 3", file.path().display());
    assert_eq!(
        warnings(&line),
        ["`--osl-stddev` has no effect without `--osl`"]
    );
}

#[test]
fn the_display_fits_the_output_and_verbosity_overrules_all() {
    let runtime =
        |line: &str, surroundings| resolve(&args(line), surroundings).unwrap().config.runtime;
    for (line, surroundings, ui, level) in [
        ("-m m", TERMINAL, Ui::Simple, LogLevel::Info),
        ("-m m", PIPE, Ui::None, LogLevel::Info),
        ("-m m --ui none", TERMINAL, Ui::None, LogLevel::Info),
        (
            "-m m --ui simple --log-level WARNING",
            PIPE,
            Ui::Simple,
            LogLevel::Warning,
        ),
        (
            "-m m -v --ui none --log-level error",
            PIPE,
            Ui::Simple,
            LogLevel::Debug,
        ),
        ("-m m -vv -v", PIPE, Ui::Simple, LogLevel::Trace),
        ("-m m -vv=no", PIPE, Ui::None, LogLevel::Info),
    ] {
        let runtime = runtime(line, surroundings);
        assert_eq!((runtime.ui, runtime.log_level), (ui, level), "{line}");
    }
}

#[test]
fn addresses_are_completed_and_bad_ones_named_one_by_one() {
    assert_eq!(
        config("--url localhost:1,https://h --url 10.0.0.1:80/v1 x")
            .endpoint
            .urls,
        [
            "http://localhost:1",
            "https://h",
            "http://10.0.0.1:80/v1",
            "http://x"
        ]
    );
    assert_eq!(
        problems("-m m --url ftp://u:p@x http://x:0 mailto:x a,,b"),
        [
            "`--url ftp://<redacted>@x`: scheme `ftp` is neither `http` nor `https`",
            "`--url http://x:0`: the port is not a number from 1 to 65535",
            "`--url mailto:x`: the port is not a number from 1 to 65535",
            "`--url `: names no host",
        ]
    );
}

#[test]
fn advice_is_given_where_flags_do_less_than_they_seem_to() {
    let upper_limit = "`--osl` is only an upper limit: servers may stop earlier";
    for (line, expected) in [
        ("--osl 5", vec![upper_limit]),
        ("--osl 5 --extra-inputs ignore_eos:true", vec![]),
        ("--osl 5 --extra-inputs min_tokens:5", vec![]),
        ("--osl 5 --extra-inputs min_tokens:0", vec![upper_limit]),
        (
            "--arrival-pattern gamma",
            vec!["`--arrival-pattern gamma` has no effect without `--request-rate`"],
        ),
        (
            "--warmup-concurrency 3 --warmup-request-rate 2",
            vec![
                "`--warmup-concurrency`, `--warmup-request-rate` have no effect: there is no warmup",
            ],
        ),
        (
            "--warmup-concurrency 3",
            vec!["`--warmup-concurrency` has no effect: there is no warmup"],
        ),
        (
            "--warmup-request-count 3 --warmup-arrival-pattern constant",
            vec!["`--warmup-arrival-pattern constant` has no effect without a rate"],
        ),
        (
            "--request-rate 3 --arrival-pattern concurrency_burst",
            vec!["`--arrival-pattern concurrency_burst` means `poisson` where there is a rate"],
        ),
        ("--api-key=", vec!["`--api-key` is empty"]),
        ("--concurrency 3 --streaming", vec![]),
    ] {
        assert_eq!(warnings(line), expected, "{line}");
    }
}

#[test]
fn every_conflict_of_a_line_is_reported_with_a_hint() {
    let line = "--osl-stddev 3 --benchmark-grace-period 3 --arrival-smoothness 3 --warmup-grace-period 3 --url http://";
    let error = resolve(&args(line), PIPE).unwrap_err();
    assert_eq!(error.problems().len(), 6);
    assert!(
        error
            .problems()
            .iter()
            .all(|problem| problem.hint().is_some())
    );
    assert!(
        error
            .to_string()
            .starts_with("no model is given\n  hint: name it with `--model NAME`\n"),
        "{error}"
    );
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let shown = format!(
        "{:?}",
        resolved("--api-key sk-1 -H Authorization:sk-2 -H A:plain")
    );
    assert!(!shown.contains("sk-"), "{shown}");
    assert!(shown.contains("A: plain"), "{shown}");
}
