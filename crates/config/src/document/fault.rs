//! What can be wrong with a configuration file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::node::Mark;

/// One thing that is wrong with a configuration, or odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The keys that lead there, joined by dots; empty for the document as a whole.
    pub path: String,
    /// Where it was written.
    pub mark: Mark,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Everything that is wrong with a configuration. Holds at least one fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    file: Option<PathBuf>,
    faults: Vec<Fault>,
}

impl Fault {
    /// A fault of the document as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            mark: Mark::Nowhere,
            message: message.into(),
            hint: None,
        }
    }

    /// The same fault at a place.
    pub fn at(self, path: impl Into<String>, mark: Mark) -> Self {
        Self {
            path: path.into(),
            mark,
            ..self
        }
    }

    /// The same fault with advice.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same fault without its advice.
    pub(crate) fn without_hint(&self) -> Self {
        Self {
            hint: None,
            ..self.clone()
        }
    }

    /// In one or two lines, the file first.
    pub fn in_file(&self, file: &Path) -> String {
        struct InFile<'a>(&'a Fault, &'a Path);
        impl fmt::Display for InFile<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(Some(self.1), formatter)
            }
        }
        InFile(self, file).to_string()
    }

    /// In one or two lines, the file first where there is one.
    fn write(&self, file: Option<&Path>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.mark, file) {
            (Mark::At { line, column }, Some(file)) => {
                write!(formatter, "{}:{line}:{column}: ", file.display())?;
            }
            (Mark::At { line, column }, None) => {
                write!(formatter, "line {line}, column {column}: ")?;
            }
            (Mark::Flag(flag), _) => write!(formatter, "`{flag}`: ")?,
            (Mark::Nowhere, Some(file)) => write!(formatter, "{}: ", file.display())?,
            (Mark::Nowhere, None) => {}
        }
        if !self.path.is_empty() {
            write!(formatter, "`{}`: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(formatter, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(None, formatter)
    }
}

impl DocumentError {
    /// An error of one fault.
    pub(crate) fn of(fault: Fault) -> Self {
        Self {
            file: None,
            faults: vec![fault],
        }
    }

    /// An error of several faults, at least one.
    pub(crate) fn of_all(faults: Vec<Fault>) -> Self {
        Self { file: None, faults }
    }

    /// An error where there are faults, `value` where there are none.
    pub(crate) fn unless_empty<T>(faults: Vec<Fault>, value: T) -> Result<T, Self> {
        if faults.is_empty() {
            Ok(value)
        } else {
            Err(Self { file: None, faults })
        }
    }

    /// The same error, of this file.
    pub(crate) fn of_file(self, file: &Path) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..self
        }
    }

    /// The faults in the order of the document.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            fault.write(self.file.as_deref(), formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for DocumentError {}
