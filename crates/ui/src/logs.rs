//! The last lines of the log.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// So many lines are kept.
pub const KEPT_LINES: usize = 2_000;

/// How severe a line is, from least to most; the reference's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Everything.
    Trace,
    /// For people who look for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What happens and matters.
    Notice,
    /// What may spoil the result.
    Warning,
    /// What went wrong.
    Error,
}

impl Severity {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `HH:MM:SS.mmm`, local time.
    pub time: String,
    /// How severe it is.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// `file:line` in this program, or empty.
    pub place: String,
}

/// The last [`KEPT_LINES`] lines. Lines have numbers that never change, from 0 on.
#[derive(Debug, Clone, Default)]
pub struct LogRing {
    lines: VecDeque<LogLine>,
    dropped: u64,
}

impl LogRing {
    /// Appends a line; the oldest makes room for it.
    pub fn push(&mut self, line: LogLine) {
        if self.lines.len() == KEPT_LINES {
            self.lines.pop_front();
            self.dropped += 1;
        }
        self.lines.push_back(line);
    }

    /// How many of the first lines are not kept any more: the number of the oldest one that is.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The number that the next line will have.
    pub fn end(&self) -> u64 {
        self.dropped + self.lines.len() as u64
    }

    /// Line `number`, if it is kept.
    pub fn get(&self, number: u64) -> Option<&LogLine> {
        let index = usize::try_from(number.checked_sub(self.dropped)?).ok()?;
        self.lines.get(index)
    }

    /// The lines from `number` on.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &LogLine> {
        (number.max(self.dropped)..self.end()).filter_map(|number| self.get(number))
    }

    /// All lines as one text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.dropped > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "({} earlier lines are in the log file)", self.dropped);
        }
        for line in &self.lines {
            let (time, name) = (&line.time, line.severity.name());
            let _ = writeln!(text, "[{time}] {name:<8} {} ({})", line.message, line.place);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> LogLine {
        LogLine {
            time: "01:02:03.004".to_owned(),
            severity: Severity::Info,
            message: format!("line {number}"),
            place: "a.rs:1".to_owned(),
        }
    }

    #[test]
    fn old_lines_make_room_and_are_counted() {
        let mut ring = LogRing::default();
        (0..KEPT_LINES + 3).for_each(|number| ring.push(line(number)));
        assert_eq!((ring.dropped(), ring.end()), (3, 2_003));
        assert_eq!(ring.get(2), None);
        assert_eq!(ring.get(3), Some(&line(3)));
        assert_eq!(ring.get(2_003), None);
        let last: Vec<_> = ring.since(2_001).map(|line| &line.message).collect();
        assert_eq!(last, ["line 2001", "line 2002"]);
        assert_eq!(ring.since(0).count(), KEPT_LINES);
        let text = ring.text();
        assert!(text.starts_with(
            "(3 earlier lines are in the log file)\n[01:02:03.004] INFO     line 3 (a.rs:1)\n"
        ));
    }
}
