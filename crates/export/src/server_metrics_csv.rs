//! `server_metrics_export.csv`: one section for each type of metric, one row for each series.

mod labels;

use aiperf_model::{ServerMetric, ServerMetricSeries, ServerMetricStats, ServerMetricsExport};

use crate::csv::push_row;
use labels::{column_order, pattern};

/// A figure of a series: how its column is called, and where it stands.
struct Figure(&'static str, fn(&ServerMetricStats) -> Number);

/// A number as the file shows it.
#[derive(Clone, Copy)]
enum Number {
    Float(Option<f64>),
    Int(Option<i64>),
}

const GAUGE: [Figure; 13] = [
    Figure("avg", |stats| Number::Float(stats.avg)),
    Figure("min", |stats| Number::Float(stats.min)),
    Figure("max", |stats| Number::Float(stats.max)),
    Figure("std", |stats| Number::Float(stats.std)),
    Figure("p1", |stats| Number::Float(stats.p1)),
    Figure("p5", |stats| Number::Float(stats.p5)),
    Figure("p10", |stats| Number::Float(stats.p10)),
    Figure("p25", |stats| Number::Float(stats.p25)),
    Figure("p50", |stats| Number::Float(stats.p50)),
    Figure("p75", |stats| Number::Float(stats.p75)),
    Figure("p90", |stats| Number::Float(stats.p90)),
    Figure("p95", |stats| Number::Float(stats.p95)),
    Figure("p99", |stats| Number::Float(stats.p99)),
];

const COUNTER: [Figure; 6] = [
    Figure("total", |stats| Number::Float(stats.total)),
    Figure("rate", |stats| Number::Float(stats.rate)),
    Figure("rate_avg", |stats| Number::Float(stats.rate_avg)),
    Figure("rate_min", |stats| Number::Float(stats.rate_min)),
    Figure("rate_max", |stats| Number::Float(stats.rate_max)),
    Figure("rate_std", |stats| Number::Float(stats.rate_std)),
];

const HISTOGRAM: [Figure; 14] = [
    Figure("count", |stats| Number::Int(stats.count)),
    Figure("count_rate", |stats| Number::Float(stats.count_rate)),
    Figure("sum", |stats| Number::Float(stats.sum)),
    Figure("sum_rate", |stats| Number::Float(stats.sum_rate)),
    Figure("avg", |stats| Number::Float(stats.avg)),
    Figure("p1_estimate", |stats| Number::Float(stats.p1_estimate)),
    Figure("p5_estimate", |stats| Number::Float(stats.p5_estimate)),
    Figure("p10_estimate", |stats| Number::Float(stats.p10_estimate)),
    Figure("p25_estimate", |stats| Number::Float(stats.p25_estimate)),
    Figure("p50_estimate", |stats| Number::Float(stats.p50_estimate)),
    Figure("p75_estimate", |stats| Number::Float(stats.p75_estimate)),
    Figure("p90_estimate", |stats| Number::Float(stats.p90_estimate)),
    Figure("p95_estimate", |stats| Number::Float(stats.p95_estimate)),
    Figure("p99_estimate", |stats| Number::Float(stats.p99_estimate)),
];

/// A series with what its metric says.
struct Row<'a> {
    endpoint: String,
    name: &'a str,
    metric: &'a ServerMetric,
    series: &'a ServerMetricSeries,
}

