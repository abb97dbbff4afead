//! `datasets`: made up, read from a file, or public.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::distribution::Distribution;
use super::media::{AudioSection, ImagesSection, VideoSection};
use super::prompts::{
    CacheBust, PrefixPrompts, PromptSelection, PromptsSection, RankingsSection, SynthesisSection,
};
use crate::document::limits::{above_zero, from_one, from_zero, not_empty_text, share_above_zero};
use crate::document::node::{Node, NodeValue};
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};
use crate::document::values::{Anything, Named, OneOf, words};
use crate::profile::{DatasetFormat, Sampling};

words! {
    /// Where conversations come from.
    DatasetKind = "synthetic", "file", "public";
    /// Datasets of public hubs.
    PublicName = "exgentic_v2", "exgentic", "sharegpt", "aimo", "mmstar", "mmvu", "vision_arena",
        "llava_onevision", "aimo_aime", "aimo_numina_cot", "aimo_numina_1_5", "spec_bench",
        "spec_al_gsm8k", "spec_al_math500", "spec_al_humaneval", "spec_al_mbpp", "spec_al_mtbench",
        "instruct_coder", "blazedit_5k", "blazedit_10k", "librispeech", "voxpopuli", "gigaspeech",
        "ami", "spgispeech", "semianalysis_cc_traces_weka",
        "semianalysis_cc_traces_weka_no_subagents",
        "semianalysis_cc_traces_weka_with_subagents",
        "semianalysis_cc_traces_weka_with_subagents_256k",
        "semianalysis_cc_traces_weka_with_subagents_060226",
        "semianalysis_cc_traces_weka_with_subagents_060226_256k",
        "semianalysis_cc_traces_weka_with_subagents_060526",
        "semianalysis_cc_traces_weka_with_subagents_060526_256k",
        "semianalysis_cc_traces_weka_with_subagents_060826",
        "semianalysis_cc_traces_weka_with_subagents_060826_256k",
        "semianalysis_cc_traces_weka_061326", "semianalysis_cc_traces_weka_061326_256k",
        "semianalysis_cc_traces_weka_061526", "semianalysis_cc_traces_weka_061526_256k",
        "semianalysis_cc_traces_weka_062126", "semianalysis_cc_traces_weka_062126_256k", "weka_hf";
}

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DatasetSection {
    Synthetic(Box<SyntheticSection>),
    File(Box<FileSection>),
    Public(Box<PublicSection>),
}

section! {
    /// Conversations that are made up.
    pub(crate) struct SyntheticSection {
        system_prompt: Option<String> = None;
        system_prompt_file: Option<PathBuf> = None;
        name: String, not_empty_text;
        r#type: OneOf<DatasetKind>;
        entries: u64 = 100, from_one;
        random_seed: Option<u64> = None;
        sampling: OneOf<Sampling> = OneOf::word("sequential");
        prompts: Option<PromptsSection> = None;
        prefix_prompts: Option<PrefixPrompts> = None;
        turns: Option<Distribution> = None;
        turn_delay: Option<Distribution> = None;
        turn_delay_ratio: f64 = 1.0, from_zero;
        images: Option<ImagesSection> = None;
        audio: Option<AudioSection> = None;
        video: Option<VideoSection> = None;
        rankings: Option<RankingsSection> = None;
    }
}

section! {
    /// Conversations that are read, or written out in the configuration itself.
    pub(crate) struct FileSection {
        system_prompt: Option<String> = None;
        system_prompt_file: Option<PathBuf> = None;
        name: String, not_empty_text;
        r#type: OneOf<DatasetKind>;
        path: Option<PathBuf> = None;
        records: Option<Records> = None;
        format: OneOf<DatasetFormat> = OneOf::word("single_turn");
        sampling: OneOf<Sampling> = OneOf::word("sequential");
        synthesis: Option<SynthesisSection> = None;
        entries: Option<u64> = None, from_one;
        random_seed: Option<u64> = None;
        trace_session_sample_ratio: Option<f64> = None, share_above_zero;
        inter_turn_delay_cap_seconds: Option<f64> = None, from_zero;
        max_idle_gap_cap_seconds: Option<f64> = None, above_zero;
        replay_speedup: Option<f64> = None, above_zero;
        open_loop_replay: bool = true;
        open_loop_strict: bool = false;
        omit_kv_hints: bool = false;
        force_min_tokens: bool = true;
        osl: Option<Distribution> = None;
        prompt_batch_size: Option<u64> = None;
        image_batch_size: Option<u64> = None;
        audio_batch_size: Option<u64> = None;
        video_batch_size: Option<u64> = None;
        block_size: Option<u64> = None, from_one;
        trace_idle_gap_cap_seconds: Option<f64> = None, from_zero;
        ignore_trace_delays: bool = false;
        use_think_time_only: bool = false;
        max_context_length: Option<u64> = None, from_one;
        cache_bust: CacheBust = CacheBust::none();
        prompts: Option<PromptSelection> = None;
    }
}

