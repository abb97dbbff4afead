//! The text of `--help`.

use textwrap::Options;

use super::summary::{CommandSummary, FlagSummary};

/// Below this width wrapping gets unreadable.
const NARROWEST: usize = 40;
/// Above this width lines get hard to follow.
const WIDEST: usize = 110;

/// The text of `program command --help`, wrapped to `width` columns; ends in a newline.
pub fn help(program: &str, command: &CommandSummary, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
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
            wrapped(help, "          ", width)
        ));
    }
    for group in &command.groups {
        text.push_str(&format!("\n{}:\n", group.title));
        for flag in &group.flags {
            text.push_str(&flag_help(flag, width));
        }
    }
    text.push_str("\nGeneral:\n  -h, --help\n          Show this text.\n");
    if !command.examples.is_empty() {
        text.push_str("\nExamples:\n");
        for example in command.examples {
            text.push_str(&format!("  # {}\n  {}\n", example.purpose, example.line));
        }
    }
    text
}

fn flag_help(flag: &FlagSummary, width: usize) -> String {
    // The short name first, as people look for it; without one, long names stay aligned.
    let (short, long): (Vec<_>, Vec<_>) = flag
        .spellings
        .iter()
        .partition(|name| !name.starts_with("--"));
    let mut names: Vec<&str> = short.into_iter().map(String::as_str).collect();
    let indent = if names.is_empty() { "      " } else { "  " };
    names.extend(long.into_iter().map(String::as_str));
    let head = format!("{} {}", names.join(", "), flag.value);
    let mut text = wrapped_between(head.trim_end(), indent, "          ", width);

    let mut body = flag.help.to_owned();
    if !flag.choices.is_empty() {
        body.push_str(&format!(" [choices: {}]", flag.choices.join(", ")));
    }
    if !flag.default.is_empty() {
        body.push_str(&format!(" [default: {}]", flag.default));
    }
    text.push_str(&wrapped(&body, "          ", width));
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
        .break_words(false);
    textwrap::wrap(text, options).join("\n") + "\n"
}
