//! `sagemaker_data_capture`: requests and answers as Amazon SageMaker records them.
//!
//! Capture files lie in folders by hour, so a folder is searched to its bottom, and records are
//! put in the order of their times. Records that are no chat requests are left out and counted;
//! a record that cannot be understood at all refuses the file.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::mooncake::refuse_bad_messages;
use super::rows::{Input, NewRow, Rows};
use super::select::Selection;
use super::{CapturedBody, Loaded};
use crate::error::DatasetError;
use crate::file::detect::json_lines_below;
use crate::file::fields::{Fields, Flaw, expected, missing};
use crate::file::rows;
use crate::sessions::Sessions;

/// Keys of a request that the run decides or that have a place of their own. The bound of the answer
/// stays, under the name that it had.
const NOT_PARAMETERS: [&str; 5] = ["model", "messages", "tools", "stream", "stream_options"];

/// Names of the bound of an answer; the first that is there counts.
pub(super) const BOUNDS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

pub(super) fn load(
    path: &Path,
    captured_body: CapturedBody,
    selection: &mut Selection,
) -> Result<Loaded, DatasetError> {
    let mut loaded = Rows::default();
    let mut earliest = f64::INFINITY;
    let mut failed = 0;
    for file in files_of(path)? {
        let outcome = rows::for_each(
            &file,
            |row| read_record(row, captured_body),
            |line, record| {
                match record {
                    Record::Chat { mut row, answered } => {
                        failed += u64::from(!answered);
                        earliest = earliest.min(row.timestamp_ms.unwrap_or(f64::INFINITY));
                        if selection.keeps_length_of(&mut row) {
                            loaded.push(line, row);
                        }
                    }
                    Record::NotChat => selection.unusable += 1,
                }
                Ok(())
            },
        );
        match outcome {
            // An hour without requests.
            Err(DatasetError::Empty { .. }) if path.is_dir() => {}
            other => other?,
        }
    }
    if failed > 0 {
        tracing::info!(
            "{failed} recorded requests have no usable answer; they are sent all the same"
        );
    }
    if loaded.len() == 0 && selection.unusable > 0 {
        return Err(DatasetError::Source {
            path: path.to_path_buf(),
            reason: format!(
                "none of the {} recorded requests has `messages`; only chat requests can be sent \
                 again",
                selection.unusable
            ),
        });
    }
    let ignores_times = selection.ignores_times();
    loaded.change_times(|time| Some(microseconds(time - earliest)));
    let time_of = |row: u32| loaded.head(row as usize).timestamp_ms;
    let mut order: Vec<u32> = (0..loaded.len() as u32)
        .filter(|&row| selection.is_inside(time_of(row)))
        .collect();
    order.sort_by(|&left, &right| {
        let times = (time_of(left), time_of(right));
        times
            .0
            .partial_cmp(&times.1)
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    if ignores_times {
        loaded.change_times(|_| None);
    }
    Ok(Loaded {
        rows: loaded,
        sessions: Sessions::of_single_rows(order),
    })
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let files = json_lines_below(path)?;
    if files.is_empty() {
        return Err(DatasetError::Source {
            path: path.to_path_buf(),
            reason: "no `*.jsonl` file in the folder or below it".to_owned(),
        });
    }
    Ok(files)
}

enum Record {
    Chat {
        row: NewRow,
        /// Whether an answer was recorded that is no error.
        answered: bool,
    },
    NotChat,
}

fn read_record(row: Map<String, Value>, captured_body: CapturedBody) -> Result<Record, Flaw> {
    let mut fields = Fields::new(row);
    let mut metadata = Fields::new(fields.required_object("eventMetadata")?);
    let mut capture = Fields::new(fields.required_object("captureData")?);
    let event = metadata.string("eventId").ok().flatten();
    let in_event = |flaw: Flaw| match &event {
        Some(event) => flaw.inside(&format!("event {event}")),
        None => flaw,
    };
    let time = metadata
        .string("inferenceTime")?
        .ok_or_else(|| missing("inferenceTime"))
        .and_then(|time| milliseconds(&time))
        .map_err(|flaw| in_event(flaw.inside("eventMetadata")))?;
    let input = capture
        .required_object("endpointInput")
        .map_err(|flaw| in_event(flaw.inside("captureData")))?;
    let body = decode(input)
        .and_then(|bytes| parse_body(bytes.as_deref()))
        .map_err(|flaw| in_event(flaw.inside("captureData.endpointInput")))?;
    let Some(body) = body.filter(|body| body.contains_key("messages")) else {
        return Ok(Record::NotChat);
    };
    let output = capture.object("endpointOutput").ok().flatten();
    let answer = output
        .and_then(|output| decode(output).ok().flatten())
        .map_or_else(Answer::default, |bytes| read_answer(&bytes));
    let row = chat_row(body, time, &answer, captured_body).map_err(in_event)?;
    Ok(Record::Chat {
        row,
        answered: answer.is_answer,
    })
}

fn chat_row(
    body: Map<String, Value>,
    time: f64,
    answer: &Answer,
    captured_body: CapturedBody,
) -> Result<NewRow, Flaw> {
    let mut row = NewRow {
        timestamp_ms: Some(time),
        delay_ms: None,
        output_tokens: None,
        input_tokens: answer.prompt_tokens,
        input: Input::Payload(Map::new()),
        extra: Map::new(),
    };
    if captured_body == CapturedBody::Verbatim {
        let bounds = BOUNDS.iter().find_map(|key| body.get(*key)?.as_u64());
        row.output_tokens = bounds
            .and_then(|bound| u32::try_from(bound).ok())
            .or(answer.completion_tokens);
        row.input = Input::Payload(body);
        return Ok(row);
    }
    let extra = if captured_body == CapturedBody::WithParameters {
        let parameters = body
            .iter()
            .filter(|(key, _)| !NOT_PARAMETERS.contains(&key.as_str()));
        parameters
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    } else {
        Map::new()
    };
    let mut fields = Fields::new(body);
    let max_tokens = fields.natural_number("max_tokens")?;
    let max_completion_tokens = fields.natural_number("max_completion_tokens")?;
    let messages = fields.array("messages")?.unwrap_or_default();
    refuse_bad_messages(&messages)?;
    row.output_tokens = max_tokens
        .or(max_completion_tokens)
        .or(answer.completion_tokens.filter(|tokens| *tokens > 0));
    row.extra = extra;
    row.input = Input::Messages {
        messages,
        tools: fields.array("tools")?.filter(|tools| !tools.is_empty()),
    };
    Ok(row)
}

/// Milliseconds since the epoch. A time without offset is one of this machine.
fn milliseconds(time: &str) -> Result<f64, Flaw> {
    let bad = || Flaw::at("inferenceTime", format!("`{time}` is no ISO 8601 time"));
    let timestamp = match time.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => {
            let local: DateTime = time.parse().map_err(|_| bad())?;
            let zoned = local.to_zoned(TimeZone::system()).map_err(|_| bad())?;
            zoned.timestamp()
        }
    };
    Ok(timestamp.as_nanosecond() as f64 / 1e6)
}

/// A difference of times since the epoch, without the digits that a float of that size makes up.
fn microseconds(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}

/// The bytes of a recorded body; none for encodings that hold no JSON.
fn decode(entry: Map<String, Value>) -> Result<Option<Vec<u8>>, Flaw> {
    let mut fields = Fields::new(entry);
    let encoding = fields.string("encoding")?;
    let data = match fields.take("data") {
        None => return Ok(None),
        Some(Value::String(data)) => data,
        // Some tools write the document itself.
        Some(document @ Value::Object(_)) => return Ok(Some(document.to_string().into_bytes())),
        Some(other) => return Err(expected("data", "a string", &other)),
    };
    match encoding.as_deref() {
        Some("JSON") => Ok(Some(data.into_bytes())),
        None | Some("BASE64") => BASE64_STANDARD
            .decode(data.trim())
            .map(Some)
            .map_err(|error| Flaw::at("data", format!("not valid base64: {error}"))),
        Some(_) => Ok(None),
    }
}

fn parse_body(bytes: Option<&[u8]>) -> Result<Option<Map<String, Value>>, Flaw> {
    let Some(bytes) = bytes else { return Ok(None) };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(body)) => Ok(Some(body)),
        Ok(_) => Ok(None),
        Err(error) => Err(Flaw::at("data", format!("not valid JSON: {error}"))),
    }
}

/// What a recorded answer tells.
#[derive(Debug, Default)]
struct Answer {
    is_answer: bool,
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// An answer is one document or the events of a stream, whose last usage counts. Whatever cannot
/// be read tells nothing.
fn read_answer(bytes: &[u8]) -> Answer {
    let mut answer = Answer::default();
    if let Ok(document) = serde_json::from_slice(bytes) {
        answer.take(&document);
        return answer;
    }
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Some(data) = line.strip_prefix("data:")
            && let Ok(event) = serde_json::from_str(data.trim())
        {
            answer.take(&event);
        }
    }
    answer
}

impl Answer {
    fn take(&mut self, document: &Value) {
        let has_choices = document.get("choices").is_some_and(Value::is_array);
        self.is_answer |= has_choices && document.get("error").is_none_or(Value::is_null);
        let usage = document.get("usage");
        let count = |key: &str| {
            let count = usage
                .and_then(|usage| usage.get(key))
                .and_then(Value::as_u64);
            count.and_then(|count| u32::try_from(count).ok())
        };
        self.prompt_tokens = count("prompt_tokens").or(self.prompt_tokens);
        self.completion_tokens = count("completion_tokens").or(self.completion_tokens);
    }
}
