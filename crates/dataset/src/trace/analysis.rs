//! Figures about a trace: lengths, shared prefixes, and what a cache without bound would save.
//!
//! Definitions and names are those of the reference, so that its readers understand the file.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::mooncake::hash_ids;
use crate::error::DatasetError;
use crate::file::fields::{Fields, Flaw};
use crate::file::rows;

/// Figures about the requests of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceAnalysis {
    /// Rows of the trace.
    pub total_requests: usize,
    /// Different sequences of ids that a row starts with, of any length.
    pub unique_prefixes: usize,
    /// First ids that several rows have.
    pub num_prefix_groups: usize,
    /// Mean of `hit_rates`; 0 without ids.
    pub cache_hit_rate: f64,
    /// Share of the sequences of ids, counted with repetitions, that several rows start with.
    pub prefix_reuse_ratio: f64,
    /// Prompt lengths in tokens.
    pub input_lengths: Vec<f64>,
    /// Tokens of each prompt that lie in blocks which occur in the same place elsewhere.
    pub context_lengths: Vec<f64>,
    /// The rest of each prompt, in tokens.
    pub unique_prompt_lengths: Vec<f64>,
    /// Answer lengths in tokens.
    pub output_lengths: Vec<f64>,
    /// For each row with ids, the share of leading ids that earlier rows brought.
    pub hit_rates: Vec<f64>,
}

/// Statistics of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the population.
    pub std_dev: f64,
    /// Smallest value.
    pub min: f64,
    /// 25th percentile, interpolated linearly like the other two.
    pub p25: f64,
    /// 50th percentile.
    pub median: f64,
    /// 75th percentile.
    pub p75: f64,
    /// Largest value.
    pub max: f64,
}

impl Statistics {
    /// None without values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            mean,
            std_dev: (squares / count).sqrt(),
            min,
            p25: percentile(&sorted, 0.25),
            median: percentile(&sorted, 0.5),
            p75: percentile(&sorted, 0.75),
            max,
        })
    }

    /// In the order of the table's columns: mean, standard deviation, min, 25th percentile,
    /// median, 75th percentile, max.
    pub fn columns(&self) -> [f64; 7] {
        [
            self.mean,
            self.std_dev,
            self.min,
            self.p25,
            self.median,
            self.p75,
            self.max,
        ]
    }

    fn to_json(self) -> Value {
        json!({
            "mean": self.mean,
            "std_dev": self.std_dev,
            "min": self.min,
            "p25": self.p25,
            "median": self.median,
            "p75": self.p75,
            "max": self.max,
        })
    }
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// Headings of the table's columns.
pub const COLUMNS: [&str; 8] = [
    "Metric", "Mean", "Std Dev", "Min", "P25", "Median", "P75", "Max",
];

