//! How the program ends.
//!
//! | Code | Name | When |
//! |---|---|---|
//! | 0 | success | results were written, also when some requests failed, and after one Ctrl-C |
//! | 1 | failure | bad input, no tokenizer, every request failed or more than the threshold allows, a result file could not be written, fewer than two of several runs succeeded |
//! | 2 | nothing to do | `config init` without a template, `config expand` of an adaptive search |
//! | 3 | client limited | `--fail-on-client-limit` was given and the client limited the figures |
//! | 130 | interrupted | Ctrl-C before the first request |
//! | 137 | killed | a second Ctrl-C: what was not yet on disk is lost |

use aiperf_control::ControlError;

/// The program's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Failure,
    NothingToDo,
    ClientLimited,
    Interrupted,
    Killed,
}

impl Exit {
    /// Of a command that ended with an error.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<ControlError>() {
            // Ctrl-C while a server was waited for: nothing went wrong.
            Some(ControlError::Cancelled) => Self::Interrupted,
            _ => Self::Failure,
        }
    }

    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::NothingToDo => 2,
            Self::ClientLimited => 3,
            Self::Interrupted => 130,
            Self::Killed => 137,
        }
    }
}
