//! Words about images, audio and video.

use crate::command::choices;

choices! {
    /// How images are encoded.
    pub enum ImageFormat {
        /// PNG.
        Png = "png",
        /// JPEG.
        Jpeg = "jpeg",
        /// One of the two for each image.
        Random = "random",
    }
}

choices! {
    /// Which picture of a source each image is.
    pub enum ImageSampling {
        /// Independent draws.
        RandomWithReplacement = "random-with-replacement",
        /// All in random order, then again in another.
        ShuffleCycle = "shuffle-cycle",
        /// By name, and from the start again.
        SequentialCycle = "sequential-cycle",
    }
}

choices! {
    /// How audio is encoded.
    pub enum AudioFormat {
        /// Plain samples.
        Wav = "wav",
        /// MP3.
        Mp3 = "mp3",
    }
}

choices! {
    /// The container of a video.
    pub enum VideoFormat {
        /// WebM.
        Webm = "webm",
        /// MP4.
        Mp4 = "mp4",
    }
}

choices! {
    /// What videos show.
    pub enum VideoKind {
        /// Shapes that cross the picture.
        MovingShapes = "moving_shapes",
        /// A grid with a clock.
        GridClock = "grid_clock",
        /// Noise.
        Noise = "noise",
    }
}

choices! {
    /// How the sound of a video is encoded.
    pub enum VideoAudioCodec {
        /// AAC.
        Aac = "aac",
        /// Vorbis.
        Libvorbis = "libvorbis",
        /// Opus.
        Libopus = "libopus",
    }
}

choices! {
    /// Bits of each sample of a video's sound.
    pub enum VideoAudioDepth {
        /// 8 bits.
        Bits8 = "8",
        /// 16 bits.
        Bits16 = "16",
        /// 24 bits.
        Bits24 = "24",
        /// 32 bits.
        Bits32 = "32",
    }
}

impl VideoAudioDepth {
    /// The number of bits.
    pub const fn bits(self) -> u16 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
            Self::Bits24 => 24,
            Self::Bits32 => 32,
        }
    }
}
