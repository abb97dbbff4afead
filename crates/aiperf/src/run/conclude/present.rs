//! The report and its footer on standard output.

use std::ffi::OsStr;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use aiperf_export::console::{
    ConsoleOptions, ExitError, FooterFile, FooterView, MINIMUM_WIDTH, Paints, render_exit_errors,
    render_footer, render_report,
};
use aiperf_export::{OutputFile, RunReport, RunState, WriteOutcome, WrittenFile};

/// What is shown at the end.
pub(crate) struct Presentation<'a> {
    /// The figures.
    pub(crate) report: &'a RunReport,
    /// How the console file shows them.
    pub(crate) console: ConsoleOptions,
    /// The files that are there.
    pub(crate) written: &'a [WrittenFile],
    /// What failed.
    pub(crate) degraded: &'a [String],
}

/// Prints all of it; returns whether there were results.
pub(crate) fn print(shown: &Presentation<'_>) -> bool {
    let report = shown.report;
    let is_terminal = std::io::stdout().is_terminal();
    let width = if is_terminal {
        terminal_width()
    } else {
        shown.console.width
    };
    let paints = paints(is_terminal, std::env::var_os("NO_COLOR").as_deref());
    let console = ConsoleOptions {
        width,
        paints,
        ..shown.console.clone()
    };
    let mut text = render_report(report, &console);
    let exit_error = ExitError::without_results(report);
    if let Some(error) = &exit_error {
        let panel = render_exit_errors(std::slice::from_ref(error), width, paints);
        text.push_str(&panel);
    }
    let footer = FooterView {
        cli_command: report.run_info.cli_command.clone(),
        benchmark_duration_sec: report.value_of("benchmark_duration"),
        was_cancelled: report.was_cancelled,
        files: FooterFile::list(shown.written),
        degraded: shown.degraded.to_vec(),
    };
    let footer_width = if is_terminal { width } else { MINIMUM_WIDTH };
    text.push_str(&render_footer(&footer, footer_width, paints));
    // A closed standard output must not hide that the files are there.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    exit_error.is_none()
}

/// Adds the files that were written before the end, as far as they are there.
pub(crate) fn add_earlier_files(outcome: &mut WriteOutcome, state: &RunState, folder: &Path) {
    let files = &state.files;
    let earlier = [
        (OutputFile::Inputs, true),
        (OutputFile::Log, true),
        (OutputFile::Records, files.records),
        (OutputFile::RawRecords, files.raw),
        (OutputFile::Outputs, files.outputs_json),
    ];
    for (file, _) in earlier.into_iter().filter(|&(_, is_wanted)| is_wanted) {
        let path = folder.join(files.names.name(file));
        let is_known = outcome.written.iter().any(|known| known.file == file);
        if !is_known && path.exists() {
            outcome.written.push(WrittenFile { file, path });
        }
    }
}

/// Colours are for terminals, unless the variable `NO_COLOR` is set to anything (no-color.org).
fn paints(is_terminal: bool, no_color: Option<&OsStr>) -> Paints {
    let is_unwanted = no_color.is_some_and(|value| !value.is_empty());
    if is_terminal && !is_unwanted {
        Paints::Ansi
    } else {
        Paints::Plain
    }
}

/// Columns of the terminal; tables need at least a hundred.
fn terminal_width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| size.ws_col);
    columns.map_or(MINIMUM_WIDTH, |columns| {
        usize::from(columns).max(MINIMUM_WIDTH)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_user_wants_them() {
        for (is_terminal, no_color, expected) in [
            (true, None, Paints::Ansi),
            (true, Some(""), Paints::Ansi),
            (true, Some("1"), Paints::Plain),
            (true, Some("0"), Paints::Plain),
            (false, None, Paints::Plain),
            (false, Some(""), Paints::Plain),
        ] {
            let found = paints(is_terminal, no_color.map(OsStr::new));
            assert_eq!(found, expected, "{is_terminal} {no_color:?}");
        }
    }
}
