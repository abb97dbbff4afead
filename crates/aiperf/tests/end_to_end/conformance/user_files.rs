//! Files of the user's own are those that the reference makes.

use serde_json::{Value, json};

use super::reference::Reference;
use crate::config_user_files::{ENTRIES, file};
use crate::support::{Place, mock, quick};

#[test]
fn files_of_the_user_are_those_that_the_reference_makes() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let server = mock(quick());
    let place = Place::new();
    let address = server.address().to_string();
    place.write("bench.yaml", &file(ENTRIES).replace("SERVER", &address));
    place.run(&["profile", "-f", "bench.yaml"]).expect_code(0);
    let made: Value = serde_json::from_str(&place.result("meta/run.json")).unwrap();
    let folder = place.results().canonicalize().unwrap();
    let words = [
        place.path().join("bench.yaml").display().to_string(),
        folder.display().to_string(),
        made["started"].to_string(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = reference.script("user_files.py", &words).expect_code(0);
    let compared: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        compared,
        json!(["meta/run.json", "meta/run.yaml", "notes.txt"])
    );
}
