//! The reference page of a command's flags, as Markdown.

use super::summary::{CommandSummary, FlagSummary};

/// A Markdown page with one table for each group of flags; ends in a newline.
pub fn reference_markdown(program: &str, command: &CommandSummary) -> String {
    let mut page = format!("# `{program} {}`\n\n{}\n", command.name, command.about);
    for group in &command.groups {
        page.push_str(&format!("\n## {}\n\n", group.title));
        page.push_str("| Flag | Value | Default | YAML key | What it does |\n| --- | --- | --- | --- | --- |\n");
        for flag in &group.flags {
            page.push_str(&row(flag));
        }
    }
    if !command.examples.is_empty() {
        page.push_str("\n## Examples\n\n```sh\n");
        for example in command.examples {
            page.push_str(&format!("# {}\n{}\n", example.purpose, example.line));
        }
        page.push_str("```\n");
    }
    page
}

fn row(flag: &FlagSummary) -> String {
    let names = flag
        .spellings
        .iter()
        .map(|name| code(name))
        .collect::<Vec<_>>()
        .join(" ");
    let value = if flag.choices.is_empty() {
        code(&flag.value)
    } else {
        flag.choices
            .iter()
            .map(|choice| code(choice))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let help = flag.help.replace('|', "\\|");
    format!(
        "| {names} | {value} | {} | {} | {help} |\n",
        code(flag.default),
        code(flag.path)
    )
}

fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{}`", text.replace('|', "\\|"))
    }
}
