//! Stamps of the summary file.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// [`local_time`] in the zone of this machine.
pub fn local_stamp(epoch_ns: i64) -> String {
    local_time(epoch_ns, &TimeZone::system())
}

/// Wall time without zone and with microseconds, the way the reference writes `start_time`: a
/// whole second carries no fraction.
pub(crate) fn local_time(epoch_ns: i64, time_zone: &TimeZone) -> String {
    let moment = rounded_to_microseconds(epoch_ns).to_zoned(time_zone.clone());
    let format = if moment.subsec_nanosecond() == 0 {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6f"
    };
    moment.strftime(format).to_string()
}

/// The same instant in UTC, with `Z` at the end.
pub fn utc_stamp(epoch_ns: i64) -> String {
    utc_time(epoch_ns)
}

/// The same instant for readers who do not know where the file was written.
pub(crate) fn utc_time(epoch_ns: i64) -> String {
    let moment = rounded_to_microseconds(epoch_ns).to_zoned(TimeZone::UTC);
    moment.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn rounded_to_microseconds(epoch_ns: i64) -> Timestamp {
    let microseconds = (epoch_ns.saturating_add(500)).div_euclid(1_000);
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_rounded_to_the_microsecond() {
        assert_eq!(
            local_time(1_795_304_604_115_417_871, &TimeZone::UTC),
            "2026-11-21T23:43:24.115418"
        );
    }

    #[test]
    fn a_whole_second_has_no_fraction() {
        assert_eq!(
            local_time(1_795_304_604_000_000_100, &TimeZone::UTC),
            "2026-11-21T23:43:24"
        );
    }

    #[test]
    fn local_time_follows_the_zone_and_utc_does_not() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            local_time(1_795_304_604_500_000_000, &zone),
            "2026-11-22T01:43:24.500000"
        );
        assert_eq!(
            utc_time(1_795_304_604_500_000_000),
            "2026-11-21T23:43:24.500000Z"
        );
    }
}
