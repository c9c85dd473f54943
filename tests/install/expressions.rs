//! Reads which metrics an expression of Prometheus asks for.

use std::collections::BTreeSet;

use openclaw::names::METRICS;

/// Metrics of kube-state-metrics and of the kubelet.
const OTHERS: [&str; 4] = [
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_status_last_terminated_reason",
    "kubelet_volume_stats_used_bytes",
    "kubelet_volume_stats_capacity_bytes",
];

const WORDS: [&str; 7] = ["by", "on", "and", "or", "unless", "offset", "le"];

/// Whether a name is one of ours, or with `others` one that every cluster's monitoring has.
pub(crate) fn asked(name: &str, others: bool) -> bool {
    let base = name.strip_suffix("_bucket").unwrap_or(name);
    METRICS.contains(&name)
        || base != name && METRICS.contains(&base) && base.ends_with("_seconds")
        || others && OTHERS.contains(&name)
}

/// Every name of an expression that is no function, label, word or number.
pub(crate) fn metrics(expr: &str) -> BTreeSet<String> {
    // Texts, selectors and windows first, then the labels of `by (...)` and `on (...)`.
    let mut plain = without(expr, '"', '"');
    plain = without(&plain, '{', '}');
    plain = without(&plain, '[', ']');
    for word in [" by (", " on ("] {
        while let Some(at) = plain.find(word) {
            let end = plain[at..].find(')').unwrap();
            plain.replace_range(at..=at + end, " ");
        }
    }
    let mut found = BTreeSet::new();
    let mut rest = plain.as_str();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    while let Some(start) = rest.find(is_name) {
        let length = rest[start..].find(|c| !is_name(c)).unwrap_or(rest.len() - start);
        let name = &rest[start..start + length];
        rest = &rest[start + length..];
        let is_function = rest.starts_with('(') || ["sum", "max", "count"].contains(&name);
        if !is_function && !WORDS.contains(&name) && !name.starts_with(|c: char| c.is_ascii_digit())
        {
            found.insert(name.to_owned());
        }
    }
    found
}

fn without(text: &str, open: char, close: char) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in text.chars() {
        match (inside, c) {
            (false, c) if c == open => inside = true,
            (true, c) if c == close => inside = false,
            (false, c) => plain.push(c),
            (true, _) => {}
        }
    }
    plain
}

#[test]
fn names_are_read_out_of_expressions() {
    for (expr, expected) in [
        ("sum by (a, b) (rate(x_total{c=\"d_e\"}[5m])) > 0", &["x_total"][..]),
        (
            "max(a_b) > 2 and on (p) label_replace(c_d, \"p\", \"$1-0\", \"i\", \"(.+)\")",
            &["a_b", "c_d"],
        ),
        ("a > 0 unless a offset 1h", &["a"]),
    ] {
        let found = metrics(expr);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{expr}");
    }
    assert!(!asked("openclaw_resource_creation_failures_total", true));
    assert!(!asked("openclaw_instance_ready_bucket", true));
    assert!(asked("openclaw_reconcile_duration_seconds_bucket", false));
}
