//! Reading an exchange: its answer, its failure, its token counts.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use aiperf_endpoint::failure::reason_phrase;
use aiperf_endpoint::input::{self, ExtractedInput};
use aiperf_endpoint::parse::parse_with;
use aiperf_endpoint::usage::Usage;
use aiperf_endpoint::{Answer, Failure, Transcript};
use aiperf_engine::Exchange;
use aiperf_tokenizer::Tokenizer;
use aiperf_transport::{ReceivedBody, TransportFailure};

use crate::settings::{RecorderSettings, TurnMeta};

/// What an exchange turned out to be.
pub(crate) struct Interpretation {
    pub(crate) answer: Answer,
    pub(crate) failure: Option<Failure>,
    pub(crate) tokens: TokenCounts,
    pub(crate) input: InputFacts,
}

/// What the body that was sent holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct InputFacts {
    /// Tokens of its texts, where there are any to count.
    pub(crate) tokens: Option<u64>,
    pub(crate) images: u64,
    pub(crate) audio_seconds: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TokenCounts {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) reasoning: Option<u64>,
}

/// Facts that are remembered of conversations that nothing was written down about. A dataset with
/// more of them is hardly played twice.
const MOST_REMEMBERED: usize = 100_000;

/// Facts of bodies that are sent again and again, found out once.
pub(crate) struct KnownInputs {
    /// First entry of each conversation.
    offsets: Vec<usize>,
    facts: Vec<OnceLock<InputFacts>>,
    /// Those of conversations that nothing was written down about, by conversation and turn.
    later: Mutex<HashMap<(usize, usize), InputFacts>>,
}

impl KnownInputs {
    pub(crate) fn new(settings: &RecorderSettings) -> Self {
        let known = settings.conversations.known();
        let mut offsets = Vec::with_capacity(known.len());
        let mut count = 0;
        for conversation in known {
            offsets.push(count);
            count += conversation.turns.len();
        }
        Self {
            offsets,
            facts: std::iter::repeat_with(OnceLock::new).take(count).collect(),
            later: Mutex::default(),
        }
    }

    fn facts_of(
        &self,
        conversation: usize,
        turn: usize,
        find_out: impl Fn() -> InputFacts,
    ) -> InputFacts {
        if let Some(offset) = self.offsets.get(conversation) {
            return *self.facts[offset + turn].get_or_init(find_out);
        }
        let later = || self.later.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(facts) = later().get(&(conversation, turn)) {
            return *facts;
        }
        let facts = find_out();
        let mut later = later();
        if later.len() < MOST_REMEMBERED {
            later.insert((conversation, turn), facts);
        }
        facts
    }
}

/// The answer of an exchange as the endpoint's parser wants it.
pub fn transcript<'a>(exchange: &'a Exchange, body: &'a ReceivedBody) -> Transcript<'a> {
    let http = &exchange.http;
    Transcript {
        content_type: http.content_type(),
        body: &body.bytes,
        reads: &body.reads,
        ended_at: http.end,
        method_is_post: true,
    }
}

pub(crate) fn interpret(
    settings: &RecorderSettings,
    known_inputs: &KnownInputs,
    exchange: &Exchange,
    body: &ReceivedBody,
) -> Interpretation {
    let http = &exchange.http;
    let is_good_status = http.status.is_some_and(|status| status.is_success());
    let answer = if is_good_status {
        parse_with(&settings.endpoint, &transcript(exchange, body))
    } else {
        Answer::default()
    };
    let mut failure = failure(exchange, body, &answer);
    if let Some(failure) = &mut failure {
        hide_secrets(settings, failure);
    }
    let capabilities = settings.endpoint.endpoint_type.capabilities();
    let counts_tokens = !settings.use_server_token_count && capabilities.tokenizes_input;
    let input = if counts_tokens || capabilities.media.images || capabilities.media.audio {
        input_facts(settings, known_inputs, exchange)
    } else {
        InputFacts::default()
    };
    let mut tokens = TokenCounts::default();
    if settings.use_server_token_count {
        if let (None, Some(usage)) = (&failure, &answer.usage) {
            tokens = server_counts(usage);
        }
    } else if counts_tokens {
        tokens.input = input.tokens;
        if failure.is_none() {
            let tokenizer = tokenizer_of(settings, exchange);
            let count = |text: &str| tokenizer.map(|tokenizer| tokenizer.count(text) as u64);
            tokens.output = count(&answer.output);
            if !answer.reasoning.is_empty() {
                tokens.reasoning = count(&answer.reasoning);
            }
        }
    }
    Interpretation {
        answer,
        failure,
        tokens,
        input,
    }
}

