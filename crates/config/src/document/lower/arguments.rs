//! What a document says, as if it had been typed. Phases are not here.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::laws;
use crate::command::Choice;
use crate::document::sections::dataset::{
    DatasetSection, FileSection, PublicSection, SyntheticSection,
};
use crate::document::sections::distribution::Distribution;
use crate::document::sections::endpoint::EndpointSection;
use crate::document::sections::envelope::{BenchmarkSection, Envelope};
use crate::document::sections::media::{AudioSection, ImagesSection, VideoSection};
use crate::document::sections::prompts::{PromptsSection, RankingsSection, SynthesisSection};
use crate::document::values::FormatsOrNone;
use crate::profile::{
    AudioArgs, DatasetFormat, ExportLevel, Header, ImageArgs, LogLevel, ProfileArgs, RankingsArgs,
    Secret, ServerMetricsFormat, SynthesisArgs, VideoArgs,
};

/// The arguments. Those that no key stands for are taken from what was typed.
pub(super) fn of(envelope: &Envelope, typed: &ProfileArgs) -> ProfileArgs {
    let body = &envelope.benchmark;
    let mut args = ProfileArgs {
        http_version: typed.http_version,
        tls_ca_file: typed.tls_ca_file.clone(),
        tls_client_cert: typed.tls_client_cert.clone(),
        tls_client_key: typed.tls_client_key.clone(),
        no_tls_verify: typed.no_tls_verify,
        arrival_overflow: typed.arrival_overflow,
        timestamp_source: typed.timestamp_source,
        fail_on_client_limit: typed.fail_on_client_limit,
        captured_body: typed.captured_body,
        export_formats: typed.export_formats.clone(),
        random_seed: *envelope.random_seed,
        runs: super::runs::of(envelope),
        ..ProfileArgs::default()
    };
    models(body, &mut args);
    endpoint(&body.endpoint, &mut args);
    match body.dataset() {
        Some(DatasetSection::Synthetic(dataset)) => synthetic(dataset, &mut args),
        Some(DatasetSection::File(dataset)) => file(dataset, &mut args),
        Some(DatasetSection::Public(dataset)) => public(dataset, &mut args),
        None => {}
    }
    if let Some(dataset) = body.dataset() {
        let (text, path) = dataset.system_prompt();
        args.prefix.system_prompt = (**text).clone();
        args.prefix.system_prompt_file = (**path).clone();
        args.sampling = dataset
            .sampling()
            .choice()
            .filter(|_| dataset.sampling().is_given());
        args.cache_bust = dataset
            .cache_bust()
            .filter(|bust| bust.target.is_given())
            .and_then(|bust| Choice::named(bust.target.name()));
    }
    output(body, &mut args);
    args
}

fn models(body: &BenchmarkSection, args: &mut ProfileArgs) {
    let items = &body.models.items;
    args.models = items.iter().map(|model| (*model.name).clone()).collect();
    args.model_selection = body
        .models
        .strategy
        .choice()
        .filter(|_| body.models.strategy.is_given());
    if body.models.strategy.is("weighted") {
        args.model_weights = items.iter().filter_map(|model| *model.weight).collect();
    }
}

