//! Units of metrics, and the factors between those of one dimension.

/// The unit of a value, inside the program or on display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `ns`
    Nanoseconds,
    /// `ms`
    Milliseconds,
    /// `sec`
    Seconds,
    /// `B`
    Bytes,
    /// `KB`, 1024 bytes
    Kilobytes,
    /// `MB`, 1024² bytes
    Megabytes,
    /// `count`
    Count,
    /// `ratio`
    Ratio,
    /// `%`
    Percent,
    /// `tokens`
    Tokens,
    /// `requests`
    Requests,
    /// `requests/sec`
    RequestsPerSecond,
    /// `tokens/sec`
    TokensPerSecond,
    /// `tokens/sec/user`
    TokensPerSecondPerUser,
    /// `images`
    Images,
    /// `images/sec`
    ImagesPerSecond,
    /// `ms/image`
    MillisecondsPerImage,
}

impl Unit {
    /// The unit as files and tables write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Milliseconds => "ms",
            Self::Seconds => "sec",
            Self::Bytes => "B",
            Self::Kilobytes => "KB",
            Self::Megabytes => "MB",
            Self::Count => "count",
            Self::Ratio => "ratio",
            Self::Percent => "%",
            Self::Tokens => "tokens",
            Self::Requests => "requests",
            Self::RequestsPerSecond => "requests/sec",
            Self::TokensPerSecond => "tokens/sec",
            Self::TokensPerSecondPerUser => "tokens/sec/user",
            Self::Images => "images",
            Self::ImagesPerSecond => "images/sec",
            Self::MillisecondsPerImage => "ms/image",
        }
    }

    /// What a value of this unit is multiplied with to be one of `target`; `None` if the two are
    /// the same or do not measure the same thing.
    ///
    /// The factor itself is the quotient, so that `ns` to `ms` multiplies with `1e-06` and not
    /// divides by `1e6`: the two differ in the last digit, and files are compared by digits.
    pub fn factor_to(self, target: Self) -> Option<f64> {
        if self == target {
            return None;
        }
        if let (Some(source), Some(target)) = (self.per_second(), target.per_second()) {
            return Some(target / source);
        }
        let (source, target) = (self.bytes()?, target.bytes()?);
        Some(source / target)
    }

    fn per_second(self) -> Option<f64> {
        match self {
            Self::Nanoseconds => Some(1e9),
            Self::Milliseconds => Some(1e3),
            Self::Seconds => Some(1.0),
            _ => None,
        }
    }

    fn bytes(self) -> Option<f64> {
        match self {
            Self::Bytes => Some(1.0),
            Self::Kilobytes => Some(1024.0),
            Self::Megabytes => Some(1024.0 * 1024.0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn factors_are_the_quotients_that_files_are_compared_by() {
        let cases = [
            (Unit::Nanoseconds, Unit::Milliseconds, Some(1e-06)),
            (Unit::Nanoseconds, Unit::Seconds, Some(1e-09)),
            (Unit::Seconds, Unit::Milliseconds, Some(1000.0)),
            (Unit::Milliseconds, Unit::Nanoseconds, Some(1e6)),
            (Unit::Bytes, Unit::Kilobytes, Some(1.0 / 1024.0)),
            (Unit::Tokens, Unit::Tokens, None),
            (Unit::Bytes, Unit::Seconds, None),
        ];
        for (source, target, factor) in cases {
            assert_eq!(source.factor_to(target), factor, "{source:?} to {target:?}");
        }
    }
}
