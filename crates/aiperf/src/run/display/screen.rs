//! The terminal as one screen, and the way back from it, whoever ends the run.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, style};

use super::super::console;

/// The name of the thread that draws.
pub(super) const THREAD: &str = "dashboard";
/// A terminal that takes nothing more is given up after this.
const MOMENT: Duration = Duration::from_millis(200);

/// Whether the screen is ours.
static IS_ON: AtomicBool = AtomicBool::new(false);
/// Held while something is written to the screen.
static WRITING: Mutex<()> = Mutex::new(());
static WATCH_PANICS: Once = Once::new();

/// Takes the whole terminal.
///
/// # Errors
/// It is none, or does not obey.
pub(super) fn enter() -> io::Result<()> {
    WATCH_PANICS.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            before(panic);
        }));
    });
    enable_raw_mode()?;
    IS_ON.store(true, SeqCst);
    let entered = execute!(io::stdout(), EnterAlternateScreen, Hide);
    if entered.is_err() {
        leave();
    } else {
        console::show_screen();
    }
    entered
}

/// Does something that writes to the screen; `None` if the screen is not ours any more.
pub(super) fn with<T>(write: impl FnOnce() -> T) -> Option<T> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    IS_ON.load(SeqCst).then(write)
}

/// Gives the terminal back as it was. May be called from anywhere and at any time; returns after a
/// moment even if nobody reads what is written to the terminal.
pub(crate) fn leave() {
    if !IS_ON.swap(false, SeqCst) {
        return;
    }
    // No escape sequence: works even if the terminal takes no more.
    let _ = disable_raw_mode();
    if std::thread::current().name() == Some(THREAD) {
        // It may hold the lock, and does not write any more.
        return give_back();
    }
    let (done, is_done) = mpsc::channel();
    let giving_back = std::thread::Builder::new().spawn(move || {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        give_back();
        let _ = done.send(());
    });
    if giving_back.is_ok() {
        let _ = is_done.recv_timeout(MOMENT);
    }
}

fn give_back() {
    let mut stdout = io::stdout().lock();
    let _ = execute!(stdout, style::ResetColor, LeaveAlternateScreen, Show);
    let _ = stdout.flush();
    drop(stdout);
    console::show_lines();
}
