//! `profile_export_aiperf_aggregate.csv` and `profile_export_aiperf_sweep.csv`: what several runs say
//! together, for spreadsheets. Layout and numbers are the reference's.

use aiperf_model::{Aggregate, BestConfiguration, CombinationMetric, SweepAggregate};
use serde_json::{Map, Value, json};

use crate::csv::push_row;
use crate::json::float_text;

/// The text of the file about repeated runs.
pub fn aggregate_csv(aggregate: &Aggregate) -> String {
    let mut text = String::new();
    push_row(
        &mut text,
        [
            "metric",
            "mean",
            "std",
            "min",
            "max",
            "cv",
            "se",
            "ci_low",
            "ci_high",
            "t_critical",
            "unit",
        ],
    );
    for (key, metric) in &aggregate.metrics {
        let cells = [
            key.clone(),
            or_infinite(metric.mean, 2),
            or_infinite(metric.std, 2),
            or_infinite(metric.min, 2),
            or_infinite(metric.max, 2),
            or_infinite(metric.cv, 4),
            or_infinite(metric.se, 4),
            or_infinite(metric.ci_low, 2),
            or_infinite(metric.ci_high, 2),
            or_infinite(metric.t_critical, 4),
            metric.unit.clone(),
        ];
        push_row(&mut text, cells.iter().map(String::as_str));
    }
    text.push_str("\r\n");
    let metadata = &aggregate.metadata;
    let mut row = |name: &str, value: Value| {
        push_row(&mut text, [name, &literal(&value, true)]);
    };
    row("Aggregation Type", json!(metadata.aggregation_type));
    row("Total Runs", json!(metadata.num_profile_runs));
    row("Successful Runs", json!(metadata.num_successful_runs));
    row("Confidence Level", json!(metadata.confidence_level));
    row("Run Labels", json!(metadata.run_labels));
    for (name, value) in [
        ("Single Run", metadata.single_run.map(Value::from)),
        ("Cooldown Seconds", Some(json!(metadata.cooldown_seconds))),
        (
            "Variation Label",
            metadata.variation_label.clone().map(Value::from),
        ),
        (
            "Variation Values",
            metadata.variation_values.clone().map(Value::from),
        ),
        ("Sweep Mode", metadata.sweep_mode.clone().map(Value::from)),
        ("Model", metadata.model.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            row(name, value);
        }
    }
    text
}

/// The text of the file about a sweep.
pub fn sweep_csv(sweep: &SweepAggregate) -> String {
    let mut text = String::new();
    let parameters = &sweep.metadata.sweep_parameters;
    let names: Vec<&str> = parameters.iter().map(|one| one.name.as_str()).collect();
    if !sweep.per_combination_metrics.is_empty() {
        push_combinations(&mut text, sweep, &names);
    }
    text.push_str("\r\n");
    push_row(&mut text, ["Best Configurations"]);
    let best = &sweep.best_configurations;
    let found: Vec<(&str, &BestConfiguration)> = [
        ("Best Throughput", &best.best_throughput),
        ("Best Latency P99", &best.best_latency_p99),
    ]
    .into_iter()
    .filter_map(|(name, best)| Some((name, best.as_ref()?)))
    .collect();
    if !found.is_empty() {
        let head = [&["Configuration"], &names[..], &["Metric", "Unit"]].concat();
        push_row(&mut text, head);
    }
    for (name, best) in found {
        let mut cells = vec![name.to_owned()];
        cells.extend(values(&best.parameters, &names));
        cells.push(or_empty(Some(best.metric), 2));
        cells.push(best.unit.clone());
        push_row(&mut text, cells.iter().map(String::as_str));
    }
    text.push_str("\r\n");
    push_row(&mut text, ["Pareto Optimal Points"]);
    if sweep.pareto_optimal.is_empty() {
        push_row(&mut text, ["None"]);
    } else {
        push_row(&mut text, names.iter().copied());
        for point in &sweep.pareto_optimal {
            let cells = values(point, &names);
            push_row(&mut text, cells.iter().map(String::as_str));
        }
    }
    text.push_str("\r\n");
    push_row(&mut text, ["Metadata"]);
    push_row(&mut text, ["Field", "Value"]);
    let all_names = names.join(", ");
    let counts = [
        ("Number of Combinations", sweep.metadata.num_combinations),
        ("Number of Profile Runs", sweep.num_profile_runs),
        ("Number of Successful Runs", sweep.num_successful_runs),
    ];
    push_row(&mut text, ["Aggregation Type", &sweep.aggregation_type]);
    push_row(&mut text, ["Sweep Parameters", &all_names]);
    for (name, count) in counts {
        push_row(&mut text, [name, &count.to_string()]);
    }
    text
}

/// A row for each combination, with columns for all metrics that any of them has.
fn push_combinations(text: &mut String, sweep: &SweepAggregate, names: &[&str]) {
    let combinations = &sweep.per_combination_metrics;
    let mut metrics: Vec<&str> = combinations
        .iter()
        .flat_map(|combination| combination.metrics.keys().map(String::as_str))
        .collect();
    metrics.sort_unstable();
    metrics.dedup();
    let mut head: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    for metric in &metrics {
        head.extend(["mean", "std", "min", "max", "cv"].map(|figure| format!("{metric}_{figure}")));
    }
    push_row(text, head.iter().map(String::as_str));
    for combination in combinations {
        let mut cells = values(&combination.parameters, names);
        for metric in &metrics {
            let figures = combination.metrics.get(*metric);
            let figure = |of: fn(&CombinationMetric) -> Option<f64>| figures.and_then(of);
            cells.push(or_empty(figure(|metric| metric.mean), 2));
            cells.push(or_empty(figure(|metric| metric.std), 2));
            cells.push(or_empty(figure(|metric| metric.min), 2));
            cells.push(or_empty(figure(|metric| metric.max), 2));
            cells.push(or_empty(figure(|metric| metric.cv), 4));
        }
        push_row(text, cells.iter().map(String::as_str));
    }
}

