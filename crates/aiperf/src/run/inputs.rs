//! `inputs.json`: what the dataset sends, each turn as it is without the turns before it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use aiperf_dataset::Conversations;
use aiperf_endpoint::conversation::Conversation;
use aiperf_endpoint::format::EndpointSettings;
use aiperf_export::inputs_json::InputsWriter;
use anyhow::{Context, Result};
use bytes::Bytes;

use super::shelf::Shelf;
use super::workload::body;

/// The largest file that is written for a dataset that is assembled on demand.
const LARGEST: usize = 256 * 1024 * 1024;

/// The file while it is written. It becomes visible when it is whole.
pub(super) struct Inputs {
    /// Absent where there is to be none, or once the file has turned out too large.
    file: Option<InputsWriter>,
    path: PathBuf,
    size: usize,
    is_bounded: bool,
}

impl Inputs {
    /// Begins the file.
    pub(super) fn create(path: &Path, is_bounded: bool) -> Result<Self> {
        Ok(Self {
            file: Some(InputsWriter::create(path)?),
            path: path.to_owned(),
            size: 0,
            is_bounded,
        })
    }

    /// No file: what is sent is in a file already.
    pub(super) fn none() -> Self {
        Self {
            file: None,
            path: PathBuf::new(),
            size: 0,
            is_bounded: true,
        }
    }

    /// Whether further conversations have a place in the file.
    pub(super) fn is_wanted(&self) -> bool {
        self.file.is_some()
    }

    /// Adds a conversation with the bodies of its turns, each [`alone`].
    pub(super) fn add(&mut self, id: &str, bodies: &[Bytes]) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        self.size += bodies.iter().map(Bytes::len).sum::<usize>();
        if self.is_bounded && self.size > LARGEST {
            tell_too_large(&self.path);
            self.file = None;
            return Ok(());
        }
        file.session(id, bodies)?;
        Ok(())
    }

    /// Completes the file.
    pub(super) fn finish(self) -> Result<()> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        Ok(())
    }
}

/// Whether it is plain beforehand that the file would become too large.
pub(super) fn would_be_too_large(dataset: &Conversations) -> bool {
    let bytes = dataset.text_bytes();
    bytes.is_some_and(|bytes| bytes > LARGEST as u64)
}

pub(super) fn tell_too_large(path: &Path) {
    tracing::info!(
        "`{}` is not written: it would be larger than {} MB",
        path.display(),
        LARGEST / (1024 * 1024)
    );
}

/// The body of each turn without the turns before it; `first` is that of the first turn, where it
/// is there already.
pub(super) fn alone(
    conversation: &Conversation,
    first: Option<&Bytes>,
    settings: &EndpointSettings,
) -> Result<Vec<Bytes>> {
    let turns = conversation.turns.iter().enumerate();
    turns
        .map(|(index, turn)| match first {
            Some(first) if index == 0 => Ok(first.clone()),
            _ => body(conversation, &[turn], None, settings)
                .with_context(|| format!("conversation `{}`, turn {index}", conversation.id)),
        })
        .collect()
}

/// The rest of the file, where all of it would hold up the first request: a thread that gives way
/// to all others writes it beside the run.
#[derive(Default)]
pub(crate) struct PendingInputs {
    thread: Option<JoinHandle<Result<()>>>,
    is_given_up: Arc<AtomicBool>,
}

impl PendingInputs {
    /// Goes on with the conversations of `rest`.
    pub(super) fn start(
        inputs: Inputs,
        rest: Range<usize>,
        shelf: Arc<Shelf>,
        settings: Arc<EndpointSettings>,
    ) -> Result<Self> {
        let is_given_up = Arc::new(AtomicBool::new(false));
        let given_up = Arc::clone(&is_given_up);
        let thread = std::thread::Builder::new()
            .name("inputs".to_owned())
            .spawn(move || write_rest(inputs, rest, &shelf, &settings, &given_up))
            .context("cannot start the thread that writes `inputs.json`")?;
        Ok(Self {
            thread: Some(thread),
            is_given_up,
        })
    }

    /// Waits until the file is whole, or gives it up. That it cannot be written is told and spoils
    /// nothing else.
    pub(crate) fn finish(&mut self, is_interrupted: bool) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let was_open = !thread.is_finished();
        if is_interrupted {
            self.is_given_up.store(true, Relaxed);
        } else if was_open {
            tracing::info!("`inputs.json` is being completed");
        }
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => tracing::warn!("`inputs.json` is not written: {reason:#}"),
            Err(_) => tracing::warn!("`inputs.json` is not written"),
        }
    }
}

impl Drop for PendingInputs {
    fn drop(&mut self) {
        self.finish(true);
    }
}

fn write_rest(
    mut inputs: Inputs,
    rest: Range<usize>,
    shelf: &Shelf,
    settings: &EndpointSettings,
    is_given_up: &AtomicBool,
) -> Result<()> {
    give_way();
    for index in rest {
        if is_given_up.load(Relaxed) {
            anyhow::bail!("the run ended before it was complete");
        }
        if !inputs.is_wanted() {
            break;
        }
        let conversation = shelf.conversation(index)?;
        let bodies = alone(&conversation, None, settings)?;
        inputs.add(&conversation.id, &bodies)?;
    }
    inputs.finish()
}

/// This thread gets what processor time the others leave.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // On Linux this is about the calling thread alone. Without it the thread is a nuisance, no
        // mistake.
        let _ = rustix::process::nice(19);
    }
}

#[cfg(test)]
mod tests {
    use aiperf_dataset::{DatasetPlan, FilePlan, Source, open};
    use aiperf_random::RootSeed;
    use serde_json::{Value, json};

    use super::*;

    fn three_rows() -> Conversations {
        let file = tempfile::NamedTempFile::new().unwrap();
        let rows = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}\n";
        std::fs::write(file.path(), rows).unwrap();
        let plan = DatasetPlan::new(Source::File(FilePlan::new(file.path())));
        open(&plan, None, RootSeed::fixed(1)).unwrap()
    }

    fn settings() -> Arc<EndpointSettings> {
        Arc::new(EndpointSettings {
            models: vec!["m".to_owned()],
            ..EndpointSettings::default()
        })
    }

    /// Writes the first conversation, and leaves the others to the thread.
    fn begun(path: &Path) -> PendingInputs {
        let shelf = Arc::new(Shelf::new(&Arc::new(three_rows())));
        let mut inputs = Inputs::create(path, true).unwrap();
        let first = shelf.conversation(0).unwrap();
        let bodies = alone(&first, None, &settings()).unwrap();
        inputs.add(&first.id, &bodies).unwrap();
        PendingInputs::start(inputs, 1..3, shelf, settings()).unwrap()
    }

    #[test]
    fn what_is_left_is_written_beside_the_run_into_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inputs.json");
        begun(&path).finish(false);
        let inputs: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let texts: Vec<_> = inputs["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|session| &session["payloads"][0]["messages"][0]["content"])
            .collect();
        assert_eq!(texts, [&json!("a"), &json!("b"), &json!("c")]);
    }

    #[test]
    fn a_file_that_was_given_up_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Arc::new(Shelf::new(&Arc::new(three_rows())));
        let inputs = Inputs::create(&folder.path().join("inputs.json"), true).unwrap();
        let given_up = AtomicBool::new(true);
        write_rest(inputs, 0..3, &shelf, &settings(), &given_up).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
