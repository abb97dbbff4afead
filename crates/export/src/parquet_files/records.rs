//! `profile_export.parquet`: one row per request.

use std::path::Path;

use aiperf_metrics::{ActiveMetrics, Metric, ValueType};
use aiperf_model::{ErrorDetails, MetricRecord, PhaseKind, ReadError, RecordMetadata};

use super::columns::{Column, ColumnFile, Values};
use crate::ExportError;

/// Rows in memory at a time.
const GROUP_ROWS: usize = 50_000;

type Get<T> = fn(&RecordMetadata) -> T;

type GetText = for<'a> fn(&'a RecordMetadata) -> Option<&'a str>;

const TEXTS: [(&str, GetText); 12] = [
    ("x_request_id", |data| data.x_request_id.as_deref()),
    ("x_correlation_id", |data| data.x_correlation_id.as_deref()),
    ("conversation_id", |data| data.conversation_id.as_deref()),
    ("worker_id", |data| Some(&data.worker_id)),
    ("record_processor_id", |data| {
        Some(&data.record_processor_id)
    }),
    ("benchmark_phase", |data| {
        Some(data.benchmark_phase.as_str())
    }),
    ("phase_name", |data| data.phase_name.as_deref()),
    ("phase_kind", |data| data.phase_kind.map(PhaseKind::as_str)),
    ("parent_correlation_id", |data| {
        data.parent_correlation_id.as_deref()
    }),
    ("root_correlation_id", |data| {
        data.root_correlation_id.as_deref()
    }),
    ("source_trace_id", |data| data.source_trace_id.as_deref()),
    ("source_kind", |data| data.source_kind.as_deref()),
];

const INTS: [(&str, Get<Option<u64>>); 11] = [
    ("session_num", |data| Some(data.session_num)),
    ("turn_index", |data| data.turn_index),
    ("credit_issued_ns", |data| data.credit_issued_ns),
    ("scheduled_send_ns", |data| data.scheduled_send_ns),
    ("request_start_ns", |data| Some(data.request_start_ns)),
    ("request_ack_ns", |data| data.request_ack_ns),
    ("request_end_ns", |data| Some(data.request_end_ns)),
    ("phase_index", |data| data.phase_index),
    ("profiling_index", |data| data.profiling_index),
    ("cancellation_time_ns", |data| data.cancellation_time_ns),
    ("agent_depth", |data| Some(data.agent_depth)),
];

const FLAGS: [(&str, Get<bool>); 2] = [
    ("was_cancelled", |data| data.was_cancelled),
    ("context_overflow_skip", |data| data.context_overflow_skip),
];

type GetError = for<'a> fn(&'a ErrorDetails) -> Option<&'a str>;

