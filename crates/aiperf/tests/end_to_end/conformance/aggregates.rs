//! What several runs say together is what the reference makes of the same runs.

use serde_json::Value;

use super::reference::Reference;
use crate::support::{Place, plain_mock};

#[test]
fn aggregates_hold_the_figures_that_the_reference_makes_of_the_same_runs() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let server = plain_mock();
    for (words, runs, aggregates, sweeps) in [
        (&["--num-profile-runs", "3"][..], 3, 1, 0),
        (&["--concurrency", "1,2"][..], 2, 2, 1),
        (
            &["--concurrency", "1,3", "--num-profile-runs", "2"][..],
            4,
            2,
            1,
        ),
    ] {
        let place = Place::new();
        let all = [&["--streaming", "--request-count", "6"], words].concat();
        place.profile(&server.url(), &all).expect_code(0);
        let ended = reference.script("aggregates.py", &[place.results().to_str().unwrap()]);
        let report: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended}"));
        assert_eq!(report["runs"], runs, "{report}");
        assert_eq!(report["aggregates"], aggregates, "{report}");
        assert_eq!(report["sweeps"], sweeps, "{report}");
        assert!(report["figures"].as_u64().unwrap() > 50, "{report}");
    }
}
