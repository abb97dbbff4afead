//! Running other programs, and saying what is done.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// One line for the person who started the chore.
#[expect(
    clippy::print_stdout,
    reason = "a chore talks to the person who started it"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

pub(super) fn heading(title: &str) {
    say(&format!(
        "\n━━━ {title} {}",
        "━".repeat(72_usize.saturating_sub(title.len()))
    ));
}

/// The cargo that runs this chore.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells a program that it runs. Some build scripts watch these variables and would
    // build again each time that a chore and a person take turns.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Whether `program words…` can be run and succeeds, for asking what is installed.
pub(super) fn works(program: &str, words: &[&str]) -> bool {
    succeeds(Command::new(program).args(words))
}

/// Whether the command succeeds. Shows nothing of it.
pub(super) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs the command with its output on the screen.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = describe(command);
    say(&format!("$ {line}"));
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs the command and returns what it writes to standard output.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{line}`"))
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
