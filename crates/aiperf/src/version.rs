//! The version in all its forms: the compatibility level, then this program's own version.

/// `--version`, and `aiperf_version` in files.
pub(crate) const VERSION: &str = concat!("0.13.0+rs.", env!("CARGO_PKG_VERSION"));

/// The `User-Agent` of requests.
pub(crate) const USER_AGENT: &str = concat!("aiperf/0.13.0+rs.", env!("CARGO_PKG_VERSION"));
