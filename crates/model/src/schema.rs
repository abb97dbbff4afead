//! JSON Schema of every file, drawn from the types.
//!
//! The schemas describe what is *written*: a member that is always there is required, a member that
//! may be absent is not nullable. Readers are more lenient than that.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::{
    AccuracyRecord, Aggregate, Collated, GpuTelemetryRecord, InputsFile, MetricRecord,
    NetworkLatencyRecord, OutputsFile, PhaseManifest, RawRecord, ReadyMarker, SamplingDesign,
    ServerMetricsExport, ServerMetricsRecord, Summary, SweepAggregate, Timeslices, TraceData,
};

/// The names that [`schema`] knows.
pub const SCHEMA_NAMES: [&str; 18] = [
    "record",
    "raw_record",
    "summary",
    "timeslices",
    "inputs",
    "outputs",
    "phase_manifest",
    "ready_marker",
    "trace_data",
    "gpu_telemetry",
    "network_latency",
    "accuracy",
    "server_metrics",
    "server_metrics_record",
    "aggregate",
    "sweep",
    "collated",
    "sampling_design",
];

/// The JSON Schema (draft 2020-12) of a file, or of one line of a file of lines; `None` for a name
/// that is not in [`SCHEMA_NAMES`].
pub fn schema(name: &str) -> Option<Value> {
    let schema = match name {
        "record" => of::<MetricRecord>(name, "A line of profile_export.jsonl"),
        "raw_record" => of::<RawRecord>(name, "A line of profile_export_raw.jsonl"),
        "summary" => of::<Summary>(name, "profile_export_aiperf.json"),
        "timeslices" => of::<Timeslices>(name, "profile_export_aiperf_timeslices.json"),
        "inputs" => of::<InputsFile>(name, "inputs.json"),
        "outputs" => of::<OutputsFile>(name, "outputs.json"),
        "phase_manifest" => of::<PhaseManifest>(name, "phase_manifest.json"),
        "ready_marker" => of::<ReadyMarker>(name, ".aiperf_results_ready.json"),
        "trace_data" => of::<TraceData>(name, "trace_data of a line of profile_export.jsonl"),
        "gpu_telemetry" => of::<GpuTelemetryRecord>(name, "A line of gpu_telemetry_export.jsonl"),
        "network_latency" => {
            of::<NetworkLatencyRecord>(name, "A line of profile_export_network_latency.jsonl")
        }
        "accuracy" => of::<AccuracyRecord>(name, "A line of accuracy_export.jsonl"),
        "server_metrics" => of::<ServerMetricsExport>(name, "server_metrics_export.json"),
        "server_metrics_record" => {
            of::<ServerMetricsRecord>(name, "A line of server_metrics_export.jsonl")
        }
        "aggregate" => of::<Aggregate>(name, "profile_export_aiperf_aggregate.json"),
        "sweep" => of::<SweepAggregate>(name, "profile_export_aiperf_sweep.json"),
        "collated" => of::<Collated>(name, "profile_export_aiperf_collated.json"),
        "sampling_design" => of::<SamplingDesign>(name, "sampling_design.json"),
        _ => return None,
    };
    Some(schema)
}

fn of<T: JsonSchema>(name: &str, title: &str) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(AbsentNotNull);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), json!(format!("urn:aiperf:schema:{name}")));
    schema.insert("title".to_owned(), json!(title));
    schema.to_value()
}

/// Takes `null` out of the members that are left out when they have no value.
#[derive(Debug, Clone)]
struct AbsentNotNull;

impl Transform for AbsentNotNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let required: Vec<String> = match schema.get("required") {
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return;
        };
        for (name, property) in properties.iter_mut() {
            if !required.contains(name) {
                remove_null(property);
            }
        }
    }
}

/// `"type": ["string", "null"]` becomes `"type": "string"`, and
/// `"anyOf": [{"$ref": …}, {"type": "null"}]` becomes the reference itself.
fn remove_null(property: &mut Value) {
    let Value::Object(property) = property else {
        return;
    };
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
        choices.retain(|choice| choice != &json!({"type": "null"}));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            property.shift_remove("anyOf");
            property.extend(only);
        }
    }
}
