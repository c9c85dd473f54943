//! The CRD and the admission policies on a real API server: it takes them, refuses and warns as
//! `validate` does, and prints them well.

#[path = "crd/apply.rs"]
mod apply;
#[path = "crd/printing.rs"]
mod printing;
#[path = "crd/ratchet.rs"]
mod ratchet;
#[path = "crd/server.rs"]
mod server;
#[path = "crd/triple.rs"]
mod triple;
#[path = "crd/warnings.rs"]
mod warnings;
