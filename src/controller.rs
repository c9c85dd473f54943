//! The companion controller: what cannot be a file.
//!
//! ```text
//! objects -facts-> Observed -decide-> Plan {actions, status, requeue} -act-> API server
//! ```
//!
//! Only the facts that a decision needs are kept of an object, and a decision is a pure function
//! of them and of the time. What it asks for is data, so that tests can walk every state.

pub mod act;
pub mod awaiting;
pub mod backup;
pub mod bucket;
pub mod catalog;
pub mod conditions;
pub mod decide;
pub mod facts;
pub mod health;
pub mod lease;
pub mod ledger;
pub mod meters;
pub mod namespaces;
pub mod object;
pub mod observed;
pub mod prober;
pub mod pulse;
pub mod queue;
pub mod read;
pub mod reconcile;
pub mod rights;
pub mod run;
pub mod secrets;
pub mod serve;
pub mod status;
pub mod survey;
pub mod token;
pub mod update;
pub mod watch;
pub mod world;
