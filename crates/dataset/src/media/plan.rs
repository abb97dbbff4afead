//! What images, audio and video are wanted.

use std::path::PathBuf;

use crate::law::Law;

/// Images of made-up turns.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePlan {
    /// Images in each turn; 0 makes an item without content.
    pub batch_size: usize,
    /// In pixels.
    pub width: Law,
    /// In pixels.
    pub height: Law,
    /// How they are encoded.
    pub format: ImageFormat,
    /// What they show.
    pub source: ImageSource,
    /// Which picture of the source each image is; without meaning for noise.
    pub sampling: ImageSampling,
}

impl Default for ImagePlan {
    fn default() -> Self {
        Self {
            batch_size: 1,
            width: Law::fixed(512.0),
            height: Law::fixed(512.0),
            format: ImageFormat::default(),
            source: ImageSource::default(),
            sampling: ImageSampling::default(),
        }
    }
}

/// How images are encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ImageFormat {
    /// Without loss.
    Png,
    /// Quality 85, colours at full resolution.
    #[default]
    Jpeg,
    /// One of the two for each image.
    Random,
}

/// What images show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ImageSource {
    /// Every pixel drawn by itself: the least that can be compressed.
    #[default]
    Noise,
    /// Pictures that are part of the program.
    Assets,
    /// The image files of a folder, without its subfolders.
    Folder(PathBuf),
}

/// Which picture of a source each image is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ImageSampling {
    /// Each draw independent of the others.
    #[default]
    RandomWithReplacement,
    /// All in random order, then all again in another.
    ShuffleCycle,
    /// In the order of their names, and from the start again.
    SequentialCycle,
}

/// Audio clips of made-up turns: noise.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioPlan {
    /// Clips in each turn; 0 makes an item without content.
    pub batch_size: usize,
    /// Length of each clip in seconds; draws are at least 0.01.
    pub seconds: Law,
    /// How clips are encoded.
    pub format: AudioFormat,
    /// Each clip has one of these; at least one.
    pub sample_rates: Vec<SampleRate>,
    /// Each clip has one of these: 8, 16, 24 or 32 bits for each sample; at least one.
    pub depths: Vec<u16>,
    /// 1 or 2.
    pub channels: u16,
}

impl Default for AudioPlan {
    fn default() -> Self {
        Self {
            batch_size: 1,
            seconds: Law::fixed(10.0),
            format: AudioFormat::default(),
            sample_rates: vec![SampleRate::from_option(16.0)],
            depths: vec![16],
            channels: 1,
        }
    }
}

/// How audio is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AudioFormat {
    /// Plain samples.
    #[default]
    Wav,
    /// Needs `ffmpeg` with LAME.
    Mp3,
}

/// Samples each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRate {
    /// In hertz.
    pub hertz: u32,
}

impl SampleRate {
    /// Options give kilohertz; what is above 96 is meant in hertz. A fraction of a hertz is lost.
    pub fn from_option(value: f64) -> Self {
        let kilohertz = if value > 96.0 { value / 1000.0 } else { value };
        Self {
            hertz: (kilohertz * 1000.0) as u32,
        }
    }
}

/// Video clips of made-up turns.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoPlan {
    /// Clips in each turn; 0 makes an item without content.
    pub batch_size: usize,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Length of each clip.
    pub seconds: f64,
    /// Frames each second.
    pub frames_per_second: u32,
    /// The container.
    pub format: VideoFormat,
    /// The name of the encoder for `ffmpeg`.
    pub codec: String,
    /// What clips show.
    pub kind: VideoKind,
    /// What can be heard; absent means silence.
    pub audio: Option<VideoAudioPlan>,
}

impl VideoPlan {
    /// A clip of this size with the defaults of the command line.
    pub fn new(width: u32, height: u32) -> Self {
        Self {
            batch_size: 1,
            width,
            height,
            seconds: 1.0,
            frames_per_second: 4,
            format: VideoFormat::default(),
            codec: "libvpx-vp9".to_owned(),
            kind: VideoKind::default(),
            audio: None,
        }
    }
}

/// The container of a video.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VideoFormat {
    /// WebM.
    #[default]
    Webm,
    /// MP4, with its index in front.
    Mp4,
}

impl VideoFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Webm => "webm",
            Self::Mp4 => "mp4",
        }
    }
}

/// What a video shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VideoKind {
    /// Circles and a square that cross a black ground.
    #[default]
    MovingShapes,
    /// A grid, a clock face and the number of the frame.
    GridClock,
    /// Every pixel of every frame drawn by itself.
    Noise,
}

/// The sound of a video: noise as long as the clip.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoAudioPlan {
    /// 1 or 2.
    pub channels: u16,
    /// Bits of each sample before encoding: 8, 16, 24 or 32.
    pub depth: u16,
    /// 8 to 96 kHz.
    pub sample_rate: SampleRate,
    /// The name of the encoder for `ffmpeg`; the container's usual one where absent.
    pub codec: Option<String>,
}

impl Default for VideoAudioPlan {
    fn default() -> Self {
        Self {
            channels: 1,
            depth: 16,
            sample_rate: SampleRate::from_option(44.1),
            codec: None,
        }
    }
}
