//! The script for GNU Bash.

use super::{CommandSummary, FLAGS_OF_PROGRAM, Offer, command_names, flags_of_all};

const FILES: &str = "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\"))";

pub(super) fn script(program: &str, commands: &[CommandSummary]) -> String {
    let by_command: String = commands.iter().map(of_command).collect();
    let commands = command_names(commands);
    // Bash cuts words at `=`, so that `--flag=val` arrives as three words.
    format!(
        "_{program}() {{
    local word=\"${{COMP_WORDS[COMP_CWORD]}}\" previous=\"${{COMP_WORDS[COMP_CWORD-1]}}\"
    COMPREPLY=()
    if [ \"$COMP_CWORD\" -eq 1 ]; then
        COMPREPLY=($(compgen -W \"{commands} {FLAGS_OF_PROGRAM}\" -- \"$word\"))
        return
    fi
    if [ \"$word\" = '=' ]; then
        word=''
    elif [ \"$previous\" = '=' ]; then
        previous=\"${{COMP_WORDS[COMP_CWORD-2]}}\"
    fi
    case \"${{COMP_WORDS[1]}}\" in
        help) COMPREPLY=($(compgen -W \"{commands}\" -- \"$word\")) ;;
{by_command}    esac
}}
complete -F _{program} {program}
"
    )
}

fn of_command(command: &CommandSummary) -> String {
    let actions = if command.actions.is_empty() {
        String::new()
    } else {
        let each = command.actions.iter().map(|(word, action)| {
            format!(
                "                    {word})\n{}                        ;;\n",
                of_flags(action)
            )
        });
        format!(
            "            if [ \"$COMP_CWORD\" -gt 2 ]; then
                case \"${{COMP_WORDS[2]}}\" in
{}                esac
                return
            fi
",
            each.collect::<String>()
        )
    };
    format!(
        "        {})\n{actions}{}            ;;\n",
        command.name,
        of_flags(command)
    )
}

/// Offers what may follow a command: values of the flag before the word, flags, other words.
fn of_flags(command: &CommandSummary) -> String {
    let mut by_flag = String::new();
    let topics = command.topics();
    if !topics.is_empty() {
        by_flag.push_str(&format!(
            "                --help|-h) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n",
            topics.join(" ")
        ));
    }
    for flag in command.flags() {
        let offer = if !flag.choices.is_empty() {
            format!(
                "COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))",
                flag.choices.join(" ")
            )
        } else if flag.path_value {
            FILES.to_owned()
        } else if flag.value.is_empty() {
            // A switch: the next word is a flag.
            continue;
        } else {
            "[[ $word == -* ]] || return".to_owned()
        };
        let names = flag.spellings.join("|");
        let leave = if flag.value.is_empty() || !flag.choices.is_empty() || flag.path_value {
            "; return"
        } else {
            ""
        };
        by_flag.push_str(&format!("                {names}) {offer}{leave} ;;\n"));
    }
    let flags = command
        .flags()
        .flat_map(|flag| flag.spellings.iter().map(String::as_str));
    let flags = flags
        .chain(flags_of_all(command))
        .collect::<Vec<_>>()
        .join(" ");
    let otherwise = match Offer::of(command) {
        Offer::Nothing => String::new(),
        Offer::Files => format!("[[ $word == -* ]] || {{ {FILES}; return; }}; "),
        Offer::Words(words) => format!(
            "[[ $word == -* ]] || {{ COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return; }}; ",
            words.join(" ")
        ),
    };
    format!(
        "            case \"$previous\" in
{by_flag}                *) ;;
            esac
            {otherwise}COMPREPLY=($(compgen -W \"{flags}\" -- \"$word\"))
"
    )
}
