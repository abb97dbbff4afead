//! From a document to a run.
//!
//! Phases become [`PhaseConfig`]s directly: a file says all about a phase that there is to say, while
//! flags inherit from each other. All else is written into [`ProfileArgs`], as if it had been typed,
//! and takes the way of the command line from there: derived values, rules and advice exist once.
//! What those say about flags is put into the words of the file (`wording`). What the file has and
//! flags cannot say, such as fractions of tokens, is set afterwards.

mod arguments;
mod input_config;
mod laws;
mod phases;
mod unsupported;
mod wording;

use std::path::Path;

use super::fault::{DocumentError, Fault};
use super::overlay;
use super::sections::dataset::{DatasetSection, Records};
use super::substitution::Environment;
use super::{Document, Node};
use crate::error::Warning;
use crate::profile::{ProfileArgs, Resolved, Surroundings, resolve_with_phases};

pub use input_config::{hide_credentials, input_config};

impl Document {
    /// Reads a file with what was typed besides over it.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load_with_flags(
        path: &Path,
        environment: &Environment,
        typed: &ProfileArgs,
    ) -> Result<Self, DocumentError> {
        let change = |tree: &mut Node, faults: &mut Vec<Fault>| overlay::apply(typed, tree, faults);
        Self::load_with(path, environment, change)
    }

    /// The rows of a dataset that is written out in the document, as JSON lines.
    pub fn inline_rows(&self) -> Option<String> {
        let Some(DatasetSection::File(dataset)) = self.envelope.benchmark.dataset() else {
            return None;
        };
        let Some(Records::List(rows)) = dataset.records.as_ref() else {
            return None;
        };
        let mut lines = String::new();
        for row in rows {
            lines.push_str(&row.0.to_json().to_string());
            lines.push('\n');
        }
        Some(lines)
    }

    /// The run that it describes. `typed` has the flags that no key stands for; those that one
    /// stands for must be in the document already. `rows` is a file with
    /// [`Document::inline_rows`], where there are any.
    ///
    /// # Errors
    /// It asks for what this version does not do, or for what makes no sense in a run.
    pub fn resolve(
        &self,
        typed: &ProfileArgs,
        surroundings: Surroundings,
        rows: Option<&Path>,
    ) -> Result<Resolved, DocumentError> {
        let mut faults = Vec::new();
        unsupported::check(&self.envelope, &mut faults);
        let body = &self.envelope.benchmark;
        let phases = phases::lower(body, typed, &mut faults);
        let lengths = laws::lower(body, &mut faults);
        let Some((warmup, profiling)) = phases.filter(|_| faults.is_empty()) else {
            return Err(DocumentError::of_all(faults));
        };
        let mut args = arguments::of(&self.envelope, typed);
        args.input_file = args.input_file.or_else(|| rows.map(Path::to_owned));
        let mut resolved = resolve_with_phases(&args, warmup, profiling, surroundings)
            .map_err(|error| DocumentError::of_all(wording::faults(&error)))?;
        laws::set(&mut resolved.config.dataset, lengths);
        let told = self.warnings.iter().map(|fault| Warning {
            message: fault.to_string(),
            hint: None,
        });
        let later = resolved.warnings.iter().map(wording::warning);
        resolved.warnings = told.chain(later).collect();
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests;
