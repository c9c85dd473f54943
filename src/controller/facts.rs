//! Takes the facts from objects; the objects are forgotten.

mod backup;
mod instance;
mod pod;
mod secret;
mod set;

pub use backup::{claim, job};
pub use instance::instance;
pub use pod::pod;
pub use secret::{config_map, secret};
pub use set::set;
