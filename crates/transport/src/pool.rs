//! The connections of one thread that are there for everybody.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use aiperf_clock::{Nanos, monotonic_now};
use tokio::sync::Mutex;

use crate::h1::Connection;
use crate::http2::Http2Session;
use crate::link::Link;

/// Connections by server: idle ones of HTTP/1.1, the latest used on top, and those of HTTP/2, which
/// several exchanges share.
pub(crate) struct Pool {
    idle: RefCell<HashMap<usize, Vec<Connection>>>,
    shared: RefCell<HashMap<usize, Vec<Http2Session>>>,
    gates: RefCell<HashMap<usize, Rc<Gate>>>,
    /// Servers whose connections are not kept.
    unkept: RefCell<HashSet<usize>>,
    lifetime: Option<Nanos>,
}

/// Lets one exchange at a time make a connection, so that those that come while the first is being
/// made can share it.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) making: Mutex<()>,
    /// This server wants HTTP/1.1: there is nothing to share.
    pub(crate) is_open: Cell<bool>,
}

impl Pool {
    pub(crate) fn new(lifetime: Option<Nanos>) -> Self {
        Self {
            idle: RefCell::default(),
            shared: RefCell::default(),
            gates: RefCell::default(),
            unkept: RefCell::default(),
            lifetime,
        }
    }

    fn is_fresh(&self, idle_since: Nanos) -> bool {
        self.lifetime
            .is_none_or(|lifetime| monotonic_now().saturating_sub(idle_since) < lifetime)
    }

    /// A connection that can be used at once. Connections that the server has closed meanwhile, or
    /// that were idle for too long, are dropped on the way.
    pub(crate) fn take(&self, server: usize) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(&server)?;
        while let Some(mut connection) = connections.pop() {
            if self.is_fresh(connection.idle_since) && connection.is_still_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// From now on connections to this server are used once.
    pub(crate) fn keep_no_more(&self, server: usize) {
        self.unkept.borrow_mut().insert(server);
        self.idle.borrow_mut().remove(&server);
    }

    pub(crate) fn put(&self, server: usize, mut connection: Connection) {
        if self.unkept.borrow().contains(&server) {
            return;
        }
        connection.idle_since = monotonic_now();
        self.idle
            .borrow_mut()
            .entry(server)
            .or_default()
            .push(connection);
    }

    /// A connection that others use as well. Where all of them have as many exchanges as the server
    /// allows, there is none, or with `may_queue` the one with the fewest.
    pub(crate) fn join(&self, server: usize, may_queue: bool) -> Option<Link> {
        let mut shared = self.shared.borrow_mut();
        let sessions = shared.get_mut(&server)?;
        sessions.retain(|session| {
            let is_idle = session.running() == 0;
            (!is_idle || self.is_fresh(session.idle_since())) && session.is_usable()
        });
        let least = sessions.iter().min_by_key(|session| session.running());
        let with_room = sessions.iter().find(|session| session.has_room());
        let session = with_room.or(least.filter(|_| may_queue))?;
        Some(Link::Http2(session.clone()))
    }

    pub(crate) fn share(&self, server: usize, session: Http2Session) {
        session.run_by_itself();
        self.shared
            .borrow_mut()
            .entry(server)
            .or_default()
            .push(session);
    }

    pub(crate) fn gate(&self, server: usize) -> Rc<Gate> {
        Rc::clone(self.gates.borrow_mut().entry(server).or_default())
    }
}
