//! From words to values.
//!
//! One pass over the words. It does not stop at the first problem: a person who mistyped three
//! flags learns of all three.

use super::choice::bare;
use super::flag::{Command, Flag, Kind};
use super::help::HelpRequest;
use super::nearest::nearest_word;
use super::{list, pairs, scalar};
use crate::error::{Problem, UsageError};

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed<T> {
    /// To run the command with these values.
    Values(T),
    /// `--help`, `-h` or `--help-all` is somewhere on the line; [`HelpRequest::of`] tells which.
    Help,
    /// `--version` is somewhere on the line.
    Version,
}

impl<T: Default + 'static> Command<T> {
    /// Reads the words that follow the command's name.
    ///
    /// Long names are case-sensitive and `_` means `-`. `--flag value`, `--flag=value`, `-mfoo`,
    /// `-m=foo` and `-m foo` are the same. A word that begins with `-` is a value only if it is a
    /// number or attached with `=`. Names are never abbreviated.
    pub fn parse<I>(&self, words: I) -> Result<Parsed<T>, UsageError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        if HelpRequest::of(&words).is_some() {
            return Ok(Parsed::Help);
        }
        let mut before_separator = words.iter().take_while(|word| *word != "--");
        if before_separator.any(|word| word == "--version") {
            return Ok(Parsed::Version);
        }
        let mut pass = self.pass(&words);
        let values = pass.run();
        UsageError::unless_empty(pass.problems, Parsed::Values(values))
    }

    /// Reads `words` with the flags of `over` in place of their own ones.
    pub(crate) fn parse_with(&self, words: &[String], over: &[String]) -> Result<T, UsageError> {
        let mut probe = self.pass(over);
        probe.run();
        UsageError::unless_empty(std::mem::take(&mut probe.problems), ())?;
        let mut base = self.pass(words);
        base.replaced = probe.seen.iter().map(|(name, _)| *name).collect();
        let mut values = base.run();
        UsageError::unless_empty(std::mem::take(&mut base.problems), ())?;
        let mut change = self.pass(over);
        change.run_over(&mut values);
        UsageError::unless_empty(std::mem::take(&mut change.problems), values)
    }

    fn pass<'a>(&'a self, words: &'a [String]) -> Pass<'a, T> {
        Pass {
            command: self,
            words,
            next: 0,
            seen: Vec::new(),
            replaced: Vec::new(),
            problems: Vec::new(),
            word_after_switch: None,
        }
    }
}

/// The state of one pass over the words.
struct Pass<'a, T: 'static> {
    command: &'a Command<T>,
    words: &'a [String],
    /// Index of the next unread word.
    next: usize,
    /// Flags met so far, by main name, with the spelling used.
    seen: Vec<(&'static str, String)>,
    /// Main names of flags that are read and not stored.
    replaced: Vec<&'static str>,
    problems: Vec<Problem>,
    /// The first switch that a `yes` or `no` follows which is not attached to it, and that word.
    word_after_switch: Option<(String, String)>,
}

/// A word that names a flag.
struct Named<T: 'static> {
    flag: &'static Flag<T>,
    /// The name as typed, without an attached value.
    spelling: String,
    /// The value attached with `=` or to a short name.
    attached: Option<String>,
    /// Whether the negative name of a pair was used.
    negated: bool,
}

impl<T: Default + 'static> Pass<'_, T> {
    fn run(&mut self) -> T {
        let mut values = T::default();
        self.run_over(&mut values);
        values
    }

    fn run_over(&mut self, values: &mut T) {
        let mut separator_passed = false;
        let mut loose_words = Vec::new();
        while let Some(word) = self.words.get(self.next) {
            self.next += 1;
            if !separator_passed && word == "--" {
                separator_passed = true;
            } else if separator_passed || !looks_like_flag(word) {
                self.note_switch_before(word);
                loose_words.push(word.clone());
            } else if let Some(named) = find(self.command, word) {
                if self.replaced.contains(&named.flag.names[0]) {
                    self.take_flag(&mut T::default(), named);
                } else {
                    self.take_flag(values, named);
                }
            } else {
                self.refuse_flag(word);
            }
        }
        self.take_loose_words(values, loose_words);
    }

    /// Whoever writes `--switch no` means `--switch=no`.
    fn note_switch_before(&mut self, word: &str) {
        let before = self.next.checked_sub(2).and_then(|at| self.words.get(at));
        let Some(named) = before.and_then(|before| find(self.command, before)) else {
            return;
        };
        let is_switch = matches!(named.flag.kind, Kind::Switch(_) | Kind::SwitchPair { .. });
        if is_switch && named.attached.is_none() && scalar::switch(word).is_ok() {
            let found = || (named.spelling, word.to_owned());
            self.word_after_switch.get_or_insert_with(found);
        }
    }

