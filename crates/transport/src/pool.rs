//! Idle connections of one thread.

use std::cell::RefCell;
use std::collections::HashMap;

use aiperf_clock::{Nanos, monotonic_now};

use crate::connection::Connection;

/// Idle connections by target index, the latest used on top.
pub(crate) struct Pool {
    idle: RefCell<HashMap<usize, Vec<Connection>>>,
    lifetime: Option<Nanos>,
}

impl Pool {
    pub(crate) fn new(lifetime: Option<Nanos>) -> Self {
        Self {
            idle: RefCell::default(),
            lifetime,
        }
    }

    /// A connection that can be used at once. Connections that the server has closed meanwhile, or
    /// that were idle for too long, are dropped on the way.
    pub(crate) fn take(&self, target: usize) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(&target)?;
        while let Some(mut connection) = connections.pop() {
            let is_fresh = self
                .lifetime
                .is_none_or(|lifetime| monotonic_now() - connection.idle_since < lifetime);
            if is_fresh && connection.is_still_usable() {
                return Some(connection);
            }
        }
        None
    }

    pub(crate) fn put(&self, target: usize, mut connection: Connection) {
        connection.idle_since = monotonic_now();
        self.idle
            .borrow_mut()
            .entry(target)
            .or_default()
            .push(connection);
    }
}
