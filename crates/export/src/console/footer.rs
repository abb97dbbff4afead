//! The lines under the report: how the run was started, how long it took, where its files are.

use std::path::PathBuf;

use super::paint::{Paint, Paints};
use super::text::{Align, Overflow, lay_out, printable};
use crate::{OutputFile, WrittenFile};

/// What the footer says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FooterView {
    /// The command line without credentials.
    pub cli_command: Option<String>,
    /// Seconds from the first to the last request.
    pub benchmark_duration_sec: Option<f64>,
    /// The user stopped the run.
    pub was_cancelled: bool,
    /// Files with their labels, in the order in which they are listed.
    pub files: Vec<FooterFile>,
    /// Parts of the program that failed without ending the run, in words.
    pub degraded: Vec<String>,
}

/// One file of the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterFile {
    /// What it is called.
    pub label: String,
    /// Absolute path.
    pub path: PathBuf,
}

/// The files that the footer lists, in its order: those that the reference lists, then the log,
/// then the others.
const LISTED: [OutputFile; 15] = [
    OutputFile::SummaryCsv,
    OutputFile::SummaryJson,
    OutputFile::RawRecords,
    OutputFile::ServerMetricsCsv,
    OutputFile::ServerMetricsJson,
    OutputFile::TimeslicesCsv,
    OutputFile::TimeslicesJson,
    OutputFile::AccuracyResults,
    OutputFile::Outputs,
    OutputFile::Log,
    OutputFile::Records,
    OutputFile::RecordsParquet,
    OutputFile::TimeslicesParquet,
    OutputFile::Inputs,
    OutputFile::Console,
];

impl FooterFile {
    /// The files of `written` that the footer lists, in its order.
    pub fn list(written: &[WrittenFile]) -> Vec<Self> {
        let listed = LISTED.iter().filter_map(|&file| {
            let label = file.footer_label()?;
            let found = written.iter().find(|candidate| candidate.file == file)?;
            Some(Self {
                label: label.to_owned(),
                path: found.path.clone(),
            })
        });
        listed.collect()
    }
}

/// The footer with the blank line above it, every line wrapped at `width`.
pub fn render_footer(view: &FooterView, width: usize, paints: Paints) -> String {
    let mut footer = Footer {
        text: "\n".to_owned(),
        width,
        paints,
    };
    if let Some(command) = &view.cli_command {
        footer.labelled("CLI Command", command, Paint::Name);
    }
    if let Some(seconds) = view.benchmark_duration_sec {
        let early = if view.was_cancelled {
            " (cancelled early)"
        } else {
            ""
        };
        footer.labelled(
            "Benchmark Duration",
            &format!("{seconds:.2} sec{early}"),
            Paint::Usual,
        );
    }
    for FooterFile { label, path } in &view.files {
        footer.labelled(label, &path.display().to_string(), Paint::Name);
    }
    if !view.degraded.is_empty() {
        footer.remark("DEGRADED:", Paint::Alarm);
        for part in &view.degraded {
            footer.remark(&format!("  - {part}"), Paint::Warning);
        }
    }
    if view.was_cancelled {
        let remark = "The profile run was cancelled early: the results cover only the requests \
                      that ended before.";
        footer.remark(remark, Paint::Remark);
    }
    footer.text
}

struct Footer {
    text: String,
    width: usize,
    paints: Paints,
}

impl Footer {
    fn labelled(&mut self, label: &str, value: &str, paint: Paint) {
        self.lines(&format!("{label}: "), value, paint);
    }

    fn remark(&mut self, text: &str, paint: Paint) {
        self.lines("", text, paint);
    }

    /// Label and value wrapped as one text.
    fn lines(&mut self, label: &str, value: &str, paint: Paint) {
        let whole = printable(&format!("{label}{value}"));
        for line in lay_out(&whole, self.width, Align::Free, Overflow::Fold) {
            // Only the first line can begin with the label.
            let (label, rest) = match line.strip_prefix(label) {
                Some(rest) => (label, rest),
                None => ("", line.as_str()),
            };
            Paint::Label.push(&mut self.text, label, self.paints);
            paint.push(&mut self.text, rest, self.paints);
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> FooterView {
        let written = |file, name: &str| WrittenFile {
            file,
            path: format!("/run1/{name}").into(),
        };
        FooterView {
            cli_command: Some(
                "aiperf profile -m 'm' --url 'http://127.0.0.1:18451' --endpoint-type 'chat' \
                 --streaming --concurrency 2 --request-count 8 --tokenizer \
                 '/a/very/long/path/that/must/be/folded/because/no/line/could/ever/hold/it/whole/at/a/hundred/columns'"
                    .to_owned(),
            ),
            benchmark_duration_sec: Some(0.324),
            was_cancelled: false,
            files: FooterFile::list(&[
                written(OutputFile::Console, "profile_export_console.txt"),
                written(OutputFile::Records, "profile_export.jsonl"),
                written(OutputFile::Inputs, "inputs.json"),
                written(OutputFile::Log, "logs/aiperf.log"),
                written(OutputFile::SummaryJson, "profile_export_aiperf.json"),
                written(OutputFile::SummaryCsv, "profile_export_aiperf.csv"),
                written(OutputFile::PhaseManifest, "phase_manifest.json"),
            ]),
            degraded: Vec::new(),
        }
    }

    #[test]
    fn the_footer_lists_the_files_in_a_fixed_order() {
        insta::assert_snapshot!(render_footer(&view(), 100, Paints::Plain).replace(" \n", "~\n"));
    }

    #[test]
    fn a_cancelled_or_degraded_run_says_so() {
        let view = FooterView {
            cli_command: None,
            was_cancelled: true,
            files: Vec::new(),
            degraded: vec!["server metrics: no answer from `http://h/metrics`".to_owned()],
            ..view()
        };
        insta::assert_snapshot!(render_footer(&view, 100, Paints::Plain));
    }

    #[test]
    fn colours_do_not_change_the_words() {
        let coloured = render_footer(&view(), 100, Paints::Ansi);
        assert_ne!(coloured, render_footer(&view(), 100, Paints::Plain));
        let mut plain = String::new();
        let mut in_sequence = false;
        for character in coloured.chars() {
            match character {
                '\u{1b}' => in_sequence = true,
                'm' if in_sequence => in_sequence = false,
                _ if in_sequence => {}
                _ => plain.push(character),
            }
        }
        assert_eq!(plain, render_footer(&view(), 100, Paints::Plain));
    }
}