    fn take_flag(&mut self, values: &mut T, named: Named<T>) {
        let main_name = named.flag.names[0];
        let earlier = self.seen.iter().find(|(name, _)| *name == main_name);
        if let Some((_, first)) = earlier
            && !named.flag.kind.repeatable()
        {
            let spellings =
                (*first != named.spelling).then(|| (first.clone(), named.spelling.clone()));
            self.problems.push(Problem::Repeated {
                flag: named.flag.main_name(),
                spellings,
            });
        } else {
            self.seen.push((main_name, named.spelling.clone()));
        }

        let Named {
            flag,
            spelling,
            attached,
            negated,
        } = named;
        if let Kind::Switch(set) | Kind::SwitchPair { set, .. } = flag.kind {
            match attached.as_deref().map_or(Ok(true), scalar::switch) {
                Ok(on) => set(values, on != negated),
                Err(reason) => self.problems.push(Problem::InvalidValue {
                    flag: spelling,
                    value: attached,
                    reason,
                    hint: None,
                }),
            }
            return;
        }
        let mut arguments: Vec<String> = attached.into_iter().collect();
        if flag.kind.greedy() {
            while let Some(word) = self
                .words
                .get(self.next)
                .filter(|word| !looks_like_flag(word))
            {
                arguments.push(word.clone());
                self.next += 1;
            }
        } else if arguments.is_empty() {
            match self.words.get(self.next) {
                Some(word) if !looks_like_flag(word) => {
                    arguments.push(word.clone());
                    self.next += 1;
                }
                followed_by => {
                    // A word that names no flag is most likely the value itself.
                    let followed_by = followed_by
                        .filter(|word| find(self.command, word).is_none())
                        .cloned();
                    self.next += usize::from(followed_by.is_some());
                    self.problems.push(Problem::MissingValue {
                        flag: spelling,
                        followed_by,
                    });
                    return;
                }
            }
        }
        if let Err(refusal) = store(&flag.kind, values, &arguments) {
            self.problems.push(Problem::InvalidValue {
                flag: spelling,
                value: refusal.value,
                reason: refusal.reason,
                hint: refusal.hint,
            });
        }
    }

    /// A flag that is not there. The words after it are taken for its values, because complaining
    /// about them as well would bury the real problem.
    fn refuse_flag(&mut self, word: &str) {
        while self
            .words
            .get(self.next)
            .is_some_and(|word| !looks_like_flag(word))
        {
            self.next += 1;
        }
        let spelling = word.split_once('=').map_or(word, |(name, _)| name);
        let plain = if spelling.starts_with("--") {
            spelling.replace('_', "-")
        } else {
            spelling.to_owned()
        };
        if self.command.reference_names.contains(&plain.as_str()) {
            self.problems
                .push(Problem::FlagNotSupportedYet { flag: plain });
        } else {
            let nearest = nearest(self.command, &plain);
            self.problems.push(Problem::UnknownFlag {
                flag: spelling.to_owned(),
                nearest,
            });
        }
    }

    fn take_loose_words(&mut self, values: &mut T, mut words: Vec<String>) {
        if let Some(positional) = &self.command.positional {
            let accepted = if positional.many {
                words.len()
            } else {
                words.len().min(1)
            };
            for word in words.drain(..accepted) {
                if let Err(reason) = (positional.set)(values, word.clone()) {
                    let flag = positional.value.to_owned();
                    self.problems.push(Problem::InvalidValue {
                        flag,
                        value: Some(word),
                        reason,
                        hint: None,
                    });
                }
            }
        }
        if !words.is_empty() {
            let switch = self.word_after_switch.take();
            let hint = switch.filter(|(_, word)| words.contains(word));
            let hint =
                hint.map(|(switch, word)| format!("a switch takes it attached: `{switch}={word}`"));
            self.problems.push(Problem::Unexpected { words, hint });
        }
    }
}

/// Why a value is not taken.
struct Refusal {
    /// The value, where it may be shown.
    value: Option<String>,
    reason: String,
    hint: Option<String>,
}

/// A refusal that does not show the value, which may be a credential.
fn without_value(reason: String) -> Refusal {
    Refusal {
        value: None,
        reason,
        hint: None,
    }
}

