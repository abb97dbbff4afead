//! About models, the server, files and the program itself.

use super::Idle;
use crate::document::sections::dataset::DatasetSection;
use crate::document::sections::endpoint::ModelsSection;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::values::FormatsOrNone;

pub(super) fn look(body: &BenchmarkSection, idle: &mut Idle) {
    models(&body.models, idle);
    endpoint(body, idle);
    artifacts(body, idle);
    telemetry(body, idle);
    runtime(body, idle);
}

fn models(models: &ModelsSection, idle: &mut Idle) {
    if models.strategy.is("random") && models.items.len() == 1 {
        idle.key(
            "models.strategy",
            &models.strategy,
            "with one model",
            "name more than one",
        );
    }
    for (index, model) in models.items.iter().enumerate() {
        let key = |name: &str| format!("models.items.{index}.{name}");
        if !models.strategy.is("weighted") {
            idle.key(
                &key("weight"),
                &model.weight,
                "without `strategy: weighted`",
                "models take turns; ask for the weights with `models.strategy: weighted`",
            );
        }
        idle.key(
            &key("modalities"),
            &model.modalities,
            "on a run",
            "what is sent follows from the dataset; leave it away",
        );
    }
}

fn endpoint(body: &BenchmarkSection, idle: &mut Idle) {
    let endpoint = &body.endpoint;
    let kind = endpoint.r#type.name();
    let with = format!("with `type: {kind}`");
    if *endpoint.use_legacy_max_tokens && kind != "chat" {
        idle.key(
            "endpoint.useLegacyMaxTokens",
            &endpoint.use_legacy_max_tokens,
            &with,
            "only chats have two names for the limit",
        );
    }
    if *endpoint.download_video_content && kind != "video_generation" {
        idle.key(
            "endpoint.downloadVideoContent",
            &endpoint.download_video_content,
            &with,
            "only `type: video_generation` makes videos",
        );
    }
    if kind != "template" {
        idle.key(
            "endpoint.template",
            &endpoint.template,
            &with,
            "bodies are made by a template with `type: template` only",
        );
    }
    let is_file = matches!(body.dataset(), Some(DatasetSection::File(_)));
    if *endpoint.uuid_and_strip && !is_file {
        idle.key(
            "endpoint.uuidAndStrip",
            &endpoint.uuid_and_strip,
            "without a dataset of `type: file`",
            "only images of a file are sent twice",
        );
    }
}

fn artifacts(body: &BenchmarkSection, idle: &mut Idle) {
    let artifacts = &body.artifacts;
    let has_records = matches!(*artifacts.records, FormatsOrNone::Formats(_)) || *artifacts.raw;
    if *artifacts.trace && !has_records {
        idle.key(
            "artifacts.trace",
            &artifacts.trace,
            "with `records: false`",
            "the trace is a part of the records: `records: [jsonl]`",
        );
    }
}

fn telemetry(body: &BenchmarkSection, idle: &mut Idle) {
    let gpu = &body.gpu_telemetry;
    if !*gpu.enabled {
        idle.keys(
            "gpuTelemetry",
            &[
                ("urls", gpu.urls.mark),
                ("metricsFile", gpu.metrics_file.mark),
                ("collector", gpu.collector.mark),
                ("mode", gpu.mode.mark),
            ],
            "with `enabled: false`",
            "leave it away, or collect",
        );
    }
    let server = &body.server_metrics;
    if !*server.enabled {
        idle.keys(
            "serverMetrics",
            &[("urls", server.urls.mark), ("formats", server.formats.mark)],
            "with `enabled: false`",
            "leave it away, or collect",
        );
    }
    let discovery = &server.discovery;
    idle.keys(
        "serverMetrics.discovery",
        &[
            ("labelSelector", discovery.label_selector.mark),
            ("namespace", discovery.namespace.mark),
            ("timeoutSeconds", discovery.timeout_seconds.mark),
        ],
        "here",
        "servers are not looked for in Kubernetes; name their addresses in `serverMetrics.urls`",
    );
    let latency = &body.network_latency;
    if !*latency.enabled || latency.mean_ms.is_some() {
        idle.key(
            "networkLatency.pingInterval",
            &latency.ping_interval,
            "where nothing is measured",
            "measure with `enabled: true` and without `meanMs`",
        );
    }
    let otel = &body.otel;
    if otel.metrics_url.is_none() {
        idle.keys(
            "otel",
            &[
                ("streamMetricsEnabled", otel.stream_metrics_enabled.mark),
                ("streamTimingEnabled", otel.stream_timing_enabled.mark),
                (
                    "customResourceAttributes",
                    otel.custom_resource_attributes.mark,
                ),
                ("genAiProvider", otel.gen_ai_provider.mark),
            ],
            "without `otel.metricsUrl`",
            "say where figures are sent",
        );
    }
    let mlflow = &body.mlflow;
    if mlflow.tracking_uri.is_none() {
        idle.keys(
            "mlflow",
            &[
                ("experiment", mlflow.experiment.mark),
                ("runName", mlflow.run_name.mark),
                ("tags", mlflow.tags.mark),
                ("parentRunId", mlflow.parent_run_id.mark),
                ("artifactGlobs", mlflow.artifact_globs.mark),
            ],
            "without `mlflow.trackingUri`",
            "say where results are sent",
        );
    }
}

fn runtime(body: &BenchmarkSection, idle: &mut Idle) {
    let runtime = &body.runtime;
    idle.keys(
        "runtime",
        &[
            ("serviceRunType", runtime.service_run_type.mark),
            ("communication", runtime.communication.mark),
            ("datasetApiBaseUrl", runtime.dataset_api_base_url.mark),
            ("workersPerPod", runtime.workers_per_pod.mark),
            (
                "recordProcessorsPerPod",
                runtime.record_processors_per_pod.mark,
            ),
        ],
        "here",
        "it is about AIPerf's processes, and this program is one process; it may stay for AIPerf's sake",
    );
    idle.key(
        "runtime.workersMin",
        &runtime.workers_min,
        "here",
        "threads are as many as `workers` says, or as fit the machine",
    );
    if body.scenario.is_none() {
        idle.key(
            "unsafeOverride",
            &body.unsafe_override,
            "without `scenario`",
            "it softens what a scenario forbids",
        );
    }
}
