//! From a document to a run.
//!
//! Phases become [`PhaseConfig`]s directly: a file says all about a phase that there is to say, while
//! flags inherit from each other. All else is written into [`ProfileArgs`], as if it had been typed,
//! and takes the way of the command line from there: derived values, rules and advice exist once.
//! What those say about flags is put into the words of the file (`wording`). What the file has and
//! flags cannot say, such as fractions of tokens, is set afterwards.

mod arguments;
mod filters;
mod input_config;
mod laws;
mod phases;
mod runs;
mod unsupported;
mod wording;

use std::path::Path;

use super::fault::{DocumentError, Fault};
use super::overlay;
use super::sections::dataset::{DatasetSection, Records};
use super::substitution::Environment;
use super::user_files::UserFiles;
use super::values::{Anything, FormatsOrNone};
use super::{Document, Node};
use crate::error::Warning;
use crate::profile::{ProfileArgs, ProfileConfig, Resolved, Surroundings, resolve_with_phases};

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

    /// The rows of a dataset that is written out in the document.
    pub fn inline_rows(&self) -> Option<InlineRows> {
        let Some(DatasetSection::File(dataset)) = self.envelope.benchmark.dataset() else {
            return None;
        };
        Some(match dataset.records.as_ref()? {
            Records::List(rows) => InlineRows::File(json_lines(rows)),
            Records::Pools(pools) => InlineRows::Folder(
                pools
                    .0
                    .iter()
                    .map(|(name, rows)| (name.clone(), json_lines(rows)))
                    .collect(),
            ),
        })
    }

    /// The run that it describes. `typed` has the flags that no key stands for; those that one
    /// stands for must be in the document already. `rows` is the file or folder with
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
        let resolved = self.resolved(typed, surroundings, rows);
        resolved.map_err(|error| match &self.file {
            Some(file) => error.of_file(file),
            None => error,
        })
    }

    fn resolved(
        &self,
        typed: &ProfileArgs,
        surroundings: Surroundings,
        rows: Option<&Path>,
    ) -> Result<Resolved, DocumentError> {
        let mut faults = Vec::new();
        unsupported::check(&self.envelope, &mut faults);
        let body = &self.envelope.benchmark;
        let phases = phases::lower(body, typed, &mut faults);
        laws::check(body, &mut faults);
        filters::check(body, &mut faults);
        if !faults.is_empty() {
            return Err(DocumentError::of_all(faults));
        }
        let mut args = arguments::of(&self.envelope, typed);
        args.input_file = args.input_file.or_else(|| rows.map(Path::to_owned));
        let mut resolved = resolve_with_phases(&args, phases, surroundings)
            .map_err(|error| DocumentError::of_all(wording::faults(&error)))?;
        self.set_what_flags_cannot_say(&mut resolved.config);
        let told = self.warnings.iter().map(|fault| Warning {
            message: match &self.file {
                Some(file) => fault.without_hint().in_file(file),
                None => fault.without_hint().to_string(),
            },
            hint: fault.hint.clone(),
        });
        let later = resolved.warnings.iter().map(wording::warning);
        resolved.warnings = told.chain(later).collect();
        Ok(resolved)
    }

    fn set_what_flags_cannot_say(&self, config: &mut ProfileConfig) {
        let body = &self.envelope.benchmark;
        laws::set(&mut config.dataset, body);
        config.runs.sweep = runs::sweep(&self.envelope);
        config.dataset.random_seed = body.dataset().and_then(DatasetSection::random_seed);
        config.output.summary_json = matches!(*body.artifacts.summary, FormatsOrNone::Formats(_));
        config.output.user_files = UserFiles::of(&self.envelope);
        let models = body.models.items.iter();
        let own: Vec<Option<String>> = models
            .map(|model| model.tokenizer.as_ref().map(|own| (*own.name).clone()))
            .collect();
        if own.iter().any(Option::is_some) {
            config.models.tokenizers = own;
        }
    }
}

/// Rows as JSON lines, for the reader of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InlineRows {
    /// Those of one file.
    File(String),
    /// Those of the files of a folder, by the names of the files without their ending.
    Folder(Vec<(String, String)>),
}

fn json_lines(rows: &[Anything]) -> String {
    let lines = rows.iter().map(|row| format!("{}\n", row.0.to_json()));
    lines.collect()
}

#[cfg(test)]
mod tests;
