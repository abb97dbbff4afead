//! Images, audio and video.

use super::prelude::*;

fn measured(value: Option<f64>) -> Outcome {
    let value = value.filter(|value| value.is_finite());
    value.map(Value::Float).ok_or(Absence::NoInput)
}

/// Images in the body; none at all counts as no image task.
fn num_images(facts: &RecordFacts<'_>) -> Outcome {
    known(Some(facts.input_images).filter(|&images| images > 0))
}

/// Images over a latency in nanoseconds.
fn image_throughput(inputs: &Inputs<'_>) -> Outcome {
    quotient(inputs.number(0)?, inputs.number(1)? * 1e-09)
}

/// A latency in nanoseconds over images.
fn image_latency(inputs: &Inputs<'_>) -> Outcome {
    quotient(inputs.number(1)? * 1e-06, inputs.number(0)?)
}

/// Length of the audio that was sent.
fn audio_duration(facts: &RecordFacts<'_>) -> Outcome {
    measured(facts.audio_seconds.filter(|&seconds| seconds > 0.0))
}

/// Seconds of audio per second of waiting: the inverse of the real-time factor, as speech
/// benchmarks report it.
fn inverse_real_time_factor(inputs: &Inputs<'_>) -> Outcome {
    quotient(inputs.number(0)?, inputs.number(1)? * 1e-09)
}

/// Image, audio, video.
pub(super) static MEDIA: &[Metric] = &[
    Metric::record(
        "num_images",
        "Number of Images",
        Int,
        Formula::Facts(num_images),
    )
    .short("Num Images")
    .unit(Images)
    .flags(&[IMAGES])
    .explained("images in the body that was sent", "0 images"),
    Metric::record(
        "image_throughput",
        "Image Throughput",
        Float,
        Formula::Values(image_throughput),
    )
    .short("Image Throughput")
    .unit(ImagesPerSecond)
    .flags(&[IMAGES])
    .console(ConsoleGroup::Default, Some(860))
    .requires(&["num_images", "request_latency"])
    .explained("`num_images / (request_latency × 1e-9)`", "latency = 0"),
    Metric::record(
        "image_latency",
        "Image Latency",
        Float,
        Formula::Values(image_latency),
    )
    .short("Image Latency")
    .unit(MillisecondsPerImage)
    .flags(&[IMAGES])
    .console(ConsoleGroup::Default, Some(861))
    .requires(&["num_images", "request_latency"])
    .explained("`request_latency × 1e-6 / num_images`", ""),
    Metric::record(
        "audio_duration",
        "Audio Duration",
        Float,
        Formula::Facts(audio_duration),
    )
    .short("Audio Dur")
    .unit(Seconds)
    .flags(&[AUDIO])
    .console(ConsoleGroup::None, Some(870))
    .explained(
        "length of the audio that was sent",
        "unknown or not above 0",
    ),
    Metric::record(
        "rtfx",
        "Inverse Real-Time Factor (RTFx)",
        Float,
        Formula::Values(inverse_real_time_factor),
    )
    .short_without_unit("RTFx")
    .unit(Ratio)
    .flags(&[AUDIO, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(850))
    .requires(&["audio_duration", "request_latency"])
    .explained("`audio_duration / (request_latency × 1e-9)`", "latency = 0"),
    Metric::record(
        "video_inference_time",
        "Video Inference Time",
        Float,
        Formula::Facts(|facts| measured(facts.video_inference_time_s)),
    )
    .short("Inference Time")
    .units(Seconds, Milliseconds)
    .flags(&[VIDEO_OUTPUT])
    .console(ConsoleGroup::Default, Some(310))
    .explained("`inference_time_s`, as first reported", "not reported"),
    Metric::record(
        "video_peak_memory",
        "Video Peak Memory",
        Float,
        Formula::Facts(|facts| measured(facts.video_peak_memory_mb)),
    )
    .short("Peak Memory")
    .unit(Megabytes)
    .flags(&[VIDEO_OUTPUT])
    .console(ConsoleGroup::Default, Some(311))
    .explained("`peak_memory_mb`, as first reported", "not reported"),
];
