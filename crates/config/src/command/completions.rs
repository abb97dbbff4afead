//! Shell completions: which flags a command has, and which words some of them take.

use super::choice::choices;
use super::summary::{CommandSummary, FlagSummary};

choices! {
    /// A shell that completions can be made for.
    pub enum Shell {
        /// GNU Bash 4 or later.
        Bash = "bash",
        /// The Z shell.
        Zsh = "zsh",
        /// fish.
        Fish = "fish",
    }
}

/// A completion script for all commands of a program; ends in a newline.
pub fn completions(shell: Shell, program: &str, commands: &[CommandSummary]) -> String {
    match shell {
        Shell::Bash => bash(program, commands),
        Shell::Zsh => zsh(program, commands),
        Shell::Fish => fish(program, commands),
    }
}

fn command_names(commands: &[CommandSummary]) -> String {
    commands
        .iter()
        .map(|command| command.name)
        .collect::<Vec<_>>()
        .join(" ")
}

fn all_spellings(command: &CommandSummary) -> String {
    let own = command
        .flags()
        .flat_map(|flag| flag.spellings.iter().map(String::as_str));
    own.chain(["--help"]).collect::<Vec<_>>().join(" ")
}

fn bash(program: &str, commands: &[CommandSummary]) -> String {
    let mut by_command = String::new();
    for command in commands {
        let mut by_flag = String::new();
        for flag in command.flags() {
            let words = if !flag.choices.is_empty() {
                format!(
                    "COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return",
                    flag.choices.join(" ")
                )
            } else if flag.path_value {
                "COMPREPLY=($(compgen -f -- \"$word\")); return".to_owned()
            } else {
                continue;
            };
            by_flag.push_str(&format!(
                "                {}) {words} ;;\n",
                flag.spellings.join("|")
            ));
        }
        by_command.push_str(&format!(
            "        {})\n            case \"$previous\" in\n{by_flag}                *) ;;\n            esac\n            \
             COMPREPLY=($(compgen -W \"{}\" -- \"$word\")) ;;\n",
            command.name,
            all_spellings(command)
        ));
    }
    format!(
        "_{program}() {{\n    local word=\"${{COMP_WORDS[COMP_CWORD]}}\" previous=\"${{COMP_WORDS[COMP_CWORD-1]}}\"\n    \
         if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n        \
         return\n    fi\n    case \"${{COMP_WORDS[1]}}\" in\n{by_command}    esac\n}}\ncomplete -F _{program} {program}\n",
        command_names(commands)
    )
}

fn zsh(program: &str, commands: &[CommandSummary]) -> String {
    let mut by_command = String::new();
    for command in commands {
        let mut specifications = String::new();
        for flag in command.flags() {
            for spelling in &flag.spellings {
                specifications.push_str(&format!(
                    " \\\n                {}",
                    zsh_specification(flag, spelling)
                ));
            }
        }
        by_command.push_str(&format!(
            "        {})\n            _arguments -s{specifications} ;;\n",
            command.name
        ));
    }
    format!(
        "#compdef {program}\n\n_{program}() {{\n    if (( CURRENT == 2 )); then\n        compadd -- {} --help --version\n        \
         return\n    fi\n    local command=\"${{words[2]}}\"\n    shift words\n    (( CURRENT-- ))\n    case \"$command\" in\n{by_command}    \
         esac\n}}\n\ncompdef _{program} {program}\n",
        command_names(commands)
    )
}

fn zsh_specification(flag: &FlagSummary, spelling: &str) -> String {
    let help = first_sentence(flag.help)
        .replace(['[', ']', ':'], " ")
        .replace('\'', "'\\''");
    let value = if !flag.choices.is_empty() {
        format!(":value:({})", flag.choices.join(" "))
    } else if flag.path_value {
        ":path:_files".to_owned()
    } else if flag.value.is_empty() {
        String::new()
    } else {
        ":value: ".to_owned()
    };
    format!("'{spelling}[{help}]{value}'")
}

fn fish(program: &str, commands: &[CommandSummary]) -> String {
    let mut script = format!("complete -c {program} -f\n");
    for command in commands {
        let about = fish_quoted(first_sentence(command.about));
        script.push_str(&format!(
            "complete -c {program} -n __fish_use_subcommand -a {} -d {about}\n",
            command.name
        ));
        for flag in command.flags() {
            for spelling in &flag.spellings {
                script.push_str(&fish_line(program, command.name, flag, spelling));
            }
        }
    }
    script
}

fn fish_line(program: &str, command: &str, flag: &FlagSummary, spelling: &str) -> String {
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
    let help = fish_quoted(first_sentence(flag.help));
    format!(
        "complete -c {program} -n '__fish_seen_subcommand_from {command}' {name}{value} -d {help}\n"
    )
}

fn fish_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ")
        .map_or(text, |(first, _)| first)
        .trim_end_matches('.')
}
