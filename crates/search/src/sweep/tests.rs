use aiperf_model::MetricResult;
use serde_json::json;

use super::*;

/// A run with a throughput and a latency.
fn run(variation: usize, trial: usize, throughput: f64, latency: f64) -> RunOutcome {
    let latency = MetricResult {
        unit: "ms".to_owned(),
        avg: Some(latency / 2.0),
        p99: Some(latency),
        ..MetricResult::default()
    };
    let metrics = [
        ("request_count", MetricResult::scalar(5.0, "requests")),
        (
            "request_throughput",
            MetricResult::scalar(throughput, "requests/sec"),
        ),
        ("request_latency", latency),
    ];
    let named = metrics.map(|(tag, metric)| (tag.to_owned(), metric));
    RunOutcome::of_metrics(variation, trial, named.into_iter().collect())
}

fn about(values: &[Value]) -> About {
    let variations = values.iter().map(|values| Variation {
        label: values.to_string(),
        values: values.as_object().unwrap().clone(),
    });
    About {
        variations: variations.collect(),
        confidence_level: 0.95,
        ..About::default()
    }
}

fn concurrencies(values: &[u64]) -> About {
    let values: Vec<Value> = values
        .iter()
        .map(|value| json!({ "phases.profiling.concurrency": value }))
        .collect();
    about(&values)
}

fn filter(metric_tag: &str, stat: &str, op: &str, threshold: f64) -> SlaFilter {
    SlaFilter {
        metric_tag: metric_tag.to_owned(),
        stat: stat.to_owned(),
        op: op.to_owned(),
        threshold,
    }
}

#[test]
fn one_run_of_each_variation_has_a_best_one_and_a_front() {
    let runs = [
        run(0, 0, 50.0, 20.0),
        run(1, 0, 90.0, 30.0),
        run(2, 0, 80.0, 40.0),
    ];
    let found = aggregate(&runs, &concurrencies(&[1, 10, 100]));
    let best = &found.best_configurations;
    let throughput = best.best_throughput.as_ref().unwrap();
    let latency = best.best_latency_p99.as_ref().unwrap();
    assert_eq!(json!(throughput.parameters), json!({ "concurrency": 10 }));
    assert_eq!(
        (throughput.metric, &*throughput.unit),
        (90.0, "requests/sec")
    );
    assert_eq!(json!(latency.parameters), json!({ "concurrency": 1 }));
    assert_eq!((latency.metric, &*latency.unit), (20.0, "ms"));
    assert_eq!(
        json!(found.pareto_optimal),
        json!([{ "concurrency": 1 }, { "concurrency": 10 }])
    );
    let first = &found.per_combination_metrics[0].metrics["request_latency"];
    assert_eq!(
        (first.mean, first.avg, first.p99, first.min, first.std),
        (Some(10.0), Some(10.0), Some(20.0), Some(10.0), Some(0.0))
    );
}

#[test]
fn several_runs_are_compared_by_their_means() {
    let runs = [
        run(0, 0, 50.0, 20.0),
        run(1, 0, 60.0, 25.0),
        run(0, 1, 70.0, 22.0),
        run(1, 1, 58.0, 15.0),
    ];
    let found = aggregate(&runs, &concurrencies(&[1, 2]));
    let best = &found.best_configurations;
    assert_eq!(best.best_throughput.as_ref().unwrap().metric, 60.0);
    assert_eq!(best.best_latency_p99.as_ref().unwrap().metric, 20.0);
    assert_eq!(
        json!(found.pareto_optimal),
        json!([{ "concurrency": 1 }, { "concurrency": 2 }])
    );
    let metadata = &found.metadata;
    assert_eq!(
        (metadata.num_trials_per_value, metadata.num_combinations),
        (2, 2)
    );
    let metrics = &found.per_combination_metrics[0].metrics;
    assert_eq!(metrics["request_throughput_avg"].mean, Some(60.0));
    assert_eq!(metrics["request_throughput_avg"].avg, None);
}

