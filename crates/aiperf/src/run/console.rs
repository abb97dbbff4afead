//! Where the lines of the log go while something is drawn on the terminal.

use std::io::{self, Write as _};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use aiperf_ui::{LogLine, LogRing, Severity};
use indicatif::ProgressBar;

/// What is on the terminal.
enum Shown {
    /// Lines, and nothing else.
    Lines,
    /// A bar below the lines; it makes room for each.
    Bar(ProgressBar),
    /// A full screen with a pane for lines. It began with this line.
    Screen(u64),
}

struct Console {
    shown: Shown,
    lines: LogRing,
}

static CONSOLE: LazyLock<Mutex<Console>> = LazyLock::new(|| {
    Mutex::new(Console {
        shown: Shown::Lines,
        lines: LogRing::default(),
    })
});

/// Shows a line of the log.
pub(super) fn write(line: LogLine) {
    let mut console = lock();
    match &console.shown {
        Shown::Lines => print(&line),
        Shown::Bar(bar) => bar.suspend(|| print(&line)),
        Shown::Screen(_) => {}
    }
    console.lines.push(line);
}

/// From now on `bar` is drawn below the lines.
pub(super) fn show_bar(bar: ProgressBar) {
    lock().shown = Shown::Bar(bar);
}

/// From now on lines are only kept, for a screen that shows them.
pub(super) fn show_screen() {
    let mut console = lock();
    console.shown = Shown::Screen(console.lines.end());
}

/// From now on there are only lines. Those that only a screen has shown and that should not be
/// missed are printed.
pub(super) fn show_lines() {
    let mut console = lock();
    if let Shown::Screen(first) = std::mem::replace(&mut console.shown, Shown::Lines) {
        let unseen = console.lines.since(first);
        unseen
            .filter(|line| line.severity >= Severity::Warning)
            .for_each(print);
    }
}

/// Reads the last lines.
pub(super) fn with_lines<T>(read: impl FnOnce(&LogRing) -> T) -> T {
    read(&lock().lines)
}

/// `HH:MM:SS.mmm LEVEL    message (file:line)`.
fn print(line: &LogLine) {
    let place = if line.place.is_empty() {
        String::new()
    } else {
        format!(" ({})", line.place)
    };
    let (time, name, message) = (&line.time, line.severity.name(), &line.message);
    let text = format!("{time} {name:<8} {message}{place}\n");
    // A closed standard output must not end the run; the files are what counts.
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

fn lock() -> MutexGuard<'static, Console> {
    CONSOLE.lock().unwrap_or_else(PoisonError::into_inner)
}
