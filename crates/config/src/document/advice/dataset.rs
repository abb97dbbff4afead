//! About what is sent.

use aiperf_endpoint::EndpointType;

use super::{Idle, is_at_most};
use crate::document::read::Field;
use crate::document::sections::dataset::{DatasetSection, PublicSection, SyntheticSection};
use crate::document::sections::distribution::Distribution;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::prompts::PromptsSection;

/// Where the one dataset of a file stands.
const PATH: &str = "datasets.0";

fn below(name: &str) -> String {
    format!("{PATH}.{name}")
}

pub(super) fn look(body: &BenchmarkSection, idle: &mut Idle) {
    match body.dataset() {
        Some(DatasetSection::Synthetic(dataset)) => {
            let kind = body.endpoint.r#type.choice().unwrap_or_default();
            turns(body, dataset, idle);
            if let Some(prompts) = dataset.prompts.as_ref() {
                self::prompts(prompts, idle);
            }
            prefixes(dataset, kind, idle);
            media(dataset, idle);
            rankings(dataset, kind, idle);
        }
        Some(DatasetSection::Public(dataset)) => public(dataset, idle),
        Some(DatasetSection::File(_)) | None => {}
    }
}

fn turns(body: &BenchmarkSection, dataset: &SyntheticSection, idle: &mut Idle) {
    let pauses = [
        ("turnDelay", dataset.turn_delay.mark),
        ("turnDelayRatio", dataset.turn_delay_ratio.mark),
    ];
    let turns = dataset.turns.as_ref();
    if turns.is_none_or(|turns| is_at_most(turns, 1.0)) {
        let hint = "a pause lies between two turns; ask for more with `turns: COUNT`";
        idle.keys(PATH, &pauses, "with single turns", hint);
    } else if body.phases.iter().all(|phase| phase.is("user_centric")) {
        let hint = "users come back every users / rate seconds, whatever the data says";
        idle.keys(PATH, &pauses, "on user-centric phases", hint);
    } else if dataset
        .turn_delay
        .as_ref()
        .is_none_or(|delay| is_at_most(delay, 0.0))
    {
        idle.key(
            &below("turnDelayRatio"),
            &dataset.turn_delay_ratio,
            "without `turnDelay`",
            "it stretches pauses, of which there are none: `turnDelay: MILLISECONDS`",
        );
    }
}

fn prompts(prompts: &PromptsSection, idle: &mut Idle) {
    idle.key(
        &below("prompts.blockSize"),
        &prompts.block_size,
        "on generated prompts",
        "only traces have blocks; leave it away",
    );
    let is_random = prompts.corpus.is_some_and(|corpus| corpus.is("random"));
    if prompts.random_range_ratio.is_none() && !is_random {
        idle.key(
            &below("prompts.randomCorpusStyle"),
            &prompts.random_corpus_style,
            "without `randomRangeRatio` or `corpus: random`",
            "leave it away, or add one of them",
        );
    }
    if prompts.sequence_distribution.is_some() {
        idle.keys(
            &below("prompts"),
            &[("isl", prompts.isl.mark), ("osl", prompts.osl.mark)],
            "beside `sequenceDistribution`",
            "the pairs say all lengths",
        );
        return;
    }
    for (name, length) in [("isl", &prompts.isl), ("osl", &prompts.osl)] {
        too_short(&below(&format!("prompts.{name}")), length, idle);
    }
}

/// A length that is always below 1 is drawn as 1.
fn too_short(path: &str, length: &Field<Option<Distribution>>, idle: &mut Idle) {
    if let Some(Distribution::Fixed(law)) = length.as_ref()
        && *law.value < 0.0
    {
        let why = format!("as {}: a length is at least 1", *law.value);
        idle.key(path, length, &why, "give a number above 0");
    }
}

fn prefixes(dataset: &SyntheticSection, kind: EndpointType, idle: &mut Idle) {
    let Some(prefix) = dataset.prefix_prompts.as_ref() else {
        return;
    };
    let path = below("prefixPrompts");
    if prefix.length.is_none() {
        idle.keys(
            &path,
            &[("poolSize", prefix.pool_size.mark)],
            "without `length`",
            "say how long the prefixes are: `length: TOKENS`",
        );
    }
    if !kind.capabilities().system_messages {
        idle.keys(
            &path,
            &[
                ("sharedSystemLength", prefix.shared_system_length.mark),
                ("userContextLength", prefix.user_context_length.mark),
            ],
            &format!("with `endpoint.type: {kind}`"),
            "that type has no messages before the prompt; use `poolSize` and `length`",
        );
    }
}

