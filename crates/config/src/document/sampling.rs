//! Sweeps that sample a space: their points.

use aiperf_random::RootSeed;
use aiperf_search::points::{Axis, latin_hypercube, scrambled_sobol, sobol};
use aiperf_search::seed::CONSISTENT_SEED;
use serde_json::{Value, json};

use super::fault::{DocumentError, Fault};
use super::read::{Dump, Read as _};
use super::sections::sweep::{Dimension, SweepSection};
use super::{Document, expand};

/// The points of a sweep that samples a space.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// `sobol` or `latin_hypercube`.
    pub kind: &'static str,
    /// What the axes are, by path below `benchmark`.
    pub paths: Vec<String>,
    /// The points, each with a value for each axis.
    pub points: Vec<Vec<Value>>,
    /// Variations are called by their number, rather than by their values.
    pub(super) is_labelled_by_index: bool,
    /// What `sampling_design.json` says.
    pub design: Value,
}

impl Document {
    /// The points, where the sweep samples a space. Without a seed of their own they follow from that
    /// of the plan.
    ///
    /// # Errors
    /// A path of a dimension is none.
    pub fn sampling(&self) -> Result<Option<Sampling>, DocumentError> {
        let (kind, dimensions, samples, seed, is_labelled_by_index) =
            match self.envelope.sweep.as_ref() {
                Some(SweepSection::Sobol(sweep)) => (
                    "sobol",
                    &sweep.dimensions,
                    *sweep.samples,
                    *sweep.seed,
                    sweep.label_format.is("index"),
                ),
                Some(SweepSection::LatinHypercube(sweep)) => (
                    "latin_hypercube",
                    &sweep.dimensions,
                    *sweep.samples,
                    *sweep.seed,
                    sweep.label_format.is("index"),
                ),
                _ => return Ok(None),
            };
        let mut faults = Vec::new();
        let mut paths: Vec<String> = Vec::new();
        for dimension in dimensions.iter() {
            match expand::whole(&dimension.path) {
                Ok(path) if paths.contains(&path) => faults.push(
                    Fault::new(format!("`{path}` is there twice"))
                        .at("sweep.dimensions", dimension.path.place())
                        .hint("keep one of them"),
                ),
                Ok(path) => paths.push(path),
                Err(fault) => faults.push(fault),
            }
        }
        DocumentError::unless_empty(faults, ())?;
        let seed_of_plan = self.envelope.random_seed.unwrap_or(CONSISTENT_SEED);
        let seed_of_points = RootSeed::fixed(seed.unwrap_or(seed_of_plan));
        let count = usize::try_from(samples).unwrap_or(usize::MAX);
        let unit = match self.envelope.sweep.as_ref() {
            Some(SweepSection::Sobol(sweep)) if *sweep.scramble => {
                scrambled_sobol(paths.len(), count, seed_of_points)
            }
            Some(SweepSection::LatinHypercube(sweep)) => {
                let is_spread = sweep.optimization.is_some();
                latin_hypercube(paths.len(), count, seed_of_points, is_spread)
            }
            _ => sobol(paths.len(), count),
        };
        let axes: Vec<Axis> = dimensions.iter().map(axis).collect();
        let points: Vec<Vec<Value>> = unit
            .iter()
            .map(|point| {
                let both = axes.iter().zip(point);
                both.map(|(axis, coordinate)| axis.value(*coordinate))
                    .collect()
            })
            .collect();
        let written = self
            .envelope
            .sweep
            .as_ref()
            .map(|sweep| sweep.dump(Dump::Full));
        let member = |key: &str| -> Value {
            let found = written.as_ref().and_then(|sweep| sweep.get(key));
            found.cloned().unwrap_or_default()
        };
        let design = json!({
            "type": kind,
            "samples": samples,
            "seed": seed,
            "scramble": member("scramble"),
            "optimization": member("optimization"),
            "dimensions": dimensions.iter().zip(&paths).map(described).collect::<Vec<_>>(),
            "samples_mapped": points,
        });
        Ok(Some(Sampling {
            kind,
            paths,
            points,
            is_labelled_by_index,
            design,
        }))
    }
}

fn axis(dimension: &Dimension) -> Axis {
    match dimension.choices.as_ref() {
        Some(choices) => Axis::Choices(choices.iter().map(|choice| choice.0.to_json()).collect()),
        None => Axis::Range {
            lo: dimension.lo.unwrap_or_default(),
            hi: dimension.hi.unwrap_or_default(),
            is_logarithmic: dimension.scale.is("log"),
            is_integer: dimension.kind.is("int"),
        },
    }
}

fn described((dimension, path): (&Dimension, &String)) -> Value {
    let choices = dimension.choices.as_ref().map(|choices| {
        choices
            .iter()
            .map(|choice| choice.0.to_json())
            .collect::<Vec<_>>()
    });
    json!({
        "path": path,
        "lo": *dimension.lo,
        "hi": *dimension.hi,
        "scale": dimension.scale.name(),
        "kind": dimension.kind.name(),
        "choices": choices,
    })
}
