//! Completion scripts, in the shells that they are for.

use std::process::{Command, Stdio};

use crate::support::Place;
use crate::support::place::wait;

/// What a shell makes of `script`, in a folder with our completion scripts. `None` where there is no such shell: not every machine has every one.
fn asked(place: &Place, shell: &str, words: &[&str], script: &str) -> Option<String> {
    let child = Command::new(shell)
        .args(words)
        .arg(script)
        .current_dir(place.path())
        .env("HOME", place.path())
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let ended = wait(child);
    assert_eq!(ended.stderr, "", "{shell}: {script}");
    Some(ended.stdout)
}

fn place_with_scripts() -> Place {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]).expect_code(0).stdout;
        place.write(&format!("completions.{shell}"), &script);
    }
    place.write("prompts.jsonl", "{}");
    place
}

#[test]
fn scripts_are_accepted_by_their_shells() {
    let place = place_with_scripts();
    for shell in ["bash", "zsh", "fish"] {
        let name = format!("completions.{shell}");
        let script = std::fs::read_to_string(place.path().join(&name)).unwrap();
        assert!(script.contains("request-count"), "{shell}");
        asked(&place, shell, &["-n"], &name);
    }
    place.run(&["completions", "tcsh"]).expect_code(1);
}

/// A line that is typed so far, and words of which some must be offered and others must not.
const CASES: &[(&[&str], &[&str], &[&str])] = &[
    (&["aiperf", "prof"], &["profile"], &["demo"]),
    (
        &["aiperf", "profile", "--request-ra"],
        &["--request-rate", "--request-rate-series"],
        &["--isl"],
    ),
    (
        &["aiperf", "profile", "--endpoint-type", "ch"],
        &["chat", "chat_embeddings"],
        &["completions"],
    ),
    (
        &["aiperf", "profile", "--input-file", "prom"],
        &["prompts.jsonl"],
        &["--isl"],
    ),
    (
        &["aiperf", "profile", "--streaming", "--ui", "s"],
        &["simple"],
        &["none"],
    ),
    (
        &["aiperf", "profile", "--help", "lo"],
        &["load-generator"],
        &["--isl", "prompts.jsonl", "warmup"],
    ),
    (
        &["aiperf", "profile", "--help-"],
        &["--help-all"],
        &["--isl"],
    ),
    (
        &["aiperf", "config", "in"],
        &["init"],
        &["validate", "prompts.jsonl"],
    ),
    (
        &["aiperf", "config", "init", "--te"],
        &["--template"],
        &["--model", "init"],
    ),
    (
        &["aiperf", "config", "show", "--request-ra"],
        &["--request-rate"],
        &["--template", "validate"],
    ),
    (
        &["aiperf", "config", "validate", "prom"],
        &["prompts.jsonl"],
        &["init"],
    ),
    (
        &["aiperf", "config", "expand", "--format", "y"],
        &["yaml"],
        &["text"],
    ),
    (
        &["aiperf", "completions", ""],
        &["bash", "zsh", "fish"],
        &["prompts.jsonl"],
    ),
];

fn check(shell: &str, line: &[&str], offered: &str, wanted: &[&str], unwanted: &[&str]) {
    let words: Vec<&str> = offered
        .lines()
        .filter_map(|row| row.split('\t').next())
        .map(str::trim)
        .collect();
    for word in wanted {
        assert!(
            words.contains(word),
            "{shell}, {line:?}: no `{word}` in {words:?}"
        );
    }
    for word in unwanted {
        assert!(
            !words.contains(word),
            "{shell}, {line:?}: `{word}` in {words:?}"
        );
    }
}

#[test]
fn bash_offers_commands_flags_choices_and_files() {
    let place = place_with_scripts();
    for (line, wanted, unwanted) in CASES {
        let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
        let script = format!(
            ". ./completions.bash; COMP_WORDS=({}); COMP_CWORD={}; _aiperf; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            line.len() - 1
        );
        let Some(offered) = asked(&place, "bash", &["-c"], &script) else {
            return;
        };
        check("bash", line, &offered, wanted, unwanted);
    }
    // Bash cuts words at `=`.
    let script = ". ./completions.bash; COMP_WORDS=(aiperf profile --endpoint-type = ch); COMP_CWORD=4; _aiperf; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let offered = asked(&place, "bash", &["-c"], script).unwrap();
    assert_eq!(offered, "chat\nchat_embeddings\n");
}

#[test]
fn fish_offers_commands_flags_choices_and_files() {
    let place = place_with_scripts();
    for (line, wanted, unwanted) in CASES {
        let script = format!("source completions.fish; complete -C '{}'", line.join(" "));
        let Some(offered) = asked(&place, "fish", &["-N", "-c"], &script) else {
            return;
        };
        check("fish", line, &offered, wanted, unwanted);
    }
}

/// What is typed so far, and what stands there after Tab.
const COMPLETED_BY_ZSH: &[(&str, &str)] = &[
    ("aiperf prof", "aiperf profile"),
    (
        "aiperf profile --request-rate-ser",
        "aiperf profile --request-rate-series",
    ),
    (
        "aiperf profile --endpoint-type nim_e",
        "aiperf profile --endpoint-type nim_embeddings",
    ),
    (
        "aiperf profile --endpoint-type=nim_e",
        "aiperf profile --endpoint-type=nim_embeddings",
    ),
    (
        "aiperf profile --input-file prom",
        "aiperf profile --input-file prompts.jsonl",
    ),
    (
        "aiperf profile --streaming --log-level deb",
        "aiperf profile --streaming --log-level debug",
    ),
    ("aiperf completions fi", "aiperf completions fish"),
    (
        "aiperf config init --templ",
        "aiperf config init --template",
    ),
    ("aiperf config vali", "aiperf config validate"),
];

#[test]
fn zsh_completes_commands_flags_choices_and_files() {
    let place = place_with_scripts();
    for (typed, completed) in COMPLETED_BY_ZSH {
        // A shell with a terminal of its own, in which Tab is pressed; the line that stands there
        // then is written to a file.
        let script = format!(
            r#"zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit; compinit -D -u; . ./completions.zsh
bindkey "^I" complete-word; LISTMAX=0; PS1=""; print -n REA; print DY'
zpty -r shell _ '*READY*'
zpty -w -n shell '{typed}'$'\t\C-aprint -rn -- "'$'\C-e" >line.txt; print -n DO; print NE\n'
zpty -r shell _ '*DONE*'
zpty -d shell
cat line.txt"#
        );
        let Some(line) = asked(&place, "zsh", &["-f", "-c"], &script) else {
            return;
        };
        assert_eq!(line.trim_end(), *completed);
    }
}
