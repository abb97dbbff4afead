//! Rows become conversations.

use std::collections::{BTreeSet, HashSet};

use aiperf_endpoint::conversation::{Conversation, Media, Turn};
use aiperf_tokenizer::Tokenizer;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::cell::Cell;
use super::table::Mapping;
use super::{PublicPlan, audio, exgentic, sharegpt};
use crate::session_ids::SessionIds;

const TRANSCRIBE: &str = "Transcribe this audio.";
const IMAGE_PLACEHOLDER: &str = "<image>";

/// Takes rows until there are enough.
pub(super) struct Mapper<'a> {
    plan: &'a PublicPlan,
    tokenizer: Option<&'a Tokenizer>,
    ids: SessionIds,
    conversations: Vec<Conversation>,
    /// Rows, or sessions where one row makes several conversations.
    taken: usize,
    skipped: usize,
    seen_any: bool,
    seen_sessions: HashSet<String>,
    /// Which harness goes with which model, for the message when nothing fits.
    combinations: BTreeSet<String>,
}

impl<'a> Mapper<'a> {
    pub(super) fn new(
        plan: &'a PublicPlan,
        tokenizer: Option<&'a Tokenizer>,
        ids: SessionIds,
    ) -> Result<Self, String> {
        match plan.dataset.mapping {
            Mapping::ShareGpt if tokenizer.is_none() => {
                return Err("needs a tokenizer; name one with `--tokenizer`".to_owned());
            }
            Mapping::Exgentic { has_benchmarks } => {
                plan.filters.check(has_benchmarks)?;
                if plan.limit.is_none() {
                    return Err(
                        "needs a number of sessions; set `--num-dataset-entries` or \
                                `--request-count`"
                            .to_owned(),
                    );
                }
            }
            _ if !plan.filters.is_empty() => {
                return Err(
                    "`--dataset-filter` works on `exgentic` and `exgentic_v2` only".to_owned(),
                );
            }
            _ => {}
        }
        Ok(Self {
            plan,
            tokenizer,
            ids,
            conversations: Vec::new(),
            taken: 0,
            skipped: 0,
            seen_any: false,
            seen_sessions: HashSet::new(),
            combinations: BTreeSet::new(),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.plan.limit.is_some_and(|limit| self.taken >= limit)
    }

    pub(super) fn take(&mut self, row: Cell) -> Result<(), String> {
        if self.is_full() {
            return Ok(());
        }
        if !self.seen_any {
            self.seen_any = true;
            self.refuse_missing_columns(&row)?;
        }
        let made = match self.plan.dataset.mapping {
            Mapping::Exgentic { .. } => self.exgentic_session(row)?,
            mapping => self.turns(mapping, &row).map(|turns| {
                vec![Conversation {
                    id: self.ids.next(&HashSet::new()),
                    turns,
                    ..Conversation::default()
                }]
            }),
        };
        match made {
            Some(conversations) => {
                self.taken += 1;
                self.conversations.extend(conversations);
            }
            None => self.skipped += 1,
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<Conversation>, String> {
        if !self.conversations.is_empty() {
            if self.skipped > 0 {
                tracing::info!(
                    "{} rows of `{}` cannot be used and are left out",
                    self.skipped,
                    self.plan.dataset.name
                );
            }
            return Ok(self.conversations);
        }
        if let Mapping::Exgentic { .. } = self.plan.dataset.mapping {
            let combinations: Vec<String> = self.combinations.into_iter().collect();
            return Err(format!(
                "no recorded call fits {}; there are {}",
                self.plan.filters,
                if combinations.is_empty() {
                    "none".to_owned()
                } else {
                    combinations.join(", ")
                }
            ));
        }
        Err(format!(
            "none of its {} rows can be used; columns that are read: {}",
            self.skipped,
            self.plan.dataset.mapping.columns().join(", ")
        ))
    }

    /// The columns that a prompt cannot do without.
    fn refuse_missing_columns(&self, row: &Cell) -> Result<(), String> {
        let needed = match self.plan.dataset.mapping {
            Mapping::Prompt { prompt, .. } => vec![prompt],
            Mapping::PromptList { prompts } => vec![prompts],
            Mapping::CodeEdit => vec!["code", "change_request"],
            _ => Vec::new(),
        };
        match needed.iter().find(|column| row.get(column).is_none()) {
            Some(column) => Err(format!(
                "no column `{column}`; there are {}",
                row.keys().join(", ")
            )),
            None => Ok(()),
        }
    }

    fn exgentic_session(&mut self, row: Cell) -> Result<Option<Vec<Conversation>>, String> {
        let session = exgentic::Session::read(row)?;
        self.combinations.extend(session.combinations());
        if !session.fits(&self.plan.filters) {
            return Ok(None);
        }
        let id = session.id.clone();
        let made = session.conversations(self.plan.fixed_schedule)?;
        if made.is_empty() {
            return Ok(None);
        }
        if !self.seen_sessions.insert(id.clone()) {
            return Err(format!("the session id `{id}` occurs twice"));
        }
        Ok(Some(made))
    }

    /// The row's turns; none for a row that cannot be used.
    fn turns(&self, mapping: Mapping, row: &Cell) -> Option<Vec<Turn>> {
        match mapping {
            Mapping::Prompt { prompt, image } => {
                let text = row.get(prompt)?.to_text()?;
                let mut turn = text_turn(&text)?;
                turn.images = image.map(|column| images(row, column)).unwrap_or_default();
                Some(vec![turn])
            }
            Mapping::PromptList { prompts } => {
                let texts = row.get(prompts)?.as_list().iter().filter_map(Cell::to_text);
                let turns: Vec<Turn> = texts.filter_map(|text| text_turn(text.trim())).collect();
                (!turns.is_empty()).then_some(turns)
            }
            Mapping::FirstPrompt { prompts } => {
                let first = row.get(prompts)?.as_list().first()?.to_text()?;
                Some(vec![text_turn(first.trim())?])
            }
            Mapping::FirstMessage {
                messages,
                content,
                image,
            } => {
                let text = first_message(row.get(messages)?, content)?;
                let mut turn = text_turn(&text)?;
                turn.images = images(row, image);
                Some(vec![turn])
            }
            Mapping::VideoQuestion => {
                let mut turn = text_turn(&question(row))?;
                turn.videos = vec![Media::unnamed(video(row.get("video")?)?)];
                Some(vec![turn])
            }
            Mapping::CodeEdit => {
                let code = row.get("code")?.to_text()?;
                let change = row.get("change_request")?.to_text()?;
                Some(vec![Turn::text(code_edit(&code, &change))])
            }
            Mapping::Speech => {
                let bytes = row.get("audio")?.get("bytes")?.as_bytes()?;
                let clip = audio::as_wav(bytes)?;
                let mut turn = Turn::text(TRANSCRIBE);
                turn.audios = vec![Media::unnamed(format!(
                    "wav,{}",
                    BASE64_STANDARD.encode(clip.wav)
                ))];
                turn.audio_duration_seconds = Some(clip.seconds);
                Some(vec![turn])
            }
            Mapping::ShareGpt => {
                let skips_short_answers = self.plan.output_tokens.is_some();
                sharegpt::turns(
                    row.get("conversations")?,
                    self.tokenizer?,
                    skips_short_answers,
                )
            }
            Mapping::Exgentic { .. } => None,
        }
    }
}

fn text_turn(text: &str) -> Option<Turn> {
    (!text.trim().is_empty()).then(|| Turn::text(text))
}

/// The text of the first message of a user, else of the first message.
fn first_message(messages: &Cell, content: &str) -> Option<String> {
    // Some datasets wrap each message into a list of its own.
    let messages: Vec<&Cell> = messages
        .as_list()
        .iter()
        .map(|message| message.as_list().first().unwrap_or(message))
        .filter(|message| matches!(message, Cell::Group(entries) if !entries.is_empty()))
        .collect();
    let is_user = |message: &&&Cell| {
        let role = ["role", "from"]
            .iter()
            .filter_map(|key| message.get(key)?.as_text())
            .find(|role| !role.is_empty());
        role.is_some_and(|role| ["user", "human"].contains(&role.to_lowercase().as_str()))
    };
    let message = messages.iter().find(is_user).or(messages.first())?;
    let text = message.get(content)?.as_text()?;
    let text = text.replace(IMAGE_PLACEHOLDER, "");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The first image of a column, as its bytes are: servers read all common formats.
fn images(row: &Cell, column: &str) -> Vec<Media> {
    let Some(value) = row.get(column) else {
        return Vec::new();
    };
    let items = match value {
        Cell::List(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let data_url = |item: &Cell| {
        let bytes = item.get("bytes").unwrap_or(item).as_bytes()?;
        let format = image_format(bytes)?;
        let encoded = BASE64_STANDARD.encode(bytes);
        Some(Media::unnamed(format!(
            "data:image/{format};base64,{encoded}"
        )))
    };
    items.iter().find_map(data_url).into_iter().collect()
}

fn image_format(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("webp"),
        _ => None,
    }
}

/// A URL as it is, a path as a `file://` URL, bytes as data.
fn video(value: &Cell) -> Option<String> {
    if let Some(text) = value.as_text().filter(|text| !text.is_empty()) {
        let is_url = text.contains("://") || text.starts_with("data:");
        return Some(if is_url {
            text.to_owned()
        } else {
            format!("file://{text}")
        });
    }
    let bytes = value
        .get("bytes")?
        .as_bytes()
        .filter(|bytes| !bytes.is_empty())?;
    let path = value.get("path").and_then(Cell::as_text);
    let format = if path.is_some_and(|path| path.ends_with(".webm")) {
        "webm"
    } else {
        "mp4"
    };
    let encoded = BASE64_STANDARD.encode(bytes);
    Some(format!("data:video/{format};base64,{encoded}"))
}

fn question(row: &Cell) -> String {
    let question = row.get("question").and_then(Cell::as_text);
    let mut parts = vec![question.unwrap_or_default().trim().to_owned()];
    if let Some(Cell::Group(choices)) = row.get("choices") {
        for (letter, choice) in choices {
            if let Some(text) = choice.to_text().filter(|text| !text.is_empty()) {
                parts.push(format!("{letter}.{text}"));
            }
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The prompt of vLLM's Blazedit benchmark, whose wording decides what models answer.
fn code_edit(code: &str, change: &str) -> String {
    format!(
        "Given a code file, please apply the change requests and generate the new file.\n\n\
         Original file:\n```python\n{code}\n```\n\n\
         Change request:\n{change}\n\n\
         Please generate the new code file in the \"New file\" section below."
    )
}
