//! A command without the type it stores its values in: what documents are made from.

use super::flag::{Command, Example, Flag, Group, Kind};

/// A command, as help, reference pages and completions see it.
pub struct CommandSummary {
    /// As typed, without the program's name.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// All its flags, in the order of help.
    pub groups: Vec<GroupSummary>,
    /// What stands for words that are not flags, and what they are.
    pub positional: Option<(String, &'static str)>,
    /// Shown at the end of help.
    pub examples: &'static [Example],
    /// Long names, without dashes, of the flags that short help shows, in its order. Empty where
    /// there are so few flags that help always shows them all.
    pub essential: &'static [&'static str],
    /// What the word that is no flag may be; empty where that is the name of a file, or anything.
    pub words: Vec<&'static str>,
    /// What a first word makes of the command, by that word: its own flags.
    pub actions: Vec<(&'static str, CommandSummary)>,
}

/// Flags under one heading.
pub struct GroupSummary {
    /// The heading.
    pub title: &'static str,
    /// In the order of help.
    pub flags: Vec<FlagSummary>,
}

/// One flag, as documents see it.
pub struct FlagSummary {
    /// Every spelling with its dashes: long names, then the short one, then the negative one.
    pub spellings: Vec<String>,
    /// What stands for the value, with its repetition mark; empty for switches.
    pub value: String,
    /// The words to choose from; empty where there is no such list.
    pub choices: &'static [&'static str],
    /// Whether the value is the name of a file or directory.
    pub path_value: bool,
    /// Whether the flag may be given more than once.
    pub repeatable: bool,
    /// What is in effect when the flag is absent; empty where that is nothing.
    pub default: &'static str,
    /// The YAML key that means the same; empty where there is none.
    pub path: &'static str,
    /// One or two sentences.
    pub help: &'static str,
}

impl CommandSummary {
    pub(super) fn of<T>(command: &Command<T>) -> Self {
        let positional = command.positional.as_ref().map(|positional| {
            let mark = if positional.many { "..." } else { "" };
            (format!("[{}{mark}]", positional.value), positional.help)
        });
        Self {
            name: command.name,
            about: command.about,
            groups: command
                .groups
                .iter()
                .map(|group| GroupSummary::of(group))
                .collect(),
            positional,
            examples: command.examples,
            essential: &[],
            words: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// The same command with the flags that short help shows. Names are long ones without dashes,
    /// in the spelling that help shows.
    #[must_use]
    pub fn with_essential(mut self, names: &'static [&'static str]) -> Self {
        self.essential = names;
        self
    }

    /// The same command with the words that its positional argument may be, for completions.
    #[must_use]
    pub fn with_words(mut self, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.words = words.into_iter().collect();
        self
    }

    /// The same command with what its first word may be, and the flags that follow then; for
    /// completions.
    #[must_use]
    pub fn with_actions(mut self, actions: Vec<(&'static str, Self)>) -> Self {
        self.words = actions.iter().map(|(word, _)| *word).collect();
        self.actions = actions;
        self
    }

    /// The same flags for a command that takes the name of a file as well.
    #[must_use]
    pub fn with_file(mut self) -> Self {
        self.positional = Some(("[FILE]".to_owned(), ""));
        self
    }

    /// The flag with this long name, with or without its dashes.
    pub fn flag(&self, name: &str) -> Option<&FlagSummary> {
        let wanted = name.trim_start_matches('-').replace('_', "-");
        self.flags()
            .find(|flag| flag.long_names().any(|name| name == wanted))
    }

    /// What `--help` takes besides nothing: the groups, each as one word. Empty where help always shows
    /// everything.
    pub fn topics(&self) -> Vec<String> {
        let groups = self.groups.iter().filter(|_| !self.essential.is_empty());
        groups
            .map(|group| plain(group.title).replace(' ', "-"))
            .collect()
    }

    /// All flags, in the order of help.
    pub fn flags(&self) -> impl Iterator<Item = &FlagSummary> {
        self.groups.iter().flat_map(|group| &group.flags)
    }
}

impl GroupSummary {
    fn of<T>(group: &Group<T>) -> Self {
        Self {
            title: group.title,
            flags: group.flags.iter().map(FlagSummary::of).collect(),
        }
    }
}

impl FlagSummary {
    /// The long names without dashes, also the negative one.
    pub fn long_names(&self) -> impl Iterator<Item = &str> {
        self.spellings
            .iter()
            .filter_map(|spelling| spelling.strip_prefix("--"))
    }

    /// The short name with its dash.
    pub fn short_name(&self) -> Option<&str> {
        self.spellings
            .iter()
            .map(String::as_str)
            .find(|spelling| !spelling.starts_with("--"))
    }

    fn of<T>(flag: &Flag<T>) -> Self {
        let mut spellings = flag.spellings();
        spellings.extend(flag.negation().map(|name| format!("--{name}")));
        let mark = match flag.kind {
            Kind::List(_) => ",...",
            _ if flag.kind.greedy() => "...",
            _ => "",
        };
        let value = if flag.value.is_empty() {
            String::new()
        } else {
            format!("<{}>{mark}", flag.value)
        };
        let choices = match flag.kind {
            Kind::Choice { names, .. } => names,
            _ => &[],
        };
        Self {
            spellings,
            value,
            choices,
            path_value: matches!(flag.kind, Kind::Path(_)),
            repeatable: flag.kind.repeatable(),
            default: flag.default,
            path: flag.path,
            help: flag.help,
        }
    }
}

/// A title in lower case, with blanks between words and nothing else.
pub(super) fn plain(title: &str) -> String {
    title
        .to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The first sentence of an explanation, without its full stop.
pub(super) fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or(text, |(first, _)| first)
        .trim_end_matches('.')
}
