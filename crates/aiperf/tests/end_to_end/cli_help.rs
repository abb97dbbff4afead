//! Help for people: short, by group, whole, and as manual pages.

use std::process::{Command, Stdio};

use crate::support::Place;

#[test]
fn help_is_short_unless_all_is_asked_for() {
    let place = Place::new();
    let short = place.run(&["profile", "--help"]).expect_code(0);
    assert_eq!(short.stderr, "");
    let short = short.stdout;
    let rows = short.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with('-')
    });
    assert_eq!(rows.count(), 20, "{short}");
    assert!(short.lines().count() < 60, "{short}");
    assert!(short.contains("Load Generator"), "{short}");
    let whole = place.run(&["profile", "--help-all"]).expect_code(0).stdout;
    assert!(whole.contains("--fixed-schedule-end-offset"), "{whole}");
    assert!(!short.contains("--fixed-schedule-end-offset"), "{short}");
    assert_eq!(place.run(&["help", "profile"]).stdout, short);
}

#[test]
fn help_on_a_group_needs_only_the_beginning_of_its_title() {
    let place = Place::new();
    let group = place
        .run(&["profile", "--help", "Load", "Generator"])
        .expect_code(0)
        .stdout;
    assert!(group.starts_with("Load Generator:\n"), "{group}");
    for words in [
        vec!["profile", "--help", "load"],
        vec!["profile", "-h", "LOAD-GEN"],
        vec!["profile", "--help=load"],
        vec!["profile", "--model", "m", "--help", "load", "--streaming"],
        vec!["help", "profile", "load"],
    ] {
        assert_eq!(place.run(&words).expect_code(0).stdout, group, "{words:?}");
    }
    let flag = place.run(&["profile", "--help", "request-rate-mode"]);
    assert!(flag.stdout.contains("--arrival-pattern"), "{flag}");
    assert_ended!(place.run(&["profile", "--help", "lood"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────── Error ──────────────────────╮
    │  no group of flags and no flag is called `lood`  │
    │    hint: did you mean `Load Generator`?          │
    ╰──────────────────────────────────────────────────╯
    ");
}

#[test]
fn manual_pages_are_what_man_reads_without_complaint() {
    let place = Place::new();
    let overview = place.run(&["man"]).expect_code(0).stdout;
    assert!(overview.contains(r"aiperf\-profile"), "{overview}");
    for command in ["profile", "mock-server", "man"] {
        let page = place.run(&["man", command]).expect_code(0).stdout;
        let check = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-z", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        // Not every machine has it.
        let Ok(mut groff) = check else { continue };
        let mut input = groff.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, page.as_bytes()).unwrap();
        drop(input);
        let output = groff.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        assert!(output.status.success(), "{command}");
    }
    let refused = place.run(&["man", "profil"]).expect_code(1);
    assert!(
        refused.stderr.contains("did you mean `profile`?"),
        "{refused}"
    );
}
