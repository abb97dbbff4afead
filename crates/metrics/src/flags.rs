//! What a metric needs of the run, and how it is treated.

use crate::context::RunContext;

/// A set of properties of one metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u32);

/// Only with endpoints that produce tokens.
pub const TOKENS: Flags = Flags(1);
/// Only with endpoints whose input is tokenised.
pub const TOKENIZED_INPUT: Flags = Flags(1 << 1);
/// Only with endpoints that take audio.
pub const AUDIO: Flags = Flags(1 << 2);
/// Only with endpoints that take images.
pub const IMAGES: Flags = Flags(1 << 3);
/// Only with endpoints that produce videos.
pub const VIDEO_OUTPUT: Flags = Flags(1 << 4);
/// Only for streamed answers.
pub const STREAMING: Flags = Flags(1 << 5);
/// Compares the server's token counts with the client's, so only where both exist.
pub const USAGE_DIFFERENCE: Flags = Flags(1 << 6);
/// Dropped unless experimental metrics are asked for.
pub const EXPERIMENTAL: Flags = Flags(1 << 7);
/// Only for runs that replay a fixed schedule.
pub const FIXED_SCHEDULE: Flags = Flags(1 << 8);
/// Only with service level objectives.
pub const GOODPUT: Flags = Flags(1 << 9);
/// Dropped in accuracy runs.
pub const NOT_IN_ACCURACY: Flags = Flags(1 << 10);
/// Computed always, shown on request.
pub const INTERNAL: Flags = Flags(1 << 11);
/// Computed from failed records instead of valid ones.
pub const ERROR_ONLY: Flags = Flags(1 << 12);
/// More is better: decides the direction of a service level objective.
pub const LARGER_IS_BETTER: Flags = Flags(1 << 13);
/// Never in the per-request file.
pub const NOT_PER_RECORD: Flags = Flags(1 << 14);
/// Says something about reasoning models.
pub const REASONING: Flags = Flags(1 << 15);
/// Comes from the HTTP trace.
pub const HTTP_TRACE: Flags = Flags(1 << 16);
/// Has an error-adjusted twin `adj_…`.
pub const FAILURE_INFLATED: Flags = Flags(1 << 17);

const NAMES: [(Flags, &str); 18] = [
    (TOKENS, "produces tokens"),
    (TOKENIZED_INPUT, "tokenised input"),
    (AUDIO, "audio"),
    (IMAGES, "images"),
    (VIDEO_OUTPUT, "video output"),
    (STREAMING, "streaming"),
    (USAGE_DIFFERENCE, "client-side token counts"),
    (EXPERIMENTAL, "experimental"),
    (FIXED_SCHEDULE, "fixed schedule"),
    (GOODPUT, "goodput"),
    (NOT_IN_ACCURACY, "not in accuracy runs"),
    (INTERNAL, "internal"),
    (ERROR_ONLY, "failed records only"),
    (LARGER_IS_BETTER, "larger is better"),
    (NOT_PER_RECORD, "not per record"),
    (REASONING, "reasoning"),
    (HTTP_TRACE, "HTTP trace"),
    (FAILURE_INFLATED, "has `adj_` twin"),
];

impl Flags {
    /// The set that holds all of `list`.
    pub const fn all_of(list: &[Self]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < list.len() {
            bits |= list[index].0;
            index += 1;
        }
        Self(bits)
    }

    /// Whether every flag of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags in words, for the reference page.
    pub fn names(self) -> Vec<&'static str> {
        NAMES
            .iter()
            .filter(|(flag, _)| self.has(*flag))
            .map(|(_, name)| *name)
            .collect()
    }

    /// Why a metric with these flags does not apply to the run, if it does not.
    pub fn obstacle(self, context: &RunContext) -> Option<&'static str> {
        let endpoint = &context.endpoint;
        let conditions = [
            (
                TOKENS,
                endpoint.produces_tokens,
                "the endpoint type does not produce tokens",
            ),
            (
                TOKENIZED_INPUT,
                endpoint.tokenizes_input,
                "the endpoint type has no tokenised input",
            ),
            (
                AUDIO,
                endpoint.supports_audio,
                "the endpoint type does not take audio",
            ),
            (
                IMAGES,
                endpoint.supports_images,
                "the endpoint type does not take images",
            ),
            (
                VIDEO_OUTPUT,
                endpoint.produces_video,
                "the endpoint type does not produce videos",
            ),
            (STREAMING, context.streaming, "it needs `--streaming`"),
            (
                USAGE_DIFFERENCE,
                !context.use_server_token_count,
                "`--use-server-token-count` leaves nothing to compare with",
            ),
            (
                EXPERIMENTAL,
                context.compute_experimental,
                "experimental metrics are off",
            ),
            (
                FIXED_SCHEDULE,
                context.fixed_schedule,
                "no phase replays a fixed schedule",
            ),
            (
                GOODPUT,
                !context.slos.is_empty(),
                "no service level objectives are set",
            ),
            (
                NOT_IN_ACCURACY,
                !context.accuracy,
                "accuracy runs leave it out",
            ),
        ];
        conditions
            .into_iter()
            .find(|(flag, met, _)| self.has(*flag) && !met)
            .map(|(_, _, obstacle)| obstacle)
    }
}
