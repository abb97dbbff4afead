//! The catalog says what the reference's registry says.

use std::collections::{HashMap, HashSet};

use aiperf_metrics::catalog::{catalog, find};
use aiperf_metrics::metric::Formula;
use aiperf_metrics::{ConsoleGroup, Kind, Metric, ValueType};

/// Rows of the reference's registry: tag, header, short header, whether the short header hides the
/// unit, unit, display unit, type, value type, group, order, flags, required metrics.
const REGISTRY: &str = include_str!("../fixtures/catalog.tsv");

/// How the reference names our flags.
const FLAG_NAMES: [(&str, &str); 18] = [
    ("produces tokens", "PRODUCES_TOKENS_ONLY"),
    ("tokenised input", "TOKENIZES_INPUT_ONLY"),
    ("audio", "SUPPORTS_AUDIO_ONLY"),
    ("images", "SUPPORTS_IMAGE_ONLY"),
    ("video output", "PRODUCES_VIDEO_ONLY"),
    ("streaming", "STREAMING_ONLY"),
    ("client-side token counts", "USAGE_DIFF_ONLY"),
    ("experimental", "EXPERIMENTAL"),
    ("fixed schedule", "FIXED_SCHEDULE_ONLY"),
    ("goodput", "GOODPUT"),
    ("not in accuracy runs", "DISABLE_ON_ACCURACY"),
    ("internal", "INTERNAL"),
    ("failed records only", "ERROR_ONLY"),
    ("larger is better", "LARGER_IS_BETTER"),
    ("not per record", "NO_INDIVIDUAL_RECORDS"),
    ("reasoning", "SUPPORTS_REASONING"),
    ("HTTP trace", "HTTP_TRACE_ONLY"),
    ("has `adj_` twin", "PERCENTILE_INCLUDES_FAILED_REQUESTS"),
];

fn registry_row(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Record => "record",
        Kind::Aggregate(_) => "aggregate",
        Kind::Derived => "derived",
    };
    let value_type = match metric.value_type {
        ValueType::Int => "int",
        ValueType::Float => "float",
        ValueType::IntList => "list[int]",
    };
    let group = match metric.group {
        ConsoleGroup::Default => "default",
        ConsoleGroup::None => "none",
        ConsoleGroup::Usage => "usage",
        ConsoleGroup::SpecDecode => "spec_decode",
        other => panic!("no metric of the catalog is in {other:?}"),
    };
    let flag_names: HashMap<_, _> = FLAG_NAMES.into_iter().collect();
    let mut flags: Vec<&str> = metric
        .flags
        .names()
        .into_iter()
        .map(|name| flag_names[name])
        .collect();
    flags.sort_unstable();
    let mut required = metric.requires.to_vec();
    required.sort_unstable();
    let or_dash = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    [
        metric.tag.to_owned(),
        metric.header.to_owned(),
        metric.short_header.unwrap_or("-").to_owned(),
        if metric.short_hides_unit {
            "hidden"
        } else {
            "shown"
        }
        .to_owned(),
        metric.unit.as_str().to_owned(),
        metric.display_unit.as_str().to_owned(),
        kind.to_owned(),
        value_type.to_owned(),
        group.to_owned(),
        or_dash(
            metric
                .order
                .map(|order| order.to_string())
                .unwrap_or_default(),
        ),
        or_dash(flags.join(",")),
        or_dash(required.join(",")),
    ]
    .join("\t")
}

#[test]
fn every_metric_is_described_as_in_the_reference() {
    let registry: HashMap<&str, &str> = REGISTRY
        .lines()
        .map(|line| (line.split('\t').next().unwrap_or_default(), line))
        .collect();
    for metric in catalog() {
        assert_eq!(
            Some(&registry_row(metric).as_str()),
            registry.get(metric.tag)
        );
    }
}

#[test]
fn the_families_are_complete() {
    // Energy is telemetry's.
    let elsewhere = ["amd_", "nvidia_"];
    let missing: Vec<&str> = REGISTRY
        .lines()
        .filter_map(|line| line.split('\t').next())
        .filter(|tag| find(tag).is_none())
        .filter(|tag| !elsewhere.iter().any(|prefix| tag.starts_with(prefix)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn tags_are_unique() {
    let mut seen = HashSet::new();
    for metric in catalog() {
        assert!(
            seen.insert(metric.tag),
            "`{}` stands there twice",
            metric.tag
        );
    }
}

#[test]
fn dependencies_exist_and_form_no_cycle() {
    fn depth(metric: &Metric, path: &mut Vec<&'static str>) {
        assert!(
            !path.contains(&metric.tag),
            "cycle: {path:?} {}",
            metric.tag
        );
        path.push(metric.tag);
        for tag in metric.requires.iter().chain(metric.uses) {
            let dependency = find(tag).unwrap_or_else(|| panic!("{} needs {tag}", metric.tag));
            depth(dependency, path);
        }
        path.pop();
    }
    for metric in catalog() {
        depth(metric, &mut Vec::new());
    }
}

#[test]
fn only_derived_metrics_are_computed_from_windows() {
    for metric in catalog() {
        let from_window = matches!(metric.formula, Formula::Window(_) | Formula::Injected(_));
        assert_eq!(from_window, metric.kind == Kind::Derived, "{}", metric.tag);
        let from_list = matches!(metric.formula, Formula::List(_));
        assert_eq!(
            from_list,
            metric.value_type == ValueType::IntList,
            "{}",
            metric.tag
        );
    }
}

#[test]
fn per_record_metrics_depend_on_records_of_the_same_outcome_only() {
    for metric in catalog()
        .iter()
        .filter(|metric| metric.kind != Kind::Derived)
    {
        for tag in metric.requires.iter().chain(metric.uses) {
            let dependency = find(tag).unwrap();
            assert_ne!(dependency.kind, Kind::Derived, "{} needs {tag}", metric.tag);
            let same = dependency.is_error_only() == metric.is_error_only();
            assert!(same, "{} needs {tag}", metric.tag);
        }
    }
}
