//! The companion controller: what cannot be a file.

pub mod rights;
