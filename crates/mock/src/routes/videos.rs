//! `/v1/videos`: to begin a video, to ask how it is coming along, and to fetch it.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use http::StatusCode;
use serde_json::{Value, json};

use super::multipart::Form;
use super::whole::{Document, text_member};
use super::{After, Service};
use crate::response::{JSON, Page};

/// Nothing that plays, but it says that it is an MP4.
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat";

/// The videos that were asked for.
#[derive(Default)]
pub(crate) struct Videos(Mutex<HashMap<String, Video>>);

#[derive(Clone)]
struct Video {
    model: String,
    prompt: String,
    size: String,
    seconds: String,
    created: i64,
    /// How often it was asked for.
    polls: usize,
}

/// Finds a text by its name.
type FieldReader = Box<dyn Fn(&str) -> Option<String>>;

impl Videos {
    fn change<T>(&self, change: impl FnOnce(&mut HashMap<String, Video>) -> T) -> T {
        // A map is whole after every operation, even if a thread panicked between two of them.
        change(&mut self.0.lock().unwrap_or_else(|broken| broken.into_inner()))
    }
}

impl Service<'_> {
    pub(super) async fn video_submit(&mut self) -> io::Result<After> {
        let (model, video) = match self.read_video().await {
            Ok(read) => read,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        let shared = self.shared;
        let document = Document {
            model,
            items: 1,
            prompt_tokens: self.count(&video.prompt),
        };
        self.document(document, |number, model| {
            let id = format!("video_{number:016x}");
            let video = Video {
                model: model.to_owned(),
                ..video
            };
            // The first status is that of the submission; polls go on from there.
            let page = Page::ok(
                JSON,
                state(&id, &video, &shared.options.video_statuses, "").to_string(),
            );
            shared.videos.change(|videos| videos.insert(id, video));
            page
        })
        .await
    }

    /// Forms and JSON are both taken.
    async fn read_video(&self) -> Result<(Option<String>, Video), String> {
        let content_type = self.request.header("content-type").unwrap_or_default();
        let field: FieldReader = if content_type.starts_with("application/json") {
            let body = self.json_object()?;
            Box::new(move |name| text_member(&body, name))
        } else {
            let form = Form::read(self.request).await?;
            Box::new(move |name| form.text(name))
        };
        let prompt = field("prompt").filter(|prompt| !prompt.is_empty());
        let video = Video {
            model: String::new(),
            prompt: prompt.ok_or("field `prompt` is missing")?,
            size: field("size").unwrap_or_else(|| "720x1280".to_owned()),
            seconds: field("seconds").unwrap_or_else(|| "4".to_owned()),
            created: self.created(),
            polls: 0,
        };
        Ok((field("model"), video))
    }

    pub(super) async fn video_poll(&mut self, id: &str) -> io::Result<After> {
        let video = self.shared.videos.change(|videos| {
            let video = videos.get_mut(id)?;
            video.polls += 1;
            Some(video.clone())
        });
        let Some(video) = video else {
            let message = format!("there is no video `{id}`");
            return self.refuse(StatusCode::NOT_FOUND, &message).await;
        };
        let statuses = &self.shared.options.video_statuses;
        let body = state(id, &video, statuses, &self.base_url());
        self.send(&Page::ok(JSON, body.to_string())).await
    }

    pub(super) async fn video_content(&mut self, id: &str) -> io::Result<After> {
        let video = self.shared.videos.change(|videos| videos.get(id).cloned());
        let statuses = &self.shared.options.video_statuses;
        match video {
            Some(video) if status(&video, statuses) == "completed" => {
                self.send(&Page::ok("video/mp4", MP4)).await
            }
            Some(_) => {
                let message = format!("video `{id}` is not complete");
                self.refuse(StatusCode::CONFLICT, &message).await
            }
            None => {
                let message = format!("there is no video `{id}`");
                self.refuse(StatusCode::NOT_FOUND, &message).await
            }
        }
    }
}

fn status<'a>(video: &Video, statuses: &'a [String]) -> &'a str {
    let place = video.polls.min(statuses.len().saturating_sub(1));
    statuses.get(place).map_or("completed", String::as_str)
}

/// What is said of a video; `base_url` is where to fetch it.
fn state(id: &str, video: &Video, statuses: &[String], base_url: &str) -> Value {
    let status = status(video, statuses);
    let is_complete = status == "completed";
    let progress = match status {
        "queued" => 0,
        "completed" => 100,
        _ => 50,
    };
    let mut state = json!({
        "id": id, "object": "video", "status": status, "progress": progress,
        "model": video.model, "prompt": video.prompt, "size": video.size,
        "seconds": video.seconds, "quality": "standard", "created_at": video.created,
        "completed_at": is_complete.then_some(video.created), "expires_at": Value::Null,
        "error": Value::Null,
    });
    if is_complete && !base_url.is_empty() {
        state["url"] = json!(format!("{base_url}/v1/videos/{id}/content"));
        state["inference_time_s"] = json!(0.5);
        state["peak_memory_mb"] = json!(1024.0);
    }
    if status == "failed" {
        state["error"] = json!({ "code": "mock", "message": "simulated failure of a video" });
    }
    state
}
