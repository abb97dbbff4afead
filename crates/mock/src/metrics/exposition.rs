//! Prometheus's text format.

use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

use super::Histogram;

/// A page of metrics in the making.
pub(super) struct Exposition {
    text: String,
    prefix: &'static str,
    /// Those that every sample has.
    labels: String,
}

impl Exposition {
    /// A page of names with this prefix and of samples with these labels.
    pub(super) fn new(prefix: &'static str, labels: &[(&str, &str)]) -> Self {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escape_label(value)))
            .collect();
        Self {
            text: String::with_capacity(16 * 1024),
            prefix,
            labels: labels.join(","),
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.sample(name, "", value);
    }

    /// `_total` is added to the name.
    pub(super) fn counter(&mut self, stem: &str, help: &str, value: u64) {
        let name = format!("{stem}_total");
        self.head(&name, "counter", help);
        self.sample(&name, "", value as f64);
    }

    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let bucket = format!("{name}_bucket");
        let unit = histogram.unit as f64;
        let mut cumulative = 0;
        for (bound, count) in histogram.bounds.iter().zip(&histogram.counts) {
            cumulative += count.load(Relaxed);
            let label = format!("le=\"{:?}\"", *bound as f64 / unit);
            self.sample(&bucket, &label, cumulative as f64);
        }
        if let Some(above) = histogram.counts.last() {
            cumulative += above.load(Relaxed);
        }
        self.sample(&bucket, "le=\"+Inf\"", cumulative as f64);
        let sum = histogram.sum.load(Relaxed) as f64 / unit;
        self.sample(&format!("{name}_sum"), "", sum);
        self.sample(&format!("{name}_count"), "", cumulative as f64);
    }

    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        let prefix = self.prefix;
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            self.text,
            "# HELP {prefix}{name} {help}\n# TYPE {prefix}{name} {kind}"
        );
    }

    pub(super) fn sample(&mut self, name: &str, more_labels: &str, value: f64) {
        let separator = if self.labels.is_empty() || more_labels.is_empty() {
            ""
        } else {
            ","
        };
        let _ = writeln!(
            self.text,
            "{}{name}{{{}{separator}{more_labels}}} {value:?}",
            self.prefix, self.labels
        );
    }
}

fn escape_label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use aiperf_clock::SECOND;

    use super::super::Metrics;
    use super::*;

    const MS: u64 = SECOND / 1_000;

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let metrics = Metrics::new();
        for value in [MS, MS + 1, 5 * MS, 10_000 * SECOND] {
            metrics.time_to_first_token.observe(value);
        }
        let mut page = Exposition::new("p:", &[("engine", "0"), ("model_name", "a\"b")]);
        page.histogram("t", "help", &metrics.time_to_first_token);
        let page = page.into_text();
        let labels = "engine=\"0\",model_name=\"a\\\"b\"";
        for line in [
            format!("p:t_bucket{{{labels},le=\"0.001\"}} 1.0"),
            format!("p:t_bucket{{{labels},le=\"0.005\"}} 3.0"),
            format!("p:t_bucket{{{labels},le=\"2560.0\"}} 3.0"),
            format!("p:t_bucket{{{labels},le=\"+Inf\"}} 4.0"),
            format!("p:t_count{{{labels}}} 4.0"),
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }

    #[test]
    fn samples_without_labels_have_empty_braces() {
        let mut page = Exposition::new("", &[]);
        page.gauge("g", "help", 1.5);
        page.sample("s", "a=\"b\"", 2.0);
        assert!(page.into_text().ends_with("\ng{} 1.5\ns{a=\"b\"} 2.0\n"));
    }
}
