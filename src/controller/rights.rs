//! What the controller may do in a cluster. Reads nothing, writes nothing.
//!
//! One table makes the roles that `openclaw install` prints and the table of README.md. Secrets
//! are absent from what is read: RBAC cannot grant their metadata alone, so each instance's own
//! Role `N-controller`, rendered into Git beside it, names the few that its Pod needs. Nothing here
//! is about roles either: whoever merges to Git decides about rights.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::names;

/// Where a right holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every namespace that is watched: all of them, or those of `--namespaces`.
    Watched,
    /// In the controller's own namespace.
    Home,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Right {
    /// API group; empty for the core.
    pub group: &'static str,
    /// Resources, subresources with a slash.
    pub resources: &'static [&'static str],
    /// The only objects that it is about; empty for all of them.
    pub names: &'static [&'static str],
    /// Verbs.
    pub verbs: &'static [&'static str],
    /// Where it holds.
    pub scope: Scope,
    /// What uses it.
    pub why: &'static str,
}

/// Nothing is asked for by its name: the watches tell it.
const WATCH: &[&str] = &["list", "watch"];

/// Every right, in the order in which README.md lists them.
pub const RIGHTS: &[Right] = &[
    Right {
        group: names::GROUP,
        resources: &["openclawinstances"],
        names: &[],
        verbs: WATCH,
        scope: Scope::Watched,
        why: "to know what is to be looked after",
    },
    Right {
        group: names::GROUP,
        resources: &["openclawinstances"],
        names: &[],
        verbs: &["patch"],
        scope: Scope::Watched,
        why: "to put its finalizer on and take it off; an admission policy keeps it from all else",
    },
    Right {
        group: names::GROUP,
        resources: &["openclawinstances/status"],
        names: &[],
        verbs: &["patch"],
        scope: Scope::Watched,
        why: "to write phase and conditions",
    },
    Right {
        group: "apps",
        resources: &["statefulsets"],
        names: &[],
        verbs: WATCH,
        scope: Scope::Watched,
        why: "to compare what runs with what is committed",
    },
    Right {
        group: "",
        resources: &["persistentvolumeclaims", "pods"],
        names: &[],
        verbs: WATCH,
        scope: Scope::Watched,
        why: "to say why an instance does not start",
    },
    Right {
        group: "networking.k8s.io",
        resources: &["networkpolicies"],
        names: &[],
        verbs: WATCH,
        scope: Scope::Watched,
        why: "to say whether the committed policy is there",
    },
    Right {
        group: "networking.k8s.io",
        resources: &["networkpolicies"],
        names: &[],
        verbs: &["create"],
        scope: Scope::Watched,
        why: "to let the Pod of a backup Job reach the store and nothing else",
    },
    Right {
        group: "batch",
        resources: &["jobs"],
        names: &[],
        verbs: &["list", "watch", "create", "delete"],
        scope: Scope::Watched,
        why: "to back instances up; an admission policy says what such a Job may be",
    },
    Right {
        group: "",
        resources: &["namespaces"],
        names: &[],
        verbs: &["get"],
        scope: Scope::Watched,
        why: "to learn the UID of a namespace, under which its backups lie",
    },
    Right {
        group: "",
        resources: &["secrets"],
        names: &[],
        verbs: &["create"],
        scope: Scope::Watched,
        why: "to make the gateway's token and the Secrets of backup Jobs; `create` cannot be narrowed to a name, but an admission policy does",
    },
    Right {
        group: "events.k8s.io",
        resources: &["events"],
        names: &[],
        verbs: &["create", "patch"],
        scope: Scope::Watched,
        why: "to tell `kubectl describe` what happened; `patch` counts what happens again",
    },
    Right {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &[],
        verbs: &["create"],
        scope: Scope::Home,
        why: "to take the Lease for the first time",
    },
    Right {
        group: "coordination.k8s.io",
        resources: &["leases"],
        names: &[names::CONTROLLER],
        verbs: &["get", "update"],
        scope: Scope::Home,
        why: "to keep the Lease, so that one controller acts at a time",
    },
];

/// Returns the rules of a role that grants what `scope` needs.
pub fn rules(scope: Scope) -> Vec<Value> {
    let rows = RIGHTS.iter().filter(|right| right.scope == scope);
    rows.map(|right| {
        let mut rule = json!({
            "apiGroups": [right.group],
            "resources": right.resources,
            "verbs": right.verbs,
        });
        if !right.names.is_empty() {
            rule["resourceNames"] = json!(right.names);
        }
        rule
    })
    .collect()
}

/// Returns the table as Markdown.
pub fn table() -> String {
    let mut out = "| where | API group | resources | verbs | what for |\n\
        | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for right in RIGHTS {
        let place = match right.scope {
            Scope::Watched => "watched namespaces",
            Scope::Home => "own namespace",
        };
        let group = if right.group.is_empty() { "core" } else { right.group };
        let ticked = |list: &[&str]| {
            list.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        };
        let mut resources = ticked(right.resources);
        if !right.names.is_empty() {
            _ = write!(resources, ", only {}", ticked(right.names));
        }
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(
            out,
            "| {place} | {group} | {resources} | {} | {} |",
            ticked(right.verbs),
            right.why
        );
    }
    out
}
