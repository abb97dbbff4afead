//! Keys as the settings that the shared rules compare.

use serde_json::Value;

use crate::command::Choice;
use crate::document::node::Mark;
use crate::document::read::Field;
use crate::document::sections::dataset::{DatasetSection, FileSection, SyntheticSection};
use crate::document::sections::endpoint::{EndpointSection, ModelsSection};
use crate::document::sections::envelope::{BenchmarkSection, Envelope};
use crate::document::sections::phase::Phase;
use crate::document::sections::runtime::TokenizerSection;
use crate::document::sections::sweep::SweepSection;
use crate::document::values::{FormatsOrNone, OneOf, Seconds};
use crate::profile::{ConvergenceMode, DatasetFormat, SweepMode};
use crate::rules::{PhaseView, RunsView, Said, Source, Timing, View, Words};

fn said<T: Clone>(path: &str, field: &Field<T>) -> Said<T> {
    Said::at_key(path, field.mark, Some(field.value.clone()))
}

fn optional<T: Clone>(path: &str, field: &Field<Option<T>>) -> Said<T> {
    Said::at_key(path, field.mark, field.value.clone())
}

fn word<C: Choice>(path: &str, field: &Field<OneOf<C>>) -> Said<C> {
    Said::at_key(path, field.mark, field.choice())
}

fn optional_word<C: Choice>(path: &str, field: &Field<Option<OneOf<C>>>) -> Said<C> {
    let value = field.value.as_ref().and_then(OneOf::choice);
    Said::at_key(path, field.mark, value)
}

fn whether<T>(path: &str, field: &Field<Option<T>>) -> Said<()> {
    Said::at_key(path, field.mark, field.as_ref().map(|_| ()))
}

fn nothing<T>(path: &str) -> Said<T> {
    Said::at_key(path, None, None)
}

pub(super) fn view(envelope: &Envelope) -> View {
    let body = &envelope.benchmark;
    let mut view = unshaped(body, runs(envelope));
    match body.dataset() {
        Some(DatasetSection::Synthetic(dataset)) => synthetic(dataset, &mut view),
        Some(DatasetSection::File(dataset)) => file(dataset, &mut view),
        Some(DatasetSection::Public(dataset)) => {
            view.source = Source::Public;
            view.source_name = "`type: public`".to_owned();
            if let Some(prompts) = dataset.prompts.as_ref() {
                view.corpus = optional_word("datasets.0.prompts.corpus", &prompts.corpus);
            }
        }
        None => {}
    }
    view
}

