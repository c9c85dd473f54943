//! The rendered alerts and panels against the series that there are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::scene::{HOME, object};
use crate::bed::controller::printed;
use crate::bed::prometheus::Prometheus;
use crate::kit;

/// Demands that whatever an alert selects is there; returns the names of all of them, sorted.
#[track_caller]
pub fn selected(prometheus: &Prometheus) -> Vec<String> {
    let rule = object("PrometheusRule");
    let groups = rule["spec"]["groups"].as_array().unwrap();
    let mut names = Vec::new();
    for alert in groups.iter().flat_map(|group| group["rules"].as_array().unwrap()) {
        let selectors = prometheus.selectors(alert["expr"].as_str().unwrap());
        assert!(!selectors.is_empty(), "{alert}");
        for selector in selectors {
            assert!(!prometheus.query(&selector).is_empty(), "{}: {selector}", alert["alert"]);
        }
        names.push(alert["alert"].as_str().unwrap().to_owned());
    }
    names.sort();
    names
}

/// Opens the dashboard as Grafana does: first the variables, then the panels with all of them.
/// Demands that every query gives numbers.
#[track_caller]
pub fn drawn(prometheus: &Prometheus) {
    let dashboard = dashboard();
    let mut chosen = BTreeMap::new();
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        if variable["type"] == "query" {
            let query = replaced(variable["query"].as_str().unwrap(), &chosen);
            let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
            let (selector, label) = inner.rsplit_once(", ").unwrap();
            let values = prometheus.label_values(selector, label);
            assert!(values.len() > 1, "{query}: {values:?}");
            chosen.insert(format!("${name}"), format!("({})", values.join("|")));
        }
    }
    assert!(!chosen["$namespace"].contains(HOME), "{chosen:?}");
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expr = replaced(target["expr"].as_str().unwrap(), &chosen);
            // No version is taken here, so that no step has a length.
            if expr.contains(openclaw::names::METRIC_STEPS) {
                continue;
            }
            let found = prometheus.query(&expr);
            assert!(!found.is_empty(), "{}: {expr}", panel["title"]);
            for (_, value) in found {
                assert!(value.is_finite(), "{}: {expr} is {value}", panel["title"]);
            }
        }
    }
}

fn dashboard() -> Value {
    let objects = kit::documents(&printed(&[]));
    let is_it = |object: &&Value| object["metadata"]["labels"]["grafana_dashboard"].is_string();
    let data = objects.iter().find(is_it).unwrap()["data"].as_object().unwrap();
    let [text] = &data.values().collect::<Vec<_>>()[..] else { panic!("{data:?}") };
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

fn replaced(text: &str, chosen: &BTreeMap<String, String>) -> String {
    chosen.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}
