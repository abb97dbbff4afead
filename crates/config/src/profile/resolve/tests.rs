//! Defaults, derivations and conflicts of the flags, as command lines.

use aiperf_dataset::trace::TracePlan;
use aiperf_dataset::{Law, PoolBatch, PromptCorpus, PromptPrefix};
use aiperf_schedule::PhaseKind;

use super::*;
use crate::command::Parsed;
use crate::profile::config::{
    Arrivals, CacheReset, DatasetSource, FileDataset, Limit, PhaseConfig, Readiness,
    ServerProfiler, SyntheticDataset,
};
use crate::profile::{DatasetFormat, PROFILE, ReadinessMode, Sampling};

mod phases;

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
        DatasetSource::Synthetic(dataset) => *dataset,
        other => panic!("{other:?}"),
    }
}

fn closed_loop(concurrency: u64) -> Arrivals {
    Arrivals::ClosedLoop {
        concurrency: Limit::steady(concurrency),
    }
}

#[test]
fn a_model_is_all_that_a_run_needs() {
    let config = config("");
    assert_eq!(config.models.names, ["m"]);
    assert_eq!(config.endpoint.urls, ["http://localhost:8000"]);
    assert_eq!(config.endpoint.timeout_seconds, 21_600.0);
    let profiling = PhaseConfig {
        name: "profiling".to_owned(),
        kind: PhaseKind::Profiling,
        arrivals: closed_loop(1),
        prefill: None,
        requests: Some(10),
        sessions: None,
        duration_seconds: None,
        grace_seconds: None,
        cancellation: None,
        failed_request_threshold: None,
        seamless: false,
    };
    assert_eq!(config.phases, [profiling]);
    assert_eq!(config.output.export_level, ExportLevel::Records);
    assert_eq!(problems(""), ["no model is given"]);
}

