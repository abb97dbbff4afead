//! `aiperf`: measures generative-AI inference servers.
//!
//! This crate is wiring: command lines become configurations, configurations become runs, and how
//! they end becomes an exit code. It is the only one that prints or ends the process.

mod commands;
mod exit;
mod plan;
mod run;
mod version;

use std::io::Write as _;

use exit::Exit;

/// Allocation is a large part of a request's cost; this allocator costs the least of those tried.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match commands::dispatch(&words) {
        Ok(exit) => quit(exit),
        Err(error) => {
            let text = format!("{error:#}");
            let panel = aiperf_export::console::notice_panel("Error", &text);
            // Standard error may be closed; the exit code still tells.
            let _ = std::io::stderr().lock().write_all(panel.as_bytes());
            quit(Exit::of_error(&error))
        }
    }
}

/// Ends the process when everything is said.
fn quit(exit: Exit) -> ! {
    let _ = std::io::stdout().lock().flush();
    end_process(exit)
}

/// Ends the process at once, even if standard output waits for a reader.
fn end_process(exit: Exit) -> ! {
    run::display::screen::leave();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that ends the process"
    )]
    std::process::exit(exit.code())
}
