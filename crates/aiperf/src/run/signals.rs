//! Ctrl-C and SIGTERM: the first ends the run in good order, the second at once.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use aiperf_engine::CancelHandle;

use crate::exit::Exit;

/// Watches for signals as long as the process lives.
pub(crate) fn watch(cancel: CancelHandle) -> Arc<AtomicBool> {
    let was_cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&was_cancelled);
    let watching = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(listen(&cancel, &flag)),
                Err(error) => tracing::warn!("signals are not watched: {error}"),
            }
        });
    if let Err(error) = watching {
        tracing::warn!("signals are not watched: {error}");
    }
    was_cancelled
}

async fn listen(cancel: &CancelHandle, flag: &AtomicBool) {
    next_signal().await;
    flag.store(true, SeqCst);
    cancel.cancel();
    panel(
        "Cancellation in Progress",
        "The benchmark is being cancelled. Requests on their way are dropped; what was measured is\n\
         being written. Press Ctrl+C again to quit at once and lose what is not yet on disk.",
    );
    next_signal().await;
    panel(
        "Force Quit",
        "Stopped at once. Only files that were already written remain.",
    );
    crate::quit(Exit::Killed);
}

#[cfg(unix)]
/// Completes when the process is asked to end.
pub(crate) async fn next_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let streams = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    match streams {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
/// Completes when the process is asked to end.
pub(crate) async fn next_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn panel(title: &str, text: &str) {
    let panel = aiperf_export::console::notice_panel(title, text);
    let _ = std::io::stderr().lock().write_all(panel.as_bytes());
}
