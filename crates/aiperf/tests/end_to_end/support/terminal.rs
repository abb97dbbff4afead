//! The program on a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use super::place::wait_until;

/// A terminal, and the program that runs on it. What the program writes is drawn as a terminal draws
/// it.
pub(crate) struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Ends when nobody has the terminal any more.
    reader: JoinHandle<()>,
}

/// What is on the terminal when the program has ended.
pub(crate) struct Left {
    pub(crate) code: u32,
    /// What can be read on it.
    pub(crate) text: String,
    /// Whether the terminal is as it was: lines are edited and shown, the cursor is there, and the
    /// other screen is gone.
    pub(crate) is_restored: bool,
}

impl Terminal {
    /// Starts `command` on a terminal of `rows` and `columns`.
    pub(crate) fn start(command: &Command, rows: u16, columns: u16) -> Self {
        let pty = native_pty_system().openpty(size(rows, columns)).unwrap();
        let mut on_terminal = CommandBuilder::new(command.get_program());
        on_terminal.args(command.get_args());
        on_terminal.env_clear();
        on_terminal.env("TERM", "xterm-256color");
        for (name, value) in command.get_envs() {
            on_terminal.env(name, value.unwrap_or_default());
        }
        on_terminal.cwd(command.get_current_dir().unwrap());
        let child = pty.slave.spawn_command(on_terminal).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 1_000)));
        let mut output = pty.master.try_clone_reader().unwrap();
        let drawn = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // An error is the end of the terminal.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self {
            screen,
            keys: pty.master.take_writer().unwrap(),
            child,
            master: pty.master,
            reader,
        }
    }

    /// What can be read on it.
    pub(crate) fn text(&self) -> String {
        self.drawn().screen().contents()
    }

    /// Waits until `text` can be read.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(text, || self.text().contains(text));
    }

    /// Whether the program has the whole screen.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.drawn().screen().alternate_screen()
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Makes the terminal larger or smaller.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.drawn().screen_mut().set_size(rows, columns);
        self.master.resize(size(rows, columns)).unwrap();
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits for the end of the program.
    pub(crate) fn end(mut self) -> Left {
        // Kept open: its modes go away with the last one who has it.
        let terminal = File::open(self.master.tty_name().unwrap()).unwrap();
        let code = self.child.wait().unwrap().exit_code();
        let modes = tcgetattr(&terminal).unwrap().local_modes;
        let is_line_by_line = modes.contains(LocalModes::ICANON | LocalModes::ECHO);
        // What the program wrote is read to its end.
        drop(terminal);
        self.reader.join().unwrap();
        let drawn = self.screen.lock().unwrap();
        let screen = drawn.screen();
        Left {
            code,
            text: screen.contents(),
            is_restored: is_line_by_line && !screen.alternate_screen() && !screen.hide_cursor(),
        }
    }

    fn drawn(&self) -> MutexGuard<'_, vt100::Parser> {
        self.screen.lock().unwrap()
    }
}

fn size(rows: u16, cols: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}