impl TraceAnalysis {
    /// The table's rows: a name and its statistics, none where there are no values.
    pub fn table(&self) -> [(&'static str, Option<Statistics>); 5] {
        [
            ("Input Length", Statistics::of(&self.input_lengths)),
            ("Context Length", Statistics::of(&self.context_lengths)),
            (
                "Unique Prompt Length",
                Statistics::of(&self.unique_prompt_lengths),
            ),
            ("Output Length", Statistics::of(&self.output_lengths)),
            ("Theoretical Hit Rates", Statistics::of(&self.hit_rates)),
        ]
    }

    /// The document that `--output-file` gets, with its keys in order.
    pub fn to_json(&self) -> Map<String, Value> {
        let inputs = Statistics::of(&self.input_lengths);
        let outputs = Statistics::of(&self.output_lengths);
        let whole = |value: Option<f64>| Value::from(value.unwrap_or(0.0) as u64);
        let mean = |statistics: Option<Statistics>| statistics.map_or(0.0, |found| found.mean);
        let statistics =
            |values: &[f64]| Statistics::of(values).map_or(Value::Null, Statistics::to_json);
        [
            ("total_requests", self.total_requests.into()),
            ("unique_prefixes", self.unique_prefixes.into()),
            ("num_prefix_groups", self.num_prefix_groups.into()),
            ("cache_hit_rate", self.cache_hit_rate.into()),
            ("min_isl", whole(inputs.map(|found| found.min))),
            ("max_isl", whole(inputs.map(|found| found.max))),
            ("avg_isl", mean(inputs).into()),
            ("min_osl", whole(outputs.map(|found| found.min))),
            ("max_osl", whole(outputs.map(|found| found.max))),
            ("avg_osl", mean(outputs).into()),
            ("prefix_reuse_ratio", self.prefix_reuse_ratio.into()),
            ("isl_stats", statistics(&self.input_lengths)),
            ("osl_stats", statistics(&self.output_lengths)),
            ("context_length_stats", statistics(&self.context_lengths)),
            (
                "unique_prompt_length_stats",
                statistics(&self.unique_prompt_lengths),
            ),
            ("hit_rate_stats", statistics(&self.hit_rates)),
        ]
        .into_iter()
        .map(|(key, value): (&str, Value)| (key.to_owned(), value))
        .collect()
    }
}

/// One row as far as the figures go.
struct Request {
    input: u32,
    output: u32,
    hash_ids: Vec<u64>,
}

/// Reads a trace in the Mooncake format; absent lengths count as 0, absent ids as none.
///
/// # Errors
/// No such file, or a line that is no such row.
pub fn analyze(path: &Path, block_size: u32) -> Result<TraceAnalysis, DatasetError> {
    let mut requests = Vec::new();
    let read = rows::for_each(path, read_row, |_, request| {
        requests.push(request);
        Ok(())
    });
    match read {
        Ok(()) | Err(DatasetError::Empty { .. }) => Ok(figures(&requests, block_size)),
        Err(error) => Err(error),
    }
}

fn read_row(row: Map<String, Value>) -> Result<Request, Flaw> {
    let mut fields = Fields::new(row);
    Ok(Request {
        input: fields.natural_number("input_length")?.unwrap_or(0),
        output: fields.natural_number("output_length")?.unwrap_or(0),
        hash_ids: hash_ids(&mut fields)?.unwrap_or_default(),
    })
}

fn figures(requests: &[Request], block_size: u32) -> TraceAnalysis {
    let contexts = context_lengths(requests, block_size);
    let inputs: Vec<f64> = requests.iter().map(|row| f64::from(row.input)).collect();
    let hit_rates = hit_rates(requests);
    let prefixes = Prefixes::of(requests);
    let cache_hit_rate = if hit_rates.is_empty() {
        0.0
    } else {
        hit_rates.iter().sum::<f64>() / hit_rates.len() as f64
    };
    TraceAnalysis {
        total_requests: requests.len(),
        unique_prefixes: prefixes.unique,
        num_prefix_groups: shared_first_ids(requests),
        cache_hit_rate,
        prefix_reuse_ratio: prefixes.reuse_ratio,
        unique_prompt_lengths: inputs
            .iter()
            .zip(&contexts)
            .map(|(input, context)| input - context)
            .collect(),
        input_lengths: inputs,
        context_lengths: contexts,
        output_lengths: requests.iter().map(|row| f64::from(row.output)).collect(),
        hit_rates,
    }
}

fn shared_first_ids(requests: &[Request]) -> usize {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for first in requests.iter().filter_map(|row| row.hash_ids.first()) {
        *counts.entry(*first).or_default() += 1;
    }
    counts.values().filter(|count| **count > 1).count()
}

/// Repetitions count wherever they stand, not only at the start.
fn context_lengths(requests: &[Request], block_size: u32) -> Vec<f64> {
    let mut counts: HashMap<(usize, u64), u32> = HashMap::new();
    let places = |row: &Request| {
        let ids = row.hash_ids.clone();
        ids.into_iter().enumerate()
    };
    for place in requests.iter().flat_map(places) {
        *counts.entry(place).or_default() += 1;
    }
    let context_length = |row: &Request| {
        let repeated = places(row)
            .filter(|place| counts.get(place).is_some_and(|count| *count > 1))
            .count();
        if row.hash_ids.is_empty() {
            0.0
        } else if repeated == row.hash_ids.len() {
            f64::from(row.input)
        } else {
            repeated as f64 * f64::from(block_size)
        }
    };
    requests.iter().map(context_length).collect()
}

fn hit_rates(requests: &[Request]) -> Vec<f64> {
    let mut seen: HashSet<u64> = HashSet::new();
    let mut rates = Vec::new();
    for row in requests.iter().filter(|row| !row.hash_ids.is_empty()) {
        let known = row.hash_ids.iter().take_while(|id| seen.contains(*id));
        rates.push(known.count() as f64 / row.hash_ids.len() as f64);
        seen.extend(&row.hash_ids);
    }
    rates
}

struct Prefixes {
    unique: usize,
    reuse_ratio: f64,
}

impl Prefixes {
    /// Every sequence of leading ids is a node of a tree: the node of the sequence without its
    /// last id, and that id.
    fn of(requests: &[Request]) -> Self {
        const ROOT: u32 = 0;
        let mut nodes: HashMap<(u32, u64), u32> = HashMap::new();
        let mut counts: Vec<u64> = Vec::new();
        for row in requests {
            let mut node = ROOT;
            for &id in &row.hash_ids {
                let next = counts.len() as u32 + 1;
                node = *nodes.entry((node, id)).or_insert(next);
                if node == next {
                    counts.push(0);
                }
                counts[node as usize - 1] += 1;
            }
        }
        let total: u64 = counts.iter().sum();
        let reused: u64 = counts.iter().filter(|count| **count > 1).sum();
        Self {
            unique: counts.len(),
            reuse_ratio: if total == 0 {
                0.0
            } else {
                reused as f64 / total as f64
            },
        }
    }
}
