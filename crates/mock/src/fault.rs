//! Which request breaks, and how.

use aiperf_random::Stream;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::options::MockOptions;

/// One way in which an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Answered with an HTTP error status.
    Error,
    /// The connection is reset before any answer.
    Reset,
    /// The connection is closed half-way through the body.
    Cut,
    /// The stream carries an error event half-way and ends there.
    StreamError,
    /// Half of the body, then silence for as long as the client waits.
    Hang,
}

/// Shares the requests out among the faults.
#[derive(Debug, Clone)]
pub(crate) struct FaultChooser {
    stream: Stream,
    /// A request whose draw is below the bound gets the fault; ascending.
    bounds: [(f64, Fault); 5],
}

impl FaultChooser {
    pub(crate) fn new(options: &MockOptions, stream: Stream) -> Self {
        let mut bound = 0.0;
        let bounds = [
            (options.error_rate, Fault::Error),
            (options.reset_rate, Fault::Reset),
            (options.cut_rate, Fault::Cut),
            (options.stream_error_rate, Fault::StreamError),
            (options.hang_rate, Fault::Hang),
        ]
        .map(|(rate, fault)| {
            bound += rate;
            (bound, fault)
        });
        Self { stream, bounds }
    }

    /// The fate of one request: a function of the seed and the request's number alone.
    pub(crate) fn choose(&self, number: u64) -> Option<Fault> {
        let [.., (any, _)] = self.bounds;
        if any == 0.0 {
            return None;
        }
        let draw: f64 = self.stream.at(number).random();
        self.bounds
            .iter()
            .find(|(bound, _)| draw < *bound)
            .map(|&(_, fault)| fault)
    }
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    fn chooser(options: &MockOptions) -> FaultChooser {
        FaultChooser::new(options, RootSeed::fixed(1).stream("faults"))
    }

    #[test]
    fn without_rates_nothing_breaks() {
        let chooser = chooser(&MockOptions::default());
        assert!((0..1_000).all(|number| chooser.choose(number).is_none()));
    }

    #[test]
    fn a_rate_of_one_breaks_every_request_in_that_way() {
        let chooser = chooser(&MockOptions {
            cut_rate: 1.0,
            ..MockOptions::default()
        });
        assert!((0..1_000).all(|number| chooser.choose(number) == Some(Fault::Cut)));
    }

    #[test]
    fn each_fault_befalls_its_own_share_of_the_requests() {
        let chooser = chooser(&MockOptions {
            error_rate: 0.1,
            reset_rate: 0.2,
            hang_rate: 0.3,
            ..MockOptions::default()
        });
        let total = 20_000;
        let share = |wanted| {
            (0..total)
                .filter(|&number| chooser.choose(number) == wanted)
                .count() as f64
                / total as f64
        };
        // Five standard errors of a share of 0.4 among 20,000: 0.017.
        for (wanted, expected) in [
            (Some(Fault::Error), 0.1),
            (Some(Fault::Reset), 0.2),
            (Some(Fault::Cut), 0.0),
            (Some(Fault::Hang), 0.3),
            (None, 0.4),
        ] {
            let found = share(wanted);
            assert!((found - expected).abs() < 0.018, "{wanted:?}: {found}");
        }
    }
}
