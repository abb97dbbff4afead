//! Names for conversations that have none of their own.

use std::collections::HashSet;

use aiperf_random::{RootSeed, Stream};
use rand::RngCore;
use uuid::Builder;

use crate::plan::SessionIdStyle;

/// A sequence of names that are different from each other and from all authored names.
pub(crate) struct SessionIds {
    style: SessionIdStyle,
    stream: Stream,
    next: u64,
}

impl SessionIds {
    pub(crate) fn new(style: SessionIdStyle, seed: RootSeed) -> Self {
        Self {
            style,
            stream: seed.stream("dataset.session_id"),
            next: 0,
        }
    }

    pub(crate) fn next(&mut self, authored: &HashSet<String>) -> String {
        loop {
            let index = self.next;
            self.next += 1;
            let id = match self.style {
                SessionIdStyle::Numbered => format!("session_{index:06}"),
                SessionIdStyle::Random => {
                    let mut bytes = [0; 16];
                    self.stream.at(index).fill_bytes(&mut bytes);
                    Builder::from_random_bytes(bytes).into_uuid().to_string()
                }
            };
            if !authored.contains(&id) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_have_six_digits_and_avoid_authored_ones() {
        let mut ids = SessionIds::new(SessionIdStyle::Numbered, RootSeed::fixed(1));
        let authored = HashSet::from(["session_000001".to_owned()]);
        assert_eq!(ids.next(&authored), "session_000000");
        assert_eq!(ids.next(&authored), "session_000002");
    }

    #[test]
    fn random_names_are_version_four_and_differ() {
        let mut ids = SessionIds::new(SessionIdStyle::Random, RootSeed::fixed(1));
        let first = ids.next(&HashSet::new());
        let second = ids.next(&HashSet::new());
        assert_ne!(first, second);
        assert_eq!(uuid::Uuid::parse_str(&first).unwrap().get_version_num(), 4);
    }
}
