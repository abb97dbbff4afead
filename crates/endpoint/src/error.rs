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
    /// Content of a kind that the type's messages have no part for.
    #[error("endpoint type `{endpoint_type}` takes no {media} content in messages")]
    Media {
        /// The type.
        endpoint_type: EndpointType,
        /// What it does not take.
        media: &'static str,
    },
    /// The raw type got a turn without a whole body.
    #[error(
        "endpoint type `raw` sends bodies as the dataset has them, and this turn has none; give a dataset of whole bodies, or choose another endpoint type"
    )]
    NoRawPayload,
    /// The template type without a template.
    #[error(
        "endpoint type `template` needs a template; give one with `--extra-inputs payload_template:<file or text>`"
    )]
    NoTemplate,
    /// A template that does not compile.
    #[error("the payload template has an error in line {line}: {reason}")]
    TemplateSyntax {
        /// Line of the template, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A template that fails for a request.
    #[error("the payload template cannot be rendered, line {line}: {reason}")]
    TemplateRender {
        /// Line of the template, counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A template whose result cannot be sent.
    #[error(
        "the payload template did not render JSON ({reason}; write texts as `{{{{ text|tojson }}}}`): {start}"
    )]
    TemplateNotJson {
        /// What the JSON parser says.
        reason: String,
        /// The beginning of the result.
        start: String,
    },
    /// Keys to be merged into a rendered body that has none.
    #[error("the payload template renders no JSON object, so extra inputs have no place in it")]
    TemplateNoObject,
    /// A query for the content of responses that does not compile.
    #[error("`{query}` is no JMESPath query (column {column}): {reason}")]
    ResponseField {
        /// The query.
        query: String,
        /// What is wrong.
        reason: String,
        /// Where, counted from 1.
        column: usize,
    },
    /// Weights that say nothing about shares.
    #[error("weights of models must lie between 0 and 1 and sum up to 1: {reason}")]
    ModelWeights {
        /// What is wrong.
        reason: String,
    },
    /// The turn lacks what the type sends.
    #[error(
        "endpoint type `{endpoint_type}` needs {what} in every turn; this one of the dataset has none"
    )]
    Missing {
        /// The type.
        endpoint_type: EndpointType,
        /// What is missing, with its article.
        what: &'static str,
    },
    /// A ranking without a query.
    #[error(
        "endpoint type `{0}` needs a query; give the turn a text with the name `query` or `queries`"
    )]
    NoQuery(EndpointType),
    /// Texts and images that are sent as pairs do not pair up.
    #[error(
        "{texts} texts cannot be paired with {images} images; give as many of one as of the other"
    )]
    UnpairedImages {
        /// Number of texts.
        texts: usize,
        /// Number of images.
        images: usize,
    },
    /// An image in no known form.
    #[error(
        "image content `{start}` is not recognised; it must be a URL, a data URL, or the base64 of a PNG, JPEG, WebP, GIF or BMP file"
    )]
    Image {
        /// The beginning of the content.
        start: String,
    },
    /// A payload that cannot be sent as `multipart/form-data`.
    #[error("cannot send the request body as multipart/form-data: {0}")]
    Multipart(String),
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
