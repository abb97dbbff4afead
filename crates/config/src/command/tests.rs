//! The machinery, on a small command that has every kind of flag.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::error::{Problem, UsageError};

#[derive(Debug, Clone, Default, PartialEq)]
struct Toy {
    loud: Option<bool>,
    paint: Option<bool>,
    name: Option<String>,
    file: Option<PathBuf>,
    size: Option<u64>,
    weight: Option<f64>,
    count: Option<u64>,
    counts: Vec<u64>,
    speed: Option<f64>,
    colour: Option<Colour>,
    tags: Vec<String>,
    places: Option<Vec<String>>,
    extra: Option<Map<String, Value>>,
    labels: Vec<(String, String)>,
    words: Vec<String>,
}

choices! {
    /// What a toy is painted in.
    enum Colour {
        /// Like the sky.
        SkyBlue = "sky-blue",
        /// Like a rose, 5 thousand times.
        Rose5k = "rose_5k",
    }
}

const LOUD: Flag<Toy> = Flag {
    names: &["loud"],
    short: Some("l"),
    kind: Kind::Switch(|toy, on| toy.loud = Some(on)),
    value: "",
    default: "",
    path: "toy.loud",
    help: "Make noise. A second sentence says how much.",
};
const LOUDER: Flag<Toy> = Flag {
    names: &["louder"],
    short: Some("ll"),
    kind: Kind::Switch(|toy, on| toy.loud = Some(on)),
    ..LOUD
};
const PAINT: Flag<Toy> = Flag {
    names: &["paint"],
    short: None,
    kind: Kind::SwitchPair {
        negation: "no-paint",
        set: |toy, on| toy.paint = Some(on),
    },
    ..LOUD
};
const NAME: Flag<Toy> = Flag {
    names: &["toy-name", "name"],
    short: Some("n"),
    kind: Kind::Text(|toy, name| {
        if name.is_empty() {
            return Err("a name must not be empty".into());
        }
        toy.name = Some(name);
        Ok(())
    }),
    value: "NAME",
    default: "bear",
    path: "",
    help: "What to call it: a | b.",
};
const FILE: Flag<Toy> = Flag {
    names: &["file"],
    short: None,
    kind: Kind::Path(|toy, path| {
        toy.file = Some(path);
        Ok(())
    }),
    value: "FILE",
    ..NAME
};
const SIZE: Flag<Toy> = Flag {
    names: &["size"],
    short: Some("s"),
    kind: Kind::Integer {
        within: 1..=9,
        set: |toy, size| toy.size = Some(size),
    },
    value: "N",
    ..NAME
};
const WEIGHT: Flag<Toy> = Flag {
    names: &["weight"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |toy, weight| toy.weight = Some(weight),
    },
    ..SIZE
};
const COUNT: Flag<Toy> = Flag {
    names: &["count"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |toy, count| toy.count = Some(count),
        list: |toy, counts| toy.counts = counts,
    },
    ..SIZE
};
const SPEED: Flag<Toy> = Flag {
    names: &["speed"],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::FROM_ZERO,
        set: |toy, speed| toy.speed = Some(speed),
        list: |_, _| {},
    },
    ..SIZE
};
const COLOUR: Flag<Toy> = Flag {
    names: &["colour"],
    short: None,
    kind: Kind::Choice {
        names: Colour::NAMES,
        later: &["sky-blue", "moss_green"],
        set: |toy, name| {
            toy.colour = Colour::named(name);
            Ok(())
        },
    },
    value: "COLOUR",
    default: "sky-blue",
    ..SIZE
};
const TAGS: Flag<Toy> = Flag {
    names: &["tags"],
    short: None,
    kind: Kind::List(|toy, tags| {
        toy.tags.extend(tags);
        Ok(())
    }),
    value: "TAG",
    ..SIZE
};
const PLACES: Flag<Toy> = Flag {
    names: &["places"],
    short: Some("p"),
    kind: Kind::GreedyList(|toy, places| {
        toy.places.get_or_insert_default().extend(places);
        Ok(())
    }),
    value: "PLACE",
    ..SIZE
};
const EXTRA: Flag<Toy> = Flag {
    names: &["extra"],
    short: None,
    kind: Kind::Pairs(|toy, extra| {
        toy.extra.get_or_insert_default().extend(extra);
        Ok(())
    }),
    value: "KEY:VALUE",
    ..SIZE
};
const LABELS: Flag<Toy> = Flag {
    names: &["labels"],
    short: None,
    kind: Kind::TextPairs(|toy, labels| {
        toy.labels.extend(labels);
        Ok(())
    }),
    value: "KEY:VALUE",
    ..SIZE
};