/// Reads a flag's words by its kind and stores them.
fn store<T>(kind: &Kind<T>, values: &mut T, arguments: &[String]) -> Result<(), Refusal> {
    // Kinds that take one word have one by now; lists may have none.
    let only = arguments.first().cloned().unwrap_or_default();
    let shown = |reason: String| Refusal {
        value: Some(only.clone()),
        hint: scalar::hint(&only, &reason),
        reason,
    };
    match kind {
        // Dealt with by the caller, which knows whether a value is attached.
        Kind::Switch(_) | Kind::SwitchPair { .. } => Ok(()),
        Kind::Text(set) | Kind::TextList(set) => set(values, only.clone()).map_err(shown),
        Kind::Path(set) => set(values, only.clone().into()).map_err(shown),
        Kind::Integer { within, set } => scalar::integer(&only, within)
            .map(|number| set(values, number))
            .map_err(shown),
        Kind::SweepableInteger { within, set, list } => {
            scalar::several(&only, |item| scalar::integer(item, within))
                .map(|numbers| store_several(values, numbers, *set, *list))
                .map_err(shown)
        }
        Kind::Float { limits, set } => scalar::float(&only, limits)
            .map(|number| set(values, number))
            .map_err(shown),
        Kind::SweepableFloat { limits, set, list } => {
            scalar::several(&only, |item| scalar::float(item, limits))
                .map(|numbers| store_several(values, numbers, *set, *list))
                .map_err(shown)
        }
        Kind::Choice { names, later, set } => choice(&only, names, later)
            .and_then(|name| set(values, name))
            .map_err(|reason| Refusal {
                hint: nearest_choice(&only, names, later),
                ..shown(reason)
            }),
        Kind::List(set) | Kind::GreedyList(set) => {
            let items = arguments
                .iter()
                .flat_map(|word| list::items(word))
                .collect();
            set(values, items).map_err(|reason| Refusal {
                value: (!arguments.is_empty()).then(|| arguments.join(" ")),
                ..without_value(reason)
            })
        }
        Kind::Pairs(set) => {
            let mut items = serde_json::Map::new();
            for word in arguments {
                items.extend(pairs::typed(word).map_err(without_value)?);
            }
            set(values, items).map_err(without_value)
        }
        Kind::TextPairs(set) => {
            let mut items = Vec::new();
            for word in arguments {
                items.extend(pairs::text(word).map_err(without_value)?);
            }
            set(values, items).map_err(without_value)
        }
    }
}

/// Stores the first number as what holds where nothing is swept, and several as a list besides.
fn store_several<T, N: Copy>(
    values: &mut T,
    numbers: Vec<N>,
    set: fn(&mut T, N),
    list: fn(&mut T, Vec<N>),
) {
    if let Some(first) = numbers.first() {
        set(values, *first);
    }
    if numbers.len() > 1 {
        list(values, numbers);
    }
}

/// The word of a list that was meant.
fn choice(
    typed: &str,
    names: &'static [&'static str],
    later: &[&str],
) -> Result<&'static str, String> {
    let wanted = bare(typed);
    if let Some(name) = names.iter().find(|name| bare(name) == wanted) {
        return Ok(name);
    }
    let choices = names.join(", ");
    match later.iter().find(|name| bare(name) == wanted) {
        Some(_) => Err(format!(
            "not supported by this version yet; it has {choices}"
        )),
        None => Err(format!("must be one of {choices}")),
    }
}

/// A suggestion where a word is none of the choices, but much like one.
fn nearest_choice(typed: &str, names: &'static [&'static str], later: &[&str]) -> Option<String> {
    let wanted = bare(typed);
    let exists = names.iter().chain(later).any(|name| bare(name) == wanted);
    let nearest = nearest_word(typed, names.iter().copied()).filter(|_| !exists)?;
    Some(format!("did you mean `{nearest}`?"))
}

fn looks_like_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && !scalar::looks_like_number(word)
}

/// The flag that a word names, with what is attached to it.
fn find<T>(command: &Command<T>, word: &str) -> Option<Named<T>> {
    let (name, attached) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    if let Some(long) = name.strip_prefix("--") {
        let long = long.replace('_', "-");
        return command.flags().find_map(|flag| {
            let negated = flag.negation() == Some(long.as_str());
            let named = Named {
                flag,
                spelling: format!("--{long}"),
                attached: attached.clone(),
                negated,
            };
            (negated || flag.names.contains(&long.as_str())).then_some(named)
        });
    }
    let short = name.strip_prefix('-')?;
    let exact = command.flags().find(|flag| flag.short == Some(short));
    if let Some(flag) = exact {
        return Some(Named {
            flag,
            spelling: name.to_owned(),
            attached,
            negated: false,
        });
    }
    // `-mfoo`: the value follows the letter; there `=` belongs to the value.
    let glued = &word[1..];
    command
        .flags()
        .filter(|flag| flag.kind.takes_value())
        .find_map(|flag| {
            let short = flag.short?;
            let value = glued.strip_prefix(short)?;
            Some(Named {
                flag,
                spelling: format!("-{short}"),
                attached: Some(value.to_owned()),
                negated: false,
            })
        })
}

/// The flag of this version that a mistyped name resembles most, with its dashes.
fn nearest<T>(command: &Command<T>, name: &str) -> Option<String> {
    let typed = name.trim_start_matches('-').to_lowercase();
    // Switches have no negative form; who tries one means the switch.
    let without_no = typed.strip_prefix("no-");
    let switch = command
        .flags()
        .find(|flag| without_no.is_some_and(|name| flag.names.contains(&name)));
    if let Some(flag) = switch {
        return Some(flag.main_name());
    }
    let candidates = command
        .flags()
        .flat_map(|flag| flag.names.iter().copied().chain(flag.negation()));
    let of_help = ["help", "help-all", "version"];
    nearest_word(&typed, candidates.chain(of_help)).map(|name| format!("--{name}"))
}
