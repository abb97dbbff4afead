//! What to send.

pub(super) mod media;
pub(super) mod text;

use std::path::Path;

use aiperf_dataset::public::{Filters, PublicDataset, PublicPlan};
use aiperf_dataset::trace::{Synthesis, TracePlan, Window};
use aiperf_dataset::{Law, PoolBatch};
use serde_json::Value;

use super::endpoint::takes_text;
use super::load::{Load, Mode};
use super::{Findings, given};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{CacheBustTarget, CapturedBody, Sampling};
use crate::profile::config::{
    Arrivals, DatasetConfig, DatasetSource, FileDataset, SyntheticDataset, SystemPrompt,
};

const DEFAULT_ENTRIES: u64 = 100;
/// The mean prompt length of the command line. A YAML file has no such default.
pub(crate) const DEFAULT_ISL: u64 = 550;

pub(super) fn resolve(load: &Load, findings: &mut Findings) -> DatasetConfig {
    let args = load.args;
    let source = if args.public_dataset.is_some() {
        DatasetSource::Public(public(load, findings))
    } else if let Some(path) = &args.input_file {
        DatasetSource::File(file(load, path, findings))
    } else {
        DatasetSource::Synthetic(Box::new(synthetic(args, findings)))
    };
    DatasetConfig {
        source,
        sampling: args.sampling.unwrap_or(Sampling::Sequential),
        random_seed: None,
        replays_traces: !given(args.no_fixed_schedule),
        system_prompt: system_prompt(args),
        cache_bust: args.cache_bust.and_then(CacheBustTarget::mark),
    }
}

/// Whether conversations are made up.
pub(super) fn is_synthetic(args: &ProfileArgs) -> bool {
    args.input_file.is_none() && args.public_dataset.is_none()
}

fn system_prompt(args: &ProfileArgs) -> Option<SystemPrompt> {
    let text = args.prefix.system_prompt.clone().map(SystemPrompt::Text);
    let file = || {
        args.prefix
            .system_prompt_file
            .clone()
            .map(SystemPrompt::File)
    };
    text.or_else(file)
}

fn file(load: &Load, path: &Path, findings: &mut Findings) -> FileDataset {
    let args = load.args;
    warn_of_stddev_alone(args, findings);
    let batch = |size: Option<u64>| size.map_or(1, count);
    FileDataset {
        path: path.to_owned(),
        format: args.custom_dataset_type,
        // The number of requests sizes what is made up; a file is as long as it is.
        entries: args.num_dataset_entries,
        osl: osl(args),
        turn_delay_cap_seconds: args.turn_delay_cap_seconds,
        pool_entries: entries(args).unwrap_or(DEFAULT_ENTRIES),
        pool_batch: PoolBatch {
            texts: batch(args.prompt_batch_size),
            images: batch(args.image.batch_size),
            audios: batch(args.audio.batch_size),
            videos: batch(args.video.batch_size),
        },
        strip_repeated_images: given(args.uuid_and_strip),
        trace: trace(load),
    }
}

fn trace(load: &Load) -> TracePlan {
    let args = load.args;
    let small = |tokens: Option<u64>| tokens.map(small);
    let asked = &args.synthesis;
    let unchanged = Synthesis::default();
    TracePlan {
        block_size: small(args.isl_block_size),
        window: window(load),
        max_isl: small(asked.max_isl),
        max_osl: small(asked.max_osl),
        synthesis: Synthesis {
            speedup: asked.speedup.unwrap_or(unchanged.speedup),
            prefix_length: asked.prefix_length.unwrap_or(unchanged.prefix_length),
            prefix_roots: small(asked.prefix_roots).unwrap_or(unchanged.prefix_roots),
            prompt_length: asked.prompt_length.unwrap_or(unchanged.prompt_length),
            output_length: asked.output_length.unwrap_or(unchanged.output_length),
        },
        ignore_delays: given(args.ignore_trace_delays),
        captured_body: args
            .captured_body
            .unwrap_or(CapturedBody::Parameters)
            .meaning(),
        corpus: text::corpus(args),
    }
}

