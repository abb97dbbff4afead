//! What can be wrong with a request before it is sent.

use crate::kind::EndpointType;

/// A request that cannot be built. Found while the dataset is prepared, so a run that starts does
/// not meet one, except for `raw_payload` and replies captured during the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The name given is no endpoint type.
    #[error("unknown endpoint type `{name}`; known are {known}")]
    UnknownType {
        /// What was given.
        name: String,
        /// All names, comma-separated.
        known: String,
    },
    /// The type is known, but bodies for it cannot be built yet.
    #[error("endpoint type `{0}` is not supported by this version")]
    Unsupported(EndpointType),
    /// No turn to send.
    #[error("a request needs at least one turn")]
    NoTurn,
    /// A single-turn type got a history.
    #[error("endpoint type `{endpoint_type}` takes exactly one turn, not {turns}")]
    NotOneTurn {
        /// The type.
        endpoint_type: EndpointType,
        /// How many turns there were.
        turns: usize,
    },
    /// The turn names no model and the run has none.
    #[error("no model for the request; give one with `--model`")]
    NoModel,
    /// Audio content in neither of the two forms.
    #[error(
        "audio content `{start}` has no comma; it must be `<format>,<base64>` or `data:audio/<format>;base64,<base64>`"
    )]
    Audio {
        /// The beginning of the content.
        start: String,
    },
    /// Image contents and their identifiers do not pair up.
    #[error("an image has {contents} contents but {uuids} uuids; each content needs its own")]
    ImageUuids {
        /// Number of contents.
        contents: usize,
        /// Number of identifiers.
        uuids: usize,
    },
    /// A body that JSON cannot express.
    #[error("cannot encode the request body: {0}")]
    Encode(String),
    /// A server address that is no URL.
    #[error("`{url}` is not a usable URL: {reason}")]
    Url {
        /// What was given, without credentials.
        url: String,
        /// What the URL parser says.
        reason: String,
    },
    /// A header that HTTP cannot carry.
    #[error("header `{name}` cannot be sent; names are tokens, values have no line breaks")]
    Header {
        /// The header's name. The value may be a secret and is not shown.
        name: String,
    },
}
