//! Manual pages in roff, as `man` shows them.

use roff::{Inline, Roff, bold, italic, roman};

use super::summary::{CommandSummary, FlagSummary};

/// The page `program-command(1)`: what the command does, all its flags, examples.
///
/// `version` stands in the footer.
pub fn man_page(program: &str, version: &str, command: &CommandSummary) -> String {
    let name = format!("{program}-{}", command.name);
    let mut page = Roff::new();
    heading(&mut page, program, version, &name);
    page.control("SH", ["NAME"]);
    page.text([roman(format!(
        "{name} - {}",
        without_full_stop(command.about)
    ))]);
    page.control("SH", ["SYNOPSIS"]);
    page.text(synopsis(program, command));
    if let Some((value, help)) = &command.positional {
        page.control("SH", ["ARGUMENTS"]);
        page.control("TP", []);
        page.text([italic(value.clone())]);
        page.text([roman(*help)]);
    }
    if !command.groups.is_empty() {
        page.control("SH", ["OPTIONS"]);
    }
    for group in &command.groups {
        page.control("SS", [group.title]);
        for flag in &group.flags {
            page.control("TP", []);
            page.text(flag_head(flag));
            page.text(flag_body(flag));
        }
    }
    if !command.examples.is_empty() {
        page.control("SH", ["EXAMPLES"]);
    }
    for example in command.examples {
        page.control("PP", []);
        page.text([roman(format!("{}:", example.purpose))]);
        page.control("PP", []);
        page.control("RS", ["4"]);
        page.control("nf", []);
        page.text([roman(example.line)]);
        page.control("fi", []);
        page.control("RE", []);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold(program), roman("(1)")]);
    in_ascii(&page.to_roff())
}

/// The page `program(1)`: its commands with one line about each.
pub fn man_overview(
    program: &str,
    version: &str,
    about: &str,
    commands: &[(&str, &str)],
) -> String {
    let mut page = Roff::new();
    heading(&mut page, program, version, program);
    page.control("SH", ["NAME"]);
    page.text([roman(format!("{program} - {about}"))]);
    page.control("SH", ["SYNOPSIS"]);
    page.text([
        bold(program),
        roman(" "),
        italic("COMMAND"),
        roman(" [OPTIONS]"),
    ]);
    page.control("SH", ["COMMANDS"]);
    for (name, about) in commands {
        page.control("TP", []);
        page.text([bold(format!("{program}-{name}")), roman("(1)")]);
        page.text([roman(format!("{}.", without_full_stop(about)))]);
    }
    in_ascii(&page.to_roff())
}

/// The page with every other letter as roff's name of it: not every roff takes UTF-8.
fn in_ascii(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for letter in page.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            text.push_str(&format!("\\[u{:04X}]", u32::from(letter)));
        }
    }
    text
}

/// `.TH` with a blank for the date: a page must not change from one day to the next.
fn heading(page: &mut Roff, program: &str, version: &str, name: &str) {
    let title = name.to_uppercase();
    let footer = format!("{program} {version}");
    page.control(
        "TH",
        [title.as_str(), "1", " ", footer.as_str(), "User Commands"],
    );
}

fn synopsis(program: &str, command: &CommandSummary) -> Vec<Inline> {
    let mut line = vec![bold(format!("{program} {}", command.name))];
    if let Some((value, _)) = &command.positional {
        line.extend([roman(" "), italic(value.clone())]);
    }
    line.push(roman(" [OPTIONS]"));
    line
}

fn flag_head(flag: &FlagSummary) -> Vec<Inline> {
    let mut line = Vec::new();
    for spelling in &flag.spellings {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.push(bold(spelling.clone()));
    }
    if !flag.value.is_empty() {
        line.extend([roman(" "), italic(flag.value.clone())]);
    }
    line
}

fn flag_body(flag: &FlagSummary) -> Vec<Inline> {
    let mut body = vec![roman(flag.help)];
    if !flag.choices.is_empty() {
        body.push(roman(format!(" Choices: {}.", flag.choices.join(", "))));
    }
    if !flag.default.is_empty() {
        body.push(roman(format!(" Default: {}.", flag.default)));
    }
    if !flag.path.is_empty() {
        body.push(roman(format!(" YAML key: {}.", flag.path)));
    }
    body
}

fn without_full_stop(text: &str) -> &str {
    text.trim_end_matches('.')
}
