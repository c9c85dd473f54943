//! Checks nodes against a schema.
