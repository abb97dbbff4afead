//! What a flag, a group of flags and a command are.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::summary::CommandSummary;

/// One flag, with all that parsing and documents need to know about it.
pub struct Flag<T: 'static> {
    /// The long names without dashes, the main one first.
    pub names: &'static [&'static str],
    /// The short name without its dash. It may have two letters (`vv`).
    pub short: Option<&'static str>,
    /// What kind of value it takes, and where the value goes.
    pub kind: Kind<T>,
    /// What stands for the value in help, such as `SECONDS`; empty for switches.
    pub value: &'static str,
    /// What is in effect when the flag is absent; empty where that is nothing.
    pub default: &'static str,
    /// The YAML key that means the same, such as `benchmark.endpoint.streaming`; empty where there is none.
    pub path: &'static str,
    /// One or two sentences.
    pub help: &'static str,
}

/// What kind of value a flag takes, with the function that stores it.
///
/// The function is part of the kind, so that a flag cannot be stored as something it is not.
pub enum Kind<T: 'static> {
    /// No value; `--flag=yes` and `--flag=no` are accepted.
    Switch(fn(&mut T, bool)),
    /// A switch with a second, negative name (without dashes).
    SwitchPair {
        /// The name that stores `false`.
        negation: &'static str,
        /// Stores the value.
        set: fn(&mut T, bool),
    },
    /// Any text.
    Text(fn(&mut T, String) -> Result<(), String>),
    /// A path, as typed.
    Path(fn(&mut T, PathBuf) -> Result<(), String>),
    /// A whole number.
    Integer {
        /// Both ends are allowed.
        within: RangeInclusive<u64>,
        /// Stores the value.
        set: fn(&mut T, u64),
    },
    /// A number.
    Float {
        /// What it must lie within.
        limits: Limits,
        /// Stores the value.
        set: fn(&mut T, f64),
    },
    /// A whole number, or several with commas between them, which ask for a sweep.
    SweepableInteger {
        /// Both ends are allowed.
        within: RangeInclusive<u64>,
        /// Stores the value; of several the first.
        set: fn(&mut T, u64),
        /// Stores several, all of them.
        list: fn(&mut T, Vec<u64>),
    },
    /// A number, or several with commas between them, which ask for a sweep.
    SweepableFloat {
        /// What it must lie within.
        limits: Limits,
        /// Stores the value; of several the first.
        set: fn(&mut T, f64),
        /// Stores several, all of them.
        list: fn(&mut T, Vec<f64>),
    },
    /// One of several words; see [`Choice`](super::Choice). Upper case, `-` and `_` do not matter.
    Choice {
        /// The words.
        names: &'static [&'static str],
        /// All words that the reference takes; those not in `names` are refused as "not supported
        /// yet". May be empty where this version takes them all.
        later: &'static [&'static str],
        /// Stores one of `names`.
        set: fn(&mut T, &'static str) -> Result<(), String>,
    },
    /// Any text; the flag may be repeated. Called once for each occurrence.
    TextList(fn(&mut T, String) -> Result<(), String>),
    /// Comma-separated items; the flag may be repeated. Called once for each occurrence.
    List(fn(&mut T, Vec<String>) -> Result<(), String>),
    /// Like `List`, and takes all words up to the next flag, even none.
    GreedyList(fn(&mut T, Vec<String>) -> Result<(), String>),
    /// `key:value` items or a JSON object, up to the next flag; values become numbers, booleans
    /// or null where they look like it. Called once for each occurrence.
    Pairs(fn(&mut T, Map<String, Value>) -> Result<(), String>),
    /// Like `Pairs`, but values stay text.
    TextPairs(StoreTextPairs<T>),
}

/// Stores `key:value` items whose values stay text.
pub type StoreTextPairs<T> = fn(&mut T, Vec<(String, String)>) -> Result<(), String>;

