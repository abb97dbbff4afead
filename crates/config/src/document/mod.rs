//! The YAML configuration: from text to typed sections that are known to make sense.
//!
//! The steps in their order, each on one tree of [`Node`]s that know where they were written:
//!
//! 1. `parse`: YAML text becomes a tree (`scalar`: what plain scalars stand for).
//! 2. `flat_form`: older files have keys at the top that belong below `benchmark`.
//! 3. `substitution`: `${NAME}` from the environment.
//! 4. `template`: Jinja.
//! 5. `shorthand`, `adaptive`, `lists`: short forms are written out.
//! 6. `overlay`: what the command line says besides.
//! 7. `read`, `values`, `sections`: typed sections, with every key, type, default and limit.
//! 8. `rules`: what two keys must not say together; `advice`: what has no effect.
//!
//! Steps 2 to 8 collect all that is wrong. [`Document::resolve`] (`lower`) makes a run of it, and
//! [`schema`] describes what is accepted. Nothing here reads an environment variable by itself;
//! files are read where a key names one.

mod adaptive;
mod advice;
mod command_line;
mod descriptions;
mod emit;
mod expand;
mod fault;
mod flat_form;
mod limits;
mod lists;
mod lower;
mod names;
mod node;
mod overlay;
mod parse;
mod read;
mod rules;
mod sampling;
mod scalar;
mod schema;
mod sections;
mod shorthand;
mod substitution;
mod template;
mod template_files;
mod user_files;
mod values;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use command_line::{CommandLine, differences, of_flags};
pub use emit::to_yaml;
pub use expand::Variation;
pub use fault::{DocumentError, Fault};
pub use lower::{InlineRows, hide_credentials, input_config};
pub use node::{Mark, Node};
pub use read::Dump;
pub(crate) use rules::{EXAMPLES as RULE_EXAMPLES, names as rule_names};
pub use sampling::Sampling;
pub use schema::schema;
pub use substitution::Environment;
pub use template_files::{TEMPLATE_CATEGORIES, TEMPLATES, TemplateFile};
pub use user_files::{RenderedFile, RunFacts, UserFiles};

use read::{Read as _, Reader};
use sections::envelope::Envelope;

/// A configuration that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(crate) envelope: Envelope,
    /// As it was written, with values of variables, before templates and short forms.
    pub(crate) source: Node,
    warnings: Vec<Fault>,
    /// Where it was read from, for what is told of it later.
    file: Option<PathBuf>,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong: all of it is told.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, DocumentError> {
        Self::load_with(path, environment, |_, _| {})
    }

    /// Reads a file, with changes to its tree once short forms are written out.
    pub(crate) fn load_with(
        path: &Path,
        environment: &Environment,
        change: impl FnOnce(&mut Node, &mut Vec<Fault>),
    ) -> Result<Self, DocumentError> {
        let text = text_of(path).map_err(DocumentError::of)?;
        let read = Self::parse_with(&text, environment, change);
        let document = read.map_err(|error| error.of_file(path))?;
        Ok(Self {
            file: Some(path.to_owned()),
            ..document
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Something in it is wrong: all of it is told.
    pub fn parse(text: &str, environment: &Environment) -> Result<Self, DocumentError> {
        Self::parse_with(text, environment, |_, _| {})
    }

    pub(crate) fn parse_with(
        text: &str,
        environment: &Environment,
        change: impl FnOnce(&mut Node, &mut Vec<Fault>),
    ) -> Result<Self, DocumentError> {
        let mut tree = parse::parse(text).map_err(DocumentError::of)?;
        let warnings = flat_form::migrate(&mut tree).into_iter().collect();
        let mut faults = Vec::new();
        substitution::substitute(&mut tree, environment, &mut faults);
        let source = DocumentError::unless_empty(faults, tree)?;
        Self::of_source(source, warnings, change)
    }

    /// The steps from templates on.
    pub(crate) fn of_source(
        source: Node,
        mut warnings: Vec<Fault>,
        change: impl FnOnce(&mut Node, &mut Vec<Fault>),
    ) -> Result<Self, DocumentError> {
        let mut tree = source.clone();
        let mut faults = Vec::new();
        template::render(&mut tree, &mut faults);
        // What was not rendered would be complained about a second time.
        let mut tree = DocumentError::unless_empty(faults, tree)?;
        let mut faults = Vec::new();
        shorthand::expand(&mut tree, &mut faults);
        lists::hoist(&mut tree);
        change(&mut tree, &mut faults);
        let mut reader = Reader::with(faults);
        let read = Envelope::read(&tree, &mut reader);
        warnings.append(&mut reader.warnings);
        let Some(mut envelope) = read else {
            if reader.faults.is_empty() {
                reader.faults.push(Fault::new("cannot be read"));
            }
            return Err(DocumentError::of_all(reader.faults));
        };
        rules::settle(&mut envelope, &mut warnings);
        rules::check(&envelope, &mut reader.faults);
        advice::give(&envelope, &mut warnings);
        DocumentError::unless_empty(
            reader.faults,
            Self {
                envelope,
                source,
                warnings,
                file: None,
            },
        )
    }

    /// What the user should know, which does not prevent a run.
    pub fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    /// `benchmark` in the reference's names, without what is nothing.
    pub fn dump_benchmark(&self, dump: Dump) -> Value {
        self.envelope.benchmark.dump(dump)
    }

    /// The whole document in the reference's names, without what is nothing.
    pub fn dump(&self, dump: Dump) -> Value {
        self.envelope.dump(dump)
    }
}

fn text_of(path: &Path) -> Result<String, Fault> {
    let shown = path.display();
    if !path.exists() {
        return Err(Fault::new(format!("`{shown}`: there is no such file")));
    }
    if !path.is_file() {
        return Err(Fault::new(format!("`{shown}` is not a file")));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Fault::new(format!("`{shown}` cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let (bytes, at) = (error.as_bytes(), error.utf8_error().valid_up_to());
        let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let what = if is_utf16 {
            "is UTF-16".to_owned()
        } else {
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("is not UTF-8 text: byte {at}, in line {line}, is none")
        };
        Fault::new(format!("`{shown}` {what}")).hint("save it as UTF-8")
    })
}

#[cfg(test)]
mod tests;
