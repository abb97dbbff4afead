//! The reference page of all rules.

use super::{Example, Scope, all};

const HEAD: &str = "\
# Rules

What settings must not say together. A run that breaks one does not begin: the message names the
settings (flags by their names, keys of a file by their paths, with file, line and column) and what to
change. All that are broken are told at once. Limits of single values are not listed here: those of flags are
in [cli-profile.md](cli-profile.md), those of keys in the
[JSON Schema](schemas/aiperf-config.schema.json).
";

/// The page in Markdown: every rule with what breaks it and what does not.
pub fn reference_markdown() -> String {
    let mut page = HEAD.to_owned();
    for (scope, title, about) in [
        (
            Scope::Everywhere,
            "Flags and files",
            "Flags can break these, configuration files can, and a file with flags over it can.",
        ),
        (
            Scope::Flags,
            "Flags only",
            "No key of a file means the same, or files have another form for it.",
        ),
        (
            Scope::Files,
            "Files only",
            "No flag can say these. Each part stands in a file that is complete without it.",
        ),
    ] {
        page.push_str(&format!(
            "\n## {title}\n\n{about}\n\n| Rule | Refused | Taken |\n| --- | --- | --- |\n"
        ));
        for (name, _) in all().into_iter().filter(|(_, rule)| *rule == scope) {
            row(&mut page, name);
        }
    }
    page
}

fn row(page: &mut String, name: &str) {
    let flags = of(crate::profile::RULE_EXAMPLES, name);
    let files = of(crate::document::RULE_EXAMPLES, name);
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    // The first of each: the others show other sides of the same.
    for example in flags.first().into_iter().chain(files.first()) {
        refused.push(code(example.breaks));
        taken.push(code(example.keeps));
    }
    page.push_str(&format!(
        "| **{name}** | {} | {} |\n",
        refused.join("<br>"),
        taken.join("<br>")
    ));
}

fn of(examples: &'static [Example], name: &str) -> Vec<&'static Example> {
    examples
        .iter()
        .filter(|example| example.rule == name)
        .collect()
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
