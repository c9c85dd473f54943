//! The companion controller: what cannot be a file.
//!
//! ```text
//! objects -facts-> Observed -decide-> Plan {actions, status, requeue} -act-> API server
//! ```
//!
//! Only the facts that a decision needs are kept of an object, and a decision is a pure function
//! of them and of the time. What it asks for is data, so that tests can walk every state.

pub mod conditions;
pub mod decide;
pub mod facts;
pub mod health;
pub mod observed;
pub mod secrets;
pub mod status;
pub mod token;
