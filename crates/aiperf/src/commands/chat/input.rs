//! Where messages come from: a terminal with a line editor, or any other standard input.
//!
//! Reading blocks, so it has a thread; whoever waits for a line can be interrupted.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{Sender, channel};

use anyhow::{Context, Result, anyhow};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::sync::oneshot;

const PROMPT: &str = "> ";

/// Where one line is wanted.
type Wanted = oneshot::Sender<Result<Option<String>>>;

pub(super) struct Input {
    wanted: Sender<Wanted>,
    #[cfg(unix)]
    terminal: Option<rustix::termios::Termios>,
}

impl Input {
    pub(super) fn start() -> Result<Self> {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let editor = is_terminal.then(DefaultEditor::new).transpose();
        let mut source = match editor.context("the terminal cannot be used")? {
            Some(editor) => Source::Terminal(Box::new(editor)),
            None => Source::Lines,
        };
        let (wanted, wishes) = channel::<Wanted>();
        std::thread::Builder::new()
            .name("chat-input".to_owned())
            .spawn(move || {
                for wish in wishes {
                    // Nobody waits any more where the conversation has ended.
                    let _ = wish.send(source.line());
                }
            })
            .context("no thread for input")?;
        Ok(Self {
            wanted,
            #[cfg(unix)]
            terminal: is_terminal
                .then(|| rustix::termios::tcgetattr(std::io::stdin()).ok())
                .flatten(),
        })
    }

    /// The next message; none when there are no more.
    pub(super) async fn next(&mut self) -> Result<Option<String>> {
        let (wish, line) = oneshot::channel();
        let gone = || anyhow!("standard input cannot be read");
        self.wanted.send(wish).map_err(|_| gone())?;
        line.await.map_err(|_| gone())?
    }
}

/// A line editor that a signal interrupts leaves the terminal as it needs it; it is put back.
#[cfg(unix)]
impl Drop for Input {
    fn drop(&mut self) {
        if let Some(before) = &self.terminal {
            let when = rustix::termios::OptionalActions::Now;
            let _ = rustix::termios::tcsetattr(std::io::stdin(), when, before);
        }
    }
}

enum Source {
    Terminal(Box<DefaultEditor>),
    Lines,
}

impl Source {
    fn line(&mut self) -> Result<Option<String>> {
        match self {
            Self::Terminal(editor) => edited(editor),
            Self::Lines => plain(),
        }
    }
}

/// A message that is not blank: who presses Enter alone has nothing to say.
fn edited(editor: &mut DefaultEditor) -> Result<Option<String>> {
    loop {
        match editor.readline(PROMPT) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                editor.add_history_entry(&line)?;
                return Ok(Some(line));
            }
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(None),
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
}

/// A line as it is, without its end.
fn plain() -> Result<Option<String>> {
    let mut output = std::io::stdout();
    output.write_all(PROMPT.as_bytes())?;
    output.flush()?;
    let mut line = Vec::new();
    let mut input = std::io::stdin().lock();
    let read = std::io::BufRead::read_until(&mut input, b'\n', &mut line);
    if read.context("standard input cannot be read")? == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}
