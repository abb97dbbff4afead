//! What an answer holds that is no text.

use crate::parse::Answer;

/// What all responses of an answer hold together. Of data that can be large (vectors, images) it
/// keeps the amounts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaAnswer {
    /// Number of embeddings.
    pub embeddings: usize,
    /// Number of ranked passages.
    pub rankings: usize,
    /// Number of entries that image retrieval found.
    pub retrieved: usize,
    /// The images, in the order in which they came; previews included.
    pub images: Vec<GeneratedImage>,
    /// How the server says it made the images.
    pub image_options: ImageOptions,
    /// The job that made a video, as it was last reported.
    pub video: Option<VideoJob>,
}

/// An image of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GeneratedImage {
    /// Where the image is.
    pub url: Option<String>,
    /// The length of its base64 text in bytes, if the image itself was sent.
    pub base64_bytes: Option<usize>,
    /// The prompt that the server made of the user's.
    pub revised_prompt: Option<String>,
    /// The number of a preview that a stream sends before the image; none for a finished image.
    pub partial_image_index: Option<u64>,
}

/// How images were made, as the server reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageOptions {
    /// Width and height (`1024x1024`).
    pub size: Option<String>,
    /// The quality asked for.
    pub quality: Option<String>,
    /// File format (`png`).
    pub output_format: Option<String>,
    /// `transparent`, `opaque` or `auto`.
    pub background: Option<String>,
}

/// A job that makes a video, as the server reports it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoJob {
    /// The job's identifier.
    pub id: Option<String>,
    /// What the server calls the object.
    pub object: Option<String>,
    /// `queued`, `in_progress`, `completed` or `failed`.
    pub status: Option<String>,
    /// How far it is, in percent.
    pub progress: Option<f64>,
    /// Where the video is.
    pub url: Option<String>,
    /// Width and height (`1280x720`).
    pub size: Option<String>,
    /// Length of the video in seconds, as the server writes it.
    pub seconds: Option<String>,
    /// The quality asked for.
    pub quality: Option<String>,
    /// The model that made it.
    pub model: Option<String>,
    /// When the job was created, in seconds of the epoch.
    pub created_at: Option<f64>,
    /// When it was completed, in seconds of the epoch.
    pub completed_at: Option<f64>,
    /// When the video is deleted, in seconds of the epoch.
    pub expires_at: Option<f64>,
    /// How long the server worked on it, in seconds. The first report stands.
    pub inference_time_s: Option<f64>,
    /// The most memory that it took, in megabytes. The first report stands.
    pub peak_memory_mb: Option<f64>,
}

/// What one response carries that is no text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MediaContent {
    Embeddings(usize),
    Rankings(usize),
    Retrieved(usize),
    Images {
        images: Vec<GeneratedImage>,
        options: ImageOptions,
    },
    Video(Box<VideoJob>),
}

impl MediaAnswer {
    /// Number of finished images; previews are not among them.
    pub fn finished_images(&self) -> usize {
        let is_finished = |image: &&GeneratedImage| image.partial_image_index.is_none();
        self.images.iter().filter(is_finished).count()
    }

    pub(crate) fn add(&mut self, content: MediaContent) {
        match content {
            MediaContent::Embeddings(count) => self.embeddings += count,
            MediaContent::Rankings(count) => self.rankings += count,
            MediaContent::Retrieved(count) => self.retrieved += count,
            MediaContent::Images { images, options } => {
                self.images.extend(images);
                self.image_options.update(options);
            }
            MediaContent::Video(mut job) => {
                if let Some(known) = self.video.take() {
                    job.inference_time_s = known.inference_time_s.or(job.inference_time_s);
                    job.peak_memory_mb = known.peak_memory_mb.or(job.peak_memory_mb);
                }
                self.video = Some(*job);
            }
        }
    }
}

impl ImageOptions {
    /// Takes over what a later response reports.
    fn update(&mut self, later: Self) {
        let Self {
            size,
            quality,
            output_format,
            background,
        } = later;
        for (known, reported) in [
            (&mut self.size, size),
            (&mut self.quality, quality),
            (&mut self.output_format, output_format),
            (&mut self.background, background),
        ] {
            if reported.is_some() {
                *known = reported;
            }
        }
    }
}

impl Answer {
    /// How long the server says it worked on the video, in seconds.
    pub fn video_inference_time_s(&self) -> Option<f64> {
        self.media.as_ref()?.video.as_ref()?.inference_time_s
    }

    /// How much memory the server says the video took at most, in megabytes.
    pub fn video_peak_memory_mb(&self) -> Option<f64> {
        self.media.as_ref()?.video.as_ref()?.peak_memory_mb
    }
}
