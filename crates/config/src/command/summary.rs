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
        }
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
            default: flag.default,
            path: flag.path,
            help: flag.help,
        }
    }
}