fn endpoint(endpoint: &EndpointSection, args: &mut ProfileArgs) {
    args.urls = (*endpoint.urls).clone();
    args.url_strategy = endpoint
        .url_strategy
        .choice()
        .filter(|_| endpoint.url_strategy.is_given());
    args.endpoint_type = endpoint.r#type.choice();
    args.custom_endpoint = (*endpoint.path).clone();
    args.api_key = endpoint
        .api_key
        .as_ref()
        .map(|key| Secret::new(key.0.clone()));
    // 0 means that there is no limit.
    let timeout = *endpoint.timeout;
    args.request_timeout_seconds = Some(if timeout > 0.0 {
        timeout
    } else {
        f64::INFINITY
    });
    args.streaming = Some(*endpoint.streaming);
    args.transport = endpoint.transport.and_then(|way| way.choice());
    args.connection_reuse = endpoint.connection_reuse.choice();
    args.use_legacy_max_tokens = Some(*endpoint.use_legacy_max_tokens);
    args.use_server_token_count = Some(*endpoint.use_server_token_count);
    args.per_chunk_usage = Some(*endpoint.per_chunk_usage);
    args.download_video_content = Some(*endpoint.download_video_content);
    args.request_content_type = endpoint.request_content_type.and_then(|kind| kind.choice());
    args.session_header = (*endpoint.session_header).clone();
    args.uuid_and_strip = Some(*endpoint.uuid_and_strip);
    args.headers = endpoint
        .headers
        .0
        .iter()
        .map(|(name, value)| Header {
            name: name.clone(),
            value: value.0.clone(),
        })
        .collect();
    args.extra_inputs = extra(endpoint);
    if *endpoint.wait_for_model_timeout > 0.0 {
        args.wait_for_model_timeout_seconds = Some(*endpoint.wait_for_model_timeout);
        args.wait_for_model_interval_seconds = Some(*endpoint.wait_for_model_interval);
        args.wait_for_model_mode = endpoint.wait_for_model_mode.choice();
    }
    if let Some(reset) = endpoint
        .reset_kv_cache
        .as_ref()
        .and_then(|reset| reset.0.as_ref())
    {
        args.reset_kv_cache = Some(true);
        args.reset_kv_cache_timeout_seconds = *reset.timeout_seconds;
        args.reset_kv_cache_path = (*reset.path).clone();
    }
    if let Some(profiler) = endpoint
        .server_profiler
        .as_ref()
        .and_then(|profiler| profiler.0.as_ref())
    {
        args.server_profiler = Some(true);
        args.server_profiler_timeout_seconds = *profiler.timeout_seconds;
        args.server_profiler_start_path = (*profiler.start_path).clone();
        args.server_profiler_stop_path = (*profiler.stop_path).clone();
    }
}

/// The user's own body is among them, as on the command line.
fn extra(endpoint: &EndpointSection) -> Map<String, Value> {
    let mut extra: Map<String, Value> = endpoint
        .extra
        .0
        .iter()
        .map(|(key, value)| (key.clone(), value.0.to_json()))
        .collect();
    if let Some(template) = endpoint.template.as_ref() {
        extra.insert(
            "payload_template".into(),
            Value::from((*template.body).clone()),
        );
        if template.response_field.is_given() {
            extra.insert(
                "response_field".into(),
                Value::from((*template.response_field).clone()),
            );
        }
    }
    extra
}

/// Whole tokens: what is between them is set afterwards.
fn whole(law: &Distribution) -> u64 {
    law.mean().max(0.0).ceil() as u64
}

fn synthetic(dataset: &SyntheticSection, args: &mut ProfileArgs) {
    args.num_dataset_entries = Some(*dataset.entries);
    args.turn_mean = dataset.turns.as_ref().map(whole);
    args.turn_delay_ratio = Some(*dataset.turn_delay_ratio);
    if let Some(prompts) = dataset.prompts.as_ref() {
        self::prompts(prompts, args);
    }
    if let Some(prefix) = dataset.prefix_prompts.as_ref() {
        args.prefix.pool_size = *prefix.pool_size;
        args.prefix.length = *prefix.length;
        args.prefix.shared_system_length = *prefix.shared_system_length;
        args.prefix.user_context_length = *prefix.user_context_length;
    }
    if let Some(images) = dataset
        .images
        .as_ref()
        .filter(|images| *images.batch_size > 0)
    {
        args.image = self::images(images);
    }
    if let Some(audio) = dataset.audio.as_ref().filter(|audio| *audio.batch_size > 0) {
        args.audio = self::audio(audio);
    }
    if let Some(video) = dataset.video.as_ref().filter(|video| *video.batch_size > 0) {
        args.video = self::video(video);
    }
    if let Some(rankings) = dataset.rankings.as_ref() {
        args.rankings = self::rankings(rankings);
    }
}

