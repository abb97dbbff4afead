//! What of the dashboard is looked at, and what keys do to that.

use aiperf_schedule::Nanos;

use crate::logs::LogRing;

/// Lines or rows that a page has.
const PAGE: usize = 10;
/// How near the end of the log scrolling down follows it again, in lines.
const FOLLOWS_FROM: u64 = 2;
/// How long a notice stands.
const NOTICE_LENGTH: Nanos = 4_000_000_000;

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// How far the phases are.
    Progress,
    /// Figures so far.
    Metrics,
    /// The log.
    Logs,
}

/// A key, as far as keys do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Escape.
    Escape,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// What a key asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Put the text of the log into the clipboard.
    CopyLogs,
    /// End the run in good order.
    Interrupt,
}

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The pane that has the whole screen.
    pub(crate) focus: Option<Pane>,
    pub(crate) hides_logs: bool,
    /// The line that stands lowest, as [`LogRing`] numbers them; absent: always the last.
    pub(crate) log_at: Option<u64>,
    /// The first row of the metrics that is shown.
    pub(crate) metrics_from: usize,
    /// Something to tell, until when.
    notice: Option<(String, Nanos)>,
}

impl View {
    /// Acts on a key.
    pub fn press(&mut self, key: Key, logs: &LogRing) -> Option<Command> {
        match key {
            Key::Char('1') => self.focus = None,
            Key::Char('2') => self.toggle(Pane::Progress),
            Key::Char('3') => self.toggle(Pane::Metrics),
            Key::Char('6') => self.toggle(Pane::Logs),
            Key::Char('l') => self.hides_logs = !self.hides_logs,
            Key::Char('c') => return Some(Command::CopyLogs),
            Key::Escape => {
                self.focus = None;
                self.hides_logs = false;
            }
            Key::Interrupt => return Some(Command::Interrupt),
            Key::Up => self.scroll(-1, logs),
            Key::Down => self.scroll(1, logs),
            Key::PageUp => self.scroll(-(PAGE as i64), logs),
            Key::PageDown => self.scroll(PAGE as i64, logs),
            Key::Home => self.scroll(i64::MIN, logs),
            Key::End => self.scroll(i64::MAX, logs),
            Key::Char(_) => {}
        }
        None
    }

    /// Shows a notice for a few seconds from `now` on.
    pub fn tell(&mut self, notice: impl Into<String>, now: Nanos) {
        self.notice = Some((notice.into(), now + NOTICE_LENGTH));
    }

    /// The notice that stands at `now`.
    pub(crate) fn notice(&self, now: Nanos) -> Option<&str> {
        let (notice, until) = self.notice.as_ref()?;
        (now < *until).then_some(notice)
    }

    fn toggle(&mut self, pane: Pane) {
        self.focus = (self.focus != Some(pane)).then_some(pane);
    }

    /// Moves the metrics if they have the screen, else the log.
    fn scroll(&mut self, by: i64, logs: &LogRing) {
        if self.focus == Some(Pane::Metrics) {
            let step = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
            self.metrics_from = if by < 0 {
                self.metrics_from.saturating_sub(step)
            } else {
                self.metrics_from.saturating_add(step)
            };
            return;
        }
        let Some(last) = logs.end().checked_sub(1) else {
            return;
        };
        let at = self.log_at.unwrap_or(last);
        let to = at.saturating_add_signed(by).clamp(logs.dropped(), last);
        let follows = by > 0 && to + FOLLOWS_FROM > last;
        self.log_at = (!follows).then_some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_run::log_lines;

    fn ring() -> LogRing {
        let mut ring = LogRing::default();
        for _ in 0..10 {
            log_lines().into_iter().for_each(|line| ring.push(line));
        }
        ring
    }

    #[test]
    fn a_digit_gives_a_pane_the_screen_and_takes_it_back() {
        let logs = ring();
        let mut view = View::default();
        for (key, focus) in [
            (Key::Char('2'), Some(Pane::Progress)),
            (Key::Char('3'), Some(Pane::Metrics)),
            (Key::Char('3'), None),
            (Key::Char('6'), Some(Pane::Logs)),
            (Key::Char('1'), None),
            (Key::Char('2'), Some(Pane::Progress)),
            (Key::Escape, None),
            (Key::Char('x'), None),
        ] {
            assert_eq!(view.press(key, &logs), None);
            assert_eq!(view.focus, focus, "{key:?}");
        }
    }

    #[test]
    fn the_log_can_be_hidden_and_escape_brings_it_back() {
        let logs = ring();
        let mut view = View::default();
        view.press(Key::Char('l'), &logs);
        assert!(view.hides_logs);
        view.press(Key::Escape, &logs);
        assert!(!view.hides_logs);
    }

    #[test]
    fn some_keys_are_for_the_program() {
        let (logs, mut view) = (ring(), View::default());
        assert_eq!(view.press(Key::Interrupt, &logs), Some(Command::Interrupt));
        assert_eq!(view.press(Key::Char('c'), &logs), Some(Command::CopyLogs));
    }

    #[test]
    fn scrolling_up_stops_following_the_log_and_scrolling_down_to_its_end_resumes() {
        let logs = ring();
        let mut view = View::default();
        for (key, at) in [
            (Key::Up, Some(28)),
            (Key::PageUp, Some(18)),
            (Key::Home, Some(0)),
            (Key::Up, Some(0)),
            (Key::Down, Some(1)),
            (Key::PageDown, Some(11)),
            (Key::End, None),
            (Key::PageUp, Some(19)),
            (Key::PageDown, None),
        ] {
            view.press(key, &logs);
            assert_eq!(view.log_at, at, "{key:?}");
        }
        view.press(Key::Up, &LogRing::default());
        assert_eq!(view.log_at, None);
    }

    #[test]
    fn the_metrics_scroll_when_they_have_the_screen() {
        let logs = ring();
        let mut view = View::default();
        view.press(Key::Char('3'), &logs);
        view.press(Key::Down, &logs);
        view.press(Key::PageDown, &logs);
        assert_eq!((view.metrics_from, view.log_at), (11, None));
        view.press(Key::Up, &logs);
        assert_eq!(view.metrics_from, 10);
        view.press(Key::Home, &logs);
        assert_eq!(view.metrics_from, 0);
    }

    #[test]
    fn a_notice_goes_away_by_itself() {
        let mut view = View::default();
        view.tell("copied", 10);
        assert_eq!(view.notice(10 + NOTICE_LENGTH - 1), Some("copied"));
        assert_eq!(view.notice(10 + NOTICE_LENGTH), None);
    }
}
