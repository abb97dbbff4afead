//! Distributions of lengths, turns, pauses and sizes.

use aiperf_dataset::{Law, PairedLengths, SequenceDistribution, SequencePair};

use crate::document::fault::Fault;
use crate::document::sections::dataset::{DatasetSection, SyntheticSection};
use crate::document::sections::distribution::Distribution;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::prompts::SequencePairSection;
use crate::profile::{DatasetConfig, DatasetSource, SyntheticDataset};

/// The law that a distribution asks for.
pub(super) fn law(given: &Distribution) -> Law {
    let law = match given {
        Distribution::Fixed(law) => Law::fixed(*law.value),
        Distribution::Normal(law) => Law::normal(*law.mean, *law.stddev),
        Distribution::LogNormal(law) => Law::log_normal(*law.mean, *law.median),
        Distribution::Multimodal(law) => {
            let peaks = law.peaks.iter();
            Law::mixture(
                peaks
                    .map(|peak| (self::law(&peak.distribution), *peak.weight))
                    .collect(),
            )
        }
        Distribution::Empirical(law) => {
            let points = law.points.iter();
            Law::points(points.map(|point| (*point.value, *point.weight)).collect())
        }
    };
    let (min, max) = given.bounds();
    law.within(min, max)
}

/// The deviation that a flag could say.
pub(super) fn stddev(given: &Distribution) -> Option<f64> {
    law(given).plain().map(|normal| normal.stddev)
}

/// The lengths that are drawn together.
///
/// # Errors
/// What is wrong with them.
pub(super) fn sequences(pairs: &[SequencePairSection]) -> Result<SequenceDistribution, String> {
    let length = |given: &Distribution, stddev: Option<f64>| {
        let law = law(given);
        match (law.plain(), stddev) {
            (Some(normal), Some(stddev)) => Law::normal(normal.mean, stddev),
            _ => law,
        }
    };
    // They need not add up to 100 exactly.
    let sum: f64 = pairs.iter().map(|pair| *pair.probability).sum();
    let pairs = pairs.iter().map(|pair| SequencePair {
        input: length(&pair.isl, *pair.isl_stddev).truncated(),
        output: length(&pair.osl, *pair.osl_stddev).truncated(),
        percent: *pair.probability / sum * 100.0,
    });
    SequenceDistribution::new(pairs.collect())
}

/// Tells which distributions make no sense in a run.
pub(super) fn check(body: &BenchmarkSection, faults: &mut Vec<Fault>) {
    let Some(DatasetSection::Synthetic(dataset)) = body.dataset() else {
        return;
    };
    if let Some(prompts) = dataset.prompts.as_ref()
        && let Some(pairs) = prompts.sequence_distribution.as_ref()
        && let Err(reason) = sequences(pairs)
    {
        let key = "benchmark.datasets.0.prompts.sequenceDistribution";
        faults.push(Fault::new(reason).at(key, prompts.sequence_distribution.place()));
    }
}

/// Sets what flags could not say: fractions, laws that are not normal, bounds, and that there is no
/// text.
pub(super) fn set(config: &mut DatasetConfig, body: &BenchmarkSection) {
    let osl = match body.dataset() {
        Some(DatasetSection::File(dataset)) => dataset.osl.as_ref().map(law),
        Some(DatasetSection::Public(dataset)) => dataset.osl.as_ref().map(law),
        _ => None,
    };
    match (&mut config.source, body.dataset()) {
        (DatasetSource::Synthetic(made), Some(DatasetSection::Synthetic(asked))) => {
            synthetic(made, asked);
        }
        (DatasetSource::File(dataset), _) => dataset.osl = osl,
        (DatasetSource::Public(plan), _) => plan.output_tokens = osl,
        _ => {}
    }
}

fn synthetic(made: &mut SyntheticDataset, asked: &SyntheticSection) {
    let prompts = asked.prompts.as_ref();
    let isl = prompts.and_then(|prompts| prompts.isl.as_ref()).map(law);
    made.isl = made.isl.take().and(isl);
    made.osl = prompts.and_then(|prompts| prompts.osl.as_ref()).map(law);
    if let Some(turns) = asked.turns.as_ref() {
        made.turns = law(turns);
    }
    if let Some(delay) = asked.turn_delay.as_ref() {
        made.turn_delay_ms = law(delay);
    }
    if let Some(pairs) = prompts.and_then(|prompts| prompts.sequence_distribution.as_ref())
        && let Ok(pairs) = sequences(pairs)
    {
        made.paired_lengths = Some(PairedLengths::Sequences(pairs));
    }
    if let (Some(made), Some(asked)) = (&mut made.images, asked.images.as_ref()) {
        made.width = law(&asked.width);
        made.height = law(&asked.height);
    }
    if let (Some(made), Some(asked)) = (&mut made.audio, asked.audio.as_ref()) {
        made.seconds = law(&asked.length);
    }
    if let (Some(made), Some(asked)) = (&mut made.rankings, asked.rankings.as_ref()) {
        made.passages = law(&asked.passages);
        made.passage_tokens = law(&asked.passage_tokens);
        made.query_tokens = law(&asked.query_tokens);
    }
}
