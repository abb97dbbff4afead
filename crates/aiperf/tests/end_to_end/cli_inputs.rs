//! What goes wrong before the first request: no request is sent, and one message says why.

use crate::support::{Ended, Place, plain_mock};

/// A run that must fail before the server hears of it.
#[track_caller]
fn fails_before_sending(place: &Place, words: &[&str]) -> Ended {
    let server = plain_mock();
    let ended = place.profile(&server.url(), words).expect_code(1);
    assert_eq!(server.stats().connections, 0, "{ended}");
    assert!(
        !place.results().join("profile_export_aiperf.json").exists(),
        "{ended}"
    );
    ended
}

#[test]
fn an_input_file_that_is_missing_is_named() {
    let words = ["--input-file", "missing.jsonl"];
    assert_ended!(fails_before_sending(&Place::new(), &words), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────────────────────── Error ──────────────────────────╮
    │  `--input-file missing.jsonl`: no such file or directory  │
    ╰───────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn an_input_file_that_is_a_folder_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("prompts")).unwrap();
    let ended = fails_before_sending(&place, &["--input-file", "prompts"]);
    assert!(ended.stderr.contains("prompts"), "{ended}");
}

#[test]
fn a_line_that_is_not_json_is_named_with_its_place_and_reason() {
    let place = Place::new();
    place.write("broken.jsonl", "{\"text\": \"fine\"}\n{\"text\": oops}\n");
    assert_ended!(fails_before_sending(&place, &["--input-file", "broken.jsonl"]), @"
    exit code: 1
    ----- stdout -----
    [TIME] INFO     `broken.jsonl` has the format `single_turn` ([PLACE])
    ----- stderr -----
    ╭───────────────────────────────────────────── Error ──────────────────────────────────────────────╮
    │  the dataset cannot be built: `broken.jsonl` line 2: not valid JSON: expected value (column 10)  │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_line_that_is_json_but_no_prompt_is_named_with_its_place_and_reason() {
    let place = Place::new();
    place.write(
        "strange.jsonl",
        "{\"text\": \"fine\"}\n{\"txet\": \"mistyped\"}\n",
    );
    let words = [
        "--input-file",
        "strange.jsonl",
        "--custom-dataset-type",
        "single_turn",
    ];
    assert_ended!(fails_before_sending(&place, &words), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────────────────────── Error ──────────────────────────────────────────────╮
    │  the dataset cannot be built: `strange.jsonl` line 2: a turn needs at least one of `text`,       │
    │  `texts`, `image`, `images`, `audio`, `audios`, `video`, `videos`                                │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn an_empty_input_file_is_refused() {
    let place = Place::new();
    place.write("empty.jsonl", "");
    assert_ended!(fails_before_sending(&place, &["--input-file", "empty.jsonl"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────────────────────────── Error ────────────────────────────────╮
    │  the dataset cannot be built: input file `empty.jsonl` holds no rows  │
    ╰───────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_tokenizer_that_is_neither_cached_nor_reachable_is_one_clear_message() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "profile",
        "--model",
        "meta/some-model",
        "--url",
        &server.url(),
    ];
    let ended = place.run(&words).expect_code(1);
    assert_eq!(server.stats().connections, 0, "{ended}");
    assert_ended!(ended, @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────────────────────── Error ──────────────────────────────────────────────╮
    │  tokenizer `meta/some-model` (revision `main`) is not in the cache `hf/hub` and offline mode is  │
    │  on                                                                                              │
    │    hint: name a local folder or `tokenizer.json` with `--tokenizer PATH`, or use the one inside  │
    │  this program with `--tokenizer builtin`                                                         │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
    // Of a file the server may count all that there is to count.
    place.write("prompts.jsonl", "{\"text\": \"hello\"}\n");
    let words = [&words[..], &["--input-file", "prompts.jsonl"]].concat();
    let ended = place.run(&words).expect_code(1);
    assert!(
        ended.stderr.contains("`--use-server-token-count`"),
        "{ended}"
    );
}

#[test]
fn a_tokenizer_file_that_is_missing_is_named() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "profile",
        "-m",
        "m",
        "--url",
        &server.url(),
        "--tokenizer",
        "./no/such/folder",
    ];
    let ended = place.run(&words).expect_code(1);
    assert_eq!(server.stats().connections, 0, "{ended}");
    assert!(ended.stderr.contains("no/such/folder"), "{ended}");
}

#[test]
fn an_artifact_folder_that_is_a_file_is_named() {
    let place = Place::new();
    place.write("results", "in the way");
    assert_ended!(fails_before_sending(&place, &[]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────────────────────────── Error ─────────────────────────────────╮
    │  cannot make the artifact folder `results`: File exists (os error 17)  │
    ╰────────────────────────────────────────────────────────────────────────╯
    ");
    assert_eq!(
        std::fs::read_to_string(place.results()).unwrap(),
        "in the way"
    );
}

#[test]
fn an_artifact_folder_below_a_file_is_named() {
    let place = Place::new();
    place.write("file", "in the way");
    let words = [
        "profile",
        "-m",
        "m",
        "--tokenizer",
        "builtin",
        "--artifact-dir",
        "file/below",
    ];
    assert_ended!(place.run(&words).expect_code(1), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────────────────────────────── Error ────────────────────────────────────╮
    │  cannot make the artifact folder `file/below`: Not a directory (os error 20)  │
    ╰───────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn of_a_prefix_with_folders_the_last_part_counts() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--request-count",
        "1",
        "--profile-export-prefix",
        "/some/where/mine.json",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    assert!(
        place.results().join("mine.json").exists(),
        "{:?}",
        place.files(&place.results())
    );
}

#[test]
fn a_bad_environment_variable_is_named() {
    let place = Place::new();
    let server = plain_mock();
    let mut command = place.profiling(&server.url(), &[]);
    command.env("AIPERF_HTTP_SSL_VERIFY", "perhaps");
    let ended = crate::support::place::wait(command.spawn().unwrap()).expect_code(1);
    assert_ended!(ended, @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────── Error ──────────────────────────────╮
    │  the environment variable `AIPERF_HTTP_SSL_VERIFY` is `perhaps`  │
    │    hint: use true or false, or unset it                          │
    ╰──────────────────────────────────────────────────────────────────╯
    ");
}
