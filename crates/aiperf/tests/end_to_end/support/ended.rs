//! How a program ended and what it wrote.

use std::fmt;
use std::process::Output;

/// What differs from run to run or from machine to machine. Ports keep their width, for the sake of
/// boxes.
pub(crate) const FILTERS: &[(&str, &str)] = &[
    (r"127\.0\.0\.1:\d+", "127.0.0.1:#####"),
    (r"\d\d:\d\d:\d\d\.\d{3}", "[TIME]"),
    (r"\(\w+\.rs:\d+\)", "([PLACE])"),
    (r"elapsed=\d+\.\d+s", "elapsed=[SECONDS]"),
    (r"0\.13\.0\+rs\.\d+\.\d+\.\d+", "[VERSION]"),
];

/// A program's end.
pub(crate) struct Ended {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Stops the test with all that was written if the program ended in another way.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// The box on standard output whose title holds `title`, a table or a panel.
    #[track_caller]
    pub(crate) fn shown(&self, title: &str) -> String {
        let lines: Vec<&str> = self
            .stdout
            .lines()
            .skip_while(|line| !line.contains(title))
            .scan(false, |is_over, line| {
                let was_over = std::mem::replace(is_over, line.starts_with(['└', '╰']));
                (!was_over).then_some(line.trim_end())
            })
            .collect();
        assert!(!lines.is_empty(), "nothing titled `{title}` in:\n{self}");
        lines.join("\n")
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(formatter, "exit code: {code}")?,
            None => writeln!(formatter, "ended by a signal")?,
        }
        write!(
            formatter,
            "----- stdout -----\n{}\n----- stderr -----\n{}",
            self.stdout.trim(),
            self.stderr.trim()
        )
    }
}