/// Without what only some kinds of datasets have.
fn unshaped(body: &BenchmarkSection, runs: RunsView) -> View {
    let endpoint = &body.endpoint;
    let dataset = body.dataset();
    let system = dataset.map(DatasetSection::system_prompt);
    let key = |name: &str| format!("datasets.0.{name}");
    View {
        words: Words::Keys,
        models: nothing("models.items"),
        model_selection: word("models.strategy", &body.models.strategy),
        model_weights: weights(&body.models),
        kind: word("endpoint.type", &endpoint.r#type),
        streaming: said("endpoint.streaming", &endpoint.streaming),
        urls: said("endpoint.urls", &endpoint.urls),
        template: whether("endpoint.template", &endpoint.template),
        store: store(endpoint),
        use_server_token_count: said(
            "endpoint.useServerTokenCount",
            &endpoint.use_server_token_count,
        ),
        per_chunk_usage: said("endpoint.perChunkUsage", &endpoint.per_chunk_usage),
        uuid_and_strip: said("endpoint.uuidAndStrip", &endpoint.uuid_and_strip),
        request_content_type: optional_word(
            "endpoint.requestContentType",
            &endpoint.request_content_type,
        ),
        readiness_timeout: said(
            "endpoint.waitForModelTimeout",
            &endpoint.wait_for_model_timeout,
        ),
        readiness_mode: word("endpoint.waitForModelMode", &endpoint.wait_for_model_mode),
        readiness_interval: said(
            "endpoint.waitForModelInterval",
            &endpoint.wait_for_model_interval,
        ),
        tokenizer: body.tokenizer.as_ref().map(tokenizer).unwrap_or_default(),
        source: Source::Synthetic,
        source_name: String::new(),
        file: nothing(&key("path")),
        format: nothing(&key("format")),
        sampling: match dataset {
            Some(dataset) => word(&key("sampling"), dataset.sampling()),
            None => nothing(&key("sampling")),
        },
        system_prompt: match system {
            Some((text, _)) => whether(&key("systemPrompt"), text),
            None => nothing(&key("systemPrompt")),
        },
        system_prompt_file: match system {
            Some((_, file)) => whether(&key("systemPromptFile"), file),
            None => nothing(&key("systemPromptFile")),
        },
        prefix_pool_size: nothing(&key("prefixPrompts.poolSize")),
        prefix_length: nothing(&key("prefixPrompts.length")),
        shared_system_length: nothing(&key("prefixPrompts.sharedSystemLength")),
        user_context_length: nothing(&key("prefixPrompts.userContextLength")),
        cache_bust: cache_bust(dataset),
        corpus: nothing(&key("prompts.corpus")),
        image_source: nothing(&key("images.source")),
        image_sampling: nothing(&key("images.sourceSampling")),
        video_audio_codec: nothing(&key("video.audio.codec")),
        video_audio_channels: nothing(&key("video.audio.channels")),
        batch_sizes: Vec::new(),
        isl_mean: nothing(&key("prompts.isl")),
        osl_mean: nothing(&key("prompts.osl")),
        range_ratio: nothing(&key("prompts.randomRangeRatio")),
        sequence_distribution: nothing(&key("prompts.sequenceDistribution")),
        phases: body.phases.iter().enumerate().map(phase).collect(),
        runs,
    }
}

fn runs(envelope: &Envelope) -> RunsView {
    let many = &envelope.multi_run;
    let convergence = many.convergence.as_ref();
    let mode = convergence.map(|section| &section.mode);
    let records = &envelope.benchmark.artifacts.records;
    let order = match envelope.sweep.as_ref() {
        Some(SweepSection::Grid(sweep)) => Some(&sweep.iteration_order),
        Some(SweepSection::Zip(sweep)) => Some(&sweep.iteration_order),
        Some(SweepSection::Scenarios(sweep)) => Some(&sweep.iteration_order),
        Some(SweepSection::Sobol(sweep)) => Some(&sweep.iteration_order),
        Some(SweepSection::LatinHypercube(sweep)) => Some(&sweep.iteration_order),
        Some(SweepSection::AdaptiveSearch(_)) | None => None,
    };
    RunsView {
        trials: Said::at_root_key("multiRun.numRuns", many.num_runs.mark, Some(*many.num_runs)),
        convergence: Said::at_root_key(
            "multiRun.convergence",
            many.convergence.mark,
            convergence.map(|_| ()),
        ),
        convergence_mode: Said::at_root_key(
            "multiRun.convergence.mode",
            mode.and_then(|mode| mode.mark),
            mode.and_then(|mode| ConvergenceMode::named(mode.name())),
        ),
        order: Said::at_root_key(
            "sweep.iterationOrder",
            order.and_then(|order| order.mark).or(envelope.sweep.mark),
            order.and_then(|order| SweepMode::named(order.name())),
        ),
        keeps_records: Said::at_key(
            "artifacts.records",
            records.mark,
            Some(matches!(**records, FormatsOrNone::Formats(_))),
        ),
        leaves_out_records: "`benchmark.artifacts.records: false`",
    }
}

fn weights(models: &ModelsSection) -> Said<Vec<Option<f64>>> {
    let weights = models.items.iter().map(|model| *model.weight).collect();
    let typed = models.items.iter().find_map(|model| model.weight.mark);
    Said::at_key(
        "models.items.weight",
        typed.or(models.items.mark),
        Some(weights),
    )
}

fn store(endpoint: &EndpointSection) -> Said<Value> {
    let found = endpoint.extra.0.iter().find(|(name, _)| name == "store");
    let value = found.map(|(_, value)| value.0.to_json());
    Said::at_key(
        "endpoint.extra.store",
        found.map(|(_, value)| value.0.mark),
        value,
    )
}

fn tokenizer(section: &TokenizerSection) -> Vec<Said<()>> {
    let known = |path: &str, mark: Option<Mark>| Said::at_key(path, mark, Some(()));
    vec![
        known("tokenizer.name", section.name.mark),
        known("tokenizer.revision", section.revision.mark),
        known("tokenizer.trustRemoteCode", section.trust_remote_code.mark),
        known(
            "tokenizer.applyChatTemplate",
            section.apply_chat_template.mark,
        ),
    ]
}

fn cache_bust(dataset: Option<&DatasetSection>) -> Said<String> {
    let path = match dataset {
        Some(DatasetSection::Synthetic(_)) => "datasets.0.prompts.cacheBust.target",
        _ => "datasets.0.cacheBust.target",
    };
    match dataset.and_then(DatasetSection::cache_bust) {
        Some(bust) => Said::at_key(path, bust.target.mark, Some(bust.target.name().to_owned())),
        None => nothing(path),
    }
}

fn synthetic(dataset: &SyntheticSection, view: &mut View) {
    let key = |name: &str| format!("datasets.0.{name}");
    if let Some(prompts) = dataset.prompts.as_ref() {
        let mean = |law: &Option<crate::document::sections::distribution::Distribution>| {
            law.as_ref().map(|law| law.mean())
        };
        view.isl_mean = Said::at_key(&key("prompts.isl"), prompts.isl.mark, mean(&prompts.isl));
        view.osl_mean = Said::at_key(&key("prompts.osl"), prompts.osl.mark, mean(&prompts.osl));
        view.range_ratio = whether(
            &key("prompts.randomRangeRatio"),
            &prompts.random_range_ratio,
        );
        view.sequence_distribution = whether(
            &key("prompts.sequenceDistribution"),
            &prompts.sequence_distribution,
        );
        view.corpus = optional_word(&key("prompts.corpus"), &prompts.corpus);
    }
    if let Some(prefix) = dataset.prefix_prompts.as_ref() {
        let field =
            |name: &str, field| optional(&format!("datasets.0.prefixPrompts.{name}"), field);
        view.prefix_pool_size = field("poolSize", &prefix.pool_size);
        view.prefix_length = field("length", &prefix.length);
        view.shared_system_length = field("sharedSystemLength", &prefix.shared_system_length);
        view.user_context_length = field("userContextLength", &prefix.user_context_length);
    }
    if let Some(images) = dataset.images.as_ref() {
        view.image_source = said(&key("images.source"), &images.source);
        view.image_sampling = word(&key("images.sourceSampling"), &images.source_sampling);
    }
    if let Some(video) = dataset.video.as_ref() {
        let audio = &video.audio;
        view.video_audio_codec = whether(&key("video.audio.codec"), &audio.codec);
        view.video_audio_channels = said(&key("video.audio.channels"), &audio.channels);
    }
}

fn file(dataset: &FileSection, view: &mut View) {
    let key = |name: &str| format!("datasets.0.{name}");
    view.source = Source::File;
    view.file = optional(&key("path"), &dataset.path);
    view.format = word(&key("format"), &dataset.format).or(DatasetFormat::SingleTurn);
    view.source_name = view.format.whole();
    view.batch_sizes = [
        ("promptBatchSize", &dataset.prompt_batch_size),
        ("imageBatchSize", &dataset.image_batch_size),
        ("audioBatchSize", &dataset.audio_batch_size),
        ("videoBatchSize", &dataset.video_batch_size),
    ]
    .map(|(name, field)| optional(&key(name), field))
    .into();
    if let Some(prompts) = dataset.prompts.as_ref() {
        view.corpus = optional_word(&key("prompts.corpus"), &prompts.corpus);
    }
}

fn phase((index, phase): (usize, &Phase)) -> PhaseView {
    let timing = if phase.is("fixed_schedule") {
        Timing::FixedSchedule
    } else if phase.is("user_centric") {
        Timing::UserCentric
    } else if phase.has_rate() {
        Timing::Rate
    } else {
        Timing::ClosedLoop
    };
    let phase = &phase.0;
    let key = |name: &str| format!("phases.{index}.{name}");
    let seconds = |name: &str, field: &Field<Option<Seconds>>| {
        let value = field.as_ref().map(|seconds| seconds.0);
        Said::at_key(&key(name), field.mark, value)
    };
    let kind = &phase.r#type;
    PhaseView {
        timing,
        timing_name: match kind.mark {
            // Such a flag is a switch.
            Some(Mark::Flag(flag)) => format!("`{flag}`"),
            _ => format!("`benchmark.{}: {}`", key("type"), kind.name()),
        },
        timing_mark: kind.place(),
        requests: optional(&key("requests"), &phase.requests),
        sessions: optional(&key("sessions"), &phase.sessions),
        duration: seconds("duration", &phase.duration),
        grace: seconds("gracePeriod", &phase.grace_period),
        concurrency: optional(&key("concurrency"), &phase.concurrency),
        prefill: optional(&key("prefillConcurrency"), &phase.prefill_concurrency),
        users: optional(&key("users"), &phase.users),
        rate: optional(&key("rate"), &phase.rate),
        series: whether(&key("rateSeries"), &phase.rate_series),
        auto_offset: optional(&key("autoOffset"), &phase.auto_offset),
        start_offset: optional(&key("startOffset"), &phase.start_offset),
        end_offset: optional(&key("endOffset"), &phase.end_offset),
    }
}
