//! What of a page of metrics is kept: counters, gauges, histograms, and what has no type.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::exposition::{Declared, Family, Labels, Sample};

/// How the values of a metric are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Grows since the server's start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by upper bounds, since the server's start.
    Histogram,
    /// Not declared; treated like a gauge.
    Unknown,
}

impl MetricKind {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Unknown => "unknown",
        }
    }
}

/// One metric of a page, with all sets of labels that have a usable value.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMetric {
    /// Name; that of a counter without `_total`.
    pub name: String,
    /// What the server says of it.
    pub description: String,
    /// How its values are to be understood.
    pub kind: MetricKind,
    /// One for each set of labels.
    pub readings: Vec<(Labels, Reading)>,
}

/// What one set of labels shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A finite number.
    Value(f64),
    /// A histogram.
    Histogram(HistogramReading),
}

/// What a histogram shows; all numbers are finite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistogramReading {
    /// Upper bounds as the server writes them, and the observations up to them; by rising bounds.
    pub buckets: Vec<(String, f64)>,
    /// Sum of the observations.
    pub sum: f64,
    /// Their number.
    pub count: f64,
}

/// The usable part of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// In the order of the page, each name once.
    pub metrics: Vec<PageMetric>,
    /// Summaries: quantiles of a server's own choice cannot be narrowed down to a phase.
    pub summaries: Vec<String>,
    /// Metrics of which some values are no finite numbers and were dropped.
    pub dropped: Vec<String>,
}

impl Page {
    /// Takes what is usable of a page.
    pub fn of(families: Vec<Family>) -> Self {
        let mut page = Self::default();
        let mut metrics: IndexMap<String, PageMetric> = IndexMap::new();
        for family in families {
            if tells_only_ages(&family.name) {
                continue;
            }
            let kind = match family.declared {
                Declared::Summary => {
                    page.summaries.push(family.name);
                    continue;
                }
                Declared::Counter => MetricKind::Counter,
                Declared::Gauge => MetricKind::Gauge,
                Declared::Histogram => MetricKind::Histogram,
                Declared::Unknown => MetricKind::Unknown,
            };
            let (readings, has_dropped) = match kind {
                MetricKind::Histogram => histograms(&family),
                _ => values(&family),
            };
            if has_dropped {
                page.dropped.push(family.name.clone());
            }
            if !readings.is_empty() {
                let metric = PageMetric {
                    name: family.name,
                    description: family.help,
                    kind,
                    readings,
                };
                metrics.insert(metric.name.clone(), metric);
            }
        }
        page.metrics = metrics.into_values().collect();
        page
    }
}

/// Instants of creation and times since the start say nothing about a load.
fn tells_only_ages(name: &str) -> bool {
    name.ends_with("_created") || name.ends_with("_uptime") || name.contains("_uptime_")
}

/// The last finite value of each set of labels.
fn values(family: &Family) -> (Vec<(Labels, Reading)>, bool) {
    let mut has_dropped = false;
    let mut values: IndexMap<&Labels, f64> = IndexMap::new();
    for sample in &family.samples {
        if sample.name.ends_with("_created") {
            continue;
        }
        if sample.value.is_finite() {
            values.insert(&sample.labels, sample.value);
        } else {
            has_dropped = true;
        }
    }
    let reading = |(labels, value): (&Labels, f64)| (labels.clone(), Reading::Value(value));
    (values.into_iter().map(reading).collect(), has_dropped)
}

/// The histograms of a family; a set of labels with a number that is not finite is left out.
fn histograms(family: &Family) -> (Vec<(Labels, Reading)>, bool) {
    #[derive(Default)]
    struct Parts {
        buckets: HashMap<String, f64>,
        sum: Option<f64>,
        count: Option<f64>,
        is_broken: bool,
    }
    let mut by_labels: IndexMap<Labels, Parts> = IndexMap::new();
    for sample in &family.samples {
        let Some(ending) = sample.name.strip_prefix(&*family.name) else {
            continue;
        };
        let (labels, bound) = without_bound(sample);
        let parts = by_labels.entry(labels).or_default();
        parts.is_broken |= !sample.value.is_finite();
        match ending {
            "_bucket" => {
                parts.buckets.insert(bound, sample.value);
            }
            "_sum" => parts.sum = Some(sample.value),
            "_count" => parts.count = Some(sample.value),
            _ => {}
        }
    }
    let before = by_labels.len();
    by_labels.retain(|_, parts| !parts.is_broken);
    let has_dropped = by_labels.len() < before;
    let reading = |(labels, parts): (Labels, Parts)| {
        let mut buckets: Vec<(String, f64)> = parts.buckets.into_iter().collect();
        buckets.sort_by(|(left, _), (right, _)| bound(left).total_cmp(&bound(right)));
        let all = buckets.last().filter(|(le, _)| bound(le).is_infinite());
        let count = parts.count.or(all.map(|&(_, count)| count))?;
        let sum = parts.sum.unwrap_or(0.0);
        let histogram = HistogramReading {
            buckets,
            sum,
            count,
        };
        Some((labels, Reading::Histogram(histogram)))
    };
    (
        by_labels.into_iter().filter_map(reading).collect(),
        has_dropped,
    )
}

