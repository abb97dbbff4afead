//! The text of `--help`: the flags that most people need, one group, or everything.

mod request;

use textwrap::Options;

pub use request::HelpRequest;

use super::nearest::nearest_word;
use super::summary::{CommandSummary, FlagSummary, GroupSummary, first_sentence, plain};

/// Below this width wrapping gets unreadable.
const NARROWEST: usize = 40;
/// Above this width lines get hard to follow.
const WIDEST: usize = 110;
/// Where explanations begin, below the names of a flag.
const BODY: &str = "          ";

/// The text that `request` asks for, wrapped to `width` columns; ends in a newline.
///
/// # Errors
///
/// A message with a hint where no group and no flag of the command is called as asked.
pub fn help_for(
    program: &str,
    command: &CommandSummary,
    request: &HelpRequest,
    width: usize,
) -> Result<String, String> {
    match request {
        HelpRequest::Short if !command.essential.is_empty() => {
            Ok(short_help(program, command, width))
        }
        HelpRequest::Short | HelpRequest::Everything => Ok(help(program, command, width)),
        HelpRequest::On(topic) => help_on(program, command, topic, width),
    }
}

/// The text of all flags of `program command`, wrapped to `width` columns; ends in a newline.
pub fn help(program: &str, command: &CommandSummary, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = beginning(program, command, width);
    for group in &command.groups {
        text.push_str(&group_help(group, width));
    }
    text.push_str("\nGeneral:\n  -h, --help\n          Show this text.\n");
    if !command.essential.is_empty() {
        text.push_str("      --help <GROUP>\n          Show one group of flags, or one flag.\n");
        text.push_str("      --help-all\n          Show all flags.\n");
    }
    text.push_str(&examples(command));
    text
}

/// The essential flags in one line or two each, and what the groups of the others are called.
fn short_help(program: &str, command: &CommandSummary, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = beginning(program, command, width);
    text.push_str("\nThe flags that most runs need:\n");
    let rows: Vec<(String, &str)> = command
        .essential
        .iter()
        .filter_map(|name| command.flag(name).map(|flag| short_row(flag, name)))
        .collect();
    let column = rows.iter().map(|(head, _)| head.len()).max().unwrap_or(0) + 2;
    for (head, body) in rows {
        let first = format!("{head:<column$}");
        text.push_str(&wrapped_between(body, &first, &" ".repeat(column), width));
    }
    text.push_str("\nAll flags, by group:\n");
    let titles: Vec<&str> = command.groups.iter().map(|group| group.title).collect();
    text.push_str(&wrapped(&titles.join(" · "), "  ", width));
    let line = format!("{program} {}", command.name);
    text.push_str(&format!(
        "\n  {line} --help GROUP   a group or a flag; GROUP may be cut short\n  {line} --help-all     everything\n"
    ));
    text.push_str(&examples(command));
    text
}

/// The groups whose titles `topic` begins or names, or else the flag that it names.
fn help_on(
    program: &str,
    command: &CommandSummary,
    topic: &str,
    width: usize,
) -> Result<String, String> {
    let width = width.clamp(NARROWEST, WIDEST);
    let groups = groups_called(command, topic);
    if !groups.is_empty() {
        let shown: String = groups.into_iter().map(|g| group_help(g, width)).collect();
        return Ok(shown.trim_start().to_owned());
    }
    if let Some(flag) = command.flag(topic) {
        return Ok(flag_help(flag, width));
    }
    let hint = match meant(command, topic) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("`{program} {} --help` names the groups", command.name),
    };
    Err(format!(
        "no group of flags and no flag is called `{topic}`\n  hint: {hint}"
    ))
}

/// The group or flag that a mistyped topic was meant to be. A word of a title stands for the title.
fn meant<'a>(command: &'a CommandSummary, topic: &str) -> Option<&'a str> {
    let titles = || command.groups.iter().map(|group| group.title);
    let flags = command.flags().flat_map(FlagSummary::long_names);
    let whole = nearest_word(topic, titles().chain(flags));
    // Short words are like many others.
    let words: Vec<(String, &str)> = titles()
        .flat_map(|title| {
            let title_in_words = plain(title);
            let long = title_in_words.split(' ').filter(|word| word.len() > 3);
            long.map(|word| (word.to_owned(), title))
                .collect::<Vec<_>>()
        })
        .collect();
    let by_word = || {
        let wanted = plain(topic);
        let found = wanted
            .split(' ')
            .find_map(|typed| nearest_word(typed, words.iter().map(|(word, _)| word.as_str())))?;
        words
            .iter()
            .find(|(word, _)| word == found)
            .map(|(_, title)| *title)
    };
    whole.or_else(by_word)
}

