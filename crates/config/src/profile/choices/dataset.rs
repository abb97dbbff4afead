//! Words about what is sent.

use crate::command::choices;

choices! {
    /// Where marks go that keep a server's prefix cache from answering.
    pub enum CacheBustTarget {
        /// No marks.
        Off = "none",
        /// Before the system prompt.
        SystemPrefix = "system_prefix",
        /// Behind the system prompt.
        SystemSuffix = "system_suffix",
        /// Before the first user message.
        FirstTurnPrefix = "first_turn_prefix",
        /// Behind the first user message.
        FirstTurnSuffix = "first_turn_suffix",
        /// Before the system prompt, in the warmup only.
        WarmupIsolationSystem = "warmup_isolation_system",
        /// Before the first user message, in the warmup only.
        WarmupIsolationFirstTurn = "warmup_isolation_first_turn",
    }
}

impl CacheBustTarget {
    /// The mark of the dataset crate; none where sessions get no marks.
    pub fn mark(self) -> Option<aiperf_dataset::CacheBust> {
        let named = aiperf_dataset::CacheBust::NAMED;
        let found = named.into_iter().find(|(name, _)| *name == self.name());
        found.map(|(_, mark)| mark)
    }
}

choices! {
    /// What of a captured request is sent again.
    pub enum CapturedBody {
        /// Everything but the model and whether to stream.
        Parameters = "parameters",
        /// Messages, tools and the bound of the answer.
        Messages = "messages",
        /// The body as it was recorded.
        Verbatim = "verbatim",
    }
}

impl CapturedBody {
    /// The same in the dataset crate's terms.
    pub fn meaning(self) -> aiperf_dataset::trace::CapturedBody {
        use aiperf_dataset::trace::CapturedBody as Meaning;
        match self {
            Self::Parameters => Meaning::WithParameters,
            Self::Messages => Meaning::MessagesOnly,
            Self::Verbatim => Meaning::Verbatim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Choice as _;

    #[test]
    fn every_target_but_none_has_a_mark_of_the_same_name() {
        for (target, name) in CacheBustTarget::ALL {
            assert_eq!(target.mark().is_none(), *name == "none", "{name}");
        }
        assert_eq!(
            CacheBustTarget::ALL.len(),
            aiperf_dataset::CacheBust::NAMED.len() + 1
        );
    }
}