/// The labels without `le`, and `le`. Where there is none, it is that of all observations.
fn without_bound(sample: &Sample) -> (Labels, String) {
    let mut labels = sample.labels.clone();
    let place = labels.iter().position(|(name, _)| name == "le");
    let bound = place.map(|place| labels.remove(place).1);
    (labels, bound.unwrap_or_else(|| "+Inf".to_owned()))
}

/// The number that an upper bound stands for; what is none sorts last.
pub(crate) fn bound(le: &str) -> f64 {
    le.parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::parse;

    fn page(text: &str) -> Page {
        Page::of(parse(text).unwrap())
    }

    fn shown(text: &str) -> Vec<String> {
        let metric = |metric: &PageMetric| {
            let readings: Vec<String> = metric
                .readings
                .iter()
                .map(|(labels, reading)| match reading {
                    Reading::Value(value) => format!("{labels:?}={value}"),
                    Reading::Histogram(all) => {
                        format!("{labels:?}={:?} {} {}", all.buckets, all.sum, all.count)
                    }
                })
                .collect();
            format!(
                "{} {} {}",
                metric.kind.as_str(),
                metric.name,
                readings.join("; ")
            )
        };
        page(text).metrics.iter().map(metric).collect()
    }

    #[test]
    fn the_last_value_of_a_set_of_labels_counts() {
        let text = "# TYPE a_total counter\na_total{x=\"1\"} 3\na_total{x=\"1\"} 4\na_created{x=\"1\"} 1\n";
        assert_eq!(shown(text), [r#"counter a [("x", "1")]=4"#]);
        let text =
            "# TYPE b counter\nb_total{k=\"1\"} 1\nb_total{k=\"2\"} 2\nb_created{k=\"2\"} 5\n";
        assert_eq!(shown(text), [r#"counter b [("k", "1")]=1; [("k", "2")]=2"#]);
        assert_eq!(
            shown("free{z=\"a\"} 7 1700000000000\n"),
            [r#"unknown free [("z", "a")]=7"#]
        );
    }

    #[test]
    fn ages_and_summaries_are_left_out() {
        let text = "x_created 1\nserver_uptime 2\na_uptime_seconds 3\n# TYPE s summary\ns_sum 1\ns_count 2\nkept 1\n";
        let page = page(text);
        assert_eq!(page.metrics.len(), 1);
        assert_eq!(page.summaries, ["s"]);
    }

    #[test]
    fn histograms_are_grouped_by_their_other_labels_and_sorted_by_bound() {
        let text = "# TYPE h histogram\nh_bucket{le=\"+Inf\",m=\"a\"} 3\nh_bucket{le=\"10\",m=\"a\"} 2\n\
                    h_bucket{m=\"a\",le=\"0.5\"} 1\nh_sum{m=\"a\"} 4.5\nh_count{m=\"a\"} 3\n\
                    h_bucket{m=\"b\"} 7\nh_sum{m=\"b\"} 1\n";
        assert_eq!(
            shown(text),
            [
                r#"histogram h [("m", "a")]=[("0.5", 1.0), ("10", 2.0), ("+Inf", 3.0)] 4.5 3; [("m", "b")]=[("+Inf", 7.0)] 1 7"#
            ]
        );
    }

    #[test]
    fn what_is_not_finite_is_dropped_and_told() {
        let text = "# TYPE g gauge\ng{a=\"1\"} NaN\ng{a=\"2\"} 1\n# TYPE h histogram\n\
                    h_bucket{le=\"+Inf\"} 1\nh_sum NaN\nh_count 1\n";
        assert_eq!(shown(text), [r#"gauge g [("a", "2")]=1"#]);
        assert_eq!(page(text).dropped, ["g", "h"]);
    }
}
