//! A setting, and what its user called it.

use std::fmt::Display;

use crate::document::Mark;

/// In whose words a setting is called that nobody has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    Flags,
    Keys,
}

impl Words {
    /// The one that fits.
    pub(crate) fn choose<'a>(self, flags: &'a str, keys: &'a str) -> &'a str {
        match self {
            Self::Flags => flags,
            Self::Keys => keys,
        }
    }
}

/// The value of a setting, given or by default, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Said<T> {
    value: Option<T>,
    is_given: bool,
    /// A flag with its dashes, or all keys that lead to a value.
    name: String,
    mark: Mark,
}

impl<T> Said<T> {
    /// What was typed as a flag; `name` has its dashes.
    pub(crate) fn by_flag(name: &str, value: Option<T>) -> Self {
        Self {
            is_given: value.is_some(),
            value,
            name: name.to_owned(),
            mark: Mark::Nowhere,
        }
    }

    /// What a document says at a key below `benchmark`, or what a flag wrote there. Without a mark,
    /// nobody said it.
    pub(crate) fn at_key(path: &str, mark: Option<Mark>, value: Option<T>) -> Self {
        let (name, mark, is_given) = match mark {
            Some(Mark::Flag(flag)) => (flag.to_owned(), Mark::Nowhere, true),
            Some(mark) => (
                format!("benchmark.{path}"),
                mark,
                matches!(mark, Mark::At { .. }),
            ),
            None => (format!("benchmark.{path}"), Mark::Nowhere, false),
        };
        Self {
            is_given: is_given && value.is_some(),
            value,
            name,
            mark,
        }
    }

    /// What a document says at a key beside `benchmark`, likewise.
    pub(crate) fn at_root_key(path: &str, mark: Option<Mark>, value: Option<T>) -> Self {
        let mut said = Self::at_key(path, mark, value);
        if let Some(path) = said.name.strip_prefix("benchmark.") {
            said.name = path.to_owned();
        }
        said
    }

    /// The same with a value where there is none. It is not given for that.
    pub(crate) fn or(mut self, value: T) -> Self {
        self.value.get_or_insert(value);
        self
    }

    /// The value, also if it is a default.
    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value that somebody gave.
    pub(crate) fn given(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| self.is_given)
    }

    pub(crate) fn is_given(&self) -> bool {
        self.is_given
    }

    /// Where it is in the file.
    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    /// What it is called.
    pub(crate) fn name(&self) -> String {
        format!("`{}`", self.name)
    }

    /// How this value is asked for.
    pub(crate) fn asked(&self, value: impl Display) -> String {
        let joint = if self.name.starts_with("--") {
            " "
        } else {
            ": "
        };
        format!("`{}{joint}{value}`", self.name)
    }

    /// How a switch is put on.
    pub(crate) fn on(&self) -> String {
        if self.name.starts_with("--") {
            self.name()
        } else {
            self.asked(true)
        }
    }
}

impl<T: Display> Said<T> {
    /// It with its value.
    pub(crate) fn whole(&self) -> String {
        match &self.value {
            Some(value) => self.asked(value),
            None => self.name(),
        }
    }
}

impl<T: PartialEq + Copy> Said<T> {
    /// Whether this is its value, given or by default.
    pub(crate) fn is(&self, value: T) -> bool {
        self.value.as_ref() == Some(&value)
    }
}

/// What was said about one rule that is broken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Breach {
    pub(crate) message: String,
    pub(crate) hint: String,
    /// Where in the file, if any of it is in a file.
    pub(crate) mark: Mark,
}

/// Collects breaches.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Vec<Breach>);

impl Told {
    /// Tells a breach. The marks are those of the settings that are to blame, the first first.
    pub(crate) fn tell(
        &mut self,
        marks: &[Mark],
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        let in_file = |mark: &&Mark| matches!(mark, Mark::At { .. });
        let breach = Breach {
            message: message.into(),
            hint: hint.into(),
            mark: marks.iter().find(in_file).copied().unwrap_or_default(),
        };
        // A warmup that inherits what is wrong is not told again.
        if !self.0.contains(&breach) {
            self.0.push(breach);
        }
    }
}

/// Those settings of a list that are given.
pub(crate) struct Listed {
    pub(crate) names: String,
    pub(crate) marks: Vec<Mark>,
    is_plural: bool,
}

impl Listed {
    /// `None` if none is given.
    pub(crate) fn of<T>(settings: &[&Said<T>]) -> Option<Self> {
        let given: Vec<_> = settings.iter().filter(|said| said.is_given).collect();
        if given.is_empty() {
            return None;
        }
        let mut names: Vec<String> = given.iter().map(|said| said.name()).collect();
        // Several flags over a file may be one key of it, and one flag may be several keys.
        names.dedup();
        Some(Self {
            is_plural: names.len() > 1,
            names: names.join(", "),
            marks: given.iter().map(|said| said.mark).collect(),
        })
    }

    pub(crate) fn verb(&self, plural: &'static str, singular: &'static str) -> &'static str {
        if self.is_plural { plural } else { singular }
    }

    pub(crate) fn clash(&self, with: &str) -> String {
        format!(
            "{} {} not go with {with}",
            self.names,
            self.verb("do", "does")
        )
    }
}
