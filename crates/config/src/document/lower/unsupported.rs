//! What files may say and this version does not do. It is refused by name when a run is made of the
//! file; the file itself stays valid.

use crate::document::fault::Fault;
use crate::document::node::Mark;
use crate::document::sections::dataset::{DatasetSection, FileSection, Records};
use crate::document::sections::envelope::{BenchmarkSection, Envelope};
use crate::document::values::FormatsOrNone;
use crate::profile::DatasetFormat;

/// Tells every key that asks for what is missing.
pub(super) fn check(envelope: &Envelope, faults: &mut Vec<Fault>) {
    let mut told = Missing(faults);
    let body = &envelope.benchmark;
    told.unless("sweep", envelope.sweep.is_none(), envelope.sweep.place());
    told.unless(
        "multiRun.numRuns",
        *envelope.multi_run.num_runs == 1,
        envelope.multi_run.num_runs.place(),
    );
    told.unless("plot", envelope.plot.is_none(), envelope.plot.place());
    models(body, &mut told);
    artifacts(body, &mut told);
    telemetry(body, &mut told);
    let runtime = &body.runtime;
    told.unless(
        "benchmark.runtime.apiPort",
        runtime.api_port.is_none(),
        runtime.api_port.place(),
    );
    told.unless(
        "benchmark.accuracy",
        body.accuracy
            .as_ref()
            .is_none_or(|accuracy| accuracy.benchmark.is_none()),
        body.accuracy.place(),
    );
    told.unless(
        "benchmark.scenario",
        body.scenario.is_none(),
        body.scenario.place(),
    );
    if let Some(dataset) = body.dataset() {
        self::dataset(envelope, dataset, &mut told);
    }
}

struct Missing<'a>(&'a mut Vec<Fault>);

impl Missing<'_> {
    fn unless(&mut self, path: &str, is_fine: bool, mark: Mark) {
        if !is_fine {
            let fault = Fault::new("is an AIPerf setting that this version does not support yet");
            self.0.push(fault.at(path, mark));
        }
    }
}

fn models(body: &BenchmarkSection, told: &mut Missing) {
    for (index, model) in body.models.items.iter().enumerate() {
        let path = format!("benchmark.models.items.{index}");
        told.unless(
            &format!("{path}.lora"),
            model.lora.is_none(),
            model.lora.place(),
        );
        told.unless(
            &format!("{path}.tokenizer"),
            model.tokenizer.is_none(),
            model.tokenizer.place(),
        );
    }
}

fn artifacts(body: &BenchmarkSection, told: &mut Missing) {
    let artifacts = &body.artifacts;
    let has_summary = matches!(*artifacts.summary, FormatsOrNone::Formats(_));
    for (key, is_fine, mark) in [
        ("summary", has_summary, artifacts.summary.place()),
        (
            "userFiles",
            artifacts.user_files.is_empty(),
            artifacts.user_files.place(),
        ),
        (
            "autoPlot",
            !*artifacts.auto_plot,
            artifacts.auto_plot.place(),
        ),
        (
            "plotRequired",
            !*artifacts.plot_required,
            artifacts.plot_required.place(),
        ),
    ] {
        told.unless(&format!("benchmark.artifacts.{key}"), is_fine, mark);
    }
    if let Some(tokenizer) = body.tokenizer.as_ref() {
        let trust = &tokenizer.trust_remote_code;
        told.unless(
            "benchmark.tokenizer.trustRemoteCode",
            !**trust,
            trust.place(),
        );
    }
}

fn telemetry(body: &BenchmarkSection, told: &mut Missing) {
    let gpu = &body.gpu_telemetry;
    if *gpu.enabled {
        for (key, is_fine, mark) in [
            ("urls", gpu.urls.is_empty(), gpu.urls.place()),
            (
                "metricsFile",
                gpu.metrics_file.is_none(),
                gpu.metrics_file.place(),
            ),
            ("collector", gpu.collector.is("dcgm"), gpu.collector.place()),
            ("mode", gpu.mode.is("summary"), gpu.mode.place()),
        ] {
            told.unless(&format!("benchmark.gpuTelemetry.{key}"), is_fine, mark);
        }
    }
    let server = &body.server_metrics;
    if *server.enabled {
        told.unless(
            "benchmark.serverMetrics.urls",
            server.urls.is_empty(),
            server.urls.place(),
        );
    }
    let latency = &body.network_latency;
    told.unless(
        "benchmark.networkLatency.enabled",
        !*latency.enabled || latency.mean_ms.is_some(),
        latency.enabled.place(),
    );
    told.unless(
        "benchmark.otel.metricsUrl",
        body.otel.metrics_url.is_none(),
        body.otel.metrics_url.place(),
    );
    told.unless(
        "benchmark.mlflow.trackingUri",
        body.mlflow.tracking_uri.is_none(),
        body.mlflow.tracking_uri.place(),
    );
    told.unless(
        "benchmark.wandb.project",
        body.wandb.project.is_none(),
        body.wandb.project.place(),
    );
}

