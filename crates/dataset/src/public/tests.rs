//! Public datasets on small files of their schemas.

mod exgentic;
mod hub;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use super::audio::tests::silence;
use super::*;
use crate::plan::{DatasetPlan, SessionIdStyle, Source};

/// A hub in a folder: `<repository>/<revision>/<path>`.
struct FolderHub {
    folder: tempfile::TempDir,
    fetched: Mutex<Vec<String>>,
}

impl FolderHub {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            fetched: Mutex::default(),
        }
    }

    fn place(&self, repository: &str, revision: &str, path: &str) -> PathBuf {
        let place = self
            .folder
            .path()
            .join(repository)
            .join(revision.replace('/', "-"))
            .join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        place
    }

    fn with(self, repository: &str, path: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.place(repository, "main", path), content).unwrap();
        self
    }

    fn fetched(&self) -> Vec<String> {
        self.fetched.lock().unwrap().clone()
    }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            found.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}

impl Fetch for FolderHub {
    fn list(&self, repository: &str, revision: &str) -> Result<Vec<String>, FetchError> {
        let root = self
            .folder
            .path()
            .join(repository)
            .join(revision.replace('/', "-"));
        if !root.is_dir() {
            return Err(FetchError::NotFound(format!(
                "no {repository} at {revision}"
            )));
        }
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        Ok(found)
    }

    fn file(&self, repository: &str, revision: &str, path: &str) -> Result<PathBuf, FetchError> {
        self.fetched.lock().unwrap().push(path.to_owned());
        let place = self.place(repository, revision, path);
        if place.is_file() {
            Ok(place)
        } else {
            Err(FetchError::NotFound(format!("no {path}")))
        }
    }

    fn url(&self, _: &str, file_name: &str) -> Result<PathBuf, FetchError> {
        self.file("urls", "main", file_name)
    }
}