/// The text of the file, from the figures of the measured phases. `endpoint_name` is what a table
/// calls an address.
pub fn server_metrics_csv(
    export: &ServerMetricsExport,
    endpoint_name: impl Fn(&str) -> String,
) -> String {
    let mut text = format!(
        "# AIPerf Server Metrics Export (CSV)\n# aiperf_version: {}\n# schema_version: 1.0\n\
         # benchmark_id: {}\n# Note: Same benchmark_id and version appear in JSON and Parquet exports\n#\n",
        export.aiperf_version.as_deref().unwrap_or_default(),
        export.benchmark_id.as_deref().unwrap_or_default(),
    );
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (name, metric) in &export.metrics {
        for series in &metric.series {
            let url = series.endpoint_url.as_deref().unwrap_or_default();
            rows.push(Row {
                endpoint: endpoint_name(url),
                name,
                metric,
                series,
            });
        }
    }
    let is_facts = |row: &&Row<'_>| row.metric.kind == "gauge" && row.name.ends_with("_info");
    let (facts, rows): (Vec<_>, Vec<_>) = rows.iter().partition(is_facts);
    let mut sections = Vec::new();
    for (kind, figures) in [
        ("gauge", &GAUGE[..]),
        ("counter", &COUNTER),
        ("histogram", &HISTOGRAM),
        ("unknown", &GAUGE),
    ] {
        let of_kind = rows.iter().filter(|row| row.metric.kind == kind);
        let of_kind: Vec<&Row<'_>> = of_kind.copied().collect();
        if !of_kind.is_empty() {
            sections.push(section(kind, figures, of_kind));
        }
    }
    if !facts.is_empty() {
        sections.push(section_of_facts(facts));
    }
    text.push_str(&sections.join("\r\n"));
    text
}

fn section(kind: &str, figures: &[Figure], mut rows: Vec<&Row<'_>>) -> String {
    let has_buckets = kind == "histogram";
    let labels = rows
        .iter()
        .filter(|row| !row.name.ends_with("_info"))
        .filter_map(|row| row.series.labels.as_ref());
    let columns = column_order(labels.map(|labels| labels.keys().map(String::as_str)));
    rows.sort_by_cached_key(|row| {
        let labels = row.series.labels.as_ref();
        let pattern = pattern(&columns, labels);
        (
            pattern,
            row.name,
            row.endpoint.clone(),
            label_text(row.series),
        )
    });

    let mut text = String::new();
    let mut header = vec!["Endpoint", "Type", "Metric", "Unit"];
    header.extend(figures.iter().map(|figure| figure.0));
    header.extend(columns.iter().map(String::as_str));
    header.push("Description");
    header.extend(has_buckets.then_some("buckets"));
    push_row(&mut text, header);
    for row in rows {
        let unit = row.metric.unit.clone().unwrap_or_default();
        let mut cells = vec![
            row.endpoint.clone(),
            kind.to_owned(),
            row.name.to_owned(),
            unit,
        ];
        let stats = row.series.stats.as_ref();
        let number = |figure: &Figure| stats.map(|stats| shown(figure.1(stats)));
        cells.extend(
            figures
                .iter()
                .map(|figure| number(figure).unwrap_or_default()),
        );
        let labels = row
            .series
            .labels
            .as_ref()
            .filter(|_| !row.name.ends_with("_info"));
        cells.extend(columns.iter().map(|column| {
            let value = labels.and_then(|labels| labels.get(column));
            value.cloned().unwrap_or_default()
        }));
        cells.push(row.metric.description.clone());
        if has_buckets {
            let buckets = row.series.buckets.iter().flatten();
            let each: Vec<String> = buckets.map(|(le, count)| format!("{le}={count}")).collect();
            cells.push(each.join(";"));
        }
        push_row(&mut text, cells.iter().map(String::as_str));
    }
    text
}

/// Metrics that hold facts in their labels: one row for each fact.
fn section_of_facts(mut rows: Vec<&Row<'_>>) -> String {
    let mut text = String::new();
    push_row(
        &mut text,
        ["Endpoint", "Metric", "Key", "Value", "Description"],
    );
    rows.sort_by(|left, right| {
        let order = left.name.cmp(right.name);
        order.then_with(|| left.endpoint.cmp(&right.endpoint))
    });
    for row in rows {
        let mut labels: Vec<_> = row.series.labels.iter().flatten().collect();
        labels.sort();
        for (key, value) in labels {
            let cells = [
                &*row.endpoint,
                row.name,
                key,
                value,
                &row.metric.description,
            ];
            push_row(&mut text, cells);
        }
    }
    text
}

