//! What is wrong with an agreement that its schema could not see.

/// A field of an agreement that can not be worked with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidSpec {
    /// The path of the field, for example `spec.credits.fee.currency`.
    pub field: String,
    /// What is wrong with it and what to write instead.
    pub message: String,
}

impl InvalidSpec {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}
