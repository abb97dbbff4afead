//! What files may say and this version does not do. It is refused by name when a run is made of the
//! file; the file itself stays valid.

use crate::document::fault::Fault;
use crate::document::node::Mark;
use aiperf_search::points::MOST_DIMENSIONS;

use crate::document::read::{Dump, Field, Read as _};
use crate::document::sections::dataset::{DatasetSection, FileSection};
use crate::document::sections::envelope::{BenchmarkSection, Envelope};
use crate::document::sections::sweep::SweepSection;
use crate::profile::DatasetFormat;

/// Tells every key that asks for what is missing.
pub(super) fn check(envelope: &Envelope, faults: &mut Vec<Fault>) {
    let mut told = Missing(faults);
    let body = &envelope.benchmark;
    sweep(envelope, &mut told);
    told.unless_absent("plot", &envelope.plot);
    models(body, &mut told);
    artifacts(body, &mut told);
    telemetry(body, &mut told);
    let runtime = &body.runtime;
    told.unless_absent("benchmark.runtime.apiPort", &runtime.api_port);
    told.unless(
        "benchmark.accuracy",
        body.accuracy
            .as_ref()
            .is_none_or(|accuracy| accuracy.benchmark.is_none()),
        body.accuracy.place(),
    );
    told.unless_absent("benchmark.scenario", &body.scenario);
    if let Some(dataset) = body.dataset() {
        self::dataset(dataset, &mut told);
    }
}

fn sweep(envelope: &Envelope, told: &mut Missing) {
    let place = envelope.sweep.place();
    let Some(sweep) = envelope.sweep.as_ref() else {
        return;
    };
    let dimensions = match sweep {
        SweepSection::Sobol(sweep) => sweep.dimensions.len(),
        SweepSection::LatinHypercube(sweep) => {
            let by_regions = sweep.optimization.is_some_and(|way| way.is("lloyd"));
            told.unless(
                "sweep.optimization: lloyd",
                !by_regions,
                sweep.optimization.place(),
            );
            0
        }
        SweepSection::AdaptiveSearch(_) => {
            told.unless("sweep.type: adaptive_search", false, place);
            0
        }
        _ => 0,
    };
    told.unless(
        "sweep.dimensions (more than 32)",
        dimensions <= MOST_DIMENSIONS,
        place,
    );
    let dump = sweep.dump(Dump::Given);
    told.unless(
        "sweep.postProcess",
        dump.get("post_process").is_none(),
        place,
    );
}

/// Where the one dataset of a file stands.
const DATASET: &str = "benchmark.datasets.0";

/// What datasets that replay something have in common, whichever section they are.
macro_rules! replay {
    ($dataset:expr, $told:expr) => {{
        let (dataset, told) = ($dataset, $told);
        let path = |key: &str| format!("{DATASET}.{key}");
        told.unless_absent(
            &path("traceIdleGapCapSeconds"),
            &dataset.trace_idle_gap_cap_seconds,
        );
        told.unless_is(
            &path("useThinkTimeOnly"),
            &dataset.use_think_time_only,
            false,
        );
        told.unless_absent(&path("maxContextLength"), &dataset.max_context_length);
        let wraps = dataset
            .synthesis
            .as_ref()
            .is_some_and(|synthesis| *synthesis.allow_dataset_wrap);
        told.unless(
            &path("synthesis.allowDatasetWrap"),
            !wraps,
            dataset.synthesis.place(),
        );
    }};
}

struct Missing<'a>(&'a mut Vec<Fault>);

impl Missing<'_> {
    /// A key that must keep its default, which is to say nothing.
    fn unless_absent<T>(&mut self, path: &str, field: &Field<Option<T>>) {
        self.unless(path, field.is_none(), field.place());
    }

    /// A switch that must stay where it is by default.
    fn unless_is(&mut self, path: &str, field: &Field<bool>, default: bool) {
        self.unless(path, **field == default, field.place());
    }

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
        told.unless_absent(&format!("{path}.lora"), &model.lora);
    }
}

fn artifacts(body: &BenchmarkSection, told: &mut Missing) {
    let artifacts = &body.artifacts;
    told.unless_is("benchmark.artifacts.autoPlot", &artifacts.auto_plot, false);
    told.unless_is(
        "benchmark.artifacts.plotRequired",
        &artifacts.plot_required,
        false,
    );
    if let Some(tokenizer) = body.tokenizer.as_ref() {
        told.unless_is(
            "benchmark.tokenizer.trustRemoteCode",
            &tokenizer.trust_remote_code,
            false,
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
        let mode = &server.discovery.mode;
        told.unless(
            "benchmark.serverMetrics.discovery.mode",
            !mode.is("kubernetes"),
            mode.place(),
        );
    }
    told.unless_absent("benchmark.otel.metricsUrl", &body.otel.metrics_url);
    told.unless_absent("benchmark.mlflow.trackingUri", &body.mlflow.tracking_uri);
    told.unless_absent("benchmark.wandb.project", &body.wandb.project);
}

fn dataset(dataset: &DatasetSection, told: &mut Missing) {
    let path = |key: &str| format!("{DATASET}.{key}");
    match dataset {
        DatasetSection::File(dataset) => file(dataset, told),
        DatasetSection::Public(dataset) => {
            let known =
                aiperf_dataset::public::PublicDataset::from_name(dataset.dataset.name()).is_ok();
            told.unless(&path("dataset"), known, dataset.dataset.place());
            replay!(dataset, told);
        }
        DatasetSection::Synthetic(_) => {}
    }
}

fn file(dataset: &FileSection, told: &mut Missing) {
    let path = |key: &str| format!("{DATASET}.{key}");
    let is_read = DatasetFormat::SUPPORTED.contains(&dataset.format.name());
    told.unless(&path("format"), is_read, dataset.format.place());
    told.unless_absent(
        &path("traceSessionSampleRatio"),
        &dataset.trace_session_sample_ratio,
    );
    told.unless_absent(
        &path("maxIdleGapCapSeconds"),
        &dataset.max_idle_gap_cap_seconds,
    );
    told.unless_absent(&path("replaySpeedup"), &dataset.replay_speedup);
    told.unless_is(&path("openLoopReplay"), &dataset.open_loop_replay, true);
    told.unless_is(&path("openLoopStrict"), &dataset.open_loop_strict, false);
    told.unless_is(&path("omitKvHints"), &dataset.omit_kv_hints, false);
    told.unless_is(&path("forceMinTokens"), &dataset.force_min_tokens, true);
    replay!(dataset, told);
}