fn dataset(envelope: &Envelope, dataset: &DatasetSection, told: &mut Missing) {
    let path = |key: &str| format!("benchmark.datasets.0.{key}");
    let seed = match dataset {
        DatasetSection::Synthetic(dataset) => &dataset.random_seed,
        DatasetSection::File(dataset) => &dataset.random_seed,
        DatasetSection::Public(dataset) => &dataset.random_seed,
    };
    // One seed is behind all random choices.
    let is_the_same = seed.is_none() || **seed == *envelope.random_seed;
    told.unless(&path("randomSeed"), is_the_same, seed.place());
    match dataset {
        DatasetSection::File(dataset) => file(dataset, told),
        DatasetSection::Public(dataset) => {
            let known =
                aiperf_dataset::public::PublicDataset::from_name(dataset.dataset.name()).is_ok();
            for (key, is_fine, mark) in [
                ("dataset", known, dataset.dataset.place()),
                (
                    "traceIdleGapCapSeconds",
                    dataset.trace_idle_gap_cap_seconds.is_none(),
                    dataset.trace_idle_gap_cap_seconds.place(),
                ),
                (
                    "useThinkTimeOnly",
                    !*dataset.use_think_time_only,
                    dataset.use_think_time_only.place(),
                ),
                (
                    "maxContextLength",
                    dataset.max_context_length.is_none(),
                    dataset.max_context_length.place(),
                ),
                (
                    "synthesis.allowDatasetWrap",
                    dataset
                        .synthesis
                        .as_ref()
                        .is_none_or(|synthesis| !*synthesis.allow_dataset_wrap),
                    dataset.synthesis.place(),
                ),
            ] {
                told.unless(&path(key), is_fine, mark);
            }
        }
        DatasetSection::Synthetic(dataset) => {
            let media = [
                (
                    "images",
                    dataset
                        .images
                        .as_ref()
                        .is_none_or(super::arguments::images_are_normal),
                    dataset.images.place(),
                ),
                (
                    "audio.length",
                    dataset
                        .audio
                        .as_ref()
                        .is_none_or(|audio| super::laws::normal(&audio.length).is_some()),
                    dataset.audio.place(),
                ),
                (
                    "rankings",
                    dataset
                        .rankings
                        .as_ref()
                        .is_none_or(super::arguments::rankings_are_normal),
                    dataset.rankings.place(),
                ),
            ];
            for (key, is_fine, mark) in media {
                told.unless(&path(key), is_fine, mark);
            }
            if let Some(prompts) = dataset.prompts.as_ref() {
                let pairs = prompts.sequence_distribution.as_ref();
                let is_fine =
                    pairs.is_none_or(|pairs| pairs.iter().all(super::arguments::pair_is_normal));
                told.unless(
                    &path("prompts.sequenceDistribution"),
                    is_fine,
                    prompts.sequence_distribution.place(),
                );
            }
        }
    }
}

fn file(dataset: &FileSection, told: &mut Missing) {
    let is_read = DatasetFormat::SUPPORTED.contains(&dataset.format.name());
    for (key, is_fine, mark) in [
        ("format", is_read, dataset.format.place()),
        (
            "records",
            !matches!(*dataset.records, Some(Records::Pools(_))),
            dataset.records.place(),
        ),
        (
            "traceSessionSampleRatio",
            dataset.trace_session_sample_ratio.is_none(),
            dataset.trace_session_sample_ratio.place(),
        ),
        (
            "maxIdleGapCapSeconds",
            dataset.max_idle_gap_cap_seconds.is_none(),
            dataset.max_idle_gap_cap_seconds.place(),
        ),
        (
            "replaySpeedup",
            dataset.replay_speedup.is_none(),
            dataset.replay_speedup.place(),
        ),
        (
            "openLoopReplay",
            *dataset.open_loop_replay,
            dataset.open_loop_replay.place(),
        ),
        (
            "openLoopStrict",
            !*dataset.open_loop_strict,
            dataset.open_loop_strict.place(),
        ),
        (
            "omitKvHints",
            !*dataset.omit_kv_hints,
            dataset.omit_kv_hints.place(),
        ),
        (
            "forceMinTokens",
            *dataset.force_min_tokens,
            dataset.force_min_tokens.place(),
        ),
        (
            "traceIdleGapCapSeconds",
            dataset.trace_idle_gap_cap_seconds.is_none(),
            dataset.trace_idle_gap_cap_seconds.place(),
        ),
        (
            "useThinkTimeOnly",
            !*dataset.use_think_time_only,
            dataset.use_think_time_only.place(),
        ),
        (
            "maxContextLength",
            dataset.max_context_length.is_none(),
            dataset.max_context_length.place(),
        ),
        (
            "synthesis.allowDatasetWrap",
            dataset
                .synthesis
                .as_ref()
                .is_none_or(|synthesis| !*synthesis.allow_dataset_wrap),
            dataset.synthesis.place(),
        ),
    ] {
        told.unless(&format!("benchmark.datasets.0.{key}"), is_fine, mark);
    }
}
