//! What one address showed, scrape by scrape.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::EpochNanos;
use indexmap::IndexMap;

use crate::exposition::Labels;
use crate::page::{HistogramReading, MetricKind, Page, Reading};

/// The phase in which a scrape was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseStamp {
    /// Name of the phase.
    pub name: String,
    /// Position in the run.
    pub index: u32,
    /// Position among the measured phases; absent for a warmup.
    pub profiling_index: Option<u32>,
}

impl PhaseStamp {
    /// The word for its kind in files.
    pub fn kind(&self) -> &'static str {
        if self.profiling_index.is_some() {
            "profiling"
        } else {
            "warmup"
        }
    }
}

/// Of what kind the phase of a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// None was under way.
    Outside,
    /// Not measured.
    Warmup,
    /// Measured.
    Profiling,
}

impl Stamp {
    pub(crate) fn of(phase: Option<&PhaseStamp>) -> Self {
        match phase {
            None => Self::Outside,
            Some(phase) if phase.profiling_index.is_none() => Self::Warmup,
            Some(_) => Self::Profiling,
        }
    }
}

/// One scrape that succeeded.
#[derive(Debug, Clone)]
pub struct Scrape {
    /// Wall-clock time of the request.
    pub sent: EpochNanos,
    /// Wall-clock time of the first byte of the answer: the time of all its samples.
    pub at: EpochNanos,
    /// From the request to the last byte, in nanoseconds.
    pub latency_ns: u64,
    /// The answer is the same as the one before.
    pub is_duplicate: bool,
    /// The phase in which it was begun.
    pub phase: Option<Arc<PhaseStamp>>,
    /// What it showed.
    pub page: Rc<Page>,
}

/// When a scrape was, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Wall-clock time of its samples.
    pub at: EpochNanos,
    /// In nanoseconds.
    pub latency_ns: u64,
    /// The answer is the same as the one before.
    pub is_duplicate: bool,
}

/// All samples of one address.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Its scrapes, in the order in which they ended.
    pub fetches: Vec<Fetch>,
    /// Name and labels → samples.
    pub series: IndexMap<(String, Labels), Series>,
}

/// One metric with one set of labels.
#[derive(Debug, Clone)]
pub struct Series {
    /// How its values are to be understood.
    pub kind: MetricKind,
    /// What the server says of it.
    pub description: String,
    /// When each sample was, rising.
    pub times: Vec<EpochNanos>,
    /// In which kind of phase each sample was.
    pub stamps: Vec<Stamp>,
    /// The samples.
    pub samples: Samples,
}

/// The values of a series, in the order of its times.
#[derive(Debug, Clone)]
pub enum Samples {
    /// Numbers.
    Values(Vec<f64>),
    /// Histograms.
    Histograms(Histograms),
}

/// The values of a histogram. Its bounds are those of its first sample.
#[derive(Debug, Clone, Default)]
pub struct Histograms {
    /// Upper bounds, rising.
    pub les: Vec<String>,
    /// Sums of observations.
    pub sums: Vec<f64>,
    /// Numbers of observations.
    pub counts: Vec<f64>,
    /// Observations up to each bound, sample by sample.
    pub buckets: Vec<Vec<f64>>,
    /// A later sample had other bounds.
    pub has_changed: bool,
}

impl History {
    /// Adds a scrape. A late one takes its place among the others.
    pub fn add(&mut self, scrape: &Scrape) {
        self.fetches.push(Fetch {
            at: scrape.at,
            latency_ns: scrape.latency_ns,
            is_duplicate: scrape.is_duplicate,
        });
        let stamp = Stamp::of(scrape.phase.as_deref());
        for metric in &scrape.page.metrics {
            for (labels, reading) in &metric.readings {
                let key = (metric.name.clone(), labels.clone());
                let series = self.series.entry(key).or_insert_with(|| Series {
                    kind: metric.kind,
                    description: metric.description.clone(),
                    times: Vec::new(),
                    stamps: Vec::new(),
                    samples: Samples::for_kind(metric.kind),
                });
                series.add(scrape.at, stamp, reading, &metric.name);
            }
        }
    }
}

