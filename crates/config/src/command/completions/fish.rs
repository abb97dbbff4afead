//! The script for fish.

use super::{CommandSummary, Offer, command_names};
use crate::command::summary::{FlagSummary, first_sentence};

pub(super) fn script(program: &str, commands: &[CommandSummary]) -> String {
    let mut script = format!(
        "complete -c {program} -f
complete -c {program} -n __fish_use_subcommand -a help -d 'Show help'
complete -c {program} -n __fish_use_subcommand -l version -d 'Show the version'
complete -c {program} -l help -s h -d 'Show help'
complete -c {program} -n '__fish_seen_subcommand_from help' -a '{}'
",
        command_names(commands)
    );
    for command in commands {
        let about = quoted(first_sentence(command.about));
        let name = command.name;
        script.push_str(&format!(
            "complete -c {program} -n __fish_use_subcommand -a {name} -d {about}\n"
        ));
        let here = format!("__fish_seen_subcommand_from {name}");
        let words: Vec<&str> = command.actions.iter().map(|(word, _)| *word).collect();
        let alone = if words.is_empty() {
            here.clone()
        } else {
            format!(
                "{here}; and not __fish_seen_subcommand_from {}",
                words.join(" ")
            )
        };
        of_command(program, &alone, command, &mut script);
        for (word, action) in &command.actions {
            let there = format!("{here}; and __fish_seen_subcommand_from {word}");
            of_command(program, &there, action, &mut script);
        }
    }
    script
}

/// What may follow a command, where the shell's condition `when` holds.
fn of_command(program: &str, when: &str, command: &CommandSummary, script: &mut String) {
    match Offer::of(command) {
        Offer::Nothing => {}
        Offer::Files => script.push_str(&format!("complete -c {program} -n '{when}' -F\n")),
        Offer::Words(words) => script.push_str(&format!(
            "complete -c {program} -n '{when}' -a '{}'\n",
            words.join(" ")
        )),
    }
    let topics = command.topics();
    if !topics.is_empty() {
        script.push_str(&format!(
            "complete -c {program} -n '{when}; and __fish_prev_arg_in --help -h' -f -a '{}'\n",
            topics.join(" ")
        ));
        script.push_str(&format!(
            "complete -c {program} -n '{when}' -l help-all -d 'Show all flags'\n"
        ));
    }
    for flag in command.flags() {
        for spelling in &flag.spellings {
            let of_flag = of_spelling(flag, spelling);
            script.push_str(&format!("complete -c {program} -n '{when}' {of_flag}\n"));
        }
    }
}

fn of_spelling(flag: &FlagSummary, spelling: &str) -> String {
    let name = match spelling.strip_prefix("--") {
        Some(long) => format!("-l {long}"),
        None if spelling.len() == 2 => format!("-s {}", &spelling[1..]),
        // fish calls a long name with one dash an old-style option.
        None => format!("-o {}", &spelling[1..]),
    };
    let value = if !flag.choices.is_empty() {
        format!(" -x -a '{}'", flag.choices.join(" "))
    } else if flag.path_value {
        " -r -F".to_owned()
    } else if flag.value.is_empty() {
        String::new()
    } else {
        " -x".to_owned()
    };
    let help = quoted(first_sentence(flag.help));
    format!("{name}{value} -d {help}")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
