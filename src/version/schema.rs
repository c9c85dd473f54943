//! Which versions can read the same state.

use super::{Version, parse};

/// Versions whose schemas are known, with those of their state and of their agents: the field
/// `openclaw.schemaVersions` of each one's package.json. Schemas only go forward.
const SCHEMAS: [(&str, (u32, u32)); 4] = [
    ("2026.7.1-2", (1, 0)),
    ("2026.8.2", (15, 19)),
    ("2026.9.4", (17, 19)),
    ("2026.9.6", (18, 23)),
];

/// Whether the older of two versions may be unable to read what the newer one has written. What is
/// not known counts as unable: a wrong yes keeps a version that failed, a wrong no loses data.
pub fn crosses_schema(from: &str, to: &str) -> bool {
    let (Some(from), Some(to)) = (parse(from), parse(to)) else { return true };
    let schema = |wanted: Version| {
        let known = |(tag, _): &&(&str, (u32, u32))| parse(tag) == Some(wanted);
        SCHEMAS.iter().find(known).map(|(_, schema)| schema)
    };
    match (schema(from), schema(to)) {
        _ if from == to => false,
        (Some(old), Some(new)) => old != new,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_known_versions_crosses_a_schema_and_unknown_ones_count_as_if() {
        for (from, _) in SCHEMAS {
            for (to, _) in SCHEMAS {
                assert_eq!(crosses_schema(from, to), from != to, "{from} {to}");
            }
        }
        assert!(crosses_schema("2026.9.4", "2026.9.5"));
        assert!(crosses_schema("latest", "2026.9.6"));
        assert!(!crosses_schema("2026.9.5", "2026.9.5"));
    }
}
