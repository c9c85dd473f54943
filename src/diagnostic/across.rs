//! Rules between files, and of openclaw.yaml.

use super::{Code, Severity};

/// Rows of the table of codes.
pub(super) const ACROSS: &[Code] = &[
    Code {
        code: "OC0301",
        severity: Severity::Error,
        title: "two instances with one name",
        explain: "Both would own the same objects.",
        wrong: "two files with `name: my-agent` in one namespace",
        right: "one of them renamed",
    },
    Code {
        code: "OC0302",
        severity: Severity::Error,
        title: "two instances with one path",
        explain: "Their folders differ in letter case only, so that some file systems would mix them.",
        wrong: "two files with `name: my-agent` and `name: My-Agent`",
        right: "one of them renamed",
    },
    Code {
        code: "OC0303",
        severity: Severity::Error,
        title: "shared claim",
        explain: "Two agents on one volume write the same data base.",
        wrong: "existingClaim: shared, twice",
        right: "a claim for each",
    },
    Code {
        code: "OC0304",
        severity: Severity::Error,
        title: "shared host and path",
        explain: "Two Ingresses answer for one address; the controller picks one of them.",
        wrong: "host: agent.example.com, twice",
        right: "a host or path for each",
    },
    Code {
        code: "OC0305",
        severity: Severity::Error,
        title: "source under the output tree",
        explain: "What is rendered would be read again as a source, and a GitOps tool would apply the source.",
        wrong: "sources: [rendered/a]",
        right: "sources: [instances]",
    },
    Code {
        code: "OC0306",
        severity: Severity::Error,
        title: "link in a tree",
        explain: "A symbolic link may lead outside the repository, so neither sources nor output may hold one.",
        wrong: "instances/a.yaml -> /etc/passwd",
        right: "a file",
    },
    Code {
        code: "OC0307",
        severity: Severity::Error,
        title: "two instances with one object",
        explain: "Names that are derived meet: the Role `a-controller` is the controller's for `a` and the Pod's for `a-controller`. Whichever is applied last wins, and removing one instance removes the object of the other. A ServiceAccount may be shared, but only one instance may render it.",
        wrong: "serviceAccountName: agents, twice",
        right: "createServiceAccount: false, in all but one",
    },
    Code {
        code: "OC0311",
        severity: Severity::Error,
        title: "tool version",
        explain: "The repository says which versions of the tool may render it, so that everybody gets the same bytes.",
        wrong: "requires: \">=0.4\" with 0.3",
        right: "the version that is required",
    },
    Code {
        code: "OC0312",
        severity: Severity::Error,
        title: "value in openclaw.yaml",
        explain: "The value does not mean anything that can be rendered.",
        wrong: "restoreWithin: soon",
        right: "restoreWithin: 2h",
    },
];
