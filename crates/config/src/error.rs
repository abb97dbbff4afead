//! What can be wrong, or merely odd, about a command line.

use std::fmt;

/// One thing that is wrong with a command line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// No flag has this name, here or in the reference.
    #[error("unknown flag `{flag}`")]
    UnknownFlag {
        /// As typed, without an attached value.
        flag: String,
        /// The known flag that it resembles most.
        nearest: Option<String>,
    },
    /// The reference has this flag, this version does not.
    #[error("`{flag}` is an AIPerf flag that this version does not support yet")]
    FlagNotSupportedYet {
        /// As typed, without an attached value.
        flag: String,
    },
    /// A flag that takes one value was given more than once, perhaps under two names.
    #[error("`{flag}` is given more than once")]
    Repeated {
        /// The flag's main name.
        flag: String,
        /// The second spelling, where it differs from the first.
        spellings: Option<(String, String)>,
    },
    /// A flag's value is missing.
    #[error("`{flag}` needs a value")]
    MissingValue {
        /// As typed.
        flag: String,
        /// The next word, where it looks like a flag.
        followed_by: Option<String>,
    },
    /// Words that belong to no flag.
    #[error("unexpected argument {}", quoted_list(.words))]
    Unexpected {
        /// The words, in order.
        words: Vec<String>,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A value cannot be read or lies outside the flag's limits.
    #[error("`{}`: {reason}", with_value(.flag, .value.as_deref()))]
    InvalidValue {
        /// As typed.
        flag: String,
        /// The value, unless it may hold a secret.
        value: Option<String>,
        /// What is wrong with it.
        reason: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// Flags that do not go together, or a value that makes no sense in a run.
    #[error("{message}")]
    Conflict {
        /// Names the flags and their values.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl Problem {
    /// Advice on what to do, on a line of its own.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFlag { nearest, .. } => nearest
                .as_ref()
                .map(|name| format!("did you mean `{name}`?")),
            Self::Repeated {
                spellings: Some((first, second)),
                ..
            } => Some(format!(
                "`{first}` and `{second}` are two names of one flag"
            )),
            Self::MissingValue {
                flag,
                followed_by: Some(word),
            } => Some(format!("if `{word}` is the value, write `{flag}={word}`")),
            Self::Conflict { hint, .. }
            | Self::InvalidValue { hint, .. }
            | Self::Unexpected { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    pub(crate) fn conflict(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Conflict {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Everything that is wrong with a command line. Holds at least one problem.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageError {
    problems: Vec<Problem>,
}

impl UsageError {
    /// An error where there are problems, `value` where there are none.
    pub(crate) fn unless_empty<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self { problems })
        }
    }

    /// The problems, in the order of the command line.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{problem}")?;
            if let Some(hint) = problem.hint() {
                write!(formatter, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for UsageError {}

/// Something that the user should know before a run starts, which does not prevent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Names the flags and their values.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Warning {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(formatter, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

fn with_value(flag: &str, value: Option<&str>) -> String {
    match value {
        None => flag.to_owned(),
        // With a blank, the end of the flag could not be seen.
        Some("") => format!("{flag}="),
        Some(value) => format!("{flag} {value}"),
    }
}

fn quoted_list(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
