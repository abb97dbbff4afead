//! The name by which a server can tell the requests of one session from others.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session's id (`X-Correlation-ID`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CorrelationId {
    /// Made up for the session; never the same twice.
    Random(u128),
    /// The user of a user-centric phase, by number.
    User(u64),
    /// The conversation of a fixed schedule, which is played once.
    Scheduled(Arc<str>),
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(id) => Uuid::from_u128(*id).hyphenated().fmt(formatter),
            Self::User(number) => number.fmt(formatter),
            Self::Scheduled(conversation) => write!(formatter, "fixed-schedule-{conversation}"),
        }
    }
}

impl From<Uuid> for CorrelationId {
    fn from(id: Uuid) -> Self {
        Self::Random(id.as_u128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_the_headers_show_them() {
        let random = CorrelationId::from(Uuid::from_u128(1));
        assert_eq!(random.to_string(), "00000000-0000-0000-0000-000000000001");
        assert_eq!(CorrelationId::User(7).to_string(), "7");
        let scheduled = CorrelationId::Scheduled("s1".into());
        assert_eq!(scheduled.to_string(), "fixed-schedule-s1");
    }
}