/// The one group with this title; otherwise all that have a word which begins so.
fn groups_called<'a>(command: &'a CommandSummary, topic: &str) -> Vec<&'a GroupSummary> {
    let wanted = plain(topic);
    let groups = || command.groups.iter();
    if wanted.is_empty() {
        return Vec::new();
    }
    if let Some(exact) = groups().find(|group| plain(group.title) == wanted) {
        return vec![exact];
    }
    let begins_so: Vec<&GroupSummary> = groups()
        .filter(|group| plain(group.title).starts_with(&wanted))
        .collect();
    if !begins_so.is_empty() {
        return begins_so;
    }
    groups()
        .filter(|group| {
            let title = plain(group.title);
            title.split(' ').any(|word| word.starts_with(&wanted))
        })
        .collect()
}

fn beginning(program: &str, command: &CommandSummary, width: usize) -> String {
    let mut text = wrapped(command.about, "", width);
    let positional = command
        .positional
        .as_ref()
        .map(|(value, _)| format!(" {value}"))
        .unwrap_or_default();
    text.push_str(&format!(
        "\nUsage: {program} {}{positional} [OPTIONS]\n",
        command.name
    ));
    if let Some((value, help)) = &command.positional {
        text.push_str(&format!(
            "\nArguments:\n  {value}\n{}",
            wrapped(help, BODY, width)
        ));
    }
    text
}

fn examples(command: &CommandSummary) -> String {
    if command.examples.is_empty() {
        return String::new();
    }
    let mut text = "\nExamples:\n".to_owned();
    for example in command.examples {
        text.push_str(&format!("  # {}\n  {}\n", example.purpose, example.line));
    }
    text
}

fn group_help(group: &GroupSummary, width: usize) -> String {
    let flags: String = group.flags.iter().map(|f| flag_help(f, width)).collect();
    format!("\n{}:\n{flags}", group.title)
}

/// The short name if there is one, the long name that is asked for, and the first sentence.
fn short_row<'a>(flag: &'a FlagSummary, name: &str) -> (String, &'a str) {
    let short = flag.short_name();
    let indent = short.map_or("      ".to_owned(), |short| format!("  {short}, "));
    let head = format!("{indent}--{name} {}", flag.value);
    (head.trim_end().to_owned(), first_sentence(flag.help))
}

fn flag_help(flag: &FlagSummary, width: usize) -> String {
    // The short name first, as people look for it; without one, long names stay aligned.
    let mut names: Vec<&str> = flag.short_name().into_iter().collect();
    let indent = if names.is_empty() { "      " } else { "  " };
    let long = flag.spellings.iter().filter(|name| name.starts_with("--"));
    names.extend(long.map(String::as_str));
    let head = format!("{} {}", names.join(", "), flag.value);
    let mut text = wrapped_between(head.trim_end(), indent, BODY, width);

    let mut body = flag.help.to_owned();
    if !flag.choices.is_empty() {
        body.push_str(&format!(" [choices: {}]", flag.choices.join(", ")));
    }
    if !flag.default.is_empty() {
        body.push_str(&format!(" [default: {}]", flag.default));
    }
    text.push_str(&wrapped(&body, BODY, width));
    text
}

fn wrapped(text: &str, indent: &str, width: usize) -> String {
    wrapped_between(text, indent, indent, width)
}

fn wrapped_between(text: &str, first: &str, rest: &str, width: usize) -> String {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        // A flag's name must stay searchable, whatever the width.
        // The other algorithm lets lines run over where that makes the rest look better.
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        // Nor is a path or a value cut at a slash.
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .break_words(false);
    textwrap::wrap(text, options).join("\n") + "\n"
}
