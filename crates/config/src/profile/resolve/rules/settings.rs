//! Flags as the settings that the shared rules compare.

use super::schedule;
use crate::document::Mark;
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{EndpointType, ExportLevel, SweepMode};
use crate::profile::resolve::dataset::{DEFAULT_ISL, is_synthetic};
use crate::profile::resolve::endpoint::{self, PAYLOAD_TEMPLATE};
use crate::profile::resolve::given;
use crate::profile::resolve::load::{Load, Mode};
use crate::rules::{PhaseView, RunsView, Said, Source, Timing, View, Words};

fn said<T: Clone>(name: &str, value: &Option<T>) -> Said<T> {
    Said::by_flag(name, value.clone())
}

fn whether(name: &str, is_given: bool) -> Said<()> {
    Said::by_flag(name, is_given.then_some(()))
}

pub(in crate::profile::resolve) fn view(load: &Load) -> View {
    let args = load.args;
    let prefix = &args.prefix;
    let (source, source_name) = if args.input_file.is_some() {
        (Source::File, "`--input-file`")
    } else if is_synthetic(args) {
        (Source::Synthetic, "")
    } else {
        (Source::Public, "`--public-dataset`")
    };
    View {
        words: Words::Flags,
        models: whether("--model", !args.models.is_empty()),
        model_selection: said("--model-selection-strategy", &args.model_selection),
        model_weights: Said::by_flag("--model-weights", weights(args)),
        kind: kind(args),
        streaming: said("--streaming", &args.streaming),
        urls: Said::by_flag("--url", Some(args.urls.clone())),
        template: whether(
            "--extra-inputs payload_template",
            args.extra_inputs.contains_key(PAYLOAD_TEMPLATE),
        ),
        store: Said::by_flag("--extra-inputs", args.extra_inputs.get("store").cloned()),
        use_server_token_count: said("--use-server-token-count", &args.use_server_token_count),
        per_chunk_usage: said("--per-chunk-usage", &args.per_chunk_usage),
        uuid_and_strip: said("--uuid-and-strip", &args.uuid_and_strip),
        request_content_type: said("--request-content-type", &args.request_content_type),
        readiness_timeout: said(
            "--wait-for-model-timeout",
            &args.wait_for_model_timeout_seconds,
        ),
        readiness_mode: said("--wait-for-model-mode", &args.wait_for_model_mode),
        readiness_interval: said(
            "--wait-for-model-interval",
            &args.wait_for_model_interval_seconds,
        ),
        tokenizer: vec![
            whether("--tokenizer", args.tokenizer.is_some()),
            whether("--tokenizer-revision", args.tokenizer_revision.is_some()),
            whether("--apply-chat-template", given(args.apply_chat_template)),
        ],
        source,
        source_name: source_name.to_owned(),
        file: said("--input-file", &args.input_file),
        format: said("--custom-dataset-type", &args.custom_dataset_type),
        sampling: said("--dataset-sampling-strategy", &args.sampling),
        system_prompt: whether("--system-prompt", prefix.system_prompt.is_some()),
        system_prompt_file: whether("--system-prompt-file", prefix.system_prompt_file.is_some()),
        prefix_pool_size: said("--num-prefix-prompts", &prefix.pool_size),
        prefix_length: said("--prefix-prompt-length", &prefix.length),
        shared_system_length: said(
            "--shared-system-prompt-length",
            &prefix.shared_system_length,
        ),
        user_context_length: said("--user-context-prompt-length", &prefix.user_context_length),
        cache_bust: Said::by_flag(
            "--cache-bust",
            args.cache_bust.map(|target| target.to_string()),
        ),
        corpus: said("--prompt-corpus", &args.prompt_corpus),
        image_source: said("--image-source", &args.image.source),
        image_sampling: said("--image-source-sampling", &args.image.sampling),
        video_audio_codec: whether("--video-audio-codec", args.video.audio_codec.is_some()),
        video_audio_channels: said("--video-audio-num-channels", &args.video.audio_channels),
        batch_sizes: vec![
            said("--prompt-batch-size", &args.prompt_batch_size),
            said("--image-batch-size", &args.image.batch_size),
            said("--audio-batch-size", &args.audio.batch_size),
            said("--video-batch-size", &args.video.batch_size),
        ],
        isl_mean: tokens("--isl", args.isl_mean).or(DEFAULT_ISL as f64),
        osl_mean: tokens("--osl", args.osl_mean),
        range_ratio: whether("--random-range-ratio", args.random_range_ratio.is_some()),
        sequence_distribution: whether("--seq-dist", args.sequence_distribution.is_some()),
        phases: vec![profiling(load), warmup(load)],
        runs: runs(args),
    }
}

fn tokens(name: &str, count: Option<u64>) -> Said<f64> {
    Said::by_flag(name, count.map(|count| count as f64))
}