impl Samples {
    fn for_kind(kind: MetricKind) -> Self {
        match kind {
            MetricKind::Histogram => Self::Histograms(Histograms::default()),
            _ => Self::Values(Vec::new()),
        }
    }
}

impl Series {
    fn add(&mut self, at: EpochNanos, stamp: Stamp, reading: &Reading, name: &str) {
        let place = self.times.partition_point(|&time| time <= at);
        match (&mut self.samples, reading) {
            (Samples::Values(values), Reading::Value(value)) => values.insert(place, *value),
            (Samples::Histograms(histograms), Reading::Histogram(reading)) => {
                histograms.insert(place, reading, name);
            }
            // The server changed its mind about the type: what came first stays.
            _ => return,
        }
        self.times.insert(place, at);
        self.stamps.insert(place, stamp);
    }
}

impl Histograms {
    fn insert(&mut self, place: usize, reading: &HistogramReading, name: &str) {
        if self.counts.is_empty() {
            self.les = reading.buckets.iter().map(|(le, _)| le.clone()).collect();
        }
        let of_bound = |le: &String| {
            let known = reading.buckets.iter().find(|(known, _)| known == le);
            known.map_or(0.0, |(_, count)| *count)
        };
        let is_same = self.les.len() == reading.buckets.len()
            && self
                .les
                .iter()
                .zip(&reading.buckets)
                .all(|(le, (own, _))| le == own);
        let buckets = if is_same {
            reading.buckets.iter().map(|(_, count)| *count).collect()
        } else {
            if !std::mem::replace(&mut self.has_changed, true) {
                tracing::warn!(
                    "server metrics: the histogram `{name}` has other buckets than before; those of its \
                     first scrape are kept"
                );
            }
            self.les.iter().map(of_bound).collect()
        };
        self.sums.insert(place, reading.sum);
        self.counts.insert(place, reading.count);
        self.buckets.insert(place, buckets);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::exposition::parse;

    /// A scrape at `at` in the phase of this kind.
    pub(crate) fn scrape(at: EpochNanos, stamp: Stamp, text: &str) -> Scrape {
        let phase = |profiling_index| {
            Some(Arc::new(PhaseStamp {
                name: "p".to_owned(),
                index: 0,
                profiling_index,
            }))
        };
        Scrape {
            sent: at - 1,
            at,
            latency_ns: 2,
            is_duplicate: false,
            phase: match stamp {
                Stamp::Outside => None,
                Stamp::Warmup => phase(None),
                Stamp::Profiling => phase(Some(0)),
            },
            page: Rc::new(Page::of(parse(text).unwrap())),
        }
    }

    /// Scrapes of one page each.
    pub(crate) fn history(scrapes: &[(EpochNanos, Stamp, &str)]) -> History {
        let mut history = History::default();
        for &(at, stamp, text) in scrapes {
            history.add(&scrape(at, stamp, text));
        }
        history
    }

    #[test]
    fn a_late_sample_takes_its_place() {
        let history = history(&[
            (10, Stamp::Outside, "a 1"),
            (30, Stamp::Profiling, "a 3"),
            (20, Stamp::Warmup, "a 2"),
        ]);
        let series = &history.series[0];
        assert_eq!(series.times, [10, 20, 30]);
        assert_eq!(
            series.stamps,
            [Stamp::Outside, Stamp::Warmup, Stamp::Profiling]
        );
        assert!(matches!(&series.samples, Samples::Values(values) if *values == [1.0, 2.0, 3.0]));
        assert_eq!(history.fetches.len(), 3);
    }

    #[test]
    fn the_buckets_of_the_first_sample_stay() {
        let page = |buckets: &str| format!("# TYPE h histogram\n{buckets}h_sum 1\nh_count 2\n");
        let first = page("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n");
        let other = page("h_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 4\n");
        let history = history(&[(1, Stamp::Profiling, &first), (2, Stamp::Profiling, &other)]);
        let Samples::Histograms(found) = &history.series[0].samples else {
            panic!("a histogram");
        };
        assert_eq!(found.les, ["1", "+Inf"]);
        assert_eq!(found.buckets, [[1.0, 2.0], [0.0, 4.0]]);
        assert!(found.has_changed);
    }
}