/// What a number must lie within. NaN never does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The smallest value, or the one that it must exceed.
    pub least: f64,
    /// Whether it must exceed `least`.
    pub above: bool,
    /// The largest value.
    pub most: f64,
}

impl Limits {
    /// Finite and greater than zero.
    pub const ABOVE_ZERO: Self = Self {
        least: 0.0,
        above: true,
        most: f64::MAX,
    };
    /// Finite and not negative.
    pub const FROM_ZERO: Self = Self {
        least: 0.0,
        above: false,
        most: f64::MAX,
    };

    /// The same limits without an upper end: `inf` is accepted.
    pub const fn or_infinite(self) -> Self {
        Self {
            most: f64::INFINITY,
            ..self
        }
    }

    /// The same limits with another upper end.
    pub const fn at_most(self, most: f64) -> Self {
        Self { most, ..self }
    }
}

/// Flags that help shows under one heading.
pub struct Group<T: 'static> {
    /// The heading.
    pub title: &'static str,
    /// In the order of help.
    pub flags: &'static [Flag<T>],
}

/// What a command does with words that are not flags.
pub struct Positional<T: 'static> {
    /// What stands for the words in help, such as `PATHS`.
    pub value: &'static str,
    /// One or two sentences.
    pub help: &'static str,
    /// Whether more than one word is accepted.
    pub many: bool,
    /// Stores one word.
    pub set: fn(&mut T, String) -> Result<(), String>,
}

/// A command line that help shows.
pub struct Example {
    /// What it is for.
    pub purpose: &'static str,
    /// The whole line.
    pub line: &'static str,
}

/// A command: `aiperf profile`, say.
pub struct Command<T: 'static> {
    /// As typed, without the program's name.
    pub name: &'static str,
    /// What it does, in one or two sentences.
    pub about: &'static str,
    /// All its flags, in the order of help.
    pub groups: &'static [&'static Group<T>],
    /// Words that are not flags; an error where it is absent.
    pub positional: Option<Positional<T>>,
    /// Names, with dashes, that the reference knows. Those without a flag here are refused as "not
    /// supported yet" rather than as unknown.
    pub reference_names: &'static [&'static str],
    /// Shown at the end of help.
    pub examples: &'static [Example],
}

impl<T> Command<T> {
    /// All flags, in the order of help.
    pub fn flags(&self) -> impl Iterator<Item = &'static Flag<T>> + use<T> {
        self.groups.iter().flat_map(|group| group.flags)
    }

    /// All that help, reference pages and completions need, without `T`.
    pub fn summary(&self) -> CommandSummary {
        CommandSummary::of(self)
    }
}

impl<T> Flag<T> {
    /// The main name with its dashes.
    pub fn main_name(&self) -> String {
        format!("--{}", self.names[0])
    }

    /// The negative long name of a pair, without dashes.
    pub fn negation(&self) -> Option<&'static str> {
        match self.kind {
            Kind::SwitchPair { negation, .. } => Some(negation),
            _ => None,
        }
    }

    /// Every spelling with its dashes: long names, then the short one. Not the negative one.
    pub fn spellings(&self) -> Vec<String> {
        let long = self.names.iter().map(|name| format!("--{name}"));
        let short = self.short.iter().map(|name| format!("-{name}"));
        long.chain(short).collect()
    }
}

impl<T> Kind<T> {
    /// Whether a value must or may follow.
    pub fn takes_value(&self) -> bool {
        !matches!(self, Self::Switch(_) | Self::SwitchPair { .. })
    }

    /// Whether the flag may be given more than once.
    pub fn repeatable(&self) -> bool {
        matches!(
            self,
            Self::TextList(_)
                | Self::List(_)
                | Self::GreedyList(_)
                | Self::Pairs(_)
                | Self::TextPairs(_)
        )
    }

    /// Whether the flag takes all words up to the next flag, even none.
    pub fn greedy(&self) -> bool {
        matches!(
            self,
            Self::GreedyList(_) | Self::Pairs(_) | Self::TextPairs(_)
        )
    }
}
