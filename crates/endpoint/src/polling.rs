//! Asking for a video until it is there: submit, poll, perhaps download.
//!
//! A state machine without clock and socket. Whoever sends the requests tells it each response and
//! the time, and does the [`Step`] that it answers with. Requests after the first are GETs.

use url::Url;

use crate::dialect::{job_failure_of, job_of};
use crate::failure::{Failure, reason_phrase};
use crate::transcript::{BodyKind, Transcript};

/// How a video is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollSettings {
    /// Where the job is submitted to.
    pub submit_url: Url,
    /// The longest that a job is polled, in nanoseconds; no limit where absent.
    pub timeout_ns: Option<u64>,
    /// Between a response and the next poll, in nanoseconds.
    pub interval_ns: u64,
    /// Fetch the video once it is there.
    pub download: bool,
}

/// A response, as far as it decides what comes next.
#[derive(Debug, Clone, Copy)]
pub struct PollResponse<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
    /// When it was complete, in nanoseconds of the monotonic clock.
    pub at: u64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask how far the job is.
    Poll {
        /// Where.
        url: Url,
        /// When, in nanoseconds of the monotonic clock; in the past for the first poll.
        at: u64,
        /// Takes the response.
        then: VideoPolling,
    },
    /// Fetch the video. It counts for the end of the request, not for its latency.
    Download {
        /// Where.
        url: Url,
        /// Whether the URL is on the server that the job was submitted to. Elsewhere the request's
        /// credentials must not be sent: they are none of that server's business, and storage
        /// services refuse URLs with a signature and an `Authorization`.
        same_origin: bool,
        /// Takes the response.
        then: VideoPolling,
    },
    /// The job is done.
    Done {
        /// The last report, for the parser.
        body: Vec<u8>,
        /// When it was complete: the end of the request's latency.
        at: u64,
    },
    /// The request failed.
    Failed(Failure),
}

/// A job under way.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoPolling {
    settings: PollSettings,
    state: State,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// The job is being submitted.
    Submitting,
    /// The job is being polled at this URL since this instant.
    Polling { url: Url, since: u64 },
    /// The job is done, its video is being fetched; this is its last report.
    Downloading { body: Vec<u8>, at: u64 },
}

impl VideoPolling {
    /// A job that is about to be submitted; the first response is the answer to that.
    pub fn new(settings: PollSettings) -> Self {
        let state = State::Submitting;
        Self { settings, state }
    }

    /// What the response means. A request that brought no response at all ends the job: its
    /// failure is that of the whole.
    pub fn advance(self, response: &PollResponse<'_>) -> Step {
        let Self { settings, state } = self;
        match state {
            State::Submitting => submitted(settings, response),
            State::Polling { url, since } => polled(settings, url, since, response),
            State::Downloading { body, at } => match download_failure_of(response) {
                Some(failure) => Step::Failed(failure),
                None => Step::Done { body, at },
            },
        }
    }
}

/// A failure of the job that its server reports.
pub(crate) fn generation_failure(message: String) -> Failure {
    coded(500, "VideoGenerationError", message)
}

/// The failure of a download that brought no response; `text` says why.
pub fn download_failure(text: &str) -> Failure {
    let message = format!("Failed to download video: {text}");
    coded(500, "VideoDownloadError", message)
}

fn coded(code: i64, kind: &str, message: String) -> Failure {
    Failure {
        code: Some(code),
        kind: Some(kind.to_owned()),
        message,
        ..Failure::default()
    }
}

fn submitted(settings: PollSettings, response: &PollResponse<'_>) -> Step {
    let text = match text_of(response, "submit") {
        Ok(text) => text,
        Err(failure) => return Step::Failed(failure),
    };
    let Some(id) = job_of(text).and_then(|job| job.id) else {
        let start = start_of(text);
        return Step::Failed(generation_failure(format!("No job ID returned: {start}")));
    };
    let mut url = settings.submit_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(&id);
    }
    let since = response.at;
    let state = State::Polling {
        url: url.clone(),
        since,
    };
    Step::Poll {
        url,
        at: since,
        then: VideoPolling { settings, state },
    }
}

