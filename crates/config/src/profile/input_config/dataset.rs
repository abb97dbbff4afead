//! The block of the dataset.

use aiperf_dataset::{Law, SequencePair};
use serde_json::{Map, Value, json};

use super::Block;
use crate::profile::args::ProfileArgs;
use crate::profile::choices::DatasetFormat;
use crate::profile::config::{DatasetSource, ProfileConfig};
use crate::profile::resolve::{DEFAULT_ISL, entries, takes_text, tokens};

/// The block of the dataset.
pub(super) fn block(args: &ProfileArgs, config: &ProfileConfig) -> Value {
    let mut dataset = Block::default();
    dataset.set("name", "main");
    dataset.set_some("sampling", args.sampling.map(|strategy| strategy.name()));
    dataset.set_some("entries", entries(args));
    dataset.set_some("random_seed", args.random_seed);
    dataset.set_some("system_prompt", args.prefix.system_prompt.clone());
    let file = args.prefix.system_prompt_file.as_ref();
    dataset.set_some(
        "system_prompt_file",
        file.map(|path| path.to_string_lossy().into_owned()),
    );
    match &config.dataset.source {
        DatasetSource::Synthetic(_) => synthetic(&mut dataset, args),
        DatasetSource::File(file) => {
            dataset.set("type", "file");
            dataset.set("path", file.path.to_string_lossy().into_owned());
            dataset.set_some("format", file.format.map(DatasetFormat::name));
            dataset.set_some("block_size", args.isl_block_size);
            if file.format == Some(DatasetFormat::RandomPool) {
                dataset.set_some("prompt_batch_size", args.prompt_batch_size);
                dataset.set_some("image_batch_size", args.image.batch_size);
                dataset.set_some("audio_batch_size", args.audio.batch_size);
                dataset.set_some("video_batch_size", args.video.batch_size);
            }
            recorded(&mut dataset, args);
        }
        DatasetSource::Public(public) => {
            dataset.set("type", "public");
            dataset.set("dataset", public.dataset.name);
            dataset.set_some("hf_subset", args.hf_subset.clone());
            if !args.dataset_filters.is_empty() {
                dataset.set("filters", filters(args));
            }
            recorded(&mut dataset, args);
        }
    }
    dataset.value()
}

fn filters(args: &ProfileArgs) -> Map<String, Value> {
    let words = args.dataset_filters.iter();
    words
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect()
}

/// What goes with conversations that exist.
fn recorded(dataset: &mut Block, args: &ProfileArgs) {
    let osl = args
        .osl_mean
        .map(|mean| normal(tokens(mean), args.osl_stddev));
    dataset.set_some("osl", osl);
    dataset.set_some("inter_turn_delay_cap_seconds", args.turn_delay_cap_seconds);
    dataset.set_some("ignore_trace_delays", args.ignore_trace_delays);
    dataset.set_some("cache_bust", cache_bust(args));
    if let Some(corpus) = args.prompt_corpus {
        dataset.set("prompts", json!({ "corpus": corpus.name() }));
    }
    let asked = &args.synthesis;
    let mut synthesis = Block::default();
    synthesis.set_some("speedup_ratio", asked.speedup);
    synthesis.set_some("prefix_len_multiplier", asked.prefix_length);
    synthesis.set_some("prefix_root_multiplier", asked.prefix_roots);
    synthesis.set_some("prompt_len_multiplier", asked.prompt_length);
    synthesis.set_some("output_len_multiplier", asked.output_length);
    synthesis.set_some("max_isl", asked.max_isl);
    synthesis.set_some("max_osl", asked.max_osl);
    dataset.set_unless_empty("synthesis", synthesis);
}

fn synthetic(dataset: &mut Block, args: &ProfileArgs) {
    dataset.set("type", "synthetic");
    dataset.set_unless_empty("prompts", prompts(args));
    dataset.set_unless_empty("prefix_prompts", prefix_prompts(args));
    dataset.set_unless_empty("rankings", rankings(args));
    dataset.set_unless_empty("images", images(args));
    dataset.set_unless_empty("audio", audio(args));
    dataset.set_unless_empty("video", video(args));
    if args.turn_mean.is_some() || args.turn_stddev.is_some() {
        let stddev = tokens(args.turn_stddev.unwrap_or(0));
        dataset.set(
            "turns",
            normal(tokens(args.turn_mean.unwrap_or(1)), Some(stddev)),
        );
    }
    if args.turn_delay_mean_ms.is_some() || args.turn_delay_stddev_ms.is_some() {
        let stddev = args.turn_delay_stddev_ms.unwrap_or(0.0);
        dataset.set(
            "turn_delay",
            normal(args.turn_delay_mean_ms.unwrap_or(0.0), Some(stddev)),
        );
    }
    dataset.set_some("turn_delay_ratio", args.turn_delay_ratio);
}

