//! What is wrong with the files that were given.

/// A fault in a file, with the place in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Fault {
    /// The field, for example `objectives[0].outages[1].until`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl Fault {
    /// A fault at this place.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