const ERROR_TEXTS: [(&str, GetError); 3] = [
    ("error_type", |error| error.r#type.as_deref()),
    ("error_message", |error| Some(&error.message)),
    ("error_cause", |error| error.cause.as_deref()),
];

/// Writes the file from the lines of a run (`aiperf_model::open_records`); `active` tells the
/// metrics that lines can have. Returns the number of rows.
///
/// # Errors
/// A line cannot be read, or the file cannot be written; it then does not exist.
pub fn write_records(
    path: &Path,
    active: &ActiveMetrics,
    records: impl IntoIterator<Item = Result<MetricRecord, ReadError>>,
) -> Result<u64, ExportError> {
    let metrics: Vec<&Metric> = active.exported().collect();
    let mut columns: Vec<Column> = Vec::new();
    columns.extend(INTS.iter().map(|(name, _)| {
        let column = Column::int(name);
        if name.ends_with("_ns") {
            column.in_unit("ns")
        } else {
            column
        }
    }));
    columns.extend(TEXTS.iter().map(|(name, _)| Column::text(name)));
    columns.extend(FLAGS.iter().map(|(name, _)| Column::flag(name)));
    columns.extend(metrics.iter().map(|metric| metric_column(metric)));
    columns.push(Column::int("error_code"));
    columns.extend(ERROR_TEXTS.iter().map(|(name, _)| Column::text(name)));

    let mut file = ColumnFile::create(path, &columns)?;
    let mut rows = 0;
    for record in records {
        push(&mut columns, &metrics, &record?);
        rows += 1;
        if rows % GROUP_ROWS == 0 {
            file.write_group(&mut columns)?;
        }
    }
    if rows % GROUP_ROWS != 0 {
        file.write_group(&mut columns)?;
    }
    file.finish()?;
    Ok(rows as u64)
}

fn metric_column(metric: &Metric) -> Column {
    let is_whole = metric.display_factor().is_none();
    let (values, repeats) = (Vec::new(), Vec::new());
    let values = match metric.value_type {
        ValueType::Int if is_whole => Values::Int(Vec::new()),
        ValueType::IntList if is_whole => Values::Ints {
            values: Vec::new(),
            repeats,
        },
        ValueType::IntList => Values::Floats { values, repeats },
        // Of aggregates a line shows counts.
        _ if metric.tag == "good_request_count" => Values::Int(Vec::new()),
        _ => Values::Float(Vec::new()),
    };
    Column::new(metric.tag, values).in_unit(metric.display_unit.as_str())
}

fn push(columns: &mut [Column], metrics: &[&Metric], record: &MetricRecord) {
    let data = &record.metadata;
    let mut columns = columns.iter_mut();
    for ((_, get), column) in INTS.iter().zip(columns.by_ref().take(INTS.len())) {
        column.push_int(get(data).and_then(|int| i64::try_from(int).ok()));
    }
    for ((_, get), column) in TEXTS.iter().zip(columns.by_ref().take(TEXTS.len())) {
        column.push_text(get(data));
    }
    for ((_, get), column) in FLAGS.iter().zip(columns.by_ref().take(FLAGS.len())) {
        column.push_flag(get(data));
    }
    for (metric, column) in metrics.iter().zip(columns.by_ref().take(metrics.len())) {
        column.push_metric(record.metric(metric.tag).map(|metric| &metric.value));
    }
    let error = record.error.as_ref();
    if let Some(column) = columns.next() {
        column.push_int(error.and_then(|error| error.code));
    }
    for ((_, get), column) in ERROR_TEXTS.iter().zip(columns) {
        column.push_text(error.and_then(get));
    }
}

#[cfg(test)]
mod tests {
    use super::super::UNITS_KEY;
    use super::*;
    use aiperf_metrics::{EndpointTraits, RunContext};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, Row};

    const LINES: [&str; 2] = [
        r#"{"metadata":{"session_num":1,"x_request_id":"a","request_start_ns":1000,"request_end_ns":3000,"worker_id":"w","record_processor_id":"r","benchmark_phase":"profiling","was_cancelled":false,"agent_depth":0},"metrics":{"output_sequence_length":{"value":5,"unit":"tokens"},"request_latency":{"value":1.5,"unit":"ms"},"inter_chunk_latency":{"value":[0.5,1.0],"unit":"ms"}}}"#,
        r#"{"metadata":{"session_num":2,"request_start_ns":1000,"request_end_ns":3000,"worker_id":"w","record_processor_id":"r","benchmark_phase":"warmup","was_cancelled":true,"agent_depth":0},"metrics":{},"error":{"code":499,"type":"RequestCancellationError","message":"é"}}"#,
    ];

    fn field(row: &Row, name: &str) -> Field {
        let found = row.get_column_iter().find(|(column, _)| *column == name);
        found.map(|(_, field)| field.clone()).unwrap()
    }

    #[test]
    fn every_request_is_a_row_and_absent_values_are_null() {
        let context = RunContext {
            endpoint: EndpointTraits {
                produces_tokens: true,
                tokenizes_input: true,
                ..EndpointTraits::default()
            },
            streaming: true,
            ..RunContext::default()
        };
        let active = ActiveMetrics::new(&context).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profile_export.parquet");
        let records = LINES.map(|line| Ok(serde_json::from_str(line).unwrap()));
        assert_eq!(write_records(&path, &active, records).unwrap(), 2);

        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<Row> = reader
            .get_row_iter(None)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(field(&rows[0], "session_num"), Field::Long(1));
        assert_eq!(field(&rows[0], "output_sequence_length"), Field::Long(5));
        assert_eq!(field(&rows[0], "request_latency"), Field::Double(1.5));
        let gaps = format!("{}", field(&rows[0], "inter_chunk_latency"));
        assert_eq!(gaps, "[0.5, 1.0]");
        assert_eq!(field(&rows[0], "error_message"), Field::Null);
        for absent in [
            "output_sequence_length",
            "request_latency",
            "inter_chunk_latency",
            "x_request_id",
        ] {
            assert_eq!(field(&rows[1], absent), Field::Null, "{absent}");
        }
        assert_eq!(field(&rows[1], "was_cancelled"), Field::Bool(true));
        assert_eq!(field(&rows[1], "error_code"), Field::Long(499));
        assert_eq!(field(&rows[1], "error_message"), Field::Str("é".to_owned()));
        let metadata = reader
            .metadata()
            .file_metadata()
            .key_value_metadata()
            .unwrap()
            .clone();
        let units = metadata
            .into_iter()
            .find(|entry| entry.key == UNITS_KEY)
            .unwrap();
        let units: serde_json::Value = serde_json::from_str(&units.value.unwrap()).unwrap();
        assert_eq!(units["inter_chunk_latency"], "ms");
        assert_eq!(units["request_start_ns"], "ns");
    }

    #[test]
    fn a_line_that_cannot_be_read_leaves_no_file() {
        let active = ActiveMetrics::new(&RunContext::default()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profile_export.parquet");
        let lines = "{\"metadata\":";
        let records: aiperf_model::RecordReader<_> =
            aiperf_model::RecordReader::new(lines.as_bytes(), "x.jsonl");
        let error = write_records(&path, &active, records).unwrap_err();
        assert!(error.to_string().contains("x.jsonl"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
