//! Names for conversations that have none of their own.

use std::collections::HashSet;

use aiperf_random::{RootSeed, Stream};
use rand::RngCore;
use uuid::Builder;

use crate::plan::SessionIdStyle;

/// A sequence of names that are different from each other and from all authored names.
#[derive(Debug, Clone)]
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
        let number = self.next_number(|id| authored.contains(id));
        self.name(number)
    }

    /// The number of the next name that is not taken.
    pub(crate) fn next_number(&mut self, is_taken: impl Fn(&str) -> bool) -> u64 {
        loop {
            let number = self.next;
            self.next += 1;
            if !is_taken(&self.name(number)) {
                return number;
            }
        }
    }

    /// The name of this number.
    pub(crate) fn name(&self, number: u64) -> String {
        match self.style {
            SessionIdStyle::Numbered => format!("session_{number:06}"),
            SessionIdStyle::Random => {
                let mut bytes = [0; 16];
                self.stream.at(number).fill_bytes(&mut bytes);
                Builder::from_random_bytes(bytes).into_uuid().to_string()
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