fn prompts(prompts: &PromptsSection, args: &mut ProfileArgs) {
    args.isl_block_size = *prompts.block_size;
    args.prompt_batch_size = prompts.batch_size.is_given().then_some(*prompts.batch_size);
    args.prompt_corpus = prompts.corpus.and_then(|corpus| corpus.choice());
    args.random_corpus_style = prompts.random_corpus_style.choice();
    args.random_range_ratio = prompts
        .random_range_ratio
        .as_ref()
        .map(|range| range.0.clone());
    if args.random_range_ratio.is_some() {
        args.isl_mean = prompts.isl.as_ref().map(whole);
    }
    args.osl_mean = prompts.osl.as_ref().map(whole);
    args.sequence_distribution = prompts
        .sequence_distribution
        .as_ref()
        .and_then(|pairs| laws::sequences(pairs).ok());
}

fn images(images: &ImagesSection) -> ImageArgs {
    ImageArgs {
        width_mean: Some(images.width.mean()),
        width_stddev: laws::stddev(&images.width),
        height_mean: Some(images.height.mean()),
        height_stddev: laws::stddev(&images.height),
        batch_size: Some(*images.batch_size),
        format: images.format.choice(),
        source: Some((*images.source).clone()),
        sampling: images.source_sampling.choice(),
    }
}

fn audio(audio: &AudioSection) -> AudioArgs {
    AudioArgs {
        length_mean: Some(audio.length.mean()),
        length_stddev: laws::stddev(&audio.length),
        batch_size: Some(*audio.batch_size),
        format: audio.format.choice(),
        depths: audio
            .depths
            .iter()
            .filter_map(|bits| u16::try_from(*bits).ok())
            .collect(),
        sample_rates: (*audio.sample_rates).clone(),
        channels: Some(*audio.channels),
    }
}

fn video(video: &VideoSection) -> VideoArgs {
    VideoArgs {
        batch_size: Some(*video.batch_size),
        duration: Some(*video.duration),
        fps: Some(*video.fps),
        width: *video.width,
        height: *video.height,
        kind: video.synth_type.choice(),
        format: video.format.choice(),
        codec: Some((*video.codec).clone()),
        audio_sample_rate: Some(*video.audio.sample_rate),
        audio_channels: Some(*video.audio.channels),
        audio_codec: video.audio.codec.and_then(|codec| codec.choice()),
        audio_depth: Choice::named(&video.audio.depth.to_string()),
    }
}

fn rankings(rankings: &RankingsSection) -> RankingsArgs {
    let moments = |law: &Distribution| {
        let stddev = laws::stddev(law);
        (Some(law.mean() as u64), stddev.map(|stddev| stddev as u64))
    };
    let (passages_mean, passages_stddev) = moments(&rankings.passages);
    let (passage_tokens_mean, passage_tokens_stddev) = moments(&rankings.passage_tokens);
    let (query_tokens_mean, query_tokens_stddev) = moments(&rankings.query_tokens);
    RankingsArgs {
        passages_mean,
        passages_stddev,
        passage_tokens_mean,
        passage_tokens_stddev,
        query_tokens_mean,
        query_tokens_stddev,
    }
}

fn file(dataset: &FileSection, args: &mut ProfileArgs) {
    args.input_file = (*dataset.path).clone();
    let format = dataset.format.choice();
    args.custom_dataset_type = format.filter(|_| dataset.format.is_given());
    // A file without a named format has a content that tells it.
    args.num_dataset_entries = *dataset.entries;
    args.osl_mean = dataset.osl.as_ref().map(whole);
    args.isl_block_size = *dataset.block_size;
    if format == Some(DatasetFormat::RandomPool) {
        args.prompt_batch_size = *dataset.prompt_batch_size;
        args.image.batch_size = *dataset.image_batch_size;
        args.audio.batch_size = *dataset.audio_batch_size;
        args.video.batch_size = *dataset.video_batch_size;
    }
    args.turn_delay_cap_seconds = *dataset.inter_turn_delay_cap_seconds;
    args.ignore_trace_delays = Some(*dataset.ignore_trace_delays);
    args.prompt_corpus = dataset
        .prompts
        .as_ref()
        .and_then(|prompts| prompts.corpus.and_then(|corpus| corpus.choice()));
    if let Some(synthesis) = dataset.synthesis.as_ref() {
        args.synthesis = self::synthesis(synthesis);
    }
}

