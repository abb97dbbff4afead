use proptest::prelude::*;

use super::*;

/// Families as `type name "help": name{labels} value; …`.
fn shown(page: &str) -> Vec<String> {
    let families = parse(page).unwrap();
    let family = |family: &Family| {
        let samples: Vec<String> = family.samples.iter().map(sample).collect();
        let declared = format!("{:?}", family.declared).to_lowercase();
        format!(
            "{declared} {} {:?}: {}",
            family.name,
            family.help,
            samples.join("; ")
        )
    };
    families.iter().map(family).collect()
}

fn sample(sample: &Sample) -> String {
    let labels: Vec<String> = sample
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{}{{{}}} {}", sample.name, labels.join(","), sample.value)
}

#[test]
fn families_hold_the_samples_that_their_type_allows() {
    let cases: &[(&str, &[&str])] = &[
        (
            "# HELP a What it\\nis\\\\.\n# TYPE a gauge\na{z=\"1\",b=\"x\\\"\\n\\\\\"} 2 1700000000000\na 3\n",
            &[r#"gauge a "What it\nis\\.": a{b="x\"\n\\",z="1"} 2; a{} 3"#],
        ),
        (
            "# TYPE a_total counter\na_total{x=\"1\"} 3\na_total{x=\"1\"} 4\na_created{x=\"1\"} 1\n",
            &[
                r#"counter a "": a_total{x="1"} 3; a_total{x="1"} 4"#,
                r#"unknown a_created "": a_created{x="1"} 1"#,
            ],
        ),
        (
            "# TYPE b counter\nb_total{k=\"1\"} 1\nb_total{k=\"2\"} 2\n",
            &[r#"counter b "": b_total{k="1"} 1; b_total{k="2"} 2"#],
        ),
        (
            "free{z=\"a\"} 7 1700000000000\nother 1\nfree{z=\"b\"} 8",
            &[
                r#"unknown free "": free{z="a"} 7; free{z="b"} 8"#,
                r#"unknown other "": other{} 1"#,
            ],
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 0.5\nh_count 1 # {id=\"x\"} 0.5\nh 3\n",
            &[
                r#"histogram h "": h_bucket{le="+Inf"} 1; h_sum{} 0.5; h_count{} 1"#,
                r#"unknown h "": h{} 3"#,
            ],
        ),
        (
            "# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_count 1\n# TYPE i info\ni{v=\"1\"} +Inf\n# EOF\n",
            &[
                r#"summary s "": s{quantile="0.5"} NaN; s_count{} 1"#,
                r#"unknown i "": i{v="1"} inf"#,
            ],
        ),
        ("# just a remark\n#\n\n \t\n# HELP\n", &[]),
    ];
    for (page, expected) in cases {
        assert_eq!(shown(page), *expected, "{page}");
    }
}

#[test]
fn a_line_that_is_no_sample_is_named() {
    for (page, line) in [
        ("<html>\n", 1),
        ("a 1\nb\n", 2),
        ("a 1\nb{x=\"1} 2\n", 2),
        ("a{x=1} 2", 1),
        ("a{x=\"1\",x=\"2\"} 2", 1),
        ("a{x=\"1\"}", 1),
        ("a one", 1),
        ("{\"detail\":\"Not Found\"}", 1),
        ("[{\"iter\": 1}]", 1),
    ] {
        assert_eq!(parse(page).unwrap_err().line, line, "{page}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 {}\",\\\\=#\n\u{e9}]{0,12}"
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}"
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('"', "\\\"")
}

proptest! {
    #[test]
    fn no_page_is_too_strange_to_be_read_or_refused(page in ".{0,200}|[#a-z{}\" =,0-9\n]{0,200}") {
        let _ = parse(&page);
    }

    #[test]
    fn what_is_written_is_read(
        name in name(),
        labels in proptest::collection::btree_map(name(), text(), 0..4),
        value in -1e300f64..1e300,
    ) {
        let written: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let page = format!("# TYPE {name} gauge\n{name}{{{}}} {value}\n", written.join(","));
        let families = parse(&page).unwrap();
        prop_assert_eq!(families.len(), 1);
        prop_assert_eq!(&families[0].name, &name);
        prop_assert_eq!(families[0].declared, Declared::Gauge);
        let labels: Labels = labels.into_iter().collect();
        prop_assert_eq!(&families[0].samples[..], &[Sample { name, labels, value }]);
    }
}