/// A template implies its type.
fn kind(args: &ProfileArgs) -> Said<EndpointType> {
    said("--endpoint-type", &args.endpoint_type).or(endpoint::kind(args))
}

/// A weight for each model; `None` for all where their numbers differ.
fn weights(args: &ProfileArgs) -> Option<Vec<Option<f64>>> {
    let fits = args.model_weights.len() == args.models.len();
    fits.then(|| args.model_weights.iter().copied().map(Some).collect())
}

fn profiling(load: &Load) -> PhaseView {
    let args = load.args;
    let (timing, timing_name) = match load.mode {
        Mode::FixedSchedule => (Timing::FixedSchedule, schedule(load)),
        Mode::UserCentric => (Timing::UserCentric, "`--user-centric-rate`".to_owned()),
        Mode::Rate => (Timing::Rate, "`--request-rate`".to_owned()),
        Mode::ClosedLoop => (Timing::ClosedLoop, "`--concurrency`".to_owned()),
    };
    let mut requests = said("--request-count", &args.request_count);
    if let Some(default) = load.profiling().requests {
        requests = requests.or(default);
    }
    let mut concurrency = said("--concurrency", &args.concurrency);
    if let Some(limit) = load.profiling().arrivals.concurrency() {
        concurrency = concurrency.or(limit);
    }
    PhaseView {
        timing,
        timing_name,
        timing_mark: Mark::Nowhere,
        requests,
        sessions: said("--conversation-num", &args.conversation_num),
        duration: said("--benchmark-duration", &args.benchmark_duration_seconds),
        grace: said("--benchmark-grace-period", &args.benchmark_grace_seconds),
        concurrency,
        prefill: said("--prefill-concurrency", &args.prefill_concurrency),
        users: said("--num-users", &args.num_users),
        rate: said("--request-rate", &args.request_rate),
        series: whether("--request-rate-series", args.request_rate_series.is_some()),
        auto_offset: said(
            "--fixed-schedule-auto-offset",
            &args.fixed_schedule_auto_offset,
        ),
        start_offset: said(
            "--fixed-schedule-start-offset",
            &args.fixed_schedule_start_offset_ms,
        ),
        end_offset: said(
            "--fixed-schedule-end-offset",
            &args.fixed_schedule_end_offset_ms,
        ),
    }
}

/// The warmup with what it inherits. Its grace period is looked at even where nothing makes it run.
fn warmup(load: &Load) -> PhaseView {
    let args = load.args;
    let prefill = match args.warmup_prefill_concurrency {
        None => said("--prefill-concurrency", &args.prefill_concurrency),
        own => said("--warmup-prefill-concurrency", &own),
    };
    let none = |name: &str| Said::by_flag(name, None);
    PhaseView {
        timing: Timing::ClosedLoop,
        timing_name: "`--warmup-concurrency`".to_owned(),
        timing_mark: Mark::Nowhere,
        requests: said("--warmup-request-count", &args.warmup_request_count),
        sessions: said("--num-warmup-sessions", &args.warmup_sessions),
        duration: said("--warmup-duration", &args.warmup_duration_seconds),
        grace: said("--warmup-grace-period", &args.warmup_grace_seconds),
        concurrency: warmup_concurrency(load),
        prefill: if load.warmup().is_some() {
            prefill
        } else {
            Said::by_flag("--warmup-prefill-concurrency", None)
        },
        users: none("--num-users"),
        rate: Said::by_flag("--warmup-request-rate", None),
        series: whether("--request-rate-series", false),
        auto_offset: Said::by_flag("--fixed-schedule-auto-offset", None),
        start_offset: none("--fixed-schedule-start-offset"),
        end_offset: none("--fixed-schedule-end-offset"),
    }
}

fn warmup_concurrency(load: &Load) -> Said<u64> {
    let args = load.args;
    let limits_profiling = load.profiling().arrivals.concurrency().is_some();
    let inherits =
        args.warmup_concurrency.is_none() && (args.concurrency.is_some() || limits_profiling);
    let own = if inherits {
        said("--concurrency", &args.concurrency)
    } else {
        said("--warmup-concurrency", &args.warmup_concurrency)
    };
    match load.warmup().and_then(|phase| phase.arrivals.concurrency()) {
        Some(limit) => own.or(limit),
        None => own,
    }
}

fn runs(args: &ProfileArgs) -> RunsView {
    let runs = &args.runs;
    let order = runs.sweep_mode.unwrap_or(SweepMode::Repeated);
    RunsView {
        trials: said("--num-profile-runs", &runs.num_runs),
        convergence: whether("--convergence-metric", runs.convergence_metric.is_some()),
        convergence_mode: said("--convergence-mode", &runs.convergence_mode),
        order: Said::by_flag("--parameter-sweep-mode", runs.has_sweep().then_some(order)),
        keeps_records: Said::by_flag(
            "--export-level",
            args.export_level.map(|level| level != ExportLevel::Summary),
        ),
        leaves_out_records: "`--export-level summary`",
    }
}