fn public(dataset: &PublicSection, args: &mut ProfileArgs) {
    args.public_dataset =
        aiperf_dataset::public::PublicDataset::from_name(dataset.dataset.name()).ok();
    args.num_dataset_entries = *dataset.entries;
    args.hf_subset = (*dataset.hf_subset).clone();
    args.dataset_filters = dataset
        .filters
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    args.osl_mean = dataset.osl.as_ref().map(whole);
    args.turn_delay_cap_seconds = *dataset.inter_turn_delay_cap_seconds;
    args.ignore_trace_delays = Some(*dataset.ignore_trace_delays);
    if let Some(synthesis) = dataset.synthesis.as_ref() {
        args.synthesis = self::synthesis(synthesis);
    }
}

fn synthesis(synthesis: &SynthesisSection) -> SynthesisArgs {
    SynthesisArgs {
        speedup: Some(*synthesis.speedup_ratio),
        prefix_length: Some(*synthesis.prefix_len_multiplier),
        prefix_roots: Some(*synthesis.prefix_root_multiplier),
        prompt_length: Some(*synthesis.prompt_len_multiplier),
        output_length: Some(*synthesis.output_len_multiplier),
        max_isl: *synthesis.max_isl,
        max_osl: *synthesis.max_osl,
    }
}

fn output(body: &BenchmarkSection, args: &mut ProfileArgs) {
    let artifacts = &body.artifacts;
    args.artifact_dir = artifacts.dir.is_given().then(|| (*artifacts.dir).clone());
    args.export_prefix = artifacts.prefix.as_deref().map(prefix);
    let has_records = matches!(*artifacts.records, FormatsOrNone::Formats(_));
    args.export_level = Some(match (*artifacts.raw, has_records) {
        (true, _) => ExportLevel::Raw,
        (false, true) => ExportLevel::Records,
        (false, false) => ExportLevel::Summary,
    });
    args.export_http_trace = Some(*artifacts.trace);
    args.show_trace_timing = Some(*artifacts.show_trace_timing);
    args.slice_duration_seconds = artifacts.slice_duration.map(|seconds| seconds.0);
    args.export_outputs_json = Some(*artifacts.export_outputs_json);
    if let Some(slos) = body.slos.as_ref() {
        args.goodput = slos.0.clone();
    }
    if let Some(tokenizer) = body.tokenizer.as_ref() {
        args.tokenizer = (*tokenizer.name).clone();
        let revision = tokenizer.revision.is_given();
        args.tokenizer_revision = revision.then(|| (*tokenizer.revision).clone());
        args.apply_chat_template = Some(*tokenizer.apply_chat_template);
    }
    let declined = |is_given: bool, enabled: bool| is_given.then_some(!enabled);
    let gpu = &body.gpu_telemetry.enabled;
    args.no_gpu_telemetry = declined(gpu.is_given(), **gpu);
    let server = &body.server_metrics.enabled;
    args.no_server_metrics = declined(server.is_given(), **server);
    if *body.server_metrics.enabled {
        let section = &body.server_metrics;
        args.server_metrics = section.urls.is_given().then(|| (*section.urls).clone());
        let formats = section
            .formats
            .iter()
            .filter(|_| section.formats.is_given());
        args.server_metrics_formats = formats
            .filter_map(|format| ServerMetricsFormat::named(format.name()))
            .collect();
    }
    let latency = &body.network_latency;
    args.network_latency_mean_ms = *latency.mean_ms;
    if *latency.enabled && latency.mean_ms.is_none() {
        args.network_latency_automatic = Some(true);
        let interval = &latency.ping_interval;
        args.network_latency_ping_interval_seconds = interval.is_given().then_some(**interval);
    }
    let runtime = &body.runtime;
    args.workers_max = *runtime.workers;
    args.record_processors = *runtime.record_processors;
    args.ui = runtime.ui.choice().filter(|_| runtime.ui.is_given());
    args.stats_interval_seconds = *runtime.stats_interval;
    let level = &body.logging.level;
    args.log_level = LogLevel::named(level.name()).filter(|_| level.is_given());
}

/// Files go to the artifact directory, so of an absolute prefix only the last part counts.
fn prefix(typed: &str) -> PathBuf {
    let path = Path::new(typed);
    match path.file_name() {
        Some(last) if path.is_absolute() => last.into(),
        _ => path.to_owned(),
    }
}