fn prompts(args: &ProfileArgs) -> Block {
    let mut prompts = Block::default();
    if takes_text(args) {
        let mean = args.isl_mean.unwrap_or(DEFAULT_ISL);
        prompts.set("isl", normal(tokens(mean), args.isl_stddev));
    }
    let osl = args
        .osl_mean
        .map(|mean| normal(tokens(mean), args.osl_stddev));
    prompts.set_some("osl", osl);
    prompts.set_some("block_size", args.isl_block_size);
    prompts.set_some("batch_size", args.prompt_batch_size);
    prompts.set_some("corpus", args.prompt_corpus.map(|corpus| corpus.name()));
    prompts.set_some("cache_bust", cache_bust(args));
    if let Some(distribution) = &args.sequence_distribution {
        let pairs: Vec<Value> = distribution.pairs().iter().map(pair).collect();
        prompts.set("sequence_distribution", pairs);
    }
    prompts.set_some(
        "random_corpus_style",
        args.random_corpus_style.map(|style| style.name()),
    );
    prompts.set_some("random_range_ratio", args.random_range_ratio.clone());
    prompts
}

fn cache_bust(args: &ProfileArgs) -> Option<Value> {
    args.cache_bust
        .map(|target| json!({ "target": target.name() }))
}

fn pair(pair: &SequencePair) -> Value {
    // What flags say is plain.
    let length = |law: &Law| {
        let stddev = law.plain().map(|normal| normal.stddev);
        normal(law.mean(), stddev)
    };
    json!({
        "isl": length(&pair.input),
        "osl": length(&pair.output),
        "probability": pair.percent,
    })
}

/// The schema knows no zeros here; they mean the same as nothing.
fn prefix_prompts(args: &ProfileArgs) -> Block {
    let asked = &args.prefix;
    let mut prefix = Block::default();
    prefix.set_some("pool_size", asked.pool_size.filter(|size| *size > 0));
    prefix.set_some("length", asked.length.filter(|length| *length > 0));
    prefix.set_some("shared_system_length", asked.shared_system_length);
    prefix.set_some("user_context_length", asked.user_context_length);
    prefix
}

fn rankings(args: &ProfileArgs) -> Block {
    let asked = &args.rankings;
    let mut rankings = Block::default();
    let pair = |mean: Option<u64>, stddev: Option<u64>| {
        mean.map(|mean| normal(tokens(mean), stddev.map(tokens)))
    };
    rankings.set_some("passages", pair(asked.passages_mean, asked.passages_stddev));
    rankings.set_some(
        "passage_tokens",
        pair(asked.passage_tokens_mean, asked.passage_tokens_stddev),
    );
    rankings.set_some(
        "query_tokens",
        pair(asked.query_tokens_mean, asked.query_tokens_stddev),
    );
    rankings
}

fn images(args: &ProfileArgs) -> Block {
    let asked = &args.image;
    let mut images = Block::default();
    let size = |mean: Option<f64>, stddev| mean.map(|mean| normal(mean, stddev));
    images.set_some("width", size(asked.width_mean, asked.width_stddev));
    images.set_some("height", size(asked.height_mean, asked.height_stddev));
    images.set_some("format", asked.format.map(|format| format.name()));
    images.set_some("source", asked.source.clone());
    images.set_some("source_sampling", asked.sampling.map(|way| way.name()));
    let wanted = images.0.keys().any(|key| key != "format");
    images.set_some("batch_size", asked.batch_size.or(wanted.then_some(1)));
    images
}

fn audio(args: &ProfileArgs) -> Block {
    let asked = &args.audio;
    let mut audio = Block::default();
    let length = asked
        .length_mean
        .map(|mean| normal(mean, asked.length_stddev));
    let wanted = length.is_some();
    audio.set_some("length", length);
    audio.set_some("batch_size", asked.batch_size.or(wanted.then_some(1)));
    audio.set_some("format", asked.format.map(|format| format.name()));
    if !asked.depths.is_empty() {
        audio.set("depths", asked.depths.clone());
    }
    if !asked.sample_rates.is_empty() {
        audio.set("sample_rates", asked.sample_rates.clone());
    }
    audio.set_some("channels", asked.channels);
    audio
}

fn video(args: &ProfileArgs) -> Block {
    let asked = &args.video;
    let mut video = Block::default();
    video.set_some("duration", asked.duration);
    video.set_some("fps", asked.fps);
    video.set_some("width", asked.width);
    video.set_some("height", asked.height);
    video.set_some("synth_type", asked.kind.map(|kind| kind.name()));
    let wanted = !video.0.is_empty();
    video.set_some("batch_size", asked.batch_size.or(wanted.then_some(1)));
    video.set_some("format", asked.format.map(|format| format.name()));
    video.set_some("codec", asked.codec.clone());
    let mut sound = Block::default();
    sound.set_some("sample_rate", asked.audio_sample_rate);
    sound.set_some("channels", asked.audio_channels);
    sound.set_some("codec", asked.audio_codec.map(|codec| codec.name()));
    sound.set_some("depth", asked.audio_depth.map(|depth| depth.bits()));
    video.set_unless_empty("audio", sound);
    video
}

fn normal(mean: f64, stddev: Option<f64>) -> Value {
    let mut distribution = Block::default();
    distribution.set("mean", mean);
    distribution.set_some("stddev", stddev);
    distribution.value()
}
