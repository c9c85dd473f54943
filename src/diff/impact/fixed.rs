//! Fields that the API server lets nobody change.

use super::{Sides, quoted};
use crate::tree::effects;

/// Returns the fields that would change, each with the way out.
pub(super) fn fields(sides: Sides) -> Vec<String> {
    let Some([old, new]) = sides.both() else { return Vec::new() };
    let kind = sides.kind();
    let mut found: Vec<String> = Vec::new();
    for field in effects::fixed(kind) {
        let [before, after] = sides.at(field);
        if before != after {
            let name = field.trim_start_matches('/').replace('/', ".");
            found.push(format!("`{name}` from {} to {}", quoted(before), quoted(after)));
        }
    }
    if old["immutable"] == true && ["ConfigMap", "Secret"].contains(&kind) {
        let fields = ["data", "binaryData", "stringData", "immutable"];
        let changed = fields.iter().filter(|field| old.get(**field) != new.get(**field));
        found.extend(changed.map(|field| format!("`{field}` of an object that is `immutable`")));
    }
    if !found.is_empty() {
        found.push(effects::way_out(new));
    }
    found
}