/// Blocks of media are about nothing while their `batchSize` is 0, which it is by default.
fn media(dataset: &SyntheticSection, idle: &mut Idle) {
    let why = "without a `batchSize`";
    let hint = "nothing of the kind is sent until you say how many: `batchSize: 1`";
    if let Some(images) = dataset.images.as_ref()
        && *images.batch_size == 0
    {
        idle.keys(
            &below("images"),
            &[
                ("width", images.width.mark),
                ("height", images.height.mark),
                ("format", images.format.mark),
                ("source", images.source.mark),
                ("sourceSampling", images.source_sampling.mark),
            ],
            why,
            hint,
        );
    }
    if let Some(audio) = dataset.audio.as_ref()
        && *audio.batch_size == 0
    {
        idle.keys(
            &below("audio"),
            &[
                ("length", audio.length.mark),
                ("format", audio.format.mark),
                ("sampleRates", audio.sample_rates.mark),
                ("depths", audio.depths.mark),
                ("channels", audio.channels.mark),
            ],
            why,
            hint,
        );
    }
    video(dataset, idle);
}

fn video(dataset: &SyntheticSection, idle: &mut Idle) {
    let Some(video) = dataset.video.as_ref() else {
        return;
    };
    let keys = [
        ("duration", video.duration.mark),
        ("fps", video.fps.mark),
        ("width", video.width.mark),
        ("height", video.height.mark),
        ("format", video.format.mark),
        ("codec", video.codec.mark),
        ("synthType", video.synth_type.mark),
        ("audio", video.audio.mark),
    ];
    let path = below("video");
    if *video.batch_size == 0 {
        let hint = "no video is sent until you say how many: `batchSize: 1`";
        idle.keys(&path, &keys, "without a `batchSize`", hint);
    } else if video.width.is_none() || video.height.is_none() {
        let why = "without both `width` and `height`";
        let hint = "videos are made once their size is known";
        idle.key(&below("video.batchSize"), &video.batch_size, why, hint);
        idle.keys(&path, &keys, why, hint);
    } else if *video.audio.channels == 0 {
        idle.keys(
            &below("video.audio"),
            &[
                ("sampleRate", video.audio.sample_rate.mark),
                ("depth", video.audio.depth.mark),
            ],
            "without `channels`",
            "add sound with `channels: 1`",
        );
    }
}

fn rankings(dataset: &SyntheticSection, kind: EndpointType, idle: &mut Idle) {
    let ranks = matches!(
        kind,
        EndpointType::NimRankings | EndpointType::CohereRankings | EndpointType::HfTeiRankings
    );
    let with = format!("with `endpoint.type: {kind}`");
    if !ranks {
        let hint = "queries and passages are sent with `nim_rankings`, `cohere_rankings` and `hf_tei_rankings`";
        idle.key(&below("rankings"), &dataset.rankings, &with, hint);
        return;
    }
    idle.keys(
        PATH,
        &[
            ("prefixPrompts", dataset.prefix_prompts.mark),
            ("turns", dataset.turns.mark),
            ("images", dataset.images.mark),
            ("audio", dataset.audio.mark),
            ("video", dataset.video.mark),
        ],
        &with,
        "`rankings` shapes its queries and passages",
    );
}

fn public(dataset: &PublicSection, idle: &mut Idle) {
    let prompts = dataset.prompts.as_ref();
    idle.keys(
        PATH,
        &[
            (
                "interTurnDelayCapSeconds",
                dataset.inter_turn_delay_cap_seconds.mark,
            ),
            ("ignoreTraceDelays", dataset.ignore_trace_delays.mark),
            ("synthesis", dataset.synthesis.mark),
            (
                "prompts.corpus",
                prompts.and_then(|prompts| prompts.corpus.mark),
            ),
        ],
        "on public datasets",
        "it changes traces in files; a public dataset is sent as it is",
    );
}
