//! What a variable is, and how its text becomes a value.

use aiperf_clock::{Nanos, SECOND};
use anyhow::{Result, bail};

/// One environment variable that a run reads.
pub(super) struct Variable<K> {
    pub(super) name: &'static str,
    pub(super) kind: K,
    /// One sentence.
    pub(super) meaning: &'static str,
}

/// What a variable may hold, and what holds without it.
pub(super) trait Kind {
    type Value;

    /// The value that a text stands for; `None` where it stands for none.
    fn parse(&self, text: &str) -> Option<Self::Value>;

    /// The value of a variable that is not set.
    fn unset(&self) -> Self::Value;

    /// What to write, such as `a number from 0 to 5`.
    fn values(&self) -> String;

    /// The default as the reference page shows it.
    fn default_text(&self) -> String;
}

/// A variable, as the reference page shows it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What it may hold.
    pub(crate) values: String,
    /// What holds without it.
    pub(crate) default: String,
    /// One sentence.
    pub(crate) meaning: &'static str,
}

impl<K: Kind> Variable<K> {
    /// The variable's value. An empty text counts as none.
    ///
    /// # Errors
    ///
    /// Names the variable, its text and what to write instead.
    pub(super) fn read(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<K::Value> {
        let Some(text) = lookup(self.name).filter(|text| !text.trim().is_empty()) else {
            return Ok(self.kind.unset());
        };
        match self.kind.parse(text.trim()) {
            Some(value) => Ok(value),
            None => bail!(
                "the environment variable `{}` is `{text}`\n  hint: use {}, or unset it",
                self.name,
                self.kind.values()
            ),
        }
    }

    pub(super) fn row(&self) -> Row {
        Row {
            name: self.name,
            values: self.kind.values(),
            default: self.kind.default_text(),
            meaning: self.meaning,
        }
    }
}

/// A name as Kubernetes has them; empty where nothing is set.
pub(super) struct Name;

impl Kind for Name {
    type Value = String;

    fn parse(&self, text: &str) -> Option<String> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        text.bytes().all(is_part).then(|| text.to_owned())
    }

    fn unset(&self) -> String {
        String::new()
    }

    fn values(&self) -> String {
        "a name of letters, digits and `-`".to_owned()
    }

    fn default_text(&self) -> String {
        "empty".to_owned()
    }
}

/// On or off.
pub(super) struct Switch {
    pub(super) default: bool,
}

impl Kind for Switch {
    type Value = bool;

    fn parse(&self, text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "t" | "y" => Some(true),
            "0" | "false" | "no" | "off" | "f" | "n" => Some(false),
            _ => None,
        }
    }

    fn unset(&self) -> bool {
        self.default
    }

    fn values(&self) -> String {
        "true or false".into()
    }

    fn default_text(&self) -> String {
        self.default.to_string()
    }
}

/// A number between two ends, both included.
pub(super) struct Number {
    pub(super) default: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Kind for Number {
    type Value = f64;

    fn parse(&self, text: &str) -> Option<f64> {
        let number: f64 = text.parse().ok()?;
        (self.least..=self.most).contains(&number).then_some(number)
    }

    fn unset(&self) -> f64 {
        self.default
    }

    fn values(&self) -> String {
        format!("a number from {} to {}", self.least, self.most)
    }

    fn default_text(&self) -> String {
        self.default.to_string()
    }
}

/// A time span, written in seconds.
pub(super) struct Seconds(pub(super) Number);

impl Kind for Seconds {
    type Value = Nanos;

    fn parse(&self, text: &str) -> Option<Nanos> {
        self.0.parse(text).map(nanos)
    }

    fn unset(&self) -> Nanos {
        nanos(self.0.default)
    }

    fn values(&self) -> String {
        format!("seconds, from {} to {}", self.0.least, self.0.most)
    }

    fn default_text(&self) -> String {
        self.0.default_text()
    }
}

/// A time span, written in seconds; without the variable there is none.
pub(super) struct SecondsIfSet {
    pub(super) least: f64,
    pub(super) most: f64,
    /// What holds without the variable.
    pub(super) otherwise: &'static str,
}

impl Kind for SecondsIfSet {
    type Value = Option<Nanos>;

    fn parse(&self, text: &str) -> Option<Option<Nanos>> {
        let seconds: f64 = text.parse().ok()?;
        (self.least..=self.most)
            .contains(&seconds)
            .then(|| Some(nanos(seconds)))
    }

    fn unset(&self) -> Option<Nanos> {
        None
    }

    fn values(&self) -> String {
        format!("seconds, from {} to {}", self.least, self.most)
    }

    fn default_text(&self) -> String {
        self.otherwise.into()
    }
}

fn nanos(seconds: f64) -> Nanos {
    (seconds * SECOND as f64) as Nanos
}

/// A whole number between two ends, both included; without the variable there is none.
pub(super) struct Count {
    pub(super) least: usize,
    pub(super) most: usize,
    /// What holds without the variable.
    pub(super) otherwise: &'static str,
}

impl Kind for Count {
    type Value = Option<usize>;

    fn parse(&self, text: &str) -> Option<Option<usize>> {
        let number: usize = text.parse().ok()?;
        (self.least..=self.most)
            .contains(&number)
            .then_some(Some(number))
    }

    fn unset(&self) -> Option<usize> {
        None
    }

    fn values(&self) -> String {
        if self.most == usize::MAX {
            format!("a whole number of at least {}", self.least)
        } else {
            format!("a whole number from {} to {}", self.least, self.most)
        }
    }

    fn default_text(&self) -> String {
        self.otherwise.into()
    }
}

/// One of several words.
pub(super) struct Word {
    /// The first is the default.
    pub(super) words: &'static [&'static str],
}

impl Kind for Word {
    type Value = &'static str;

    fn parse(&self, text: &str) -> Option<&'static str> {
        let known = |word: &&&str| word.eq_ignore_ascii_case(text);
        self.words.iter().find(known).copied()
    }

    fn unset(&self) -> &'static str {
        self.words.first().copied().unwrap_or_default()
    }

    fn values(&self) -> String {
        self.words.join(", ")
    }

    fn default_text(&self) -> String {
        self.unset().into()
    }
}

/// A JSON list of texts.
pub(super) struct Texts {
    pub(super) default: &'static [&'static str],
}

impl Kind for Texts {
    type Value = Vec<String>;

    fn parse(&self, text: &str) -> Option<Vec<String>> {
        serde_json::from_str(text).ok()
    }

    fn unset(&self) -> Vec<String> {
        self.default.iter().map(|text| (*text).to_owned()).collect()
    }

    fn values(&self) -> String {
        "a JSON list of texts".into()
    }

    fn default_text(&self) -> String {
        serde_json::to_string(self.default).unwrap_or_default()
    }
}
