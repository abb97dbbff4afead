//! Conversations: what a dataset hands to an endpoint.
//!
//! A dataset is an ordered list of conversations, a conversation an ordered list of turns, and one
//! turn is one request. These types hold no text of any wire format; the endpoint's formatter
//! turns them into bodies.

use serde_json::{Map, Value};

/// One conversation of a dataset. It may be played many times; each playing is a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    /// Unique within the dataset.
    pub id: String,
    /// At least one.
    pub turns: Vec<Turn>,
    /// How the history of a later turn is built.
    pub context_mode: ContextMode,
    /// Sent as the first message of every request of the conversation, with role `system`.
    pub system_message: Option<String>,
    /// Sent as its own user message after the system message, in every request.
    pub user_context_message: Option<String>,
}

/// How the history that goes with a turn is built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ContextMode {
    /// All earlier turns of the dataset, with the server's live replies between them.
    #[default]
    DeltasWithoutResponses,
    /// All earlier turns of the dataset; they already contain the replies.
    DeltasWithResponses,
    /// The turn alone; it holds its whole history.
    MessageArrayWithResponses,
}

/// One request's worth of content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// The message's role; `user` where absent.
    pub role: Option<String>,
    /// The model to ask; the run's first model where absent.
    pub model: Option<String>,
    /// Upper bound of the answer's length in tokens, at least 1.
    pub max_tokens: Option<u32>,
    /// Milliseconds to wait after the previous turn's answer.
    pub delay_ms: Option<f64>,
    /// When the turn is due, in milliseconds of the trace's clock.
    pub timestamp_ms: Option<f64>,
    /// Text parts, in order.
    pub texts: Vec<Media>,
    /// Image parts: data URLs or URLs.
    pub images: Vec<Media>,
    /// Audio parts: `<format>,<base64>` or data URLs.
    pub audios: Vec<Media>,
    /// Length in seconds of the first audio clip, where the dataset knows it.
    pub audio_duration_seconds: Option<f64>,
    /// Video parts: data URLs or URLs.
    pub videos: Vec<Media>,
    /// Keys merged into the top level of the body, after everything else: the last writer wins.
    pub extra_body: Map<String, Value>,
    /// Messages that go into the history as they are (a captured reply, for example). An empty
    /// list contributes nothing.
    pub raw_messages: Option<Vec<Value>>,
    /// Forgets everything before this turn; looked at only beside `raw_messages`.
    pub reset_context: bool,
    /// Tool definitions as the body carries them; the newest turn that has some decides.
    pub raw_tools: Option<Vec<Value>>,
    /// Blocks of the system prompt as the messages type sends them; the newest turn that has some
    /// decides.
    pub raw_system: Option<Vec<Value>>,
    /// The whole body, sent as it is: nothing is merged into it.
    pub raw_payload: Option<Map<String, Value>>,
    /// Identifiers of images, aligned with `images` and their contents. Empty where the images
    /// carry none.
    pub image_uuids: Vec<Vec<String>>,
    /// Headers of this turn's request only; they override the run's.
    pub extra_headers: Vec<(String, String)>,
}

impl Turn {
    /// A user turn that holds one text.
    pub fn text(content: impl Into<String>) -> Self {
        Self {
            texts: vec![Media::unnamed(content)],
            ..Self::default()
        }
    }
}

/// One media item of a turn: a name and its contents (several for a batch).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// What the contents are (`query`, `passages`, or empty).
    pub name: String,
    /// The contents, in order.
    pub contents: Vec<String>,
}

impl Media {
    /// An item without a name that holds one content.
    pub fn unnamed(content: impl Into<String>) -> Self {
        Self {
            name: String::new(),
            contents: vec![content.into()],
        }
    }
}
