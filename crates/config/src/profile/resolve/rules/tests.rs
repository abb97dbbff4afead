//! For each rule a line that breaks it and one that is as near to it as allowed.

use super::*;
use crate::command::Parsed;
use crate::profile::args::ProfileArgs;
use crate::profile::{DatasetFormat, PROFILE};

/// The name of a rule, a line that breaks it and no other, what is said, and a line that keeps all
/// rules.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "the template type needs a template",
        "--endpoint-type template",
        "`--endpoint-type template` needs `--extra-inputs payload_template`",
        "--endpoint-type template --extra-inputs payload_template:nv-embedqa",
    ),
    (
        "weights go with weighted models",
        "--model a --model-selection-strategy weighted",
        "`--model-selection-strategy weighted` needs one of `--model-weights` for each `--model`",
        "--model a --model-selection-strategy weighted --model-weights 1",
    ),
    (
        "weights go with weighted models",
        "--model-weights 1",
        "`--model-weights` needs `--model-selection-strategy weighted`",
        "--model a --model-selection-strategy weighted --model-weights 1.0",
    ),
    (
        "usage in every chunk needs a chat stream with the server's counts",
        "--per-chunk-usage --streaming",
        "`--per-chunk-usage` needs `--use-server-token-count`",
        "--per-chunk-usage --streaming --use-server-token-count",
    ),
    (
        "usage in every chunk needs a chat stream with the server's counts",
        "--per-chunk-usage --use-server-token-count --endpoint-type completions",
        "`--per-chunk-usage` needs `--endpoint-type chat`",
        "--per-chunk-usage --streaming --use-server-token-count --endpoint-type chat",
    ),
    (
        "usage in every chunk needs a chat stream with the server's counts",
        "--per-chunk-usage --use-server-token-count",
        "`--per-chunk-usage` needs `--streaming`",
        "--per-chunk-usage=no --use-server-token-count",
    ),
    (
        "stored responses are counted by the server",
        "--endpoint-type responses --extra-inputs store:true",
        "`--extra-inputs store:true` with `--endpoint-type responses` needs `--use-server-token-count`",
        "--endpoint-type responses --extra-inputs store:false",
    ),
    (
        "images are sent by id in chats only",
        "--uuid-and-strip --endpoint-type responses",
        "`--uuid-and-strip` does not go with `--endpoint-type responses`",
        "--uuid-and-strip",
    ),
    (
        "bodies have the format of their type",
        "--request-content-type multipart/form-data",
        "`--request-content-type multipart/form-data` does not go with `--endpoint-type chat`",
        "--request-content-type multipart/form-data --endpoint-type image_edit",
    ),
    (
        "a Unix socket takes requests only",
        "--url unix:/run/s.sock --reset-kv-cache",
        "`--reset-kv-cache` does not go with a `unix:` address",
        "--url unix:/run/s.sock --wait-for-model-timeout 0",
    ),
    (
        "a client key needs a certificate",
        "--tls-client-key Cargo.toml",
        "`--tls-client-key` needs `--tls-client-cert`",
        "--tls-client-key Cargo.toml --tls-client-cert Cargo.toml",
    ),
    (
        "trusted certificates are checked",
        "--tls-ca-file Cargo.toml --no-tls-verify",
        "`--tls-ca-file` does not go with `--no-tls-verify`",
        "--tls-ca-file Cargo.toml --no-tls-verify=no",
    ),
    (
        "a tokenizer needs something to count",
        "--endpoint-type image_retrieval --tokenizer x",
        "`--tokenizer` does not go with `--endpoint-type image_retrieval`",
        "--endpoint-type embeddings --tokenizer x",
    ),
    (
        "generated text needs a type that takes text",
        "--endpoint-type audio_transcription --isl 3 --num-prefix-prompts 3",
        "`--isl`, `--num-prefix-prompts` do not go with `--endpoint-type audio_transcription`",
        "--endpoint-type audio_transcription --osl 3",
    ),
    (
        "a system prompt needs a type with system messages",
        "--system-prompt brief --endpoint-type completions",
        "`--system-prompt` does not go with `--endpoint-type completions`",
        "--system-prompt brief --endpoint-type messages",
    ),
    (
        "conversations come from one place",
        "--input-file Cargo.toml --public-dataset aimo",
        "`--input-file` does not go with `--public-dataset`",
        "--public-dataset aimo",
    ),
    (
        "the format of a file needs a file",
        "--custom-dataset-type single_turn",
        "`--custom-dataset-type` needs `--input-file`",
        "--custom-dataset-type single_turn --input-file Cargo.toml",
    ),
    (
        "a part of a public dataset needs one",
        "--hf-subset x --dataset-filter harness=claude_code",
        "`--hf-subset`, `--dataset-filter` need `--public-dataset`",
        "--hf-subset x --public-dataset aimo",
    ),
    (
        "what exists is not generated",
        "--input-file Cargo.toml --isl 3 --shared-system-prompt-length 3",
        "`--isl`, `--shared-system-prompt-length` cannot be used with `--input-file`",
        "--input-file Cargo.toml --osl 3",
    ),
    (
        "what exists is not generated",
        "--public-dataset aimo --session-turns-mean 3",
        "`--conversation-turn-mean` cannot be used with `--public-dataset`",
        "--public-dataset aimo --osl 3",
    ),
    (
        "contents are drawn from a pool only",
        "--input-file Cargo.toml -b 3",
        "`--prompt-batch-size` cannot be used with `--input-file`",
        "--input-file Cargo.toml -b 3 --custom-dataset-type random_pool",
    ),
    (
        "several pools have one content each",
        "--input-file src --custom-dataset-type random_pool -b 3 --image-batch-size 1",
        "`--prompt-batch-size` does not go with a directory as `--input-file`",
        "--input-file src --custom-dataset-type random_pool -b 1",
    ),
    (
        "a request has a prompt",
        "-b 0",
        "`--prompt-batch-size 0` needs a random_pool",
        "-b 0 --input-file Cargo.toml --custom-dataset-type random_pool",
    ),
    (
        "blocks belong to traces with hash ids",
        "--isl-block-size 3 --input-file Cargo.toml --custom-dataset-type multi_turn",
        "`--isl-block-size` does not go with `--custom-dataset-type multi_turn`",
        "--isl-block-size 3 --input-file Cargo.toml",
    ),
    (
        "blocks belong to traces with hash ids",
        "--isl-block-size 3 --public-dataset aimo",
        "`--isl-block-size` does not go with `--public-dataset aimo`",
        "--isl-block-size 3 --input-file Cargo.toml --custom-dataset-type mooncake_trace",
    ),
    (
        "a deviation of generated answers needs a mean",
        "--osl-stddev 3",
        "`--osl-stddev` needs `--osl`",
        "--osl-stddev 3 --input-file Cargo.toml",
    ),
    (
        "a deviation of media and rankings needs a mean",
        "--image-width-stddev 3",
        "`--image-width-stddev` needs `--image-width-mean`",
        "--image-width-stddev 3 --image-width-mean 5",
    ),
    (
        "a deviation of media and rankings needs a mean",
        "--rankings-passages-prompt-token-stddev 3",
        "`--rankings-passages-prompt-token-stddev` needs `--rankings-passages-prompt-token-mean`",
        "--rankings-passages-prompt-token-stddev 3 --rankings-passages-prompt-token-mean 3",
    ),
    (
        "a range of lengths needs the length of answers",
        "--random-range-ratio 0.5 --isl 5",
        "`--random-range-ratio` needs `--osl` and `--isl`, both of at least 1",
        "--random-range-ratio 0.5 --osl 5",
    ),
    (
        "a range of lengths is the only law",
        "--random-range-ratio 0.5 --osl 5 --isl-stddev 3",
        "`--isl-stddev` does not go with `--random-range-ratio`",
        "--random-range-ratio 0.5 --osl 5 --isl 3",
    ),
    (
        "there is one kind of text before prompts",
        "--num-prefix-prompts 3 --user-context-prompt-length 3",
        "`--num-prefix-prompts` does not go with `--user-context-prompt-length`",
        "--shared-system-prompt-length 3 --user-context-prompt-length 3",
    ),
    (
        "a system prompt is given once",
        "--system-prompt brief --shared-system-prompt-length 3",
        "`--shared-system-prompt-length` does not go with `--system-prompt`",
        "--system-prompt brief --user-context-prompt-length 3",
    ),
    (
        "a system prompt from a file is the only one",
        "--system-prompt-file Cargo.toml --num-prefix-prompts 3",
        "`--num-prefix-prompts` does not go with `--system-prompt-file`",
        "--system-prompt-file Cargo.toml --user-context-prompt-length 3",
    ),
    (
        "prefixes come from a pool",
        "--prefix-prompt-length 3",
        "`--prefix-prompt-length` needs `--num-prefix-prompts`",
        "--prefix-prompt-length 3 --num-prefix-prompts 0",
    ),
    (
        "pictures in an order come from a source",
        "--image-source-sampling shuffle-cycle --image-source noise",
        "`--image-source-sampling shuffle-cycle` needs `--image-source`",
        "--image-source-sampling random-with-replacement --image-source noise",
    ),
    (
        "the encoder of a sound needs a sound",
        "--video-audio-codec aac --video-audio-num-channels 0",
        "`--video-audio-codec` needs `--video-audio-num-channels`",
        "--video-audio-codec aac --video-audio-num-channels 1",
    ),
    (
        "a prefill limit needs streaming",
        "--prefill-concurrency 2 --concurrency 2 --streaming --endpoint-type embeddings",
        "`--prefill-concurrency` needs `--streaming`",
        "--prefill-concurrency 2 --concurrency 2 --streaming --endpoint-type raw",
    ),
    (
        "readiness options need a readiness timeout",
        "--wait-for-model-mode both --wait-for-model-interval 2 --wait-for-model-timeout 0",
        "`--wait-for-model-mode`, `--wait-for-model-interval` need `--wait-for-model-timeout`",
        "--wait-for-model-mode inference --wait-for-model-interval 5",
    ),
    (
        "a fixed schedule needs a file",
        "--fixed-schedule",
        "`--fixed-schedule` needs `--input-file`",
        "--fixed-schedule --input-file Cargo.toml",
    ),
    (
        "a fixed schedule plays its file in order",
        "--fixed-schedule --input-file Cargo.toml --dataset-sampling-strategy random",
        "`--dataset-sampling-strategy random` does not go with `--fixed-schedule`",
        "--fixed-schedule --input-file Cargo.toml --dataset-sampling-strategy sequential",
    ),
    (
        "a fixed schedule has no rate",
        "--fixed-schedule --input-file Cargo.toml --request-rate 5 --num-users 3",
        "`--request-rate`, `--num-users` do not go with `--fixed-schedule`",
        "--fixed-schedule --input-file Cargo.toml --concurrency 3 --num-sessions 4 --request-count 5 --benchmark-duration 6",
    ),
    (
        "offsets need a fixed schedule",
        "--input-file Cargo.toml --fixed-schedule-start-offset 3",
        "`--fixed-schedule-start-offset` needs `--fixed-schedule`",
        "--input-file Cargo.toml --fixed-schedule --fixed-schedule-start-offset 3",
    ),
    (
        "a schedule begins at one place",
        "--input-file Cargo.toml --fixed-schedule --fixed-schedule-start-offset 3 --fixed-schedule-auto-offset",
        "`--fixed-schedule-auto-offset` does not go with `--fixed-schedule-start-offset`",
        "--input-file Cargo.toml --fixed-schedule --fixed-schedule-start-offset 3 --fixed-schedule-auto-offset=no",
    ),
    (
        "a schedule does not end before it begins",
        "--input-file Cargo.toml --fixed-schedule --fixed-schedule-start-offset 3 --fixed-schedule-end-offset 2",
        "`--fixed-schedule-start-offset 3` is after `--fixed-schedule-end-offset 2`",
        "--input-file Cargo.toml --fixed-schedule --fixed-schedule-start-offset 3 --fixed-schedule-end-offset 3",
    ),
    (
        "users need a rate",
        "--num-users 3 --request-rate 5",
        "`--num-users` needs `--user-centric-rate`",
        "--num-users 3 --user-centric-rate 5 --session-turns-mean 2",
    ),
    (
        "a user-centric rate needs users",
        "--user-centric-rate 5 --session-turns-mean 2",
        "`--user-centric-rate` needs `--num-users`",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 1",
    ),
    (
        "users have several turns",
        "--user-centric-rate 5 --num-users 3",
        "`--user-centric-rate` needs `--conversation-turn-mean` of at least 2",
        "--user-centric-rate 5 --num-users 3 --input-file Cargo.toml",
    ),
    (
        "users play conversations of a file",
        "--user-centric-rate 5 --num-users 3 --input-file Cargo.toml --custom-dataset-type single_turn",
        "`--user-centric-rate` does not go with `--custom-dataset-type single_turn`",
        "--user-centric-rate 5 --num-users 3 --input-file Cargo.toml --custom-dataset-type multi_turn",
    ),
    (
        "each user has a request",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 12",
        "`--num-users 12` is more than the 10 requests of a run that nothing bounds",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 12 --benchmark-duration 5",
    ),
    (
        "each user has a request",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 12 --request-count 11",
        "`--num-users 12` is more than `--request-count 11`",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 12 --request-count 12",
    ),
    (
        "each user has a session",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --num-sessions 2",
        "`--num-users 3` is more than `--conversation-num 2`",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --num-sessions 3",
    ),
    (
        "a rate is either steady or a series",
        "--request-rate 5 --request-rate-series tests/fixtures/rate_series.json",
        "`--request-rate` does not go with `--request-rate-series`",
        "--request-rate-series tests/fixtures/rate_series.json --request-rate-ramp-duration 3",
    ),
    (
        "users have no series of rates",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --request-rate-series tests/fixtures/rate_series.json",
        "`--request-rate-series` does not go with `--user-centric-rate`",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --request-rate 4",
    ),
    (
        "smoothness needs a rate",
        "--arrival-smoothness 2 --arrival-pattern gamma --warmup-request-rate 3 --warmup-request-count 1",
        "`--arrival-smoothness` needs `--request-rate`",
        "--arrival-smoothness 2 --request-rate-series tests/fixtures/rate_series.json",
    ),
    (
        "users have no smoothness",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --arrival-smoothness 2",
        "`--arrival-smoothness` does not go with `--user-centric-rate`",
        "--user-centric-rate 5 --session-turns-mean 2 --num-users 3 --arrival-pattern gamma",
    ),
    (
        "smoothness needs gamma-distributed gaps",
        "--request-rate 3 --arrival-smoothness 2 --arrival-pattern poisson",
        "`--arrival-smoothness` does not go with `--arrival-pattern poisson`",
        "--request-rate 3 --arrival-smoothness 2 --arrival-pattern gamma --warmup-arrival-pattern poisson --warmup-request-count 3",
    ),
    (
        "a ramp of the rate needs a rate",
        "--request-rate-ramp-duration 3 --concurrency 4",
        "`--request-rate-ramp-duration` needs `--request-rate`",
        "--request-rate-ramp-duration 3 --request-rate 4",
    ),
    (
        "a ramp of the warmup's rate needs a rate",
        "--warmup-request-rate-ramp-duration 3 --warmup-request-count 4",
        "`--warmup-request-rate-ramp-duration` needs `--warmup-request-rate`",
        "--warmup-request-rate-ramp-duration 3 --warmup-request-count 4 --request-rate 5",
    ),
    (
        "a prefill limit needs streaming",
        "--prefill-concurrency 2 --warmup-prefill-concurrency 1 --warmup-request-count 3 --concurrency 2",
        "`--prefill-concurrency`, `--warmup-prefill-concurrency` need `--streaming`",
        "--prefill-concurrency 2 --warmup-prefill-concurrency 1 --warmup-request-count 3 --concurrency 2 --streaming",
    ),
    (
        "a prefill limit is not above the limit of sessions",
        "--streaming --prefill-concurrency 2 --warmup-concurrency 2 --warmup-request-count 3",
        "`--prefill-concurrency 2` is more than `--concurrency`, which is 1 where it is not given",
        "--streaming --prefill-concurrency 2 --request-rate 5",
    ),
    (
        "a prefill limit is not above the limit of sessions",
        "--streaming --prefill-concurrency 5 --concurrency 4 --warmup-request-count 3",
        "`--prefill-concurrency 5` is more than `--concurrency 4`",
        "--streaming --prefill-concurrency 4 --concurrency 4 --warmup-request-count 3",
    ),
    (
        "a prefill limit of the warmup is not above its limit of sessions",
        "--streaming --prefill-concurrency 4 --concurrency 4 --warmup-request-count 3 --warmup-concurrency 2",
        "`--prefill-concurrency 4` is more than `--warmup-concurrency 2`",
        "--streaming --prefill-concurrency 4 --concurrency 4 --warmup-request-count 3 --warmup-concurrency 2 --warmup-prefill-concurrency 2",
    ),
    (
        "a prefill limit of the warmup is not above its limit of sessions",
        "--streaming --concurrency 4 --warmup-request-count 3 --warmup-prefill-concurrency 5",
        "`--warmup-prefill-concurrency 5` is more than `--concurrency 4`",
        "--streaming --concurrency 4 --warmup-prefill-concurrency 5",
    ),
    (
        "a prefill limit of the warmup is not above its limit of sessions",
        "--streaming --prefill-concurrency 4 --user-centric-rate 5 --session-turns-mean 2 --num-users 3 --warmup-request-count 3",
        "`--prefill-concurrency 4` is more than `--warmup-concurrency`, which is 1 where it is not given",
        "--streaming --prefill-concurrency 4 --user-centric-rate 5 --session-turns-mean 2 --num-users 3",
    ),
    (
        "a grace period needs a duration",
        "--benchmark-grace-period 3 --request-count 3",
        "`--benchmark-grace-period` needs `--benchmark-duration`",
        "--benchmark-grace-period 3 --benchmark-duration 3",
    ),
    (
        "a grace period of the warmup needs a duration",
        "--warmup-grace-period 3 --warmup-request-count 3",
        "`--warmup-grace-period` needs `--warmup-duration`",
        "--warmup-grace-period 3 --warmup-duration 3",
    ),
    (
        "columns need records or time slices",
        "--export-formats parquet --export-level summary",
        "`--export-formats` has nothing to write beside `--export-level summary`",
        "--export-formats parquet --export-level summary --slice-duration 5",
    ),
    (
        "marks go into messages",
        "--cache-bust system_prefix --endpoint-type completions",
        "`--cache-bust system_prefix` does not go with `--endpoint-type completions`",
        "--cache-bust none --endpoint-type completions",
    ),
    (
        "a mark of the system prompt alone needs one",
        "--cache-bust warmup_isolation_system",
        "`--cache-bust warmup_isolation_system` needs a system prompt",
        "--cache-bust warmup_isolation_system --shared-system-prompt-length 5",
    ),
    (
        "captured bodies are in captures",
        "--captured-body messages",
        "`--captured-body` needs `--custom-dataset-type sagemaker_data_capture`",
        "--captured-body messages --input-file Cargo.toml",
    ),
    (
        "captured bodies are in captures",
        "--captured-body messages --input-file Cargo.toml --custom-dataset-type single_turn",
        "`--captured-body` needs `--custom-dataset-type sagemaker_data_capture`",
        "--captured-body messages --input-file Cargo.toml --custom-dataset-type sagemaker_data_capture",
    ),
    (
        "hash ids stand for text of a corpus",
        "--prompt-corpus random --input-file Cargo.toml --custom-dataset-type burst_gpt_trace",
        "`--prompt-corpus random` does not go with `--custom-dataset-type burst_gpt_trace`",
        "--prompt-corpus coding --input-file Cargo.toml --custom-dataset-type burst_gpt_trace",
    ),
    (
        "a cancellation delay needs a cancellation rate",
        "--request-cancellation-delay 0",
        "`--request-cancellation-delay` needs `--request-cancellation-rate`",
        "--request-cancellation-delay 0 --request-cancellation-rate 5",
    ),
];

