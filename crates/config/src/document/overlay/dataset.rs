//! Flags about what is sent.

use serde_json::json;

use super::{Sheet, set, set_moment, some};
use crate::document::node::{Entries, Node};
use crate::profile::{DatasetFormat, ProfileArgs, generated_prefix, generated_turns};

impl Sheet<'_> {
    pub(super) fn dataset(&mut self, args: &ProfileArgs) {
        let found = self
            .body
            .get_mut("datasets")
            .and_then(Node::as_list_mut)
            .and_then(|list| list.first_mut())
            .and_then(Node::as_map_mut);
        let Some(dataset) = found else { return };
        let is = |kind: &str| dataset.get("type").and_then(Node::as_text) == Some(kind);
        let (is_synthetic, is_file) = (is("synthetic"), is("file"));
        let mut refused = Vec::new();
        for (flag, is_given) in [
            ("--input-file", args.input_file.is_some()),
            ("--custom-dataset-type", args.custom_dataset_type.is_some()),
        ] {
            if is_given && !is_file {
                refused.push((flag, "the file's dataset is not of `type: file`"));
            }
        }
        let lengths = [
            ("--isl", args.isl_mean.is_some()),
            ("--isl-stddev", args.isl_stddev.is_some()),
        ];
        let turns = generated_turns(args);
        let generated = [&lengths[..], &turns, &generated_prefix(args)].concat();
        for (flag, is_given) in generated {
            if is_given && !is_synthetic {
                refused.push((flag, "the file's dataset is not of `type: synthetic`"));
            }
        }
        for (flag, is_given) in [
            ("--public-dataset", args.public_dataset.is_some()),
            ("--no-fixed-schedule", args.no_fixed_schedule.is_some()),
            ("--seq-dist", args.sequence_distribution.is_some()),
            ("--random-range-ratio", args.random_range_ratio.is_some()),
            ("--dataset-filter", !args.dataset_filters.is_empty()),
            ("--hf-subset", args.hf_subset.is_some()),
            ("--image-batch-size", args.image != Default::default()),
            ("--audio-batch-size", args.audio != Default::default()),
            ("--video-batch-size", args.video != Default::default()),
            (
                "--rankings-passages-mean",
                args.rankings != Default::default(),
            ),
        ] {
            if is_given {
                refused.push((flag, "does not go with `--config`; write it into the file"));
            }
        }
        let entries = args.num_dataset_entries.or(args.conversation_num);
        set(
            dataset,
            &["entries"],
            "--num-dataset-entries",
            some(entries),
        );
        if let Some(seed) = args.random_seed {
            set(
                dataset,
                &["random_seed"],
                "--random-seed",
                Some(json!(seed)),
            );
        }
        set(
            dataset,
            &["sampling"],
            "--dataset-sampling-strategy",
            some(args.sampling.map(|way| way.name())),
        );
        if is_file {
            let path = args
                .input_file
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned());
            if path.is_some() {
                dataset.remove("records");
            }
            set(dataset, &["path"], "--input-file", some(path));
            set(
                dataset,
                &["format"],
                "--custom-dataset-type",
                some(args.custom_dataset_type.map(DatasetFormat::name)),
            );
        }
        let length: &[&str] = if is_synthetic {
            &["prompts", "osl"]
        } else {
            &["osl"]
        };
        set_moment(
            dataset,
            length,
            "mean",
            "--osl",
            args.osl_mean.map(|mean| mean as f64),
        );
        set_moment(dataset, length, "stddev", "--osl-stddev", args.osl_stddev);
        if is_synthetic {
            let isl = &["prompts", "isl"];
            set_moment(
                dataset,
                isl,
                "mean",
                "--isl",
                args.isl_mean.map(|mean| mean as f64),
            );
            set_moment(dataset, isl, "stddev", "--isl-stddev", args.isl_stddev);
            let turns = args.turn_mean.map(|mean| mean as f64);
            set_moment(
                dataset,
                &["turns"],
                "mean",
                "--conversation-turn-mean",
                turns,
            );
            let turns = args.turn_stddev.map(|stddev| stddev as f64);
            set_moment(
                dataset,
                &["turns"],
                "stddev",
                "--conversation-turn-stddev",
                turns,
            );
            let delay = args.turn_delay_mean_ms;
            set_moment(
                dataset,
                &["turn_delay"],
                "mean",
                "--conversation-turn-delay-mean",
                delay,
            );
            let delay = args.turn_delay_stddev_ms;
            set_moment(
                dataset,
                &["turn_delay"],
                "stddev",
                "--conversation-turn-delay-stddev",
                delay,
            );
            set(
                dataset,
                &["turn_delay_ratio"],
                "--conversation-turn-delay-ratio",
                some(args.turn_delay_ratio),
            );
            let prefix = &args.prefix;
            for (key, flag, value) in [
                ("pool_size", "--num-prefix-prompts", prefix.pool_size),
                ("length", "--prefix-prompt-length", prefix.length),
                (
                    "shared_system_length",
                    "--shared-system-prompt-length",
                    prefix.shared_system_length,
                ),
                (
                    "user_context_length",
                    "--user-context-prompt-length",
                    prefix.user_context_length,
                ),
            ] {
                set(dataset, &["prefix_prompts", key], flag, some(value));
            }
            set(
                dataset,
                &["prompts", "batch_size"],
                "--prompt-batch-size",
                some(args.prompt_batch_size),
            );
        } else if args.prompt_batch_size.is_some() {
            set(
                dataset,
                &["prompt_batch_size"],
                "--prompt-batch-size",
                some(args.prompt_batch_size),
            );
        }
        let (block, bust): (&[&str], &[&str]) = if is_synthetic {
            (
                &["prompts", "block_size"],
                &["prompts", "cache_bust", "target"],
            )
        } else {
            (&["block_size"], &["cache_bust", "target"])
        };
        set(
            dataset,
            block,
            "--isl-block-size",
            some(args.isl_block_size),
        );
        let target = args.cache_bust.map(|target| target.name());
        set(dataset, bust, "--cache-bust", some(target));
        let style = args.random_corpus_style.map(|style| style.name());
        set(
            dataset,
            &["prompts", "random_corpus_style"],
            "--random-corpus-style",
            some(style),
        );
        let cap = args.turn_delay_cap_seconds;
        set(
            dataset,
            &["inter_turn_delay_cap_seconds"],
            "--inter-turn-delay-cap-seconds",
            some(cap),
        );
        synthesis(dataset, args);
        let corpus = args.prompt_corpus.map(|corpus| corpus.name());
        set(
            dataset,
            &["prompts", "corpus"],
            "--prompt-corpus",
            some(corpus),
        );
        set(
            dataset,
            &["system_prompt"],
            "--system-prompt",
            some(args.prefix.system_prompt.clone()),
        );
        let file = args.prefix.system_prompt_file.as_ref();
        let file = file.map(|path| path.to_string_lossy().into_owned());
        set(
            dataset,
            &["system_prompt_file"],
            "--system-prompt-file",
            some(file),
        );
        let ignores = args.ignore_trace_delays;
        set(
            dataset,
            &["ignore_trace_delays"],
            "--ignore-trace-delays",
            some(ignores),
        );
        for (flag, message) in refused {
            self.refuse(flag, message);
        }
    }
}

/// Changes to recorded requests.
fn synthesis(dataset: &mut Entries, args: &ProfileArgs) {
    let asked = &args.synthesis;
    for (key, flag, value) in [
        (
            "speedup_ratio",
            "--synthesis-speedup-ratio",
            some(asked.speedup),
        ),
        (
            "prefix_len_multiplier",
            "--synthesis-prefix-len-multiplier",
            some(asked.prefix_length),
        ),
        (
            "prefix_root_multiplier",
            "--synthesis-prefix-root-multiplier",
            some(asked.prefix_roots),
        ),
        (
            "prompt_len_multiplier",
            "--synthesis-prompt-len-multiplier",
            some(asked.prompt_length),
        ),
        (
            "output_len_multiplier",
            "--synthesis-output-len-multiplier",
            some(asked.output_length),
        ),
        ("max_isl", "--synthesis-max-isl", some(asked.max_isl)),
        ("max_osl", "--synthesis-max-osl", some(asked.max_osl)),
    ] {
        set(dataset, &["synthesis", key], flag, value);
    }
}
