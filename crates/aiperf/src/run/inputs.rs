//! `inputs.json`: what the dataset sends, each turn as it is without the turns before it.

use std::path::Path;

use aiperf_endpoint::conversation::Conversation;
use aiperf_endpoint::format::EndpointSettings;
use aiperf_engine::{PlannedConversation, TurnBody};
use aiperf_export::inputs_json::InputsWriter;
use anyhow::Result;

use super::workload::body;

/// The largest file that is written for a dataset that is assembled on demand.
const LARGEST: usize = 256 * 1024 * 1024;

/// The file while it is written. It becomes visible when it is whole.
pub(super) struct Inputs<'a> {
    /// Absent once the file has turned out too large.
    file: Option<InputsWriter>,
    path: &'a Path,
    size: usize,
    is_bounded: bool,
}

impl<'a> Inputs<'a> {
    pub(super) fn create(path: &'a Path, is_bounded: bool) -> Result<Self> {
        Ok(Self {
            file: Some(InputsWriter::create(path)?),
            path,
            size: 0,
            is_bounded,
        })
    }

    /// Whether further conversations have a place in the file.
    pub(super) fn is_wanted(&self) -> bool {
        self.file.is_some()
    }

    pub(super) fn add(
        &mut self,
        conversation: &Conversation,
        planned: &PlannedConversation,
        settings: &EndpointSettings,
    ) -> Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let turns = conversation.turns.iter().zip(&planned.turns).enumerate();
        let bodies = turns
            .map(|(index, (turn, planned))| match &planned.body {
                // Alone and in its place are the same for a turn without a history.
                TurnBody::Ready(body) if index == 0 => Ok(body.clone()),
                _ => body(conversation, &[turn], None, settings),
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.size += bodies.iter().map(|body| body.len()).sum::<usize>();
        if self.is_bounded && self.size > LARGEST {
            tracing::warn!(
                "`{}` is not written: it would be larger than {} MB",
                self.path.display(),
                LARGEST / (1024 * 1024)
            );
            self.file = None;
            return Ok(());
        }
        file.session(&conversation.id, &bodies)?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        Ok(())
    }
}
