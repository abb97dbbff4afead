//! What flags about the data do less than they seem to.

use super::{Advice, text};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{DatasetFormat, EndpointType, PromptCorpus};
use crate::profile::resolve::dataset::{is_synthetic, media};
use crate::profile::resolve::load::{Load, Mode};
use crate::profile::resolve::{endpoint, given, listed};

/// In the order in which it is given.
pub(super) const ADVICE: &[fn(&Load) -> Advice] = &[
    for_files,
    for_generated,
    |load| {
        let video = endpoint::kind(load.args) == EndpointType::VideoGeneration;
        (given(load.args.download_video_content) && !video).then(|| {
            text(
                "`--download-video-content` has no effect without `--endpoint-type video_generation`",
                "no other type makes videos",
            )
        })
    },
    |load| {
        let kind = endpoint::kind(load.args);
        let prefix = &load.args.prefix;
        let flags = [
            (
                "--shared-system-prompt-length",
                prefix.shared_system_length.is_some(),
            ),
            (
                "--user-context-prompt-length",
                prefix.user_context_length.is_some(),
            ),
        ];
        let idle_here = endpoint::takes_text(load.args)
            && !media::ranks(load.args)
            && !kind.capabilities().system_messages;
        let why = format!("with `--endpoint-type {kind}`");
        let hint = "that type has no messages before the prompt; use `--num-prefix-prompts 1 --prefix-prompt-length TOKENS`";
        idle(&flags, idle_here, &why, hint)
    },
    |load| {
        let asked = &load.args.prefix;
        let (size, length) = (asked.pool_size?, asked.length.unwrap_or(0));
        match (size, length) {
            (1.., 0) => Some(text(
                "`--num-prefix-prompts` has no effect without `--prefix-prompt-length`",
                "say how long the prefixes are: `--prefix-prompt-length TOKENS`",
            )),
            (0, 1..) => Some(text(
                "`--prefix-prompt-length` has no effect with `--num-prefix-prompts 0`",
                "say how many prefixes there are: `--num-prefix-prompts COUNT`",
            )),
            _ => None,
        }
    },
    delays_of_single_turns,
    ratio_without_delay,
    |load| {
        let args = load.args;
        let used =
            args.random_range_ratio.is_some() || args.prompt_corpus == Some(PromptCorpus::Random);
        (args.random_corpus_style.is_some() && is_synthetic(args) && !used).then(|| {
            text(
                "`--random-corpus-style` has no effect without `--random-range-ratio` or `--prompt-corpus random`",
                "leave it away, or add one of them",
            )
        })
    },
    |load| {
        let args = load.args;
        let flags = [
            ("--isl", args.isl_mean.is_some()),
            ("--isl-stddev", args.isl_stddev.is_some()),
            ("--osl", args.osl_mean.is_some()),
        ];
        let replaced = args.sequence_distribution.is_some() && is_synthetic(args);
        idle(
            &flags,
            replaced,
            "beside `--seq-dist`",
            "the pairs say all lengths",
        )
    },
    images_unwanted,
    audio_unwanted,
    video_unwanted,
    |load| {
        let asked = &load.args.video;
        let flags = [
            (
                "--video-audio-sample-rate",
                asked.audio_sample_rate.is_some(),
            ),
            ("--video-audio-depth", asked.audio_depth.is_some()),
        ];
        let silent = asked.audio_channels.unwrap_or(0) == 0 && is_synthetic(load.args);
        let without = "without `--video-audio-num-channels`";
        idle(
            &flags,
            silent,
            without,
            "add sound with `--video-audio-num-channels 1`",
        )
    },
    rankings_unwanted,
    only_rankings,
];

/// Warns of those flags that were given, where they are idle.
fn idle(flags: &[(&str, bool)], is_idle: bool, why: &str, hint: &str) -> Advice {
    let (flags, several) = listed(flags).filter(|_| is_idle)?;
    let verb = if several { "have" } else { "has" };
    Some(text(format!("{flags} {verb} no effect {why}"), hint))
}

