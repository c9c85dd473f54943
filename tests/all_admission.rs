//! What a real API server makes of the CRD and the admission policies. It needs a cluster whose
//! administrator it is: `OPENCLAW_BED_KUBECONFIG` names its kubeconfig.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::new_without_default,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests are shell, fail by panicking, and hold tables"
)]

#[path = "cel/agreement.rs"]
mod agreement;
#[path = "cel/asked.rs"]
mod asked;
#[path = "cel/corpus.rs"]
mod corpus;
#[path = "bed/suite/crd.rs"]
mod crd;
mod kit;
#[path = "cel/offline.rs"]
mod offline;
#[path = "cel/policy_corpus.rs"]
mod policy_corpus;
#[path = "cel/verdict.rs"]
mod verdict;