fn values(parameters: &Map<String, Value>, names: &[&str]) -> Vec<String> {
    let value = |name: &&str| parameters.get(*name).map(|value| literal(value, true));
    names
        .iter()
        .map(|name| value(name).unwrap_or_default())
        .collect()
}

fn or_empty(value: Option<f64>, decimals: usize) -> String {
    let finite = value.filter(|value| value.is_finite());
    finite.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

fn or_infinite(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        value => or_empty(value, decimals),
    }
}

/// A value as Python prints it; `is_bare` for a text that stands alone.
fn literal(value: &Value, is_bare: bool) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) if is_bare => text.clone(),
        Value::String(text) => {
            let text = text.replace('\\', "\\\\");
            if text.contains('\'') && !text.contains('"') {
                format!("\"{text}\"")
            } else {
                format!("'{}'", text.replace('\'', "\\'"))
            }
        }
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => float_text(float),
            None => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(item, false)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("'{key}': {}", literal(value, false)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use aiperf_model::{AggregateMetadata, Combination, ConfidenceMetric};

    use super::*;

    #[test]
    fn an_aggregate_has_a_row_for_each_figure_and_then_what_it_is_about() {
        let metric = ConfidenceMetric {
            mean: Some(0.0),
            std: Some(1.0),
            min: Some(-1.0),
            max: Some(1.0),
            cv: Some(f64::INFINITY),
            se: Some(0.5),
            ci_low: None,
            ci_high: Some(8.98),
            t_critical: Some(12.706_204),
            unit: "ms".to_owned(),
        };
        let values = json!({ "phases.profiling.concurrency": 1 });
        let aggregate = Aggregate {
            metrics: [("latency_avg".to_owned(), metric)].into_iter().collect(),
            metadata: AggregateMetadata {
                aggregation_type: "confidence".to_owned(),
                num_profile_runs: 2,
                num_successful_runs: 2,
                confidence_level: 0.95,
                run_labels: vec!["run_0001".to_owned(), "run_0002".to_owned()],
                variation_values: values.as_object().cloned(),
                ..AggregateMetadata::default()
            },
            ..Aggregate::default()
        };
        assert_eq!(
            aggregate_csv(&aggregate),
            "metric,mean,std,min,max,cv,se,ci_low,ci_high,t_critical,unit\r\n\
             latency_avg,0.00,1.00,-1.00,1.00,inf,0.5000,,8.98,12.7062,ms\r\n\
             \r\n\
             Aggregation Type,confidence\r\nTotal Runs,2\r\nSuccessful Runs,2\r\nConfidence Level,0.95\r\n\
             Run Labels,\"['run_0001', 'run_0002']\"\r\nCooldown Seconds,0.0\r\n\
             Variation Values,{'phases.profiling.concurrency': 1}\r\n"
        );
    }

    #[test]
    fn a_sweep_has_a_row_for_each_combination_and_its_best_ones() {
        let metric = CombinationMetric {
            mean: Some(1.0),
            std: Some(0.0),
            min: Some(1.0),
            max: Some(1.0),
            cv: Some(0.0),
            ..CombinationMetric::default()
        };
        let parameters = json!({ "concurrency": 1 }).as_object().cloned().unwrap();
        let mut sweep = SweepAggregate {
            aggregation_type: "sweep".to_owned(),
            num_profile_runs: 1,
            num_successful_runs: 1,
            ..SweepAggregate::default()
        };
        sweep.metadata.num_combinations = 1;
        sweep.metadata.sweep_parameters = vec![aiperf_model::SweepParameter {
            name: "concurrency".to_owned(),
            values: vec![json!(1)],
        }];
        sweep.per_combination_metrics = vec![Combination {
            parameters: parameters.clone(),
            metrics: [("b".to_owned(), metric)].into_iter().collect(),
            ..Combination::default()
        }];
        let end = "Metadata\r\nField,Value\r\nAggregation Type,sweep\r\nSweep Parameters,concurrency\r\n\
                   Number of Combinations,1\r\nNumber of Profile Runs,1\r\nNumber of Successful Runs,1\r\n";
        let rows =
            "concurrency,b_mean,b_std,b_min,b_max,b_cv\r\n1,1.00,0.00,1.00,1.00,0.0000\r\n\r\n";
        assert_eq!(
            sweep_csv(&sweep),
            format!("{rows}Best Configurations\r\n\r\nPareto Optimal Points\r\nNone\r\n\r\n{end}")
        );
        sweep.best_configurations.best_throughput = Some(BestConfiguration {
            parameters: parameters.clone(),
            metric: 5.0,
            unit: "requests/sec".to_owned(),
        });
        sweep.pareto_optimal = vec![parameters];
        assert_eq!(
            sweep_csv(&sweep),
            format!(
                "{rows}Best Configurations\r\nConfiguration,concurrency,Metric,Unit\r\n\
                 Best Throughput,1,5.00,requests/sec\r\n\r\n\
                 Pareto Optimal Points\r\nconcurrency\r\n1\r\n\r\n{end}"
            )
        );
    }
}