#[test]
fn a_variation_whose_runs_failed_has_no_figures_but_is_counted() {
    let runs = [
        run(0, 0, 50.0, 20.0),
        RunOutcome::failed(1, 0, "broke"),
        run(2, 0, 80.0, 40.0),
    ];
    let found = aggregate(&runs, &concurrencies(&[1, 2, 3]));
    let shown: Vec<&Map<String, Value>> = found
        .per_combination_metrics
        .iter()
        .map(|combination| &combination.parameters)
        .collect();
    assert_eq!(
        json!(shown),
        json!([{ "concurrency": 1 }, { "concurrency": 3 }])
    );
    assert_eq!(found.failed_runs[0].error, "broke");
    assert_eq!((found.num_profile_runs, found.num_successful_runs), (3, 2));
    assert_eq!(found.metadata.sweep_parameters[0].values, [1, 2, 3]);
}

#[test]
fn limits_leave_feasible_variations_and_none_at_all_still_has_a_best_one() {
    let runs = [
        run(0, 0, 50.0, 20.0),
        run(1, 0, 90.0, 30.0),
        run(2, 0, 95.0, 40.0),
    ];
    for (limits, best, front, counts) in [
        (
            vec![filter("request_latency", "p99", "lt", 40.0)],
            90.0,
            2,
            (2, 1),
        ),
        (
            vec![filter("request_latency", "p99", "le", 40.0)],
            95.0,
            3,
            (3, 0),
        ),
        // Without a median the mean is compared.
        (
            vec![filter("request_throughput", "p50", "ge", 90.0)],
            95.0,
            2,
            (2, 1),
        ),
        (
            vec![filter("request_throughput", "avg", "gt", 95.0)],
            95.0,
            0,
            (0, 3),
        ),
        (vec![filter("absent", "avg", "gt", 0.0)], 95.0, 0, (0, 3)),
    ] {
        let case = format!("{limits:?}");
        let about = About {
            sla_filters: limits,
            ..concurrencies(&[1, 2, 3])
        };
        let found = aggregate(&runs, &about);
        let throughput = found.best_configurations.best_throughput.unwrap();
        assert_eq!(throughput.metric, best, "{case}");
        assert_eq!(found.pareto_optimal.len(), front, "{case}");
        let constraints = found.metadata.sla_constraints.unwrap();
        assert_eq!(
            (constraints.feasible_count, constraints.infeasible_count),
            counts,
            "{case}"
        );
    }
}

#[test]
fn parameters_are_called_by_their_last_part_unless_two_share_it() {
    let runs = [run(0, 0, 1.0, 1.0), run(1, 0, 2.0, 2.0)];
    let about = about(&[
        json!({ "a.mean": 1, "b.mean": 2, "c.rate": 0.5 }),
        json!({ "a.mean": 1, "b.mean": 3, "c.rate": 0.5 }),
    ]);
    let found = aggregate(&runs, &about);
    assert_eq!(
        json!(found.metadata.sweep_parameters),
        json!([
            { "name": "a.mean", "values": [1] },
            { "name": "b.mean", "values": [2, 3] },
            { "name": "rate", "values": [0.5] },
        ])
    );
}

#[test]
fn nested_values_are_text_and_equal_ones_stay_two_variations() {
    let runs = [run(0, 0, 1.0, 1.0), run(1, 0, 2.0, 2.0)];
    let values = json!({ "benchmark": { "phases": [{ "name": "p", "concurrency": 2 }] } });
    let found = aggregate(&runs, &about(&[values.clone(), values]));
    assert_eq!(found.per_combination_metrics.len(), 2);
    assert_eq!(
        found.per_combination_metrics[1].parameters["benchmark"],
        r#"{"phases":[{"concurrency":2,"name":"p"}]}"#
    );
    assert_eq!(found.metadata.num_combinations, 2);
}
