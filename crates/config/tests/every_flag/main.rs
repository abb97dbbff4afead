//! Every flag does something: given with a sample value, it changes the resolved configuration, and
//! all its names do the same.

mod samples;

use aiperf_config::document::{Document, Dump};
use aiperf_config::{
    Flag, Kind, PROFILE, Parsed, ProfileArgs, ProfileConfig, Surroundings, resolve,
};
use samples::SAMPLES;

/// Flags that the words beside them cannot do without, and another value to compare with.
const INDISPENSABLE: &[(&str, &str)] = &[
    ("--user-centric-rate", "4"),
    ("--num-users", "4"),
    ("--prompt-prefix-pool-size", "4"),
];

fn args(words: &[String]) -> ProfileArgs {
    match PROFILE.parse(words) {
        Ok(Parsed::Values(args)) => args,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn config(words: &[String]) -> ProfileConfig {
    let resolved = resolve(
        &args(words),
        Surroundings {
            stdout_is_terminal: false,
        },
    );
    resolved
        .unwrap_or_else(|error| panic!("{words:?}: {error}"))
        .config
}

fn sample_of(main_name: &str) -> (Vec<String>, Option<String>) {
    let row = SAMPLES.iter().find(|(name, ..)| *name == main_name);
    let (_, beside, value) = row.unwrap_or_else(|| panic!("`{main_name}` needs a row in SAMPLES"));
    let mut words: Vec<String> = vec!["--model".into(), "m".into()];
    words.extend(beside.split_whitespace().map(str::to_owned));
    (words, (!value.is_empty()).then(|| (*value).to_owned()))
}

/// What is on by default is changed by its negative name.
fn effective_name(flag: &Flag<ProfileArgs>) -> String {
    match flag.negation() {
        Some(negation) if flag.default == "yes" => format!("--{negation}"),
        _ => flag.main_name(),
    }
}

#[test]
fn every_flag_changes_the_resolved_configuration() {
    // A configuration file is read before flags are resolved.
    for flag in PROFILE.flags().filter(|flag| flag.names != ["config"]) {
        let (mut words, value) = sample_of(&flag.main_name());
        let mut compared = words.clone();
        if let Some((name, other)) = INDISPENSABLE
            .iter()
            .find(|(name, _)| *name == flag.main_name())
        {
            compared.extend([(*name).to_owned(), (*other).to_owned()]);
        }
        let without = config(&compared);
        words.push(effective_name(flag));
        words.extend(value);
        assert_ne!(
            format!("{without:?}"),
            format!("{:?}", config(&words)),
            "{words:?}"
        );
    }
    assert_eq!(SAMPLES.len(), PROFILE.flags().count());
}

/// Runs of every kind, to which each flag is added.
const COMPANIES: &[&str] = &[
    "",
    "--streaming --concurrency 4",
    "--request-rate 4 --osl 9",
    "--user-centric-rate 4 --num-users 4 --conversation-turn-mean 4",
    "--conversation-turn-mean 4 --conversation-turn-delay-mean 9",
    "--warmup-request-count 4",
    "--warmup-duration 4 --warmup-request-rate 4",
    "--benchmark-duration 9",
    "--request-rate 4 --warmup-request-count 4 --concurrency 4",
    "--input-file Cargo.toml",
    "--input-file Cargo.toml --custom-dataset-type single_turn --use-server-token-count",
    "--input-file Cargo.toml --custom-dataset-type multi_turn",
    "--input-file Cargo.toml --custom-dataset-type random_pool",
    "--input-file Cargo.toml --custom-dataset-type raw_payload",
    "--input-file Cargo.toml --custom-dataset-type mooncake_trace --fixed-schedule",
    "--input-file Cargo.toml --custom-dataset-type sagemaker_data_capture",
    "--public-dataset sharegpt",
    "--seq-dist 9,9:100",
    "--num-prefix-prompts 0",
    "--image-batch-size 0 --audio-batch-size 0 --video-batch-size 0",
    "--image-batch-size 3 --audio-batch-size 3 --video-width 8 --video-height 8",
    "--endpoint-type completions",
    "--endpoint-type embeddings",
    "--endpoint-type nim_rankings",
    "--endpoint-type image_retrieval",
    "--endpoint-type image_generation",
    "--endpoint-type video_generation",
    "--export-level summary",
    "--verbose",
    "--tokenizer builtin",
    "--url https://h:1",
];

/// Runs and flags whose sample value holds there without them.
const SAID_ANYWAY: &[(&str, &str)] = &[("--verbose", "--ui-type")];

#[test]
fn in_any_company_a_flag_does_something_or_is_refused_or_pointed_out() {
    let surroundings = Surroundings {
        stdout_is_terminal: false,
    };
    let resolved = |words: &[String]| {
        let Ok(Parsed::Values(args)) = PROFILE.parse(words) else {
            return None;
        };
        resolve(&args, surroundings).ok()
    };
    let mut silent = Vec::new();
    for company in COMPANIES {
        let mut words: Vec<String> = vec!["--model".into(), "m".into()];
        words.extend(company.split_whitespace().map(str::to_owned));
        let without = resolved(&words).unwrap_or_else(|| panic!("`{company}` is no run"));
        for flag in PROFILE.flags().filter(|flag| flag.names != ["config"]) {
            let (_, value) = sample_of(&flag.main_name());
            let mut more = words.clone();
            more.push(effective_name(flag));
            more.extend(value);
            let Some(with) = resolved(&more) else {
                continue;
            };
            let is_said_anyway = SAID_ANYWAY.contains(&(*company, flag.main_name().as_str()));
            let changes =
                is_said_anyway || format!("{:?}", with.config) != format!("{:?}", without.config);
            if !changes && with.warnings == without.warnings {
                silent.push(more.join(" "));
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn every_name_of_a_flag_means_the_same() {
    for flag in PROFILE.flags() {
        let (words, value) = sample_of(&flag.main_name());
        let values: Vec<ProfileArgs> = flag
            .spellings()
            .into_iter()
            .flat_map(|spelling| {
                let attached = value
                    .as_ref()
                    .map_or(spelling.clone(), |value| format!("{spelling}={value}"));
                let separate: Vec<String> =
                    std::iter::once(spelling).chain(value.clone()).collect();
                [separate, vec![attached]]
            })
            .map(|given| args(&[words.clone(), given].concat()))
            .collect();
        assert!(
            values.iter().all(|other| *other == values[0]),
            "{}",
            flag.main_name()
        );
    }
}

#[test]
fn every_flag_refuses_values_of_another_kind() {
    for flag in PROFILE.flags() {
        let bad_values: &[&str] = match flag.kind {
            Kind::Switch(_) | Kind::SwitchPair { .. } => &["maybe", ""],
            Kind::Integer { .. } => &["x", "", "1.5", "-1", "99999999999999999999"],
            Kind::SweepableInteger { .. } => &["x", "", "1.5", "-1", "1,x", ",", "inf"],
            Kind::Float { .. } => &["x", "", "nan", "-1", "-inf", "5s"],
            Kind::SweepableFloat { .. } => &["x", "", "nan", "-1", "1,nan", ",", "5s"],
            Kind::Choice { .. } => &["x", "", "no such word"],
            Kind::Pairs(_) | Kind::TextPairs(_) => &["x", "{", "a:b,c"],
            Kind::Text(_)
            | Kind::TextList(_)
            | Kind::Path(_)
            | Kind::List(_)
            | Kind::GreedyList(_) => &[],
        };
        for value in bad_values {
            let word = format!("{}={value}", flag.main_name());
            let error = PROFILE.parse([word.as_str()]).expect_err(&word).to_string();
            assert!(
                error.starts_with(&format!("`{}", flag.main_name())),
                "{error}"
            );
        }
    }
}

#[test]
fn texts_and_lists_have_their_own_limits() {
    for (words, message) in [
        (
            "--model a,,b",
            "`--model a,,b`: a model name must not be empty",
        ),
        ("--url", "`--url`: needs at least one URL"),
        ("--endpoint v1", "`--endpoint v1`: must start with `/`"),
        (
            "--input-file /no/such/file",
            "`--input-file /no/such/file`: no such file or directory",
        ),
        ("--tokenizer=", "`--tokenizer=`: must not be empty"),
        ("--header =b:c", "`--header`: `=b` is not a header name"),
        ("--header :b", "`--header`: `` is not a header name"),
        (
            "--profile-export-prefix ..",
            "`--profile-export-prefix ..`: names no file",
        ),
        ("--artifact-dir=", "`--artifact-dir=`: must not be empty"),
        (
            "--reset-kv-cache-path reset",
            "`--reset-kv-cache-path reset`: must be a path of the server, such as `/reset`",
        ),
        (
            "--server-profiler-start-path http://x/a",
            "`--server-profiler-start-path http://x/a`: must be a path of the server, such as `/reset`",
        ),
        (
            "--server-profiler-stop-path /a://b",
            "`--server-profiler-stop-path /a://b`: must be a path of the server, such as `/reset`",
        ),
        (
            "--request-cancellation-rate 100.5",
            "`--request-cancellation-rate 100.5`: must be at most 100",
        ),
        (
            "--request-cancellation-rate 0",
            "`--request-cancellation-rate 0`: must be more than 0",
        ),
        (
            "--failed-request-threshold 1.1",
            "`--failed-request-threshold 1.1`: must be at most 1",
        ),
        (
            "--prefill-concurrency 0",
            "`--prefill-concurrency 0`: must be at least 1",
        ),
        (
            "--concurrency-ramp-duration 0",
            "`--concurrency-ramp-duration 0`: must be more than 0",
        ),
        (
            "--user-centric-rate 0",
            "`--user-centric-rate 0`: must be more than 0",
        ),
        ("--num-users 1,0", "`--num-users 1,0`: must be at least 1"),
        (
            "--prefill-concurrency ,",
            "`--prefill-concurrency ,`: no value",
        ),
        (
            "--slice-duration 0",
            "`--slice-duration 0`: must be more than 0",
        ),
        (
            "--export-formats parquet,arrow",
            "`--export-formats parquet,arrow`: must be among parquet",
        ),
        (
            "--url-strategy random",
            "`--url-strategy random`: must be one of round_robin",
        ),
        (
            "--request-rate-series /no/such/file",
            "`--request-rate-series /no/such/file`: no such file",
        ),
        (
            "--request-rate-series src",
            "`--request-rate-series src`: is not a file",
        ),
        (
            "--request-rate-series tests/fixtures/trace.jsonl",
            "`--request-rate-series tests/fixtures/trace.jsonl`: it is not valid JSON: trailing characters at line 2 column 1",
        ),
        (
            "--ui foo",
            "`--ui foo`: must be one of dashboard, simple, none",
        ),
        (
            "--stats-interval 1001",
            "`--stats-interval 1001`: must be at most 1000",
        ),
        (
            "--session-header a:b",
            "`--session-header a:b`: `a:b` is not a header name",
        ),
        (
            "--tls-ca-file /no/such/file",
            "`--tls-ca-file /no/such/file`: no such file",
        ),
        (
            "--seq-dist 1,1:99",
            "`--seq-dist 1,1:99`: the probabilities add up to 99; they must add up to 100",
        ),
        (
            "--audio-depths 12",
            "`--audio-depths 12`: the depths are 8, 16, 24 and 32",
        ),
        (
            "--audio-sample-rates 16,x",
            "`--audio-sample-rates 16,x`: must be numbers above 0",
        ),
        (
            "--video-audio-sample-rate 7",
            "`--video-audio-sample-rate 7`: must be at least 8",
        ),
        (
            "--request-content-type text/plain",
            "`--request-content-type text/plain`: must be one of application/json, multipart/form-data",
        ),
    ] {
        let error = PROFILE.parse(words.split_whitespace()).expect_err(words);
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn formats_and_datasets_that_are_not_read_yet_are_refused_as_such() {
    for line in [
        "--custom-dataset-type weka_trace",
        "--custom-dataset-type dag-jsonl",
        "--public-dataset semianalysis_cc_traces_weka",
    ] {
        let words = line.split_whitespace();
        let error = PROFILE.parse(words).expect_err(line).to_string();
        assert!(error.starts_with(&format!("`{line}`: ")), "{error}");
        let is_known = error.contains("not supported") || error.contains("not yet supported");
        assert!(is_known, "{error}");
    }
}

#[test]
fn words_are_taken_in_the_spelling_of_the_references_help_too() {
    let content_type = |word: &str| {
        args(&["--request-content-type".to_owned(), word.to_owned()]).request_content_type
    };
    assert!(content_type("application-json").is_some());
    assert_eq!(
        content_type("application-json"),
        content_type("application/json")
    );
    assert_ne!(
        content_type("multipart/form-data"),
        content_type("application/json")
    );
    let dataset =
        |name: &str| args(&["--public-dataset".to_owned(), name.to_owned()]).public_dataset;
    assert_eq!(dataset("spec-al-gsm8-k"), dataset("spec_al_gsm8k"));
}

#[test]
fn a_header_name_given_twice_in_any_case_keeps_its_last_value() {
    let words = ["-H", "X-A:1", "x-a:2"].map(str::to_owned);
    let headers = args(&words).headers;
    assert_eq!(headers.len(), 1);
    assert_eq!(
        (headers[0].name.as_str(), headers[0].value.as_str()),
        ("X-A", "2")
    );
}

#[test]
fn help_and_reference_page_speak_of_every_flag_in_its_own_words() {
    let summary = PROFILE.summary();
    let help = aiperf_config::help("aiperf", &summary, 80);
    let page = aiperf_config::reference_markdown("aiperf", &summary);
    let too_long: Vec<&str> = help
        .lines()
        .filter(|line| line.len() > 80 && !line.contains("aiperf profile --model"))
        .collect();
    assert_eq!(too_long, [""; 0]);
    for flag in summary.flags() {
        for spelling in &flag.spellings {
            assert!(
                help.contains(spelling.as_str()) && page.contains(spelling.as_str()),
                "{spelling}"
            );
        }
        assert!(flag.help.ends_with('.'), "{}", flag.help);
    }
}

/// Words beside a flag under which its default is in effect, where those of `SAMPLES` are not enough.
const WHERE_DEFAULTS_HOLD: &[(&str, &str)] = &[
    ("--reset-kv-cache-timeout-seconds", "--reset-kv-cache"),
    ("--reset-kv-cache-path", "--reset-kv-cache"),
    ("--server-profiler-timeout-seconds", "--server-profiler"),
    ("--server-profiler-start-path", "--server-profiler"),
    ("--server-profiler-stop-path", "--server-profiler"),
    ("--audio-batch-size", "--audio-length-mean 10"),
    ("--image-batch-size", "--image-width-mean 512"),
];

/// Flags of which the configuration keeps whether they were given, although what holds without them is
/// the same, and why.
const TYPED_DEFAULT_IS_KEPT: &[(&str, &str)] = &[
    ("--url-strategy", "the summary says what was chosen"),
    ("--transport", "the summary says what was chosen"),
    ("--session-header", "the name is left to the endpoint"),
    ("--fixed-schedule-auto-offset", "a start offset decides"),
    ("--prompt-input-tokens-block-size", "the format decides"),
    ("--video-audio-codec", "the container decides"),
    (
        "--arrival-smoothness",
        "it asks for gamma, of which 1 is poisson",
    ),
    ("--request-count", "it sizes the dataset as well"),
    (
        "--warmup-grace-period",
        "no end and `inf` are the same to the engine",
    ),
    (
        "--profile-export-prefix",
        "files have their own names without one",
    ),
];

#[test]
fn the_default_that_help_prints_is_the_one_in_effect() {
    let mut checked = 0;
    let mut others = Vec::new();
    for flag in PROFILE.flags() {
        // A condition may follow: `10, once there is audio`.
        let default = flag.default.split([',', ';']).next().unwrap_or_default();
        if default.is_empty() || default.contains(' ') || default.starts_with("--") {
            continue;
        }
        let name = flag.main_name();
        let (mut words, _) = sample_of(&name);
        if let Some((_, beside)) = WHERE_DEFAULTS_HOLD.iter().find(|(other, _)| *other == name) {
            words.extend(beside.split_whitespace().map(str::to_owned));
        }
        let resolved = |words: &[String]| {
            let surroundings = Surroundings {
                stdout_is_terminal: false,
            };
            resolve(&args(words), surroundings).map(|resolved| format!("{:?}", resolved.config))
        };
        // A flag that others cannot do without has no default beside them.
        let Ok(without) = resolved(&words) else {
            continue;
        };
        let typed = [words, vec![format!("{name}={default}")]].concat();
        if resolved(&typed) != Ok(without) {
            others.push(name);
        }
        checked += 1;
    }
    let kept: Vec<&str> = TYPED_DEFAULT_IS_KEPT
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(others, kept);
    assert!(checked > 50, "only {checked} defaults are checked");
}

#[test]
fn defaults_are_those_that_act_in_the_reference_and_not_those_of_its_help() {
    for (name, expected) in [
        ("--image-format", "jpeg"),
        ("--image-width-mean", "512"),
        ("--image-height-mean", "512"),
        ("--audio-length-mean", "10"),
        ("--video-duration", "1"),
        ("--rankings-passages-mean", "10"),
        ("--rankings-passages-prompt-token-mean", "128"),
        ("--rankings-query-prompt-token-mean", "32"),
        ("--fixed-schedule-auto-offset", "yes"),
        ("--request-count", "10"),
        ("--dataset-sampling-strategy", "sequential"),
    ] {
        let flag = PROFILE.flags().find(|flag| flag.main_name() == name);
        let default = flag.map(|flag| flag.default).unwrap_or_default();
        let value = default.split([',', ';']).next().unwrap_or_default();
        assert_eq!(value, expected, "{name}");
    }
    // No media unless asked for, and a prompt of 550 tokens without a word about its length.
    let plain = config(&["--model".to_owned(), "m".to_owned()]);
    let typed = ["--model", "m", "--isl", "550"].map(str::to_owned);
    assert_eq!(plain.dataset, config(&typed).dataset);
    let typed = ["--model", "m", "--request-count", "10"].map(str::to_owned);
    assert_eq!(plain.phases, config(&typed).phases);
}

/// What a file means with words over it; `None` where that is refused.
fn over_a_file(file: &std::path::Path, words: &[String]) -> Option<String> {
    let args = args(words);
    let document = Document::load_with_flags(file, &|_| None, &args).ok()?;
    let surroundings = Surroundings {
        stdout_is_terminal: false,
    };
    let resolved = document.resolve(&args, surroundings, None).ok()?;
    let given = document.dump_benchmark(Dump::Given);
    Some(format!("{given} {:?}", resolved.config))
}

#[test]
fn every_flag_over_a_file_does_something_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut effective, mut idle) = (0, Vec::new());
    for dataset in ["{isl: 5, osl: 6}", "{type: file, path: src/lib.rs}"] {
        let file = folder.path().join("bench.yaml");
        let text = format!(
            "benchmark: {{model: m, endpoint: {{url: 'h:1'}}, dataset: {dataset}, \
             phases: {{type: concurrency, requests: 9, concurrency: 4}}}}"
        );
        std::fs::write(&file, text).unwrap();
        assert!(over_a_file(&file, &[]).is_some());
        for flag in PROFILE.flags().filter(|flag| flag.names != ["config"]) {
            let (mut words, value) = sample_of(&flag.main_name());
            // The file has a model.
            words.drain(..2);
            let without = over_a_file(&file, &words);
            words.push(effective_name(flag));
            words.extend(value);
            let with = over_a_file(&file, &words);
            if let (Some(without), Some(with)) = (without, with) {
                if without == with {
                    idle.push(words);
                } else {
                    effective += 1;
                }
            }
        }
    }
    assert_eq!(idle, Vec::<Vec<String>>::new());
    assert!(effective > 120, "{effective}");
}

/// Flags that are not the same after having been a file: the file or its command line says it in another way.
const NOT_THE_SAME_BY_A_FILE: &[(&str, &str)] = &[
    ("--api-key", "credentials are left out"),
    (
        "--request-rate-series",
        "no flag takes points that are not in a file",
    ),
];

#[test]
fn flags_that_become_a_file_and_flags_again_mean_the_same() {
    let surroundings = Surroundings {
        stdout_is_terminal: false,
    };
    let mut others = Vec::new();
    for flag in PROFILE.flags().filter(|flag| !flag.path.is_empty()) {
        let (mut words, value) = sample_of(&flag.main_name());
        words.push(effective_name(flag));
        words.extend(value);
        let typed = args(&words);
        let resolved = resolve(&typed, surroundings).unwrap().config;
        let folder = typed.artifact_dir.clone().unwrap_or_default();
        let body = aiperf_config::input_config(&typed, &resolved, &folder);
        let file = aiperf_config::document::of_flags(&typed, body);
        let document = match Document::parse(&file.to_string(), &|_: &str| None) {
            Ok(document) => document,
            Err(error) => {
                others.push(format!("{words:?}: {error}\n{file}"));
                continue;
            }
        };
        let line = document.command_line_with_credentials();
        let again = match PROFILE.parse(&line[1..]) {
            Ok(Parsed::Values(again)) => resolve(&again, surroundings),
            other => panic!("{line:?}: {other:?}"),
        };
        let is_known = NOT_THE_SAME_BY_A_FILE
            .iter()
            .any(|(name, _)| *name == flag.main_name());
        match again {
            Ok(again) if is_known => assert_ne!(again.config, resolved, "{words:?}"),
            Ok(again) => {
                let parts = aiperf_config::document::differences(&resolved, &again.config);
                if !parts.is_empty() {
                    others.push(format!("{words:?} became {line:?}: {parts:?}"));
                }
            }
            Err(error) => others.push(format!("{words:?} became {line:?}: {error}")),
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n\n"));
}