/// Values, definition levels, repetition levels.
type Column<'a> = (&'a [&'a [u8]], &'a [i16], &'a [i16]);

/// Writes byte-array columns; values of nested fields are given by the path of their leaf.
fn write_parquet(path: &Path, schema: &str, columns: &[Column<'_>]) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (values, definitions, repetitions) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = values
            .iter()
            .map(|value| ByteArray::from(value.to_vec()))
            .collect();
        let ColumnWriter::ByteArrayColumnWriter(typed) = column.untyped() else {
            panic!("another type of column")
        };
        typed
            .write_batch(&values, Some(definitions), Some(repetitions))
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

fn load_plan(plan: PublicPlan, hub: &dyn Fetch) -> Result<Vec<Conversation>, DatasetError> {
    let plan = DatasetPlan {
        session_ids: SessionIdStyle::Numbered,
        ..DatasetPlan::new(Source::Public(plan))
    };
    let opened = crate::open_with(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(1), hub)?;
    let all = opened.into_whole()?;
    Ok(all.into_iter().map(Arc::unwrap_or_clone).collect())
}

fn load(name: &str, hub: &dyn Fetch) -> Result<Vec<Conversation>, DatasetError> {
    load_plan(PublicPlan::new(name).unwrap(), hub)
}

fn texts(loaded: &[Conversation]) -> Vec<Vec<&str>> {
    loaded
        .iter()
        .map(|found| {
            let turns = found.turns.iter();
            turns
                .map(|turn| turn.texts[0].contents[0].as_str())
                .collect()
        })
        .collect()
}

#[test]
fn every_name_of_the_reference_is_known_or_refused_as_not_yet_supported() {
    assert_eq!(PublicDataset::all().len(), 25);
    for dataset in PublicDataset::all() {
        let kebab = dataset.name.replace('_', "-").to_uppercase();
        assert_eq!(PublicDataset::from_name(&kebab).unwrap().name, dataset.name);
        assert!(!dataset.mapping.columns().is_empty());
    }
    assert_eq!(
        PublicDataset::from_name("spec-al-gsm8-k").unwrap().name,
        "spec_al_gsm8k"
    );
    for name in [
        "semianalysis_cc_traces_weka",
        "semianalysis-cc-traces-weka-061326-256k",
        "weka_hf",
    ] {
        let error = PublicDataset::from_name(name).unwrap_err();
        assert!(
            matches!(error, DatasetError::UnsupportedFormat { .. }),
            "{error}"
        );
    }
    let error = PublicDataset::from_name("imagenet")
        .unwrap_err()
        .to_string();
    assert!(error.contains("known are `sharegpt`"), "{error}");
}

#[test]
fn prompts_are_read_from_parquet_in_the_order_of_files() {
    let hub = FolderHub::new().with("openai/gsm8k", "README.md", "---\nlicense: mit\n---\n");
    let schema =
        "message schema { optional binary question (UTF8); optional binary answer (UTF8); }";
    for (file, first) in [
        ("main/test-00001-of-00002.parquet", "c"),
        ("main/test-00000-of-00002.parquet", "a"),
    ] {
        let second = [first, "2"].concat();
        write_parquet(
            &hub.place("openai/gsm8k", "main", file),
            schema,
            &[
                (
                    &[first.as_bytes(), second.as_bytes()],
                    &[1, 1, 0],
                    &[0, 0, 0],
                ),
                (&[b"x", b"x", b"x"], &[1, 1, 1], &[0, 0, 0]),
            ],
        );
    }
    let loaded = load("spec_al_gsm8k", &hub).unwrap();
    assert_eq!(texts(&loaded), [["a"], ["a2"], ["c"], ["c2"]]);
    assert_eq!(loaded[0].id, "session_000000");

    let mut plan = PublicPlan::new("spec_al_gsm8k").unwrap();
    plan.limit = Some(2);
    plan.output_tokens = Some(Law::fixed(9.0));
    let hub_of_one = hub;
    hub_of_one.fetched.lock().unwrap().clear();
    let loaded = load_plan(plan, &hub_of_one).unwrap();
    assert_eq!(texts(&loaded), [["a"], ["a2"]]);
    assert_eq!(loaded[0].turns[0].max_tokens, Some(9));
    // Reading stops before the second file.
    assert_eq!(
        hub_of_one.fetched(),
        ["README.md", "main/test-00000-of-00002.parquet"]
    );
}

#[test]
fn images_in_parquet_become_data_urls() {
    let hub = FolderHub::new();
    let png = b"\x89PNG\r\n\x1a\nrest";
    let schema = "message schema {
        optional binary question (UTF8);
        optional group image { optional binary bytes; optional binary path (UTF8); }
    }";
    write_parquet(
        &hub.place("Lin-Chen/MMStar", "main", "data/val-00000-of-00001.parquet"),
        schema,
        &[
            (&[b"what?", b"and?"], &[1, 1], &[0, 0]),
            (&[png, b"nonsense"], &[2, 2], &[0, 0]),
            (&[], &[1, 1], &[0, 0]),
        ],
    );
    let loaded = load("mmstar", &hub).unwrap();
    assert_eq!(
        loaded[0].turns[0].images[0].contents,
        ["data:image/png;base64,iVBORw0KGgpyZXN0"]
    );
    assert!(loaded[1].turns[0].images.is_empty());
}

#[test]
fn lists_of_prompts_become_turns() {
    let hub = FolderHub::new()
        .with(
            "HuggingFaceH4/mt_bench_prompts",
            "raw/question.jsonl",
            "{\"prompt\":[\" one \",\"two\",\"\"]}\n{\"prompt\":[]}\n{\"prompt\":[\"three\"]}",
        )
        .with(
            "urls",
            "spec_bench_question.jsonl",
            "{\"turns\":[\"a\",\"b\"]}\n{\"turns\":[\"\"]}\n{\"turns\":5}",
        );
    assert_eq!(
        texts(&load("spec_al_mtbench", &hub).unwrap()),
        [vec!["one", "two"], vec!["three"]]
    );
    assert_eq!(texts(&load("spec_bench", &hub).unwrap()), [["a"]]);
}

#[test]
fn first_user_messages_are_taken_without_placeholders() {
    let jpeg = b"\xff\xd8\xff\xe0";
    let schema = "message schema {
        optional group images (LIST) { repeated group list { optional group element { optional binary bytes; } } }
        optional binary text (UTF8);
    }";
    let hub = FolderHub::new();
    write_parquet(
        &hub.place(
            "lmarena-ai/VisionArena-Chat",
            "main",
            "data/train-0.parquet",
        ),
        schema,
        &[(&[jpeg], &[4], &[0]), (&[b"x"], &[1], &[0])],
    );
    // Without its messages a row is of no use.
    let error = load("vision_arena", &hub).unwrap_err().to_string();
    assert!(error.contains("none of its 1 rows can be used"), "{error}");

    let rows = [
        json!({"conversations": [
            {"from": "system", "value": "s"},
            {"from": "human", "value": "<image>\nlook"},
        ]}),
        json!({"conversations": [[{"value": "first"}], [{"value": "second"}]]}),
        json!({"conversations": []}),
    ];
    let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    let hub = hub.with(
        "lmms-lab/LLaVA-OneVision-Data",
        "sharegpt4o/train.jsonl",
        rows.join("\n"),
    );
    assert_eq!(
        texts(&load("llava_onevision", &hub).unwrap()),
        [["look"], ["first"]]
    );
}

#[test]
fn questions_about_videos_carry_choices_and_the_video() {
    let rows = json!([
        {"question": " Which? ", "choices": {"A": "one", "B": "", "C": "two"}, "video": "https://h/v.mp4"},
        {"question": "How?", "choices": {}, "video": "/data/v.mp4"},
        {"question": "Why?", "video": null},
    ]);
    let hub = FolderHub::new().with("yale-nlp/MMVU", "validation.json", rows.to_string());
    let loaded = load("mmvu", &hub).unwrap();
    assert_eq!(texts(&loaded), [["Which? A.one C.two"], ["How?"]]);
    assert_eq!(loaded[0].turns[0].videos[0].contents, ["https://h/v.mp4"]);
    assert_eq!(
        loaded[1].turns[0].videos[0].contents,
        ["file:///data/v.mp4"]
    );
}

#[test]
fn code_and_change_go_into_one_prompt() {
    let rows = json!({"code": "x = 1", "change_request": "make it 2"}).to_string();
    let hub = FolderHub::new().with("vdaita/edit_5k_char", "data/train.jsonl", rows);
    let loaded = load("blazedit_5k", &hub).unwrap();
    let text = texts(&loaded)[0][0];
    assert!(
        text.contains("```python\nx = 1\n```") && text.contains("Change request:\nmake it 2\n")
    );
}

#[test]
fn speech_becomes_a_clip_with_its_length() {
    let hub = FolderHub::new();
    let (short, long) = (silence(1.5), silence(31.0));
    write_parquet(
        &hub.place("openslr/librispeech_asr", "main", "clean/test/0000.parquet"),
        "message schema { optional group audio { optional binary bytes; optional binary path (UTF8); } }",
        &[
            (&[&short, &long, b"noise"], &[2, 2, 2], &[0, 0, 0]),
            (&[], &[1, 1, 1], &[0, 0, 0]),
        ],
    );
    let loaded = load("librispeech", &hub).unwrap();
    assert_eq!(loaded.len(), 1);
    let turn = &loaded[0].turns[0];
    assert!(turn.audios[0].contents[0].starts_with("wav,UklGR"));
    assert_eq!(turn.audio_duration_seconds, Some(1.5));
}

#[test]
fn converted_files_are_read_where_a_repository_has_only_code() {
    let hub = FolderHub::new().with("facebook/voxpopuli", "voxpopuli.py", "raise SystemExit");
    let converted = hub.place(
        "facebook/voxpopuli",
        "refs/convert/parquet",
        "en/test/0000.parquet",
    );
    let clip = silence(0.5);
    write_parquet(
        &converted,
        "message schema { optional group audio { optional binary bytes; } }",
        &[(&[&clip], &[2], &[0])],
    );
    assert_eq!(load("voxpopuli", &hub).unwrap().len(), 1);
    std::fs::remove_file(converted).unwrap();
    let error = load("voxpopuli", &hub).unwrap_err().to_string();
    assert!(
        error.contains("has no Parquet or JSON files for subset `en`, split `test`"),
        "{error}"
    );
}

#[test]
fn sharegpt_keeps_exchanges_within_its_limits() {
    let long = "word ".repeat(1100);
    let text = "four tokens at least here";
    let rows = json!([
        {"conversations": [
            {"from": "gpt", "value": "ignored answer of nobody"},
            {"from": "human", "value": text}, {"from": "gpt", "value": "an answer of several tokens"},
            {"from": "human", "value": text}, {"from": "human", "value": "the one that gets an answer"},
            {"from": "gpt", "value": "another answer of several tokens"},
        ]},
        {"conversations": [{"from": "human", "value": long}, {"from": "gpt", "value": text}]},
        {"conversations": [{"from": "human", "value": text}, {"from": "gpt", "value": "No"}]},
        {"conversations": [{"value": text}, {"value": text}]},
        {"conversations": []},
    ]);
    let hub = FolderHub::new().with(
        "anon8231489123/ShareGPT_Vicuna_unfiltered",
        "ShareGPT_V3_unfiltered_cleaned_split.json",
        rows.to_string(),
    );
    let loaded = load("sharegpt", &hub).unwrap();
    assert_eq!(
        texts(&loaded),
        [vec![text, "the one that gets an answer"], vec![text]]
    );
    let tokenizer = Tokenizer::builtin();
    let expected = tokenizer.count("an answer of several tokens") as u32;
    assert_eq!(loaded[0].turns[0].max_tokens, Some(expected));
    // With a length of the user's own, short answers are no reason to drop anything.
    let mut plan = PublicPlan::new("sharegpt").unwrap();
    plan.output_tokens = Some(Law::fixed(50.0));
    assert_eq!(load_plan(plan, &hub).unwrap().len(), 3);
}

#[test]
fn rows_without_their_column_name_those_there_are() {
    let hub = FolderHub::new().with("AI-MO/NuminaMath-CoT", "train.jsonl", "{\"a\":1,\"b\":2}");
    let error = load("aimo_numina_cot", &hub).unwrap_err().to_string();
    assert!(
        error.starts_with("public dataset `aimo_numina_cot`: no column `problem`; there are a, b"),
        "{error}"
    );
    let schema = "message schema { optional binary question (UTF8); }";
    let hub = FolderHub::new();
    write_parquet(
        &hub.place("AI-MO/NuminaMath-CoT", "main", "train.parquet"),
        schema,
        &[(&[b"x"], &[1], &[0])],
    );
    let error = load("aimo_numina_cot", &hub).unwrap_err().to_string();
    assert!(
        error.contains("no column `problem`; there are question"),
        "{error}"
    );
}

#[test]
fn broken_files_are_named() {
    for (path, content) in [
        ("train.parquet", "PAR1 and no more"),
        ("train.jsonl", "{\"problem\":\"a\"}\nx"),
    ] {
        let hub = FolderHub::new().with("AI-MO/NuminaMath-CoT", path, content);
        let error = load("aimo_numina_cot", &hub).unwrap_err().to_string();
        assert!(error.contains(path) && error.contains("not "), "{error}");
    }
}