/// Labels as a text, in the form by which the reference sorts.
fn label_text(series: &ServerMetricSeries) -> String {
    let labels = series.labels.iter().flatten();
    let each: Vec<String> = labels
        .map(|(name, value)| format!("'{name}': '{value}'"))
        .collect();
    each.join(", ")
}

fn shown(number: Number) -> String {
    match number {
        Number::Float(Some(number)) => format!("{number:.4}"),
        Number::Int(Some(number)) => number.to_string(),
        Number::Float(None) | Number::Int(None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sections_have_their_columns_and_rows_their_order() {
        let export = json!({
            "schema_version": "1.1", "aiperf_version": "0.13.0", "benchmark_id": "ddb1d2a681c0",
            "summary": {"endpoints_configured": [], "endpoints_successful": [], "start_time": "", "end_time": ""},
            "metrics_phase": "profiling",
            "metrics": {
                "cache_info": {"type": "gauge", "description": "Facts", "series": [
                    {"endpoint_url": "h", "labels": {"size": "16", "kind": "a,b"}, "stats": {"avg": 1.0}}]},
                "run": {"type": "gauge", "description": "Running", "unit": "requests", "series": [
                    {"endpoint_url": "h", "labels": {"m": "x", "rank": "0"}, "stats": {"avg": 2.75, "min": 0.0}},
                    {"endpoint_url": "h", "stats": {"avg": 1.0}},
                    {"endpoint_url": "h", "labels": {"m": "y"}, "stats": {"avg": 3.0}}]},
                "tokens": {"type": "counter", "description": "", "series": [
                    {"endpoint_url": "h", "stats": {"total": 5.0, "rate": 0.5}}]},
                "ttft": {"type": "histogram", "description": "TTFT", "unit": "seconds", "series": [
                    {"endpoint_url": "h", "stats": {"count": 60, "sum": 0.6647}, "buckets": {"0.01": 0, "+Inf": 60}}]},
            },
        });
        let export: ServerMetricsExport = serde_json::from_value(export).unwrap();
        let text = server_metrics_csv(&export, |url| format!("{url}:1"));
        let expected = "\
# AIPerf Server Metrics Export (CSV)
# aiperf_version: 0.13.0
# schema_version: 1.0
# benchmark_id: ddb1d2a681c0
# Note: Same benchmark_id and version appear in JSON and Parquet exports
#
Endpoint,Type,Metric,Unit,avg,min,max,std,p1,p5,p10,p25,p50,p75,p90,p95,p99,rank,m,Description\r
h:1,gauge,run,requests,1.0000,,,,,,,,,,,,,,,Running\r
h:1,gauge,run,requests,3.0000,,,,,,,,,,,,,,y,Running\r
h:1,gauge,run,requests,2.7500,0.0000,,,,,,,,,,,,0,x,Running\r
\r
Endpoint,Type,Metric,Unit,total,rate,rate_avg,rate_min,rate_max,rate_std,Description\r
h:1,counter,tokens,,5.0000,0.5000,,,,,\r
\r
Endpoint,Type,Metric,Unit,count,count_rate,sum,sum_rate,avg,p1_estimate,p5_estimate,p10_estimate,p25_estimate,p50_estimate,p75_estimate,p90_estimate,p95_estimate,p99_estimate,Description,buckets\r
h:1,histogram,ttft,seconds,60,,0.6647,,,,,,,,,,,,TTFT,0.01=0;+Inf=60\r
\r
Endpoint,Metric,Key,Value,Description\r
h:1,cache_info,kind,\"a,b\",Facts\r
h:1,cache_info,size,16,Facts\r
";
        assert_eq!(text, expected);
    }
}
