//! Why no backup is made.

/// One cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In one word, as the condition has it.
    pub reason: &'static str,
    /// In a sentence.
    pub message: String,
    /// Whether waiting may help: what is not known yet is no reason to let anything go.
    pub is_passing: bool,
}

impl Cause {
    /// Something that somebody has decided or forgotten.
    pub fn lasting(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), is_passing: false }
    }

    /// Something that is not known yet.
    pub fn passing(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), is_passing: true }
    }
}