fn for_files(load: &Load) -> Advice {
    let args = load.args;
    let synthesis = &args.synthesis;
    let flags = [
        (
            "--inter-turn-delay-cap-seconds",
            args.turn_delay_cap_seconds.is_some(),
        ),
        ("--uuid-and-strip", given(args.uuid_and_strip)),
        // For public datasets this is a mistake, see the rules.
        ("--isl-block-size", args.isl_block_size.is_some()),
        ("--ignore-trace-delays", args.ignore_trace_delays.is_some()),
        ("--synthesis-speedup-ratio", synthesis.speedup.is_some()),
        (
            "--synthesis-prefix-len-multiplier",
            synthesis.prefix_length.is_some(),
        ),
        (
            "--synthesis-prefix-root-multiplier",
            synthesis.prefix_roots.is_some(),
        ),
        (
            "--synthesis-prompt-len-multiplier",
            synthesis.prompt_length.is_some(),
        ),
        (
            "--synthesis-output-len-multiplier",
            synthesis.output_length.is_some(),
        ),
        ("--synthesis-max-isl", synthesis.max_isl.is_some()),
        ("--synthesis-max-osl", synthesis.max_osl.is_some()),
    ];
    let asked_for_pauses =
        args.turn_delay_cap_seconds.is_some() || args.ignore_trace_delays.is_some();
    let hint = if asked_for_pauses {
        "they are about files and traces; generated pauses are as long as `--conversation-turn-delay-mean` says"
    } else {
        "they change what a file holds; name one with `--input-file PATH`"
    };
    idle(
        &flags,
        args.input_file.is_none(),
        "without `--input-file`",
        hint,
    )
}

/// Whether generated conversations have one turn each.
fn has_single_turns(args: &ProfileArgs) -> bool {
    is_synthetic(args) && args.turn_mean.unwrap_or(1) <= 1 && args.turn_stddev.unwrap_or(0) == 0
}

fn delays_of_single_turns(load: &Load) -> Advice {
    let args = load.args;
    let flags = [
        (
            "--conversation-turn-delay-mean",
            args.turn_delay_mean_ms.is_some(),
        ),
        (
            "--conversation-turn-delay-stddev",
            args.turn_delay_stddev_ms.is_some(),
        ),
        (
            "--conversation-turn-delay-ratio",
            args.turn_delay_ratio.is_some(),
        ),
    ];
    idle(
        &flags,
        has_single_turns(args),
        "with single turns",
        "a pause lies between two turns; ask for more: `--conversation-turn-mean COUNT`",
    )
}

fn ratio_without_delay(load: &Load) -> Advice {
    let args = load.args;
    let is_zero = |delay: Option<f64>| delay.unwrap_or(0.0) == 0.0;
    let nothing = is_zero(args.turn_delay_mean_ms) && is_zero(args.turn_delay_stddev_ms);
    let flags = [(
        "--conversation-turn-delay-ratio",
        args.turn_delay_ratio.is_some(),
    )];
    let told_already = has_single_turns(args) || load.mode == Mode::UserCentric;
    idle(
        &flags,
        is_synthetic(args) && nothing && !told_already,
        "without `--conversation-turn-delay-mean`",
        "it stretches pauses, of which there are none: `--conversation-turn-delay-mean MILLISECONDS`",
    )
}

/// Whether rows of the file may name lengths, for which text is made.
fn may_hold_lengths(args: &ProfileArgs) -> bool {
    let format = args.custom_dataset_type;
    args.input_file.is_some() && format.is_none_or(DatasetFormat::is_trace_with_corpus)
}

fn for_generated(load: &Load) -> Advice {
    let args = load.args;
    let (image, audio, video) = (&args.image, &args.audio, &args.video);
    let flags = [
        (
            "--prompt-corpus",
            args.prompt_corpus.is_some() && !may_hold_lengths(args),
        ),
        ("--random-corpus-style", args.random_corpus_style.is_some()),
        ("--image-width-mean", image.width_mean.is_some()),
        ("--image-height-mean", image.height_mean.is_some()),
        ("--image-format", image.format.is_some()),
        ("--audio-length-mean", audio.length_mean.is_some()),
        ("--audio-format", audio.format.is_some()),
        ("--audio-depths", !audio.depths.is_empty()),
        ("--audio-sample-rates", !audio.sample_rates.is_empty()),
        ("--audio-num-channels", audio.channels.is_some()),
        ("--video-duration", video.duration.is_some()),
        ("--video-fps", video.fps.is_some()),
        ("--video-width", video.width.is_some()),
        ("--video-height", video.height.is_some()),
        ("--video-synth-type", video.kind.is_some()),
        ("--video-format", video.format.is_some()),
        ("--video-codec", video.codec.is_some()),
        ("--video-audio-num-channels", video.audio_channels.is_some()),
        (
            "--video-audio-sample-rate",
            video.audio_sample_rate.is_some(),
        ),
        ("--video-audio-depth", video.audio_depth.is_some()),
    ];
    let source = if args.input_file.is_some() {
        "with `--input-file`"
    } else {
        "with `--public-dataset`"
    };
    let hint = "they shape generated prompts; prompts that exist are sent as they are";
    idle(&flags, !is_synthetic(args), source, hint)
}