fn hide_secrets(settings: &RecorderSettings, failure: &mut Failure) {
    let hide = |text: &mut String| {
        if let Cow::Owned(clean) = settings.secrets.hide(text) {
            *text = clean;
        }
    };
    hide(&mut failure.message);
    if let Some(cause) = &mut failure.cause {
        hide(cause);
    }
}

fn failure(exchange: &Exchange, body: &ReceivedBody, answer: &Answer) -> Option<Failure> {
    let http = &exchange.http;
    if let Some(error) = &http.error {
        return Some(match error.failure {
            TransportFailure::Timeout => Failure::timeout(),
            TransportFailure::NotSentInTime => Failure::send_timeout(&error.message),
            TransportFailure::Cancelled | TransportFailure::CutOff => {
                Failure::cancelled(&error.message)
            }
            failure => Failure::exception(failure.type_name(), &error.message),
        });
    }
    if let Some(failure) = &exchange.job_failure {
        return Some(Failure {
            code: failure.code,
            kind: failure.kind.clone(),
            message: failure.message.clone(),
            ..Failure::default()
        });
    }
    let status = http.status?;
    if !status.is_success() {
        let status = status.as_u16();
        return Some(Failure::http_status(
            status,
            reason_phrase(status),
            &body.bytes,
        ));
    }
    answer.failure(http.start, http.end)
}

/// Counts as the server reports them. The output is what is not reasoning.
fn server_counts(usage: &Usage) -> TokenCounts {
    TokenCounts {
        input: usage.prompt_tokens,
        output: usage
            .completion_tokens
            .map(|completion| completion.saturating_sub(usage.reasoning_tokens.unwrap_or(0))),
        reasoning: usage.reasoning_tokens,
    }
}

fn input_facts(
    settings: &RecorderSettings,
    known: &KnownInputs,
    exchange: &Exchange,
) -> InputFacts {
    let has_fixed_body = turn_of(settings, exchange).is_some_and(|turn| turn.has_fixed_body);
    let find_out = || read_input(settings, exchange);
    if !has_fixed_body {
        return find_out();
    }
    known.facts_of(exchange.conversation, exchange.turn, find_out)
}

/// Reads the body as it was sent.
fn read_input(settings: &RecorderSettings, exchange: &Exchange) -> InputFacts {
    let extracted = input::extract(settings.endpoint.endpoint_type, &exchange.body);
    let turn = turn_of(settings, exchange);
    let tokens = tokenizer_of(settings, exchange).and_then(|tokenizer| {
        if settings.applies_chat_template
            && let Some(tokens) = count_chat(tokenizer, &extracted)
        {
            return Some(tokens);
        }
        let text = extracted.joined_text();
        let text = text.map(|text| tokenizer.count(&text) as u64);
        match (text, extracted.pretokenised as u64) {
            (None, 0) => None,
            (text, pretokenised) => Some(text.unwrap_or(0) + pretokenised),
        }
    });
    InputFacts {
        tokens,
        images: extracted.images as u64,
        audio_seconds: turn
            .and_then(|turn| turn.audio_seconds)
            .or(extracted.audio_seconds),
    }
}

/// Tokens of the messages in the chat template, with what templates do not show. None where there
/// are no messages, or no template that takes them.
fn count_chat(tokenizer: &Tokenizer, extracted: &ExtractedInput) -> Option<u64> {
    if extracted.messages.is_empty() {
        return None;
    }
    let messages = tokenizer.count_chat(&extracted.messages)?;
    let tools = extracted.joined_tool_text();
    let tools = tools.map_or(0, |text| tokenizer.count(&text));
    Some((messages + tools + extracted.pretokenised) as u64)
}

fn turn_of(settings: &RecorderSettings, exchange: &Exchange) -> Option<TurnMeta> {
    settings
        .conversations
        .turn(exchange.conversation, exchange.turn)
}

fn tokenizer_of<'a>(settings: &'a RecorderSettings, exchange: &Exchange) -> Option<&'a Tokenizer> {
    let turn = turn_of(settings, exchange)?;
    settings.tokenizers.get(turn.tokenizer)
}
