//! Distributions of lengths, turns and pauses.

use crate::document::fault::Fault;
use crate::document::node::Mark;
use crate::document::read::Field;
use crate::document::sections::dataset::DatasetSection;
use crate::document::sections::distribution::Distribution;
use crate::document::sections::envelope::BenchmarkSection;
use crate::profile::{DatasetConfig, DatasetSource, Normal};

/// What a dataset draws from, where the file says it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Laws {
    isl: Option<Normal>,
    osl: Option<Normal>,
    turns: Option<Normal>,
    turn_delay: Option<Normal>,
}

/// The normal distribution that a law is, where it is one.
pub(super) fn normal(law: &Distribution) -> Option<Normal> {
    let (min, max) = law.bounds();
    let (mean, stddev) = match law {
        Distribution::Fixed(fixed) => {
            // Bounds of a fixed value move it, once and for all.
            let value = fixed.value.max(min.unwrap_or(f64::NEG_INFINITY));
            return Some(Normal::fixed(value.min(max.unwrap_or(f64::INFINITY))));
        }
        Distribution::Normal(normal) => (*normal.mean, *normal.stddev),
        Distribution::LogNormal(law) if *law.mean == *law.median => (*law.mean, 0.0),
        _ => return None,
    };
    (min.is_none() && max.is_none()).then_some(Normal { mean, stddev })
}

/// The laws of a dataset; what cannot be drawn from is a fault.
pub(super) fn lower(body: &BenchmarkSection, faults: &mut Vec<Fault>) -> Laws {
    let mut read = |law: &Field<Option<Distribution>>, key: &str| {
        let given = law.as_ref()?;
        let normal = normal(given);
        if normal.is_none() {
            faults.push(not_yet(key, law.place()));
        }
        normal
    };
    match body.dataset() {
        Some(DatasetSection::Synthetic(dataset)) => {
            let mut laws = Laws {
                turns: read(&dataset.turns, "turns"),
                turn_delay: read(&dataset.turn_delay, "turnDelay"),
                ..Laws::default()
            };
            if let Some(prompts) = dataset.prompts.as_ref() {
                laws.isl = read(&prompts.isl, "prompts.isl");
                laws.osl = read(&prompts.osl, "prompts.osl");
            }
            laws
        }
        Some(DatasetSection::File(dataset)) => Laws {
            osl: read(&dataset.osl, "osl"),
            ..Laws::default()
        },
        Some(DatasetSection::Public(dataset)) => Laws {
            osl: read(&dataset.osl, "osl"),
            ..Laws::default()
        },
        None => Laws::default(),
    }
}

fn not_yet(key: &str, mark: Mark) -> Fault {
    Fault::new("this kind of distribution is not supported yet")
        .at(format!("benchmark.datasets.0.{key}"), mark)
        .hint("this version draws from a fixed value and from `{mean, stddev}` without bounds")
}

/// Sets what flags could not say: fractions, and that there is no text.
pub(super) fn set(config: &mut DatasetConfig, laws: Laws) {
    match &mut config.source {
        DatasetSource::Synthetic(dataset) => {
            dataset.isl = dataset.isl.and(laws.isl);
            dataset.osl = laws.osl;
            if let Some(turns) = laws.turns {
                dataset.turns = turns;
            }
            if let Some(delay) = laws.turn_delay {
                dataset.turn_delay_ms = delay;
            }
        }
        DatasetSource::File(dataset) => dataset.osl = laws.osl,
        DatasetSource::Public(plan) => {
            plan.output_tokens = laws.osl.map(|law| aiperf_dataset::Normal {
                mean: law.mean,
                stddev: law.stddev,
            });
        }
    }
}