fn images_unwanted(load: &Load) -> Advice {
    let asked = &load.args.image;
    let flags = [
        ("--image-width-mean", asked.width_mean.is_some()),
        ("--image-height-mean", asked.height_mean.is_some()),
        ("--image-source", asked.source.is_some()),
        ("--image-source-sampling", asked.sampling.is_some()),
        ("--image-format", asked.format.is_some()),
    ];
    let declined = asked.batch_size == Some(0);
    let none = is_synthetic(load.args) && (declined || !media::wants_images(asked));
    let hint = "add images with `--image-batch-size COUNT`";
    idle(&flags, none, "without images", hint)
}

fn audio_unwanted(load: &Load) -> Advice {
    let asked = &load.args.audio;
    let flags = [
        ("--audio-length-mean", asked.length_mean.is_some()),
        ("--audio-format", asked.format.is_some()),
        ("--audio-depths", !asked.depths.is_empty()),
        ("--audio-sample-rates", !asked.sample_rates.is_empty()),
        ("--audio-num-channels", asked.channels.is_some()),
    ];
    let declined = asked.batch_size == Some(0);
    let none = is_synthetic(load.args) && (declined || !media::wants_audio(asked));
    let hint = "add audio with `--audio-length-mean SECONDS`";
    idle(&flags, none, "without audio", hint)
}

fn video_unwanted(load: &Load) -> Advice {
    let asked = &load.args.video;
    let asked_for_none = asked.batch_size == Some(0);
    let flags = [
        (
            "--video-batch-size",
            asked.batch_size.is_some() && !asked_for_none,
        ),
        ("--video-duration", asked.duration.is_some()),
        ("--video-fps", asked.fps.is_some()),
        ("--video-width", asked.width.is_some()),
        ("--video-height", asked.height.is_some()),
        ("--video-synth-type", asked.kind.is_some()),
        ("--video-format", asked.format.is_some()),
        ("--video-codec", asked.codec.is_some()),
        ("--video-audio-num-channels", asked.audio_channels.is_some()),
    ];
    if asked_for_none {
        let hint = "add videos with `--video-batch-size COUNT`";
        return idle(&flags, is_synthetic(load.args), "without videos", hint);
    }
    let has_size = asked.width.is_some() && asked.height.is_some();
    let none = is_synthetic(load.args) && !has_size;
    let why = "without both `--video-width` and `--video-height`";
    idle(
        &flags,
        none,
        why,
        "videos are made once their size is known",
    )
}

fn rankings_unwanted(load: &Load) -> Advice {
    let args = load.args;
    let asked = &args.rankings;
    let flags = [
        ("--rankings-passages-mean", asked.passages_mean.is_some()),
        (
            "--rankings-passages-prompt-token-mean",
            asked.passage_tokens_mean.is_some(),
        ),
        (
            "--rankings-query-prompt-token-mean",
            asked.query_tokens_mean.is_some(),
        ),
    ];
    let none = !media::ranks(args) || !is_synthetic(args);
    let hint = "they shape generated queries, with `--endpoint-type nim_rankings`, `cohere_rankings` or `hf_tei_rankings`";
    idle(&flags, none, "without generated rankings data", hint)
}

/// Rankings data has none of what other prompts have.
fn only_rankings(load: &Load) -> Advice {
    let args = load.args;
    let flags = [
        ("--isl", args.isl_mean.is_some()),
        ("--isl-stddev", args.isl_stddev.is_some()),
        ("--prompt-batch-size", args.prompt_batch_size.is_some()),
        ("--seq-dist", args.sequence_distribution.is_some()),
        ("--random-range-ratio", args.random_range_ratio.is_some()),
        ("--num-prefix-prompts", args.prefix.pool_size.is_some()),
        (
            "--user-context-prompt-length",
            args.prefix.user_context_length.is_some(),
        ),
        ("--conversation-turn-mean", args.turn_mean.is_some()),
        ("--image-batch-size", media::wants_images(&args.image)),
        ("--audio-batch-size", media::wants_audio(&args.audio)),
        ("--video-batch-size", media::wants_video(&args.video)),
    ];
    let ranks = media::ranks(args) && is_synthetic(args);
    let why = format!("with `--endpoint-type {}`", endpoint::kind(args));
    let hint = "the `--rankings-…` flags shape its queries and passages";
    idle(&flags, ranks, &why, hint)
}
