//! Telling when an answer begins, for limits on requests before their first token.

/// Is shown the pieces of one answer, with its content type, and says whether content has arrived.
pub type ContentWatch = Box<dyn FnMut(Option<&str>, &[u8]) -> bool>;

/// Recognises the first content of answers. Asked only in phases with a prefill limit: otherwise
/// nothing on an I/O thread looks into an answer.
pub trait FirstContent: Send + Sync {
    /// For one answer. It is not asked again once it has said that there is content.
    fn watch(&self) -> ContentWatch;
}
