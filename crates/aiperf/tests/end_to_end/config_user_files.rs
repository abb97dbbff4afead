//! `artifacts.userFiles`: files of the user's own in the run's folder.

use serde_json::Value;

use crate::support::{Place, mock, quick};

/// A configuration with these entries below `userFiles`; the server is `SERVER`.
pub(crate) fn file(entries: &str) -> String {
    format!(
        "\
variables: {{users: 3, ratio: 0.5, twice: '{{{{ users * 2 }}}}', model: hidden}}
benchmark:
  model: [mock-model, second]
  endpoint: {{url: 'http://me:pass@SERVER'}}
  dataset: {{entries: 3, isl: 8, osl: 4}}
  profiling: {{type: concurrency, requests: 3}}
  tokenizer: {{name: builtin}}
  artifacts:
    dir: results
    userFiles:
{entries}
"
    )
}

pub(crate) const ENTRIES: &str = "
      - path: meta/run.json
        content:
          job: '{{ job_name }}'
          started: '{{ epoch }}'
          in: '{{ artifact_dir }}'
          of: ['{{ model }}', '{{ endpoint_url }}', '{{ namespace }}|']
          users: '{{ users }}'
          twice: '{{ twice }}'
          ratio: '{{ ratio * 3 }}'
          many: '{{ users > 2 }}'
          literal: '42'
          plain: [1, 2.5, true, null, text, {}, []]
          exponent: '1e{{ users }}'
      - path: meta/run.yaml
        format: yaml
        content: {job: '{{ job_name }}', list: [a, 'b: c', '{{ users }}', 'yes', '007'], deep: {x: {y: ['{{ ratio }}']}}}
      - path: notes.txt
        content: |
          {# a remark #}{% if users > 2 %}many{% else %}few{% endif %} for {{ model | upper }}
          {{ [1, 2] | join('-') }} 007={{ '007' }}
";

#[test]
fn files_of_the_user_are_in_the_folder_when_the_run_begins() {
    let server = mock(quick());
    let place = Place::new();
    let address = server.address().to_string();
    place.write("bench.yaml", &file(ENTRIES).replace("SERVER", &address));
    let ended = place.run(&["profile", "-f", "bench.yaml"]).expect_code(0);
    assert!(
        ended.stdout.contains("`model` is what the run says"),
        "{ended}"
    );
    let made: Value = serde_json::from_str(&place.result("meta/run.json")).unwrap();
    assert_eq!(made["job"], "results");
    assert!(made["started"].as_i64().unwrap() > 1_700_000_000, "{made}");
    assert!(made["in"].as_str().unwrap().ends_with("/results"), "{made}");
    assert_eq!(made["of"][0], "mock-model");
    assert_eq!(made["of"][1], format!("http://<redacted>@{address}"));
    assert_eq!(made["twice"], 6);
    assert_eq!(made["literal"], "42");
    assert_eq!(
        place.result("notes.txt"),
        "many for MOCK-MODEL\n1-2 007=007\n"
    );
    assert!(place.result("meta/run.yaml").starts_with("job: results\n"));
    // What the file asks for is in the summary as it was written.
    let asked = &place.summary()["input_config"]["artifacts"]["user_files"];
    assert_eq!(asked[2]["path"], "notes.txt");
    assert_eq!(asked[2]["format"], "text");
}

#[test]
fn files_that_cannot_be_made_end_the_run_before_an_earlier_result_is_touched() {
    let place = Place::new();
    for (entries, expected) in [
        (
            "      - {path: a, content: '{{ nobody }}'}",
            "there is no `nobody`",
        ),
        (
            "      - {path: inputs.json, content: x}",
            "`inputs.json` would be in the way of `inputs.json`",
        ),
        (
            "      - {path: logs, content: x}",
            "`logs` would be in the way of `logs/aiperf.log`",
        ),
        (
            "      - {path: a, content: x}\n      - {path: a/b, content: x}",
            "`a/b` would be in the way of `a`",
        ),
    ] {
        place.write(
            "bench.yaml",
            &file(entries).replace("SERVER", "127.0.0.1:9"),
        );
        std::fs::create_dir_all(place.results()).unwrap();
        place.write("results/profile_export.jsonl", "kept");
        let ended = place.run(&["profile", "-f", "bench.yaml"]).expect_code(1);
        assert!(ended.stderr.contains(expected), "{entries}: {ended}");
        assert_eq!(place.result("profile_export.jsonl"), "kept", "{entries}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_files_out_of_the_folder() {
    let place = Place::new();
    for folder in [place.path().join("outside"), place.results()] {
        std::fs::create_dir(folder).unwrap();
    }
    place.write("outside/untouched", "");
    std::os::unix::fs::symlink(place.path().join("outside"), place.results().join("way")).unwrap();
    let entries = "      - {path: way/a.txt, content: x}";
    place.write(
        "bench.yaml",
        &file(entries).replace("SERVER", "127.0.0.1:9"),
    );
    let ended = place.run(&["profile", "-f", "bench.yaml"]).expect_code(1);
    assert!(ended.stderr.contains("would be written to"), "{ended}");
    assert_eq!(place.files(&place.path().join("outside")), ["untouched"]);
}
