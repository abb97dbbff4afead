//! What is watched beside the requests, and where results are sent.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::document::limits::{above_zero, from_zero};
use crate::document::node::Node;
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};
use crate::document::values::{Named, OneOf, Tags, words};

words! {
    /// Who reads figures of GPUs.
    GpuCollector = "dcgm", "pynvml", "amdsmi";
    /// How figures of GPUs are shown.
    GpuMode = "summary", "realtime_dashboard";
    /// Formats of the server's metrics.
    ServerMetricsFormat = "json", "csv", "jsonl", "parquet";
    /// How addresses of metrics are found.
    DiscoveryMode = "auto", "kubernetes", "disabled";
}

section! {
    /// Figures of GPUs.
    pub(crate) struct GpuTelemetrySection {
        enabled: bool = true;
        urls: Vec<String> = Vec::new();
        metrics_file: Option<PathBuf> = None;
        collector: OneOf<GpuCollector> = OneOf::word("dcgm");
        mode: OneOf<GpuMode> = OneOf::word("summary");
    }
}

section! {
    /// The server's own metrics.
    pub(crate) struct ServerMetricsSection {
        enabled: bool = true;
        urls: Vec<String> = Vec::new();
        formats: Vec<OneOf<ServerMetricsFormat>> = vec![OneOf::word("json"), OneOf::word("csv")];
        discovery: DiscoverySection = DiscoverySection::default();
    }
}

section! {
    /// How addresses of metrics are found.
    pub(crate) struct DiscoverySection {
        mode: OneOf<DiscoveryMode> = OneOf::word("auto");
        label_selector: Option<String> = None;
        namespace: Option<String> = None;
        timeout_seconds: f64 = 30.0, above_zero;
    }
}

section! {
    /// The time that the way to the server takes.
    pub(crate) struct NetworkLatencySection {
        enabled: bool = false;
        ping_interval: f64 = 1.0, above_zero;
        mean_ms: Option<f64> = None, from_zero;
    }
}

section! {
    /// OpenTelemetry.
    pub(crate) struct OtelSection {
        metrics_url: Option<String> = None;
        stream_metrics_enabled: bool = true;
        stream_timing_enabled: bool = true;
        custom_resource_attributes: Named<String> = Named::default();
        gen_ai_provider: Option<String> = None;
    }
}

section! {
    /// MLflow.
    pub(crate) struct MlflowSection {
        tracking_uri: Option<String> = None;
        experiment: String = "aiperf".to_owned();
        run_name: Option<String> = None;
        tags: Option<Tags> = None;
        parent_run_id: Option<String> = None;
        artifact_globs: Option<Vec<String>> = None;
    }
}

section! {
    /// Weights & Biases.
    pub(crate) struct WandbSection {
        project: Option<Word> = None;
        entity: Option<Word> = None;
        run_name: Option<Word> = None;
        tags: Option<Labels> = None;
    }
}

/// A text without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) String);

impl Read for Word {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        String::read(node, reader).map(|text| Self(text.trim().to_owned()))
    }

    fn dump(&self, _: Dump) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        json!(self.0)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        String::schema(definitions)
    }
}

/// Texts, or one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels(pub(crate) Vec<String>);

impl Read for Labels {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let texts = match node.as_text() {
            Some(text) => vec![text.to_owned()],
            None => Vec::<String>::read(node, reader)?,
        };
        let texts = texts.iter().map(|text| text.trim());
        let texts = texts.filter(|text| !text.is_empty());
        Some(Self(texts.map(str::to_owned).collect()))
    }

    fn dump(&self, _: Dump) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        json!(self.0)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

impl Default for DiscoverySection {
    fn default() -> Self {
        Self {
            mode: Field::default_of(OneOf::word("auto")),
            label_selector: Field::default_of(None),
            namespace: Field::default_of(None),
            timeout_seconds: Field::default_of(30.0),
        }
    }
}
