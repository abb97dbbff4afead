//! A connection of either protocol.

use crate::exchange::ConnectionFacts;
use crate::h1::Connection;
use crate::http2::Http2Session;

pub(crate) enum Link {
    Http1(Connection),
    Http2(Http2Session),
}

impl Link {
    pub(crate) fn is_kernel_stamped(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_kernel_stamped,
            Self::Http2(session) => session.is_kernel_stamped(),
        }
    }

    /// Whether an idle connection can be used now.
    pub(crate) fn is_still_usable(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_still_usable(),
            Self::Http2(session) => session.is_usable(),
        }
    }

    /// Notes that an exchange uses this connection, which was there before.
    pub(crate) fn tell_reuse(&self, facts: &mut ConnectionFacts) {
        facts.is_reused = true;
        (facts.local, facts.remote) = match self {
            Self::Http1(connection) => (connection.local, connection.remote),
            Self::Http2(session) => session.ends(),
        };
    }
}