static LOOKS: Group<Toy> = Group {
    title: "Looks",
    flags: &[LOUD, LOUDER, PAINT, NAME, FILE, COLOUR],
};
static FIGURES: Group<Toy> = Group {
    title: "Figures",
    flags: &[SIZE, WEIGHT, COUNT, SPEED, TAGS, PLACES, EXTRA, LABELS],
};

static TOY: Command<Toy> = Command {
    name: "toy",
    about: "Make a toy. It is small.",
    groups: &[&LOOKS, &FIGURES],
    positional: None,
    reference_names: &["--loud", "--wheels", "--axle-count"],
    examples: &[Example {
        purpose: "A small one",
        line: "shop toy --size 1",
    }],
};

static WITH_WORDS: Command<Toy> = Command {
    name: "words",
    about: "Take words.",
    groups: &[&LOOKS],
    positional: Some(Positional {
        value: "WORDS",
        help: "Any words.",
        many: true,
        set: |toy, word| {
            toy.words.push(word);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

/// The words of a line, split at blanks; `_` alone stands for an empty word.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace()
        .map(|word| {
            if word == "_" {
                String::new()
            } else {
                word.to_owned()
            }
        })
        .collect()
}

fn toy(line: &str) -> Toy {
    match TOY.parse(words(line)) {
        Ok(Parsed::Values(toy)) => toy,
        other => panic!("{line}: {other:?}"),
    }
}

fn error(line: &str) -> String {
    TOY.parse(words(line)).unwrap_err().to_string()
}

#[test]
fn every_way_to_attach_a_value_means_the_same() {
    for line in [
        "--toy-name foo",
        "--toy-name=foo",
        "--toy_name foo",
        "--name=foo",
        "-n foo",
        "-nfoo",
        "-n=foo",
    ] {
        assert_eq!(
            toy(line),
            Toy {
                name: Some("foo".into()),
                ..Toy::default()
            },
            "{line}"
        );
    }
    assert_eq!(toy("-nfoo=bar").name.as_deref(), Some("foo=bar"));
    assert_eq!(toy("--name=-x=y").name.as_deref(), Some("-x=y"));
    assert_eq!(toy("--name -").name.as_deref(), Some("-"));
}

#[test]
fn every_kind_of_value_reaches_its_place() {
    let line = "-l --no-paint --file a/b --size 3 --weight 1e-1 --count 5, --speed 0 --colour SKY_BLUE --tags a,b \
                --tags c --places x y,z --extra n:1 {\"k\":[2]} --labels A:1";
    let expected = Toy {
        loud: Some(true),
        paint: Some(false),
        name: None,
        file: Some("a/b".into()),
        size: Some(3),
        weight: Some(0.1),
        count: Some(5),
        counts: Vec::new(),
        speed: Some(0.0),
        colour: Some(Colour::SkyBlue),
        tags: vec!["a".into(), "b".into(), "c".into()],
        places: Some(vec!["x".into(), "y".into(), "z".into()]),
        extra: json!({"n": 1, "k": [2]}).as_object().cloned(),
        labels: vec![("A".into(), "1".into())],
        words: vec![],
    };
    assert_eq!(toy(line), expected);
}

#[test]
fn switches_may_carry_a_value_and_pairs_have_two_names() {
    assert_eq!(toy("--loud=no").loud, Some(false));
    assert_eq!(toy("-l=Yes").loud, Some(true));
    assert_eq!(toy("-ll").loud, Some(true));
    assert_eq!(toy("--paint").paint, Some(true));
    assert_eq!(toy("--no-paint=no").paint, Some(true));
    assert_eq!(
        error("--loud="),
        "`--loud=`: a switch takes `yes` or `no`, or no value at all"
    );
    assert_eq!(
        error("--loud false"),
        "unexpected argument `false`\n  hint: a switch takes it attached: `--loud=false`"
    );
    assert_eq!(
        error("--no-loud"),
        "unknown flag `--no-loud`\n  hint: did you mean `--loud`?"
    );
}

#[test]
fn lists_that_take_many_words_end_at_the_next_flag_and_may_be_empty() {
    assert_eq!(
        toy("--places a b -l").places,
        Some(vec!["a".into(), "b".into()])
    );
    assert_eq!(
        toy("--places=a b").places,
        Some(vec!["a".into(), "b".into()])
    );
    assert_eq!(toy("--places -l").places, Some(vec![]));
    assert_eq!(
        toy("--places a -5 -l").places,
        Some(vec!["a".into(), "-5".into()])
    );
    assert_eq!(toy("--extra").extra, Some(Map::new()));
    assert_eq!(error("--tags a b"), "unexpected argument `b`");
}

#[test]
fn the_same_flag_twice_is_an_error_under_any_of_its_names() {
    assert_eq!(
        error("--size 1 --size 2"),
        "`--size` is given more than once"
    );
    assert_eq!(
        error("--name a -n b"),
        "`--toy-name` is given more than once\n  hint: `--name` and `-n` are two names of one flag"
    );
    assert!(error("--paint --no-paint").starts_with("`--paint` is given more than once"));
    assert!(error("-l -l").starts_with("`--loud` is given more than once"));
}

#[test]
fn a_missing_value_is_told_from_one_that_looks_like_a_flag() {
    assert_eq!(error("--name"), "`--name` needs a value");
    assert_eq!(error("--name --loud"), "`--name` needs a value");
    assert_eq!(
        error("--name -x"),
        "`--name` needs a value\n  hint: if `-x` is the value, write `--name=-x`"
    );
    assert_eq!(error("--weight -3"), "`--weight -3`: must be more than 0");
}

#[test]
fn unknown_flags_get_a_suggestion_and_reference_flags_their_own_message() {
    assert_eq!(
        error("--weigth 3"),
        "unknown flag `--weigth`\n  hint: did you mean `--weight`?"
    );
    assert_eq!(
        error("--Loud"),
        "unknown flag `--Loud`\n  hint: did you mean `--loud`?"
    );
    assert_eq!(error("--zzz=secret"), "unknown flag `--zzz`");
    assert_eq!(error("-x"), "unknown flag `-x`");
    assert_eq!(error("-lll"), "unknown flag `-lll`");
    let message = "is an AIPerf flag that this version does not support yet";
    assert_eq!(error("--wheels 4"), format!("`--wheels` {message}"));
    assert_eq!(error("--axle_count=2"), format!("`--axle-count` {message}"));
}

#[test]
fn all_problems_of_a_line_are_reported_at_once() {
    let problems = TOY
        .parse(words("--size 0 --wheels 4 --sped 1 --weight nan -- rest"))
        .unwrap_err();
    assert!(matches!(
        problems.problems(),
        [
            Problem::InvalidValue { .. },
            Problem::FlagNotSupportedYet { .. },
            Problem::UnknownFlag { .. },
            Problem::InvalidValue { .. },
            Problem::Unexpected { .. }
        ]
    ));
}

#[test]
fn values_out_of_range_name_the_flag_the_value_and_the_limit() {
    assert_eq!(error("-s 0"), "`-s 0`: must be at least 1");
    assert_eq!(error("--size 10"), "`--size 10`: must be at most 9");
    assert_eq!(
        error("--colour red"),
        "`--colour red`: must be one of sky-blue, rose_5k"
    );
    assert_eq!(error("--name _"), "`--name=`: a name must not be empty");
    assert_eq!(error("--count 1,0"), "`--count 1,0`: must be at least 1");
}

#[test]
fn several_numbers_are_a_list_and_the_first_is_the_value() {
    let toy = |line: &str| match TOY.parse(line.split_whitespace()) {
        Ok(Parsed::Values(toy)) => (toy.count, toy.counts),
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(toy("--count 4,2,9"), (Some(4), vec![4, 2, 9]));
    assert_eq!(toy("--count 4,"), (Some(4), vec![]));
}

#[test]
fn words_of_the_reference_are_told_from_words_that_exist_nowhere() {
    assert_eq!(
        error("--colour MOSS-GREEN"),
        "`--colour MOSS-GREEN`: not supported by this version yet; it has sky-blue, rose_5k"
    );
    assert_eq!(
        error("--colour moss"),
        "`--colour moss`: must be one of sky-blue, rose_5k"
    );
}

#[test]
fn choices_ignore_case_and_separators() {
    for word in ["sky-blue", "SKY_BLUE", "skyblue"] {
        assert_eq!(Colour::named(word), Some(Colour::SkyBlue));
    }
    assert_eq!(Colour::named("rose-5-k"), Some(Colour::Rose5k));
    assert_eq!(Colour::named("rose"), None);
    assert_eq!(Colour::Rose5k.to_string(), "rose_5k");
}

#[test]
fn a_malformed_pair_is_not_shown_because_it_may_be_a_credential() {
    assert!(!error("--labels Authorization=sk-123").contains("sk-123"));
}

#[test]
fn help_wins_over_everything_before_a_separator() {
    assert_eq!(TOY.parse(words("--zzz --help")), Ok(Parsed::Help));
    assert_eq!(TOY.parse(words("-h")), Ok(Parsed::Help));
    assert_eq!(TOY.parse(words("--version --size x")), Ok(Parsed::Version));
    assert!(matches!(
        TOY.parse(words("-- --help")),
        Err(UsageError { .. })
    ));
}

#[test]
fn a_command_may_take_words_that_are_not_flags() {
    let parsed = WITH_WORDS.parse(words("a -l b -- --c"));
    let expected = Toy {
        loud: Some(true),
        words: vec!["a".into(), "b".into(), "--c".into()],
        ..Toy::default()
    };
    assert_eq!(parsed, Ok(Parsed::Values(expected)));
}

#[test]
fn help_shows_names_values_choices_and_defaults_within_the_width() {
    let text = help("shop", &TOY.summary(), 60);
    assert!(
        text.starts_with(
            "Make a toy. It is small.\n\nUsage: shop toy [OPTIONS]\n\nLooks:\n  -l, --loud\n"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "  -n, --toy-name, --name <NAME>\n          What to call it: a | b. [default: bear]\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("[choices: sky-blue,\n          rose_5k] [default: sky-blue]\n"),
        "{text}"
    );
    assert!(text.contains("      --tags <TAG>,...\n"), "{text}");
    assert!(text.contains("  -p, --places <PLACE>...\n"), "{text}");
    assert!(text.contains("      --paint, --no-paint\n"), "{text}");
    assert!(
        text.ends_with("Examples:\n  # A small one\n  shop toy --size 1\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.len() <= 60), "{text}");
    assert!(
        help("shop", &WITH_WORDS.summary(), 60).contains("Usage: shop words [WORDS...] [OPTIONS]")
    );
}

fn asked(line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let request = HelpRequest::of(&words).expect("the line asks for help");
    let summary = TOY.summary().with_essential(&["name", "loud"]);
    help_for("shop", &summary, &request, 70)
}

#[test]
fn short_help_shows_the_essential_flags_in_their_order_and_the_names_of_all_groups() {
    let text = asked("--help").unwrap();
    assert!(
        text.contains(
            "  -n, --name <NAME>  What to call it: a | b\n  -l, --loud         Make noise\n"
        ),
        "{text}"
    );
    assert!(!text.contains("--colour"), "{text}");
    for group in TOY.groups {
        assert!(text.contains(group.title), "{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 70), "{text}");
    // A command without essential flags has nothing to leave out.
    let summary = TOY.summary();
    assert_eq!(
        help_for("shop", &summary, &HelpRequest::Short, 70).unwrap(),
        help("shop", &summary, 70)
    );
}

#[test]
fn help_on_a_group_shows_that_group_and_help_on_a_flag_that_flag() {
    let group = TOY.groups[0];
    let whole = asked(&format!("--help {}", group.title)).unwrap();
    assert!(whole.starts_with(&format!("{}:\n", group.title)), "{whole}");
    let beginning = group.title[..3].to_uppercase();
    assert_eq!(asked(&format!("--help {beginning}")).unwrap(), whole);
    for flag in group.flags {
        assert!(whole.contains(&flag.main_name()), "{whole}");
    }
    let flag = asked("--help toy_name").unwrap();
    assert!(
        flag.starts_with("  -n, --toy-name, --name <NAME>\n"),
        "{flag}"
    );
    assert!(asked("--help-all").unwrap().contains("--colour"));
    assert_eq!(
        asked("--help colur").unwrap_err(),
        "no group of flags and no flag is called `colur`\n  hint: did you mean `colour`?"
    );
    assert_eq!(
        asked("--help xyz").unwrap_err(),
        "no group of flags and no flag is called `xyz`\n  hint: `shop toy --help` names the groups"
    );
}

#[test]
fn a_manual_page_has_every_flag_and_survives_lines_that_look_like_commands_of_roff() {
    let page = man_page("shop", "1.2", &TOY.summary());
    assert!(page.contains(".TH SHOP-TOY 1 \" \" \"shop 1.2\""), "{page}");
    for flag in TOY.flags() {
        for name in flag.names {
            assert!(page.contains(&name.replace('-', "\\-")), "{name}: {page}");
        }
    }
    let overview = man_overview("shop", "1.2", "sells toys", &[("toy", ".ignored … or not")]);
    assert!(overview.contains("shop\\-toy"), "{overview}");
    assert!(
        overview.is_ascii() && overview.contains(r"\[u2026]"),
        "{overview}"
    );
    assert!(
        overview.lines().all(|line| !line.starts_with(".ignored")),
        "{overview}"
    );
}

#[test]
fn a_word_that_resembles_a_choice_is_answered_with_that_choice() {
    assert_eq!(
        error("--colour sky-bleu"),
        "`--colour sky-bleu`: must be one of sky-blue, rose_5k\n  hint: did you mean `sky-blue`?"
    );
}

#[test]
fn the_reference_page_has_a_row_for_every_flag() {
    let page = reference_markdown("shop", &TOY.summary());
    for flag in TOY.flags() {
        assert!(
            page.contains(&format!("| `{}`", flag.main_name())),
            "{}",
            flag.main_name()
        );
    }
    assert!(
        page.contains(
            "| `--toy-name` `--name` `-n` | `<NAME>` | `bear` |  | What to call it: a \\| b. |"
        ),
        "{page}"
    );
}

#[test]
fn completions_offer_every_spelling_and_every_choice_in_every_shell() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = completions(shell, "shop", &[TOY.summary(), WITH_WORDS.summary()]);
        for flag in TOY.flags() {
            for name in flag.names {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
        assert!(script.contains("sky-blue rose_5k"), "{shell}");
    }
}

proptest! {
    #[test]
    fn no_line_makes_the_parser_panic(line in proptest::collection::vec("(--?[a-z]{0,8}=?)?[-a-z0-9:,{}\"=_. ]{0,8}", 0..8)) {
        let _ = TOY.parse(line);
    }

    #[test]
    fn any_text_attached_with_an_equals_sign_arrives_unchanged(text in ".+") {
        prop_assert_eq!(
            TOY.parse([format!("--name={text}")]),
            Ok(Parsed::Values(Toy { name: Some(text), ..Toy::default() }))
        );
    }

    #[test]
    fn any_number_within_limits_arrives_unchanged(size in 1..=9u64, weight in 1e-9..1e9f64) {
        let expected = Toy { size: Some(size), weight: Some(weight), ..Toy::default() };
        prop_assert_eq!(TOY.parse([format!("-s{size}"), format!("--weight={weight}")]), Ok(Parsed::Values(expected)));
    }
}
