//! How the program ends.
//!
//! | Code | Name | When |
//! |---|---|---|
//! | 0 | success | results were written, also when some requests failed, and after one Ctrl-C |
//! | 1 | failure | bad input, no tokenizer, every request failed or more than the threshold allows, a result file could not be written |
//! | 3 | client limited | `--fail-on-client-limit` was given and the client limited the figures |
//! | 130 | interrupted | Ctrl-C before the first request |
//! | 137 | killed | a second Ctrl-C: what was not yet on disk is lost |

/// The program's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Failure,
    ClientLimited,
    Interrupted,
    Killed,
}

impl Exit {
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::ClientLimited => 3,
            Self::Interrupted => 130,
            Self::Killed => 137,
        }
    }
}
