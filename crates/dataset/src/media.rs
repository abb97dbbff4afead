//! Images, audio and video that are made up, each from the seed and its number alone.
//!
//! - `plan`: what is wanted;
//! - `images`: noise, pictures drawn by formulas (`pictures`), or files of a folder (`folder`);
//! - `audio`: noise as `wav`, or as MP3 through `ffmpeg`;
//! - `video`: `frames` drawn one by one and encoded by `ffmpeg`;
//! - `ffmpeg`: the one place that starts a program.
//!
//! Checks that a plan can be carried out happen when it is opened, the work when a conversation is
//! asked for.

mod audio;
mod ffmpeg;
mod folder;
mod frames;
mod images;
mod pictures;
mod plan;
mod video;
mod wav;

use aiperf_endpoint::conversation::{Media, Turn};
use aiperf_random::RootSeed;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error::DatasetError;
use crate::plan::SyntheticPlan;
use audio::AudioMaker;
use images::ImageMaker;
pub use plan::{
    AudioFormat, AudioPlan, ImageFormat, ImagePlan, ImageSampling, ImageSource, SampleRate,
    VideoAudioPlan, VideoFormat, VideoKind, VideoPlan,
};
use video::VideoMaker;

/// Makes the media of made-up turns.
#[derive(Debug)]
pub(crate) struct MediaMaker {
    images: Option<ImageMaker>,
    audio: Option<AudioMaker>,
    video: Option<VideoMaker>,
}

impl MediaMaker {
    pub(crate) fn new(plan: &SyntheticPlan, seed: RootSeed) -> Result<Self, DatasetError> {
        Ok(Self {
            images: plan
                .images
                .as_ref()
                .map(|images| ImageMaker::new(images, seed))
                .transpose()?,
            audio: plan
                .audio
                .as_ref()
                .map(|audio| AudioMaker::new(audio, seed))
                .transpose()?,
            video: plan
                .video
                .as_ref()
                .map(|video| VideoMaker::new(video, seed))
                .transpose()?,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_none() && self.audio.is_none() && self.video.is_none()
    }

    /// Adds the media of the turn with this number within the dataset.
    pub(crate) fn fill(&self, turn: &mut Turn, turn_number: u64) -> Result<(), DatasetError> {
        if let Some(images) = &self.images {
            let contents = batch(images.batch_size(), turn_number, |number| {
                images.image(number)
            })?;
            turn.images.push(Media {
                name: "image_url".to_owned(),
                contents,
            });
        }
        if let Some(audio) = &self.audio {
            let clips = batch(audio.batch_size(), turn_number, |number| audio.clip(number))?;
            turn.audio_duration_seconds = clips.first().map(|clip| clip.seconds);
            let contents = clips.into_iter().map(|clip| clip.content).collect();
            turn.audios.push(Media {
                name: "input_audio".to_owned(),
                contents,
            });
        }
        if let Some(video) = &self.video {
            let contents = batch(video.batch_size(), turn_number, |number| video.clip(number))?;
            turn.videos.push(Media {
                name: "video_url".to_owned(),
                contents,
            });
        }
        Ok(())
    }
}

/// The items of a turn. Their numbers run through the dataset.
fn batch<T>(
    size: usize,
    turn_number: u64,
    item: impl Fn(u64) -> Result<T, DatasetError>,
) -> Result<Vec<T>, DatasetError> {
    let first = turn_number * size as u64;
    (first..first + size as u64).map(item).collect()
}

/// `<head><base64 of the bytes>`.
fn encoded(head: &str, bytes: &[u8]) -> String {
    let mut content = String::with_capacity(head.len() + bytes.len().div_ceil(3) * 4);
    content.push_str(head);
    BASE64_STANDARD.encode_string(bytes, &mut content);
    content
}

fn refused(reason: impl Into<String>) -> DatasetError {
    DatasetError::Media {
        reason: reason.into(),
    }
}
