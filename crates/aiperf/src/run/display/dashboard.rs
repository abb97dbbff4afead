//! The thread that draws the full screen and reads keys.

use std::io::{self, BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_metrics::MetricResult;
use aiperf_ui::{Command, Key, View, figures};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::super::console;
use super::super::signals::Interrupts;
use super::board::Board;
use super::screen;

/// How often the screen is drawn without a key being pressed.
const DRAWN_EVERY: Nanos = 250_000_000;
/// How often the figures are added up.
const FIGURES_EVERY: Nanos = 500_000_000;
/// How soon the end of the run is noticed.
const LOOKS_EVERY: Duration = Duration::from_millis(50);
/// A frame is written at once.
const FRAME_BYTES: usize = 64 * 1024;

/// The full screen. Dropping it gives the terminal back.
pub(super) struct Dashboard {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// It cannot be had, or the system gives no thread.
    pub(super) fn begin(board: Arc<Board>, interrupts: Interrupts) -> io::Result<Self> {
        screen::enter()?;
        // A signal that came before has looked for a screen in vain.
        if interrupts.was_asked() {
            screen::leave();
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let drawing = Drawing {
            board,
            interrupts,
            is_over: Arc::clone(&is_over),
            view: View::default(),
            figures: Figures::default(),
        };
        let thread = std::thread::Builder::new()
            .name(screen::THREAD.to_owned())
            .spawn(move || drawing.run())
            .inspect_err(|_| screen::leave())?;
        Ok(Self {
            is_over,
            thread: Some(thread),
        })
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.is_over.store(true, SeqCst);
        screen::leave();
        if let Some(thread) = self.thread.take().filter(|thread| !thread.is_finished()) {
            // It looks up soon. One that writes to a terminal which takes nothing is left behind.
            std::thread::sleep(LOOKS_EVERY);
            if thread.is_finished() {
                // A panic of that thread has been reported on standard error by the runtime.
                let _ = thread.join();
            }
        }
    }
}

struct Drawing {
    board: Arc<Board>,
    interrupts: Interrupts,
    is_over: Arc<AtomicBool>,
    view: View,
    figures: Figures,
}

/// The figures as they were added up last.
#[derive(Default)]
struct Figures {
    at: Nanos,
    records: u64,
    metrics: Vec<MetricResult>,
}

impl Figures {
    fn refresh(&mut self, board: &Board, now: Nanos) {
        if now < self.at + FIGURES_EVERY {
            return;
        }
        self.at = now;
        let records = board.measured_records();
        if records != self.records {
            self.records = records;
            self.metrics = board.metrics();
        }
    }
}

impl Drawing {
    fn run(mut self) {
        if let Err(error) = self.until_over() {
            screen::leave();
            tracing::warn!("the dashboard has ended: {error}");
        }
    }

    fn until_over(&mut self) -> io::Result<()> {
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let mut terminal = Terminal::new(CrosstermBackend::new(out))?;
        let mut next = 0;
        while !self.is_over.load(SeqCst) {
            let now = monotonic_now();
            if now >= next {
                next = now + DRAWN_EVERY;
                match self.draw(&mut terminal, now) {
                    Some(drawn) => drawn?,
                    // Somebody gave the terminal back.
                    None => return Ok(()),
                }
            }
            if event::poll(LOOKS_EVERY)? {
                self.act_on(&event::read()?)?;
                next = 0;
            }
        }
        Ok(())
    }

    fn draw<W: io::Write>(
        &mut self,
        terminal: &mut Terminal<CrosstermBackend<W>>,
        now: Nanos,
    ) -> Option<io::Result<()>> {
        self.figures.refresh(&self.board, now);
        let mut snapshot = self.board.snapshot(now);
        snapshot.metrics.clone_from(&self.figures.metrics);
        let view = &self.view;
        screen::with(|| {
            // Lines are read while the frame is laid out and not while it is written, which may take
            // as long as the terminal wants.
            let lay_out = |frame: &mut ratatui::Frame<'_>| {
                console::with_lines(|lines| aiperf_ui::draw(frame, &snapshot, lines, view));
            };
            terminal.draw(lay_out).map(|_| ())
        })
    }

    fn act_on(&mut self, event: &Event) -> io::Result<()> {
        let Event::Key(key) = event else {
            return Ok(());
        };
        let Some(key) = meaning(key) else {
            return Ok(());
        };
        match console::with_lines(|lines| self.view.press(key, lines)) {
            Some(Command::Interrupt) => {
                screen::leave();
                self.interrupts.interrupt();
            }
            Some(Command::CopyLogs) => self.copy_logs()?,
            None => {}
        }
        Ok(())
    }

    /// Asks the terminal to put the log into the clipboard (OSC 52).
    fn copy_logs(&mut self) -> io::Result<()> {
        let text = console::with_lines(aiperf_ui::LogRing::text);
        if text.is_empty() {
            self.view.tell("No logs to copy", monotonic_now());
            return Ok(());
        }
        let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode(&text));
        let write = || {
            let mut out = io::stdout().lock();
            out.write_all(sequence.as_bytes())?;
            out.flush()
        };
        screen::with(write).unwrap_or(Ok(()))?;
        let characters = figures::count(text.chars().count() as u64);
        self.view.tell(
            format!("Copied {characters} characters to the clipboard"),
            monotonic_now(),
        );
        Ok(())
    }
}

/// What a key means here; most mean nothing.
fn meaning(key: &KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'C') if with_control => Key::Interrupt,
        KeyCode::Char(_) if with_control => return None,
        KeyCode::Char(character) => Key::Char(character.to_ascii_lowercase()),
        KeyCode::Esc => Key::Escape,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_c_interrupts_and_c_alone_copies() {
        let plain = KeyModifiers::NONE;
        let control = KeyModifiers::CONTROL;
        for (code, modifiers, key) in [
            (KeyCode::Char('c'), control, Some(Key::Interrupt)),
            (KeyCode::Char('c'), plain, Some(Key::Char('c'))),
            (
                KeyCode::Char('L'),
                KeyModifiers::SHIFT,
                Some(Key::Char('l')),
            ),
            (KeyCode::Char('l'), control, None),
            (KeyCode::PageDown, plain, Some(Key::PageDown)),
            (KeyCode::F(1), plain, None),
        ] {
            assert_eq!(meaning(&KeyEvent::new(code, modifiers)), key, "{code:?}");
        }
        let mut released = KeyEvent::new(KeyCode::Char('c'), control);
        released.kind = KeyEventKind::Release;
        assert_eq!(meaning(&released), None);
    }
}