section! {
    /// Conversations that are fetched from a hub.
    pub(crate) struct PublicSection {
        system_prompt: Option<String> = None;
        system_prompt_file: Option<PathBuf> = None;
        name: String, not_empty_text;
        r#type: OneOf<DatasetKind>;
        dataset: OneOf<PublicName>;
        entries: Option<u64> = None, from_one;
        random_seed: Option<u64> = None;
        sampling: OneOf<Sampling> = OneOf::word("sequential");
        hf_subset: Option<String> = None;
        filters: Named<String> = Named::default();
        hf_weka_dataset: Option<String> = None;
        inter_turn_delay_cap_seconds: Option<f64> = None, from_zero;
        trace_idle_gap_cap_seconds: Option<f64> = None, from_zero;
        ignore_trace_delays: bool = false;
        use_think_time_only: bool = false;
        max_context_length: Option<u64> = None, from_one;
        cache_bust: CacheBust = CacheBust::none();
        prompts: Option<PromptSelection> = None;
        synthesis: Option<SynthesisSection> = None;
        osl: Option<Distribution> = None;
    }
}

impl DatasetSection {
    /// The seed of this dataset alone.
    pub(crate) fn random_seed(&self) -> Option<u64> {
        match self {
            Self::Synthetic(dataset) => *dataset.random_seed,
            Self::File(dataset) => *dataset.random_seed,
            Self::Public(dataset) => *dataset.random_seed,
        }
    }

    /// The system prompt in the user's own words, as text or as a file.
    pub(crate) fn system_prompt(&self) -> (&Field<Option<String>>, &Field<Option<PathBuf>>) {
        match self {
            Self::Synthetic(dataset) => (&dataset.system_prompt, &dataset.system_prompt_file),
            Self::File(dataset) => (&dataset.system_prompt, &dataset.system_prompt_file),
            Self::Public(dataset) => (&dataset.system_prompt, &dataset.system_prompt_file),
        }
    }

    /// The order in which conversations are played.
    pub(crate) fn sampling(&self) -> &Field<OneOf<Sampling>> {
        match self {
            Self::Synthetic(dataset) => &dataset.sampling,
            Self::File(dataset) => &dataset.sampling,
            Self::Public(dataset) => &dataset.sampling,
        }
    }

    /// What keeps prompts out of the server's cache.
    pub(crate) fn cache_bust(&self) -> Option<&Field<CacheBust>> {
        match self {
            Self::Synthetic(dataset) => dataset.prompts.as_ref().map(|prompts| &prompts.cache_bust),
            Self::File(dataset) => Some(&dataset.cache_bust),
            Self::Public(dataset) => Some(&dataset.cache_bust),
        }
    }
}

impl Read for DatasetSection {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(kind) = node.get("type") else {
            // Only where it is no map: a missing type was filled in before.
            reader.fault(node, format!("must be a map, not {}", node.described()));
            return None;
        };
        let kind = reader.within("type", |reader| OneOf::<DatasetKind>::read(kind, reader))?;
        Some(match kind.name() {
            "file" => Self::File(Box::new(FileSection::read(node, reader)?)),
            "public" => Self::Public(Box::new(PublicSection::read(node, reader)?)),
            _ => Self::Synthetic(Box::new(SyntheticSection::read(node, reader)?)),
        })
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::Synthetic(dataset) => dataset.dump(dump),
            Self::File(dataset) => dataset.dump(dump),
            Self::Public(dataset) => dataset.dump(dump),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({ "anyOf": [
            SyntheticSection::schema(definitions),
            FileSection::schema(definitions),
            PublicSection::schema(definitions),
        ] })
    }
}

/// Pools are read like files.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// Rows in the configuration itself: one list, or a list for each pool.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Records {
    List(Vec<Anything>),
    Pools(Named<Vec<Anything>>),
}

impl Read for Records {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = match &node.value {
            NodeValue::Map(_) => Self::Pools(Named::read(node, reader)?),
            _ => Self::List(Vec::read(node, reader)?),
        };
        let lists: Vec<&Vec<Anything>> = match &read {
            Self::List(rows) => vec![rows],
            Self::Pools(pools) => pools.0.iter().map(|(_, rows)| rows).collect(),
        };
        if let Self::Pools(pools) = &read
            && let Some((name, _)) = pools.0.iter().find(|(name, _)| !is_file_name(name))
        {
            reader.fault(
                node,
                format!("`{name}` is no name of a pool: it cannot name a file"),
            );
            return None;
        }
        if lists.is_empty() || lists.iter().any(|rows| rows.is_empty()) {
            reader.fault(node, "holds no rows");
            return None;
        }
        let no_map = lists
            .iter()
            .copied()
            .flatten()
            .find(|row| row.0.as_map().is_none());
        if let Some(row) = no_map {
            reader.fault(
                &row.0,
                format!("a row must be a map, not {}", row.0.described()),
            );
            return None;
        }
        Some(read)
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::List(rows) => rows.dump(dump),
            Self::Pools(pools) => pools.dump(dump),
        }
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": ["array", "object"] })
    }
}
