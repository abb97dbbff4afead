//! Telling when an answer begins, for limits on requests before their first token.

/// Recognises the first content of answers. Asked only in phases with a prefill limit: otherwise
/// nothing on an I/O thread looks into an answer.
pub trait FirstContent: Send + Sync {
    /// Something that is shown the pieces of one answer, with its content type, and says whether
    /// content has arrived. It is not asked again once it has said so.
    fn watch(&self) -> Box<dyn FnMut(Option<&str>, &[u8]) -> bool>;
}
