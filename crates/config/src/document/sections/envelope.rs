//! The document as a whole, and `benchmark`.

use super::artifacts::ArtifactsSection;
use super::dataset::DatasetSection;
use super::endpoint::{EndpointSection, ModelsSection};
use super::phase::Phase;
use super::runtime::{
    AccuracySection, LoggingSection, MetricsSection, RuntimeSection, TokenizerSection,
};
use super::sweep::{MultiRunSection, SweepSection};
use super::telemetry::{
    GpuTelemetrySection, MlflowSection, NetworkLatencySection, OtelSection, ServerMetricsSection,
    WandbSection,
};
use crate::document::node::Node;
use crate::document::read::{Read, Reader, section};
use crate::document::values::{Anything, Named, Quoted};

section! {
    /// A configuration of AIPerf.
    pub(crate) struct Envelope {
        schema_version: Quoted = Quoted("2.0".to_owned()), |version| {
            (version.0 != "2.0").then(|| "is a version that is not known; it is `\"2.0\"`".to_owned())
        };
        benchmark: BenchmarkSection;
        sweep: Option<SweepSection> = None;
        multi_run: MultiRunSection = empty();
        plot: Option<Anything> = None;
        variables: Named<Anything> = Named::default();
        random_seed: Option<u64> = None;
        no_sweep_table: bool = false;
    }
}

section! {
    /// One benchmark.
    pub(crate) struct BenchmarkSection {
        models: ModelsSection;
        endpoint: EndpointSection;
        datasets: Vec<DatasetSection>, |datasets| {
            (datasets.len() != 1).then(|| "does not hold exactly one dataset".to_owned())
        };
        phases: Vec<Phase>, |phases| phases.is_empty().then(|| "is empty".to_owned());
        artifacts: ArtifactsSection = empty();
        slos: Option<Named<f64>> = None;
        tokenizer: Option<TokenizerSection> = Some(empty());
        gpu_telemetry: GpuTelemetrySection = empty();
        server_metrics: ServerMetricsSection = empty();
        network_latency: NetworkLatencySection = empty();
        otel: OtelSection = empty();
        mlflow: MlflowSection = empty();
        wandb: WandbSection = empty();
        runtime: RuntimeSection = empty();
        logging: LoggingSection = empty();
        metrics: MetricsSection = empty();
        accuracy: Option<AccuracySection> = None;
        scenario: Option<String> = None;
        unsafe_override: bool = false;
    }
}

/// A section without required keys, with nothing in it.
fn empty<T: Read>() -> T {
    T::read(&Node::map(Default::default()), &mut Reader::default())
        .expect("no key of the section is required")
}

impl BenchmarkSection {
    /// The one dataset.
    pub(crate) fn dataset(&self) -> Option<&DatasetSection> {
        self.datasets.first()
    }
}
