//! The labels of the series.

use prometheus_client::encoding::EncodeLabelSet;

use crate::api::status::Phase;
use crate::controller::world::Key;

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Instance {
    pub(super) instance: String,
    pub(super) namespace: String,
}

/// An instance in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct InPhase {
    pub(super) instance: String,
    pub(super) namespace: String,
    pub(super) phase: String,
}

/// What an instance runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Info {
    pub(super) instance: String,
    pub(super) namespace: String,
    pub(super) version: String,
    pub(super) image: String,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Looked {
    pub(super) instance: String,
    pub(super) namespace: String,
    pub(super) result: &'static str,
}

pub(super) fn instance(key: &Key) -> Instance {
    Instance { instance: key.name.clone(), namespace: key.namespace.clone() }
}

pub(super) fn in_phase(key: &Key, phase: Phase) -> InPhase {
    let Instance { instance, namespace } = instance(key);
    InPhase { instance, namespace, phase: format!("{phase:?}") }
}

pub(super) fn looked(key: &Key, result: &'static str) -> Looked {
    let Instance { instance, namespace } = instance(key);
    Looked { instance, namespace, result }
}

/// The encoder writes labels as they are, and an API server takes any text for an image: one quote
/// in it would cost Prometheus every series of every instance.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_would_end_a_label_does_not() {
        assert_eq!(escaped("ghcr.io/a/b:1"), "ghcr.io/a/b:1");
        assert_eq!(escaped("a\"} 1\n\\"), "a\\\"} 1\\n\\\\");
    }
}