#[test]
fn generated_prompts_have_550_tokens_and_one_turn_unless_told_otherwise() {
    let expected = SyntheticDataset {
        entries: 100,
        isl: Some(Law::fixed(550.0)),
        osl: None,
        batch_size: 1,
        turns: Law::fixed(1.0),
        turn_delay_ms: Law::fixed(0.0),
        turn_delay_ratio: 1.0,
        corpus: PromptCorpus::Prose,
        prefix: PromptPrefix::None,
        paired_lengths: None,
        images: None,
        audio: None,
        video: None,
        rankings: None,
    };
    assert_eq!(synthetic(""), expected);
    assert_eq!(
        synthetic("--isl-stddev 10").isl,
        Some(Law::normal(550.0, 10.0))
    );
    assert_eq!(
        synthetic("--osl 8 --osl-stddev 2").osl,
        Some(Law::normal(8.0, 2.0))
    );
    assert_eq!(
        synthetic("--session-turns-stddev 1").turns,
        Law::normal(1.0, 1.0)
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
fn control_requests_are_sent_to_the_usual_places_unless_told_otherwise() {
    let endpoint = |line| config(line).endpoint;
    let nothing = endpoint("--wait-for-model-timeout 0 --reset-kv-cache=no --server-profiler=no");
    assert_eq!(
        (
            nothing.readiness,
            nothing.cache_reset,
            nothing.server_profiler
        ),
        (None, None, None)
    );
    assert_eq!(
        endpoint("--wait-for-model-timeout 60").readiness,
        Some(Readiness {
            timeout_seconds: 60.0,
            mode: ReadinessMode::Inference,
            interval_seconds: 5.0
        })
    );
    let for_ever = endpoint("--wait-for-model-timeout inf").readiness.unwrap();
    assert_eq!(for_ever.timeout(), None);
    let reset = CacheReset {
        path: "/reset_prefix_cache".into(),
        timeout_seconds: 30.0,
        max_retry_seconds: 60.0,
    };
    assert_eq!(
        endpoint("--reset-kv-cache").cache_reset,
        Some(reset.clone())
    );
    assert_eq!(
        endpoint("--reset-kv-cache-path /x").cache_reset,
        Some(CacheReset {
            path: "/x".into(),
            ..reset
        })
    );
    let profiler = ServerProfiler {
        start_path: "/start_profile".into(),
        stop_path: "/stop_profile".into(),
        timeout_seconds: 30.0,
    };
    assert_eq!(
        endpoint("--server-profiler").server_profiler,
        Some(profiler.clone())
    );
    assert_eq!(
        endpoint("--server-profiler-stop-path /x --server-profiler-timeout-seconds 5")
            .server_profiler,
        Some(ServerProfiler {
            stop_path: "/x".into(),
            timeout_seconds: 5.0,
            ..profiler
        })
    );
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
        osl: Some(Law::fixed(8.0)),
        turn_delay_cap_seconds: None,
        pool_entries: 100,
        pool_batch: PoolBatch::default(),
        strip_repeated_images: false,
        trace: TracePlan::default(),
    };
    assert_eq!(dataset.source, DatasetSource::File(expected));
    assert_eq!(dataset.sampling, Sampling::Random);

    let line = format!("-m m --input-file {path} --isl 4 -b 2 --session-delay-ratio 2");
    assert_eq!(
        problems(&line),
        [
            "`--prompt-batch-size` cannot be used with `--input-file`",
            "`--isl`, `--conversation-turn-delay-ratio` cannot be used with `--input-file`"
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
        ("-m m", TERMINAL, Ui::Dashboard, LogLevel::Info),
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
            "`--url ftp://<redacted>@x`: scheme `ftp` is none of `http`, `https` and `unix`",
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
        (
            "--user-centric-rate 5 --num-users 3 --session-turns-mean 2 --arrival-pattern constant --request-rate 3 --request-rate-ramp-duration 3 --session-delay-ratio 2",
            vec![
                "`--arrival-pattern constant` has no effect beside `--user-centric-rate`",
                "`--request-rate` has no effect beside `--user-centric-rate`",
                "`--request-rate-ramp-duration` has no effect beside `--user-centric-rate`",
                "`--conversation-turn-delay-ratio` has no effect beside `--user-centric-rate`",
            ],
        ),
        (
            "--user-centric-rate 5 --num-users 3 --session-turns-mean 2 --arrival-pattern constant --request-rate 3 --request-rate-ramp-duration 3 --session-delay-ratio 2 --warmup-request-count 3",
            vec![],
        ),
        (
            "--fixed-schedule --input-file Cargo.toml --arrival-pattern constant --no-fixed-schedule",
            vec![
                "`--arrival-pattern constant` has no effect in a fixed schedule",
                "`--no-fixed-schedule` has no effect beside `--fixed-schedule`",
            ],
        ),
        (
            "--concurrency-ramp-duration 3 --prefill-concurrency-ramp-duration 3",
            vec![
                "`--concurrency-ramp-duration` has no effect without `--concurrency` above 1",
                "`--prefill-concurrency-ramp-duration` has no effect without `--prefill-concurrency` above 1",
            ],
        ),
        (
            "--concurrency-ramp-duration 3 --warmup-concurrency 2 --warmup-request-count 3",
            vec![],
        ),
        (
            "--warmup-concurrency-ramp-duration 3 --warmup-prefill-concurrency-ramp-duration 3 --warmup-request-count 3",
            vec![
                "`--warmup-concurrency-ramp-duration` has no effect without `--warmup-concurrency` above 1",
                "`--warmup-prefill-concurrency-ramp-duration` has no effect without `--warmup-prefill-concurrency` above 1",
            ],
        ),
        (
            "--request-rate 3 --arrival-overflow queue",
            vec![
                "`--arrival-overflow queue` has no effect without `--request-rate` and `--concurrency`",
            ],
        ),
        (
            "--request-rate 3 --arrival-overflow queue --concurrency 3",
            vec![],
        ),
        (
            "--inter-turn-delay-cap-seconds 3",
            vec!["`--inter-turn-delay-cap-seconds` has no effect without `--input-file`"],
        ),
        (
            "--warmup-request-rate-ramp-duration 3",
            vec!["`--warmup-request-rate-ramp-duration` has no effect: there is no warmup"],
        ),
        ("--api-key=", vec!["`--api-key` is empty"]),
        (
            "--streaming --endpoint-type embeddings",
            vec!["`--streaming` has no effect: `--endpoint-type embeddings` cannot stream"],
        ),
        (
            "--no-tls-verify",
            vec!["SSL certificate verification is DISABLED (`--no-tls-verify`)"],
        ),
        (
            "--endpoint-type chat --extra-inputs payload_template:x",
            vec!["`--extra-inputs payload_template` has no effect with `--endpoint-type chat`"],
        ),
        (
            "--uuid-and-strip --synthesis-max-isl 3 --isl-block-size 3",
            vec![
                "`--uuid-and-strip`, `--isl-block-size`, `--synthesis-max-isl` have no effect without `--input-file`",
            ],
        ),
        (
            "--input-file Cargo.toml --custom-dataset-type multi_turn --prompt-corpus coding --audio-depths 16",
            vec!["`--prompt-corpus`, `--audio-depths` have no effect with `--input-file`"],
        ),
        (
            "--download-video-content",
            vec![
                "`--download-video-content` has no effect without `--endpoint-type video_generation`",
            ],
        ),
        (
            "--shared-system-prompt-length 3 --endpoint-type completions",
            vec![
                "`--shared-system-prompt-length` has no effect with `--endpoint-type completions`",
            ],
        ),
        (
            "--num-prefix-prompts 3",
            vec!["`--num-prefix-prompts` has no effect without `--prefix-prompt-length`"],
        ),
        (
            "--random-corpus-style vllm",
            vec![
                "`--random-corpus-style` has no effect without `--random-range-ratio` or `--prompt-corpus random`",
            ],
        ),
        (
            "--seq-dist 3,3:100 --isl 3",
            vec!["`--isl` has no effect beside `--seq-dist`"],
        ),
        (
            "--image-format png --audio-num-channels 2 --video-width 3 --rankings-passages-mean 3",
            vec![
                "`--image-format` has no effect without images",
                "`--audio-num-channels` has no effect without audio",
                "`--video-width` has no effect without both `--video-width` and `--video-height`",
                "`--rankings-passages-mean` has no effect without generated rankings data",
            ],
        ),
        (
            "--video-width 8 --video-height 8 --video-audio-depth 24",
            vec!["`--video-audio-depth` has no effect without `--video-audio-num-channels`"],
        ),
        (
            "--endpoint-type nim_rankings --isl 3",
            vec!["`--isl` has no effect with `--endpoint-type nim_rankings`"],
        ),
        (
            "--conversation-turn-delay-mean 5 --session-delay-ratio 2",
            vec![
                "`--conversation-turn-delay-mean`, `--conversation-turn-delay-ratio` have no effect with single turns",
            ],
        ),
        (
            "--conversation-turn-mean 3 --session-delay-ratio 2",
            vec![
                "`--conversation-turn-delay-ratio` has no effect without `--conversation-turn-delay-mean`",
            ],
        ),
        (
            "--conversation-turn-stddev 1 --conversation-turn-delay-mean 5 --session-delay-ratio 2",
            vec![],
        ),
        (
            "--prefix-prompt-length 5 --num-prefix-prompts 0",
            vec!["`--prefix-prompt-length` has no effect with `--num-prefix-prompts 0`"],
        ),
        (
            "--user-context-prompt-length 5 --endpoint-type completions",
            vec!["`--user-context-prompt-length` has no effect with `--endpoint-type completions`"],
        ),
        (
            "--image-batch-size 0 --image-width-mean 5 --audio-batch-size 0 --audio-length-mean 3 --video-batch-size 0 --video-width 8",
            vec![
                "`--image-width-mean` has no effect without images",
                "`--audio-length-mean` has no effect without audio",
                "`--video-width` has no effect without videos",
            ],
        ),
        (
            "--model-selection-strategy random",
            vec!["`--model-selection-strategy random` has no effect with one model"],
        ),
        (
            "--use-legacy-max-tokens --endpoint-type completions",
            vec!["`--use-legacy-max-tokens` has no effect with `--endpoint-type completions`"],
        ),
        (
            "--use-legacy-max-tokens",
            vec!["`--use-legacy-max-tokens` has no effect without `--osl`"],
        ),
        (
            "--tls-ca-file Cargo.toml --url h:1",
            vec!["`--tls-ca-file` has no effect without an `https` address"],
        ),
        ("--tls-ca-file Cargo.toml --url HTTPS://h:1", vec![]),
        (
            "--tokenizer builtin --tokenizer-revision a",
            vec!["`--tokenizer-revision` has no effect with `--tokenizer builtin`"],
        ),
        (
            "--tokenizer builtin --use-server-token-count --input-file Cargo.toml --custom-dataset-type single_turn",
            vec!["`--tokenizer` has no effect with `--use-server-token-count` and texts of a file"],
        ),
        (
            "--input-file Cargo.toml --custom-dataset-type raw_payload --extra-inputs a:1 --osl 5",
            vec![
                "`--extra-inputs`, `--osl` have no effect with `--custom-dataset-type raw_payload`",
            ],
        ),
        (
            "--export-http-trace --export-level summary",
            vec!["`--export-http-trace` has no effect beside `--export-level summary`"],
        ),
        (
            "--no-server-metrics --server-metrics-formats csv",
            vec!["`--server-metrics-formats` has no effect beside `--no-server-metrics`"],
        ),
        (
            "--verbose --log-level error --ui none",
            vec!["`--log-level`, `--ui` have no effect beside `--verbose`"],
        ),
        ("--concurrency 3 --streaming", vec![]),
    ] {
        assert_eq!(warnings(line), expected, "{line}");
    }
}

#[test]
fn a_type_that_cannot_stream_does_not() {
    let streams = |line: &str| config(line).endpoint.streaming;
    assert!(streams("--streaming"));
    assert!(!streams("--streaming --endpoint-type embeddings"));
    assert!(!streams(""));
}

#[test]
fn a_body_of_ones_own_asks_for_the_template_type() {
    let template = "--extra-inputs payload_template:x response_field:a b:1";
    let resolved = config(template).endpoint;
    assert_eq!(resolved.kind.name(), "template");
    assert_eq!(resolved.extra.len(), 3);
    let chat = config(&format!("{template} --endpoint-type chat")).endpoint;
    assert_eq!(chat.extra.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_streamed_public_dataset_is_read_as_far_as_the_run_goes() {
    let limit = |line: &str| match config(line).dataset.source {
        DatasetSource::Public(public) => public.limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit("--public-dataset aimo --request-count 7"), None);
    assert_eq!(limit("--public-dataset aimo --num-prompts 7"), Some(7));
    assert_eq!(limit("--public-dataset librispeech"), Some(10));
    let streamed = "--public-dataset librispeech --request-count 7";
    assert_eq!(limit(streamed), Some(7));
    assert_eq!(limit(&format!("{streamed} --num-prompts 3")), Some(3));
    let timed = "--public-dataset librispeech --benchmark-duration 7";
    assert_eq!(limit(timed), Some(100));
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
