use super::*;
use crate::document::Document;

fn facts() -> RunFacts {
    RunFacts {
        epoch: "1714000000".into(),
        job_name: "night".into(),
        namespace: String::new(),
        model: "m1".into(),
        endpoint_url: "http://h:8000".into(),
        artifact_dir: "/runs/night".into(),
    }
}

/// The files of a document with these entries below `userFiles`.
fn rendered(variables: &str, entries: &str) -> Result<Vec<RenderedFile>, String> {
    let text = format!(
        "variables: {variables}
benchmark:
  model: m1
  endpoint: {{url: 'http://h:8000'}}
  dataset: {{type: synthetic, isl: 8, osl: 8}}
  phases: {{type: concurrency, requests: 1}}
  artifacts:
    userFiles:
{entries}
"
    );
    let document = Document::parse(&text, &|_| None).map_err(|error| error.to_string())?;
    let files = UserFiles::of(&document.envelope);
    files.render(&facts()).map_err(|error| error.to_string())
}

fn texts(variables: &str, entries: &str) -> Vec<String> {
    let files = rendered(variables, entries).unwrap();
    files.into_iter().map(|file| file.text).collect()
}

#[test]
fn texts_stay_as_they_are_written_and_templates_get_the_type_that_they_look_like() {
    let entries = "
      - path: a.json
        content:
          number: '{{ users * 2 }}'
          half: '{{ users / 4 }}'
          many: '{{ users > 3 }}'
          text: 'run of {{ job_name }}'
          literal: '42'
          list: ['{{ epoch }}', {deep: '{{ model }}'}]
          empty: {}
          nothing: null
";
    let expected = "{
  \"number\": 12,
  \"half\": 1.5,
  \"many\": true,
  \"text\": \"run of night\",
  \"literal\": \"42\",
  \"list\": [
    1714000000,
    {
      \"deep\": \"m1\"
    }
  ],
  \"empty\": {},
  \"nothing\": null
}";
    assert_eq!(texts("{users: 6}", entries), [expected]);
}

#[test]
fn yaml_is_in_block_style_and_text_is_verbatim() {
    let entries = "
      - path: a.yaml
        format: yaml
        content: {run: '{{ job_name }}', users: '{{ users }}', tags: [a, b]}
      - path: notes/b.txt
        content: \"{# not shown #}{{ endpoint_url }} 007={{ '007' }}\\n\\n\"
      - path: c.txt
        content: 'plain { text }'
";
    let expected = [
        "run: night\nusers: 6\ntags:\n- a\n- b\n",
        "http://h:8000 007=007\n\n",
        "plain { text }",
    ];
    assert_eq!(texts("{users: 6}", entries), expected);
}

#[test]
fn paths_lose_what_says_nothing() {
    let files = rendered("{}", "      - {path: './a//b/./c.txt', content: x}").unwrap();
    assert_eq!(files[0].path, Path::new("a/b/c.txt"));
}

#[test]
fn facts_of_the_run_go_before_variables_of_their_name() {
    let entries = "      - {path: a, content: '{{ model }} {{ variant }}'}";
    assert_eq!(texts("{model: mine, variant: v2}", entries), ["m1 v2"]);
}

#[test]
fn variables_that_are_templates_are_known_by_their_value() {
    let entries = "      - {path: a, content: '{{ twice }}'}";
    assert_eq!(
        texts("{users: 6, twice: '{{ users * 2 }}'}", entries),
        ["12"]
    );
}

#[test]
fn what_cannot_be_rendered_is_told_with_its_place() {
    for (entries, expected) in [
        (
            "      - {path: a, content: {x: ['{{ nobody }} {{ model }}']}}",
            "line 9, column 33: `benchmark.artifacts.userFiles.0.content.x.0`: \
             the template cannot be rendered: there is no `nobody`\n  hint: names are those of",
        ),
        (
            "      - {path: a, content: '{{ 1 / 0 }}'}",
            "`benchmark.artifacts.userFiles.0.content`: the template cannot be rendered",
        ),
        (
            "      - {path: a, content: '{{ 1 + }}'}",
            "line 9, column 28: `benchmark.artifacts.userFiles.0.content`: the template cannot be read",
        ),
        (
            "      - {path: ., content: x}",
            "`benchmark.artifacts.userFiles.0.path`: `.` is no file below the run's folder",
        ),
        (
            "      - {path: a/../../b, content: x}",
            "`a/../../b` is no file below the run's folder",
        ),
    ] {
        let told = rendered("{}", entries).unwrap_err();
        assert!(told.contains(expected), "{entries}: {told}");
    }
}
