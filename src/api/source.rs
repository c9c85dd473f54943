//! Reads YAML text into nodes with places.