/// What of a trace is replayed: from the first beginning to the last end, if several phases replay
/// parts of it; all of it if one does not replay at its times.
fn window(load: &Load) -> Window {
    let windows = load.measured().map(|phase| match &phase.arrivals {
        Arrivals::FixedSchedule { window, .. } => (window.start_offset_ms, window.end_offset_ms),
        _ => (None, None),
    });
    let widest = windows.reduce(|(start, end), (other_start, other_end)| {
        (
            start.zip(other_start).map(|(one, other)| one.min(other)),
            end.zip(other_end).map(|(one, other)| one.max(other)),
        )
    });
    let (start_ms, end_ms) = widest.unwrap_or_default();
    Window { start_ms, end_ms }
}

fn public(load: &Load, findings: &mut Findings) -> PublicPlan {
    let args = load.args;
    warn_of_stddev_alone(args, findings);
    let dataset = args.public_dataset.unwrap_or(&PublicDataset::all()[0]);
    let is_whole = !dataset.is_streamed;
    // A streamed dataset is read as far as the run goes; the others are read whole unless told.
    let requests = load.measured().map(|phase| phase.requests);
    let needed = entries(args).or(requests.sum());
    let limit = args
        .num_dataset_entries
        .or((!is_whole).then(|| needed.unwrap_or(DEFAULT_ENTRIES)));
    PublicPlan {
        dataset,
        subset: args.hf_subset.clone(),
        revision: None,
        output_tokens: osl(args),
        limit: limit.map(count),
        // Its words were checked one by one as they were read.
        filters: Filters::from_words(args.dataset_filters.iter().map(String::as_str))
            .unwrap_or_default(),
        fixed_schedule: load.mode == Mode::FixedSchedule,
    }
}

fn warn_of_stddev_alone(args: &ProfileArgs, findings: &mut Findings) {
    if args.osl_mean.is_none() && args.osl_stddev.is_some() {
        findings.warn(
            "`--osl-stddev` has no effect without `--osl`",
            "give the mean as well: `--osl TOKENS`",
        );
    }
}

/// How many conversations were asked for, by whatever flag says it best.
pub(crate) fn entries(args: &ProfileArgs) -> Option<u64> {
    args.num_dataset_entries
        .or(args.conversation_num)
        .or(args.request_count)
}

fn synthetic(args: &ProfileArgs, findings: &mut Findings) -> SyntheticDataset {
    if args.osl_mean.is_some() && !answers_have_a_fixed_length(args) {
        findings.warn(
            "`--osl` is only an upper limit: servers may stop earlier",
            "add `--extra-inputs ignore_eos:true` or `--extra-inputs min_tokens:N`, if the server knows one of them",
        );
    }
    SyntheticDataset {
        entries: entries(args).unwrap_or(DEFAULT_ENTRIES),
        isl: takes_text(args).then(|| {
            Law::normal(
                tokens(args.isl_mean.unwrap_or(DEFAULT_ISL)),
                args.isl_stddev.unwrap_or(0.0),
            )
        }),
        osl: osl(args),
        batch_size: args.prompt_batch_size.unwrap_or(1),
        turns: Law::normal(
            tokens(args.turn_mean.unwrap_or(1)),
            tokens(args.turn_stddev.unwrap_or(0)),
        ),
        turn_delay_ms: Law::normal(
            args.turn_delay_mean_ms.unwrap_or(0.0),
            args.turn_delay_stddev_ms.unwrap_or(0.0),
        ),
        turn_delay_ratio: args.turn_delay_ratio.unwrap_or(1.0),
        corpus: text::corpus(args),
        prefix: text::prefix(args),
        paired_lengths: text::paired_lengths(args, findings),
        images: media::images(args),
        audio: media::audio(args),
        video: media::video(args),
        rankings: media::rankings(args),
    }
}

fn osl(args: &ProfileArgs) -> Option<Law> {
    args.osl_mean
        .map(|mean| Law::normal(tokens(mean), args.osl_stddev.unwrap_or(0.0)))
}

/// Whether the body asks the server to go on to the limit.
fn answers_have_a_fixed_length(args: &ProfileArgs) -> bool {
    ["ignore_eos", "min_tokens"]
        .iter()
        .any(|key| args.extra_inputs.get(*key).is_some_and(truthy))
}

/// Truth as in Python, which decides about the reference's warning.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}

/// More than there is memory for, where it does not fit.
fn count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// For values that their flags keep below 2^32.
fn small(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Counts far beyond 2^53 would lose digits; no dataset comes near.
pub(crate) fn tokens(count: u64) -> f64 {
    count as f64
}