fn args(line: &str) -> ProfileArgs {
    match PROFILE.parse(line.split_whitespace()) {
        Ok(Parsed::Values(args)) => args,
        other => panic!("{line}: {other:?}"),
    }
}

/// The rules that a line breaks, with what is said.
fn broken(args: &ProfileArgs) -> Vec<(&'static str, String)> {
    let load = Load::of(args);
    all()
        .filter_map(|rule| {
            let (message, hint) = (rule.breach)(&load)?;
            assert!(!hint.is_empty(), "{}", rule.name);
            Some((rule.name, message))
        })
        .collect()
}

#[test]
fn each_rule_is_broken_by_its_line_and_kept_by_a_near_one() {
    for (rule, breaking, message, keeping) in CASES {
        assert_eq!(
            broken(&args(breaking)),
            [(*rule, (*message).to_owned())],
            "{breaking}"
        );
        assert_eq!(broken(&args(keeping)), [], "{keeping}");
    }
}

#[test]
fn each_rule_has_a_line_that_breaks_it() {
    for rule in all() {
        assert!(
            CASES.iter().any(|(name, ..)| *name == rule.name),
            "{}",
            rule.name
        );
    }
}

#[test]
fn every_breach_names_its_flags() {
    for (_, _, message, _) in CASES {
        assert!(message.contains("`--"), "{message}");
    }
}

#[test]
fn a_trace_that_would_be_replayed_does_not_go_with_a_rate_unless_its_times_are_ignored() {
    let line = "--input-file tests/fixtures/trace.jsonl --request-rate 5";
    let trace = |line: &str| ProfileArgs {
        custom_dataset_type: Some(DatasetFormat::MooncakeTrace),
        ..args(line)
    };
    assert_eq!(
        broken(&trace(line)),
        [(
            "a fixed schedule has no rate",
            "`--request-rate` does not go with `--custom-dataset-type mooncake_trace`, whose file has timestamps to replay"
                .to_owned()
        )]
    );
    assert_eq!(broken(&trace(&format!("{line} --no-fixed-schedule"))), []);
}
