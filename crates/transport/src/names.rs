//! From host names to addresses.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use aiperf_clock::{Nanos, SECOND, monotonic_now};

use crate::exchange::ConnectionFacts;
use crate::failure::{TransportError, TransportFailure};

/// Which address families are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameResolution {
    /// Whatever the name has, IPv4 first.
    #[default]
    Any,
    /// IPv4 alone.
    OnlyIpv4,
    /// IPv6 alone.
    OnlyIpv6,
}

impl NameResolution {
    fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::OnlyIpv4 => address.is_ipv4(),
            Self::OnlyIpv6 => address.is_ipv6(),
        }
    }
}

/// How long a resolved name is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameCache {
    /// Every connection asks anew.
    Off,
    /// For some time.
    For(Nanos),
    /// Until the run ends.
    Forever,
}

impl NameCache {
    fn believes(self, age: Nanos) -> bool {
        match self {
            Self::Off => false,
            Self::For(lifetime) => age < lifetime,
            Self::Forever => true,
        }
    }
}

impl Default for NameCache {
    fn default() -> Self {
        Self::For(300 * SECOND)
    }
}

type KnownName = (Nanos, Vec<SocketAddr>);

/// Resolves names and remembers what came of it.
pub(crate) struct Names {
    families: NameResolution,
    cache: NameCache,
    /// Resolved names, with the instant at which they were looked up.
    known: RefCell<HashMap<(String, u16), KnownName>>,
}

impl Names {
    pub(crate) fn new(families: NameResolution, cache: NameCache) -> Self {
        Self {
            families,
            cache,
            known: RefCell::default(),
        }
    }

    /// The addresses of a host, in the order in which they are to be tried.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        port: u16,
        facts: &mut ConnectionFacts,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let key = (host.to_owned(), port);
        let start = monotonic_now();
        if let Some((at, known)) = self.known.borrow().get(&key)
            && self.cache.believes(start.saturating_sub(*at))
        {
            facts.name_was_known = true;
            return Ok(known.clone());
        }
        let failed = |reason: String| {
            TransportError::new(
                TransportFailure::NameResolution,
                format!("cannot resolve `{host}`: {reason}"),
            )
        };
        let found = tokio::net::lookup_host((host, port)).await;
        facts.dns = Some((start, monotonic_now()));
        let mut addresses: Vec<SocketAddr> = found
            .map_err(|error| failed(error.to_string()))?
            .filter(|address| self.families.admits(address.ip()))
            .collect();
        addresses.sort_by_key(|address| address.is_ipv6());
        if addresses.is_empty() {
            return Err(failed("it has no address of the wanted family".to_owned()));
        }
        if self.cache != NameCache::Off {
            let entry = (monotonic_now(), addresses.clone());
            self.known.borrow_mut().insert(key, entry);
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_believed_as_long_as_the_cache_says() {
        for (cache, age, believed) in [
            (NameCache::Off, 0, false),
            (NameCache::For(10), 9, true),
            (NameCache::For(10), 10, false),
            (NameCache::Forever, Nanos::MAX, true),
        ] {
            assert_eq!(cache.believes(age), believed, "{cache:?} after {age}");
        }
    }

    #[test]
    fn a_family_admits_its_own_addresses() {
        let (v4, v6) = ([127, 0, 0, 1].into(), IpAddr::V6(1.into()));
        for (families, takes_v4, takes_v6) in [
            (NameResolution::Any, true, true),
            (NameResolution::OnlyIpv4, true, false),
            (NameResolution::OnlyIpv6, false, true),
        ] {
            assert_eq!(families.admits(v4), takes_v4);
            assert_eq!(families.admits(v6), takes_v6);
        }
    }
}
