//! What to send, in the dataset crate's terms.

use aiperf_config::profile::{
    self as config, DatasetFormat, DatasetSource, EndpointType, FileDataset, ProfileConfig,
    Sampling, SyntheticDataset, SystemPrompt,
};
use aiperf_dataset::{
    DatasetPlan, FileFormat, FilePlan, RemoteImages, SamplingStrategy, SessionIdStyle, Source,
    SyntheticPlan, TemplateOverhead,
};
use aiperf_endpoint::model_selection::ModelSelection;
use aiperf_tokenizer::Tokenizer;
use anyhow::Result;

use super::super::environment::{Environment, expand_home};

/// The plan of the run's conversations.
///
/// # Errors
/// A system prompt cannot be read, or a count is too large for this machine.
pub(crate) fn dataset_plan(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<DatasetPlan> {
    let source = match &config.dataset.source {
        DatasetSource::Synthetic(synthetic) => Source::Synthetic(synthetic_plan(synthetic)?),
        DatasetSource::File(file) => Source::File(file_plan(file, config, environment)?),
        DatasetSource::Public(public) => Source::Public(public.clone()),
    };
    Ok(DatasetPlan {
        sampling: match config.dataset.sampling {
            Sampling::Sequential => SamplingStrategy::Sequential,
            Sampling::Random => SamplingStrategy::Random,
            Sampling::Shuffle => SamplingStrategy::Shuffle,
        },
        models: config.models.names.clone(),
        model_selection: match config.models.selection {
            config::ModelSelection::RoundRobin => None,
            config::ModelSelection::Random => {
                Some(ModelSelection::random(config.models.names.len()))
            }
            config::ModelSelection::Weighted => {
                Some(ModelSelection::weighted(&config.models.weights)?)
            }
        },
        system_prompt: config
            .dataset
            .system_prompt
            .as_ref()
            .map(system_prompt)
            .transpose()?,
        cache_bust: config.dataset.cache_bust,
        session_ids: match config.dataset.random_seed.or(config.random_seed) {
            Some(_) => SessionIdStyle::Numbered,
            None => SessionIdStyle::Random,
        },
        ..DatasetPlan::new(source)
    })
}

/// Makes generated prompts shorter by what the tokenizer's chat template adds, where it shall count.
pub(crate) fn leave_room_for_template(
    plan: &mut DatasetPlan,
    config: &ProfileConfig,
    tokenizer: Option<&Tokenizer>,
) {
    let (true, Some(tokenizer)) = (config.tokenizer.applies_chat_template, tokenizer) else {
        return;
    };
    if !tokenizer.has_chat_template() {
        tracing::warn!(
            "`--apply-chat-template` has no effect: the tokenizer has no chat template; name one \
             that has with `--tokenizer`"
        );
        return;
    }
    if let Source::Synthetic(synthetic) = &mut plan.source {
        synthetic.template_overhead = TemplateOverhead::of(tokenizer);
    }
}

fn system_prompt(given: &SystemPrompt) -> Result<String> {
    match given {
        SystemPrompt::Text(text) => Ok(text.clone()),
        SystemPrompt::File(path) => Ok(aiperf_dataset::read_system_prompt(&expand_home(path))?),
    }
}

fn synthetic_plan(given: &SyntheticDataset) -> Result<SyntheticPlan> {
    Ok(SyntheticPlan {
        entries: usize::try_from(given.entries)?,
        prompt_tokens: given.isl.clone(),
        output_tokens: given.osl.clone(),
        prompt_batch_size: usize::try_from(given.batch_size)?,
        turns: given.turns.clone(),
        turn_delay_ms: given.turn_delay_ms.clone(),
        turn_delay_ratio: given.turn_delay_ratio,
        prefix: given.prefix,
        paired_lengths: given.paired_lengths.clone(),
        corpus: given.corpus,
        images: given.images.clone(),
        audio: given.audio.clone(),
        video: given.video.clone(),
        rankings: given.rankings.clone(),
        ..SyntheticPlan::default()
    })
}

fn file_plan(
    given: &FileDataset,
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<FilePlan> {
    let format = given.format.map(DatasetFormat::name);
    // Such servers fetch nothing themselves.
    let wants_contents = config.endpoint.kind == EndpointType::ImageRetrieval;
    Ok(FilePlan {
        format: format.map(FileFormat::from_name).transpose()?,
        output_tokens: given.osl.clone(),
        delay_cap_ms: given.turn_delay_cap_seconds.map(|seconds| seconds * 1000.0),
        hoist_system_turns: config.endpoint.kind.capabilities().system_messages,
        limit: given.entries.map(usize::try_from).transpose()?,
        pool_entries: usize::try_from(given.pool_entries)?,
        pool_batch: given.pool_batch,
        strip_repeated_images: given.strip_repeated_images,
        remote_images: if wants_contents {
            RemoteImages::Inline {
                timeout: environment.media_download_timeout,
                parallel: environment.media_downloads,
            }
        } else {
            RemoteImages::Reference
        },
        trace: given.trace,
        ..FilePlan::new(&given.path)
    })
}

#[cfg(test)]
mod tests {
    use aiperf_config::Parsed;
    use aiperf_config::profile::{PROFILE, Surroundings, resolve};

    use super::*;

    fn plan(line: &str) -> Result<DatasetPlan> {
        let words = format!("-m m {line}");
        let Parsed::Values(args) = PROFILE.parse(words.split_whitespace()).unwrap() else {
            panic!("`{line}` asks for help")
        };
        let surroundings = Surroundings {
            stdout_is_terminal: false,
        };
        let config = resolve(&args, surroundings).unwrap().config;
        dataset_plan(&config, &Environment::from_lookup(|_| None).unwrap())
    }

    /// The plan of a line differs from that of the words beside its flag: nothing was forgotten on
    /// the way.
    #[test]
    fn every_flag_about_data_reaches_the_plan() {
        let file = "--input-file Cargo.toml";
        let mooncake = "--input-file Cargo.toml --custom-dataset-type mooncake_trace";
        let pool = "--input-file Cargo.toml --custom-dataset-type random_pool";
        let images = "--image-batch-size 2";
        let audio = "--audio-batch-size 2";
        let video = "--video-width 8 --video-height 8";
        let sound = "--video-width 8 --video-height 8 --video-audio-num-channels 1";
        let rankings = "--endpoint-type nim_rankings";
        let exgentic = "--public-dataset exgentic_v2";
        for (beside, flag) in [
            ("", "--isl 7"),
            ("", "--osl 7"),
            ("", "--prompt-batch-size 7"),
            ("", "--prompt-corpus coding"),
            ("--prompt-corpus random", "--random-corpus-style sglang"),
            ("", "--seq-dist 7,7:100"),
            ("--osl 7", "--random-range-ratio 0.5"),
            ("--num-prefix-prompts 3", "--prefix-prompt-length 7"),
            ("--prefix-prompt-length 7 --num-prefix-prompts 3", "--isl 7"),
            ("", "--shared-system-prompt-length 7"),
            ("", "--user-context-prompt-length 7"),
            ("", "--system-prompt brief"),
            ("", "--session-turns-mean 7"),
            ("", "--session-turn-delay-mean 7"),
            ("", "--session-delay-ratio 7"),
            ("", "--random-seed 7"),
            ("", "--cache-bust first_turn_prefix"),
            (file, "--captured-body messages"),
            (mooncake, "--prompt-corpus coding"),
            ("", images),
            (images, "--image-width-mean 7"),
            (images, "--image-height-mean 7"),
            (images, "--image-format png"),
            (images, "--image-source assets"),
            (
                "--image-source assets",
                "--image-source-sampling shuffle-cycle",
            ),
            ("", audio),
            (audio, "--audio-length-mean 7"),
            (audio, "--audio-format mp3"),
            (audio, "--audio-depths 24"),
            (audio, "--audio-sample-rates 44.1"),
            (audio, "--audio-num-channels 2"),
            ("", video),
            (video, "--video-batch-size 7"),
            (video, "--video-duration 7"),
            (video, "--video-fps 7"),
            (video, "--video-synth-type noise"),
            (video, "--video-format mp4"),
            (video, "--video-codec other"),
            (video, "--video-audio-num-channels 1"),
            (sound, "--video-audio-sample-rate 16"),
            (sound, "--video-audio-codec aac"),
            (sound, "--video-audio-depth 24"),
            ("", rankings),
            (rankings, "--rankings-passages-mean 7"),
            (rankings, "--rankings-passages-prompt-token-mean 7"),
            (rankings, "--rankings-query-prompt-token-mean 7"),
            (file, "--custom-dataset-type raw_payload"),
            (file, "--num-dataset-entries 7"),
            (file, "--osl 7"),
            (file, "--inter-turn-delay-cap-seconds 7"),
            (file, "--uuid-and-strip"),
            (file, "--endpoint-type image_retrieval"),
            (pool, "--request-count 7"),
            (pool, "--prompt-batch-size 7"),
            (pool, "--image-batch-size 7"),
            (pool, "--audio-batch-size 7"),
            (pool, "--video-batch-size 7"),
            (mooncake, "--isl-block-size 7"),
            (mooncake, "--ignore-trace-delays"),
            (mooncake, "--synthesis-speedup-ratio 7"),
            (mooncake, "--synthesis-prefix-len-multiplier 7"),
            (mooncake, "--synthesis-prefix-root-multiplier 7"),
            (mooncake, "--synthesis-prompt-len-multiplier 7"),
            (mooncake, "--synthesis-output-len-multiplier 7"),
            (mooncake, "--synthesis-max-isl 7"),
            (mooncake, "--synthesis-max-osl 7"),
            (mooncake, "--fixed-schedule --fixed-schedule-start-offset 7"),
            (mooncake, "--fixed-schedule --fixed-schedule-end-offset 7"),
            ("", "--public-dataset aimo"),
            (exgentic, "--hf-subset other"),
            (exgentic, "--dataset-filter harness=claude_code"),
            (exgentic, "--request-count 7"),
            (exgentic, "--osl 7"),
            (exgentic, "--fixed-schedule"),
        ] {
            let without = plan(beside.trim()).unwrap();
            let with = plan(format!("{beside} {flag}").trim()).unwrap();
            assert_ne!(without, with, "{beside} + {flag}");
        }
    }

    #[test]
    fn a_system_prompt_is_read_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("prompt.txt");
        std::fs::write(&path, "be brief").unwrap();
        let line = format!("--system-prompt-file {}", path.display());
        assert_eq!(
            plan(&line).unwrap().system_prompt.as_deref(),
            Some("be brief")
        );
        let error = plan("--system-prompt-file /no/such/file").unwrap_err();
        assert!(error.to_string().contains("/no/such/file"), "{error}");
    }
}
