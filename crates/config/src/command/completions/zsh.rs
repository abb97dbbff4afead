//! The script for the Z shell.

use super::{CommandSummary, FLAGS_OF_PROGRAM, Offer, command_names};
use crate::command::summary::{FlagSummary, first_sentence};

pub(super) fn script(program: &str, commands: &[CommandSummary]) -> String {
    let by_command: String = commands.iter().map(of_command).collect();
    let commands = command_names(commands);
    format!(
        "#compdef {program}

_{program}() {{
    if (( CURRENT == 2 )); then
        compadd -- {commands} {FLAGS_OF_PROGRAM}
        return
    fi
    local command=\"${{words[2]}}\"
    shift words
    (( CURRENT-- ))
    case \"$command\" in
        help)
            compadd -- {commands} ;;
{by_command}    esac
}}

compdef _{program} {program}
"
    )
}

fn of_command(command: &CommandSummary) -> String {
    let name = command.name;
    if command.actions.is_empty() {
        return format!("        {name})\n            {} ;;\n", arguments(command));
    }
    let each = command.actions.iter().map(|(word, action)| {
        format!(
            "                {word})\n            {} ;;\n",
            arguments(action)
        )
    });
    format!(
        "        {name})
            if (( CURRENT == 2 )); then
            {}
                return
            fi
            local action=\"${{words[2]}}\"
            shift words
            (( CURRENT-- ))
            case \"$action\" in
{}            esac ;;
",
        arguments(command),
        each.collect::<String>()
    )
}

/// Offers what may follow a command.
fn arguments(command: &CommandSummary) -> String {
    let mut specifications: Vec<String> = command
        .flags()
        .flat_map(|flag| flag.spellings.iter().map(|name| of_spelling(flag, name)))
        .collect();
    let topics = command.topics();
    if topics.is_empty() {
        specifications.push("'--help[Show help]'".to_owned());
    } else {
        let topics = topics.join(" ");
        specifications.push(format!(
            "'--help[Show help, of one group]::group:({topics})'"
        ));
        specifications.push("'--help-all[Show all flags]'".to_owned());
    }
    specifications.push("'--version[Show the version]'".to_owned());
    match Offer::of(command) {
        Offer::Nothing => {}
        Offer::Files => specifications.push("'*:file:_files'".to_owned()),
        Offer::Words(words) => specifications.push(format!("'1:word:({})'", words.join(" "))),
    }
    format!(
        "_arguments \\\n                {}",
        specifications.join(" \\\n                ")
    )
}

fn of_spelling(flag: &FlagSummary, spelling: &str) -> String {
    let help = first_sentence(flag.help)
        .replace('\\', "\\\\")
        .replace(['[', ']', ':'], " ")
        .replace('\'', "'\\''");
    let repeated = if flag.repeatable { "*" } else { "" };
    // `=` and `+` say that the value may be attached.
    let (attached, value) = if flag.value.is_empty() {
        ("", String::new())
    } else {
        let attached = if spelling.starts_with("--") { "=" } else { "+" };
        let value = if !flag.choices.is_empty() {
            format!(":value:({})", flag.choices.join(" "))
        } else if flag.path_value {
            ":path:_files".to_owned()
        } else {
            ":value: ".to_owned()
        };
        (attached, value)
    };
    format!("'{repeated}{spelling}{attached}[{help}]{value}'")
}
