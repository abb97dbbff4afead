//! Command lines: what is understood, and how what is not is refused.

use crate::support::Place;

/// Runs words that must be refused, and requires that nothing is written.
#[track_caller]
fn refused(words: &[&str]) -> crate::support::Ended {
    let place = Place::new();
    let ended = place.run(words).expect_code(1);
    let files = place.files(place.path());
    assert!(files.is_empty(), "a refused command line wrote {files:?}");
    ended
}

#[test]
fn without_arguments_the_commands_are_listed() {
    let place = Place::new();
    let bare = place.run(&[]).expect_code(0);
    assert_eq!(bare.stderr, "");
    assert!(bare.stdout.contains("Usage: aiperf COMMAND"), "{bare}");
    for words in [["--help"], ["-h"], ["help"]] {
        assert_eq!(
            place.run(&words).expect_code(0).stdout,
            bare.stdout,
            "{words:?}"
        );
    }
}

#[test]
fn every_listed_command_has_a_help_text() {
    let place = Place::new();
    let overview = place.run(&[]).stdout;
    let commands: Vec<&str> = overview
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .collect();
    assert!(
        commands.contains(&"profile") && commands.contains(&"demo"),
        "{commands:?}"
    );
    for command in commands {
        let help = place.run(&[command, "--help"]).expect_code(0);
        assert_eq!(help.stderr, "", "{command}");
        assert!(
            help.stdout.contains(&format!("Usage: aiperf {command}")),
            "{help}"
        );
        for line in help.stdout.lines() {
            assert!(
                line.chars().count() <= 110,
                "{command}: too long for a terminal: {line}"
            );
        }
    }
}

#[test]
fn the_help_of_profile_explains_every_flag_of_its_reference_page() {
    let place = Place::new();
    let help = place.run(&["profile", "--help-all"]).expect_code(0).stdout;
    let page = place.run(&["reference", "profile"]).expect_code(0).stdout;
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `-"))
        .collect();
    assert!(rows.len() > 40, "{page}");
    for row in rows {
        let names = row.split(" | ").next().unwrap();
        for name in names.split('`').filter(|part| part.starts_with('-')) {
            assert!(help.contains(name), "`{name}` is not in the help");
        }
    }
}

