//! Log lines: to the console as `HH:MM:SS.mmm LEVEL    message (file:line)`, to the run's file as
//! `YYYY-MM-DD HH:MM:SS.mmm - logger - LEVEL - message`. Both in local time.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use aiperf_ui::{LogLine, Severity};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::console;

/// Events of this target are shown as `NOTICE`, which stands between `INFO` and `WARNING`.
pub(crate) const NOTICE: &str = "aiperf::notice";

/// Where log lines go.
pub(crate) struct LogLayer {
    least: u8,
    file: Mutex<Option<File>>,
}

/// There is one for the process, however many runs it makes.
static LAYER: OnceLock<&'static LogLayer> = OnceLock::new();

/// Starts logging to the console. The file joins with [`LogHandle::add_file`].
pub(crate) fn start(least: u8) -> LogHandle {
    LogHandle(LAYER.get_or_init(|| {
        let layer: &'static LogLayer = Box::leak(Box::new(LogLayer {
            least,
            file: Mutex::new(None),
        }));
        let subscriber = tracing_subscriber::registry().with(Forward(layer));
        // Tests may have a subscriber of their own.
        let _ = tracing::subscriber::set_global_default(subscriber);
        layer
    }))
}

/// Lets the log file join later, when the run's folder is known.
#[derive(Clone, Copy)]
pub(crate) struct LogHandle(&'static LogLayer);

impl LogHandle {
    /// From now on lines also go to `path`, which is appended to, and to no other file.
    pub(crate) fn add_file(self, path: &Path) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        *self.0.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }
}

struct Forward(&'static LogLayer);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Forward {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        self.0.write(event);
    }
}

/// Severities as the reference numbers them.
fn severity(level: Level, target: &str) -> (u8, Severity) {
    if target == NOTICE {
        return (25, Severity::Notice);
    }
    match level {
        Level::TRACE => (5, Severity::Trace),
        Level::DEBUG => (10, Severity::Debug),
        Level::INFO => (20, Severity::Info),
        Level::WARN => (30, Severity::Warning),
        Level::ERROR => (40, Severity::Error),
    }
}

impl LogLayer {
    fn write(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let (number, severity) = severity(*metadata.level(), metadata.target());
        // Of other crates only what may matter to a user is shown.
        let is_own = metadata.target().starts_with("aiperf");
        if number < self.least || (!is_own && number < 30 && self.least > 5) {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let now = jiff::Zoned::now();
        let place = match (metadata.file(), metadata.line()) {
            (Some(file), Some(line)) => {
                let file = file.rsplit('/').next().unwrap_or(file);
                format!("{file}:{line}")
            }
            _ => String::new(),
        };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_mut() {
            let logger = metadata.target().replace("::", ".");
            let line = format!(
                "{} - {logger} - {} - {}\n",
                now.strftime("%Y-%m-%d %H:%M:%S%.3f"),
                severity.name(),
                message.0
            );
            let _ = file.write_all(line.as_bytes());
        }
        drop(file);
        console::write(LogLine {
            time: now.strftime("%H:%M:%S%.3f").to_string(),
            severity,
            message: message.0,
            place,
        });
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}
