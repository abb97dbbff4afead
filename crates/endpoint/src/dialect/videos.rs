//! Videos: a job that is submitted, polled (see [`crate::polling`]) and reported.

use serde_json::{Map, Value};

use super::members::Members;
use super::upload::prompt;
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::failure::Failure;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, MediaSupport, NO_MEDIA, SCORING};
use crate::parse::media::VideoJob;
use crate::parse::{AnswerBuilder, MediaContent};
use crate::polling::generation_failure;

/// The dialect; it has no state.
pub(super) struct Videos;

impl Videos {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::VideoGeneration,
        name: "video_generation",
        path: Some("/v1/videos"),
        media: MediaSupport {
            produces_video: true,
            ..NO_MEDIA
        },
        single_turn: false,
        multipart: true,
        title: "Video Generation Metrics",
        ..SCORING
    };
}

impl Dialect for Videos {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let mut body = Map::new();
        body.insert("prompt".into(), prompt(context)?.into());
        body.insert("model".into(), context.model()?.into());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Some(response) = Members::parse(text) else {
            return;
        };
        if let Some(failure) = job_failure(&response).or_else(|| response.failure(text)) {
            return answer.fail(failure);
        }
        let content = job(&response).map(|job| MediaContent::Video(Box::new(job)));
        answer.add_media(at, content, response.usage().as_deref());
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

/// The job that a response reports; none if there is neither an identifier nor a status, as in an
/// error object.
pub(crate) fn job_of(text: &str) -> Option<VideoJob> {
    job(&Members::parse(text)?)
}

/// The failure of the job that a response reports.
pub(crate) fn job_failure_of(text: &str) -> Option<Failure> {
    job_failure(&Members::parse(text)?)
}

fn job(response: &Members<'_>) -> Option<VideoJob> {
    let id = response.label("id");
    let status = response.string("status");
    if id.is_none() && status.is_none() {
        return None;
    }
    Some(VideoJob {
        id,
        object: response.string("object"),
        status,
        progress: response.number("progress"),
        url: response.string("url"),
        size: response.string("size"),
        seconds: response.label("seconds"),
        quality: response.string("quality"),
        model: response.string("model"),
        created_at: response.number("created_at"),
        completed_at: response.number("completed_at"),
        expires_at: response.number("expires_at"),
        inference_time_s: response.number("inference_time_s"),
        peak_memory_mb: response.number("peak_memory_mb"),
    })
}

/// A job that is over without a video. Servers that let jobs be cancelled or expire say so by
/// their status; waiting for them would last until the time is up.
fn job_failure(response: &Members<'_>) -> Option<Failure> {
    let status = response.text("status")?;
    let is_over = ["failed", "cancelled", "canceled", "expired"]
        .iter()
        .any(|end| status.eq_ignore_ascii_case(end));
    if !is_over {
        return None;
    }
    let of_object = response
        .get("error")
        .and_then(Members::parse)
        .and_then(|error| error.string("message"));
    let reason = of_object
        .or_else(|| response.string("error"))
        .unwrap_or_else(|| match status.to_ascii_lowercase().as_str() {
            "failed" => "Unknown error".into(),
            status => format!("the job is {status}"),
        });
    Some(generation_failure(format!(
        "Video generation failed: {reason}"
    )))
}

#[cfg(test)]
mod tests;