#[test]
fn the_version_is_one_line() {
    let version = Place::new().run(&["--version"]);
    assert_eq!(
        Place::new().run(&["profile", "--version"]).to_string(),
        version.to_string()
    );
    assert_ended!(version, @"
    exit code: 0
    ----- stdout -----
    [VERSION]
    ----- stderr -----
    ");
}

#[test]
fn an_unknown_command_is_refused_with_the_nearest_one_or_a_list_of_those_there_are() {
    let listed = refused(&["frobnicate"]).stderr;
    for name in [
        "unknown command `frobnicate`",
        "hint: the commands are `profile`",
        "`reference`",
    ] {
        assert!(listed.contains(name), "{listed}");
    }
    assert_ended!(refused(&["profil"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────────── Error ──────────────╮
    │  unknown command `profil`         │
    │    hint: did you mean `profile`?  │
    ╰───────────────────────────────────╯
    ");
    assert_ended!(refused(&["--model", "m"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────────────────── Error ─────────────────────────╮
    │  `--model` stands where a command is expected          │
    │    hint: `aiperf profile --model …` measures a server  │
    ╰────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_flag_in_place_of_a_command_gets_the_advice_that_fits_it() {
    for (word, expected) in [
        (
            "--streaming",
            "`aiperf profile --streaming …` measures a server",
        ),
        ("-V", "did you mean `--version`?"),
        ("--versoin", "did you mean `--version`?"),
        ("--hepl", "did you mean `--help`?"),
        ("--xyz", "`aiperf --help` lists the commands"),
    ] {
        let ended = refused(&[word]);
        assert!(format!("{ended}").contains(expected), "{ended}");
    }
}

#[test]
fn a_command_that_only_the_reference_has_is_refused_by_name() {
    assert_ended!(refused(&["plot", "results"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭─────────────────────────────── Error ────────────────────────────────╮
    │  `plot` is an AIPerf command that this version does not support yet  │
    ╰──────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn every_command_of_the_reference_is_here_or_is_refused_by_name() {
    let place = Place::new();
    for name in [
        "profile",
        "plot",
        "analyze",
        "analyze-trace",
        "chat",
        "config",
        "validate",
        "synthesize",
        "speed-bench-report",
        "plugins",
        "service",
        "proxy",
        "kube",
    ] {
        let ended = place.run(&[name, "--help"]);
        let refused =
            format!("`{name}` is an AIPerf command that this version does not support yet");
        assert!(
            ended.code == Some(0) || ended.stderr.contains(&refused),
            "{ended}"
        );
    }
    let ended = place.run(&["--install-completion"]).expect_code(1);
    assert!(ended.stderr.contains("aiperf completions bash"), "{ended}");
}

#[test]
fn a_mistyped_flag_is_refused_with_the_nearest_name() {
    assert_ended!(refused(&["profile", "--modle", "m"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────────── Error ──────────────╮
    │  unknown flag `--modle`           │
    │    hint: did you mean `--model`?  │
    ╰───────────────────────────────────╯
    ");
}

#[test]
fn a_flag_that_only_the_reference_has_is_refused_by_name() {
    assert_ended!(refused(&["profile", "-m", "m", "--accuracy-benchmark", "mmlu"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────────────────────────────────── Error ──────────────────────────────────────╮
    │  `--accuracy-benchmark` is an AIPerf flag that this version does not support yet  │
    ╰───────────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_flag_without_its_value_is_refused() {
    assert_ended!(refused(&["profile", "--model"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────── Error ──────────╮
    │  `--model` needs a value  │
    ╰───────────────────────────╯
    ");
}

#[test]
fn a_flag_given_twice_under_two_names_is_refused() {
    let words = [
        "profile",
        "-m",
        "m",
        "--request-count",
        "5",
        "--num-requests",
        "6",
    ];
    assert_ended!(refused(&words), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭────────────────────────────────── Error ───────────────────────────────────╮
    │  `--request-count` is given more than once                                 │
    │    hint: `--request-count` and `--num-requests` are two names of one flag  │
    ╰────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn an_argument_without_a_flag_is_refused() {
    assert_ended!(refused(&["profile", "-m", "m", "stray"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────── Error ────────────╮
    │  unexpected argument `stray`  │
    ╰───────────────────────────────╯
    ");
}

#[test]
fn all_bad_values_are_reported_at_once() {
    let words = [
        "profile",
        "-m",
        "m",
        "--concurrency",
        "abc",
        "--request-count",
        "-3",
        "--request-rate",
        "0",
        "--streaming=maybe",
        "--ui",
        "fancy",
        "--url",
        "::no",
    ];
    assert_ended!(refused(&words), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────────── Error ─────────────────────────────────╮
    │  `--concurrency abc`: not a whole number                                │
    │  `--request-count -3`: must be at least 1                               │
    │  `--request-rate 0`: must be more than 0                                │
    │  `--streaming maybe`: a switch takes `yes` or `no`, or no value at all  │
    │  `--ui fancy`: must be one of dashboard, simple, none                   │
    ╰─────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_run_without_a_model_is_refused() {
    assert_ended!(refused(&["profile"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭──────────────── Error ────────────────╮
    │  no model is given                    │
    │    hint: name it with `--model NAME`  │
    ╰───────────────────────────────────────╯
    ");
}

#[test]
fn a_metric_that_goodput_cannot_judge_is_refused_before_anything_is_made() {
    let ended = refused(&[
        "profile",
        "-m",
        "m",
        "--tokenizer",
        "builtin",
        "--goodput",
        "speed:1",
    ]);
    assert!(
        ended
            .stderr
            .contains("unknown metric `speed` in `--goodput`"),
        "{ended}"
    );
    assert!(
        ended.stderr.contains("request_latency"),
        "the hint lists what there is: {ended}"
    );
}

#[test]
fn a_prefix_that_names_two_files_alike_is_refused() {
    let words = [
        "profile",
        "-m",
        "m",
        "--tokenizer",
        "builtin",
        "--profile-export-prefix",
        "inputs",
    ];
    assert_ended!(refused(&words), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────────────────────── Error ──────────────────────────────────────────────╮
    │  `inputs.json` would hold both the request bodies and the summary JSON; hint: choose another     │
    │  `--profile-export-prefix`                                                                       │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
}