fn polled(settings: PollSettings, url: Url, since: u64, response: &PollResponse<'_>) -> Step {
    let text = match text_of(response, "poll") {
        Ok(text) => text,
        Err(failure) => return Step::Failed(failure),
    };
    if let Some(failure) = job_failure_of(text) {
        return Step::Failed(failure);
    }
    let job = job_of(text);
    let status = job.as_ref().and_then(|job| job.status.as_deref());
    if !status.is_some_and(|status| status.eq_ignore_ascii_case("completed")) {
        return wait(settings, url, since, response.at);
    }
    let (body, at) = (response.body.to_vec(), response.at);
    if !settings.download {
        return Step::Done { body, at };
    }
    match content_url(&url, job.and_then(|job| job.url).as_deref()) {
        Err(failure) => Step::Failed(failure),
        Ok(content) => Step::Download {
            same_origin: content.origin() == settings.submit_url.origin(),
            url: content,
            then: VideoPolling {
                settings,
                state: State::Downloading { body, at },
            },
        },
    }
}

/// The next poll: after the interval, or at the deadline if that comes first.
fn wait(settings: PollSettings, url: Url, since: u64, now: u64) -> Step {
    let mut at = now.saturating_add(settings.interval_ns);
    if let Some(timeout_ns) = settings.timeout_ns {
        let deadline = since.saturating_add(timeout_ns);
        if now >= deadline {
            let seconds = timeout_ns as f64 / 1e9;
            let message = format!("Video generation timed out after {seconds:?}s");
            return Step::Failed(coded(504, "TimeoutError", message));
        }
        at = at.min(deadline);
    }
    let state = State::Polling {
        url: url.clone(),
        since,
    };
    Step::Poll {
        url,
        at,
        then: VideoPolling { settings, state },
    }
}

/// Where the video is: at the URL that the job names, else under the job.
fn content_url(job_url: &Url, named: Option<&str>) -> Result<Url, Failure> {
    if let Some(named) = named {
        let unusable = |_| download_failure("the server gave an unusable URL");
        return job_url.join(named).map_err(unusable);
    }
    let mut url = job_url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push("content");
    }
    Ok(url)
}

/// The text of a response that must be a JSON object; `step` is what was asked for.
fn text_of<'a>(response: &PollResponse<'a>, step: &str) -> Result<&'a str, Failure> {
    let status = response.status;
    if !is_success(status) {
        return Err(Failure::http_status(
            status,
            reason_phrase(status),
            response.body,
        ));
    }
    if response.body.is_empty() {
        let message = format!("No response from video {step}");
        return Err(generation_failure(message));
    }
    if kind_of(response) != BodyKind::Text {
        let message = format!("Unexpected response type from video {step}");
        return Err(generation_failure(message));
    }
    let text = std::str::from_utf8(response.body).unwrap_or_default();
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(_) => {
            let start = String::from_utf8_lossy(response.body);
            let start = start_of(&start);
            Err(generation_failure(format!(
                "Invalid JSON in video {step} response (status {status}): {start}"
            )))
        }
    }
}

/// Why a download is no video; none if it is one.
fn download_failure_of(response: &PollResponse<'_>) -> Option<Failure> {
    let status = response.status;
    if !is_success(status) {
        let reason = reason_phrase(status);
        let failure = download_failure(format!("HTTP {status} {reason}").trim_end());
        return Some(Failure {
            code: Some(i64::from(status)),
            ..failure
        });
    }
    let is_video = kind_of(response) == BodyKind::Binary && !response.body.is_empty();
    (!is_video).then(|| download_failure("the answer is no video"))
}

fn kind_of(response: &PollResponse<'_>) -> BodyKind {
    let transcript = Transcript {
        content_type: response.content_type,
        body: response.body,
        reads: &[],
        ended_at: response.at,
        method_is_post: false,
    };
    transcript.kind()
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// As much of an unexpected answer as fits a message.
fn start_of(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
