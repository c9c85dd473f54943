//! The Grafana dashboard, as rows of a table. Reads nothing, writes nothing.
//!
//! Every panel asks for the controller's own metrics, whose labels `namespace` and `instance` name
//! the instance because the monitors keep them by `honorLabels`. The identifier is fixed, so that
//! a link to the dashboard stays a link.

use serde_json::{Value, json};

use crate::names::{
    METRIC_APPLIED, METRIC_BACKUP_DUE, METRIC_BACKUP_DURATION, METRIC_BACKUP_FAILURES,
    METRIC_BACKUP_SIZE, METRIC_BACKUP_TIME, METRIC_CHECKS, METRIC_DURATION, METRIC_INFO,
    METRIC_MANAGED, METRIC_PHASE, METRIC_READY, METRIC_RECONCILE, METRIC_ROLLBACKS, METRIC_STEPS,
};

/// Identifier of the dashboard.
pub const UID: &str = "openclaw-fleet";

/// Selects the instances that the reader chose.
const CHOSEN: &str = "namespace=~\"$namespace\", instance=~\"$instance\"";

/// One panel: its kind, title, width, and its queries with their legends.
struct Panel {
    kind: &'static str,
    title: &'static str,
    width: u32,
    unit: &'static str,
    queries: Vec<(String, &'static str)>,
}

impl Panel {
    fn new(kind: &'static str, title: &'static str, queries: Vec<(String, &'static str)>) -> Self {
        let width = if kind == "stat" { 6 } else { 12 };
        Self { kind, title, width, unit: "short", queries }
    }

    fn with_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }
}

/// Returns the dashboard.
pub fn dashboard() -> Value {
    let (mut x, mut y, mut panels) = (0, 0, Vec::new());
    for (index, panel) in of_fleet().iter().chain(&of_backups()).enumerate() {
        let height = if panel.kind == "stat" { 4 } else { 8 };
        if x + panel.width > 24 {
            x = 0;
        }
        panels.push(drawn(
            index + 1,
            panel,
            &json!({"x": x, "y": y, "w": panel.width, "h": height}),
        ));
        x += panel.width;
        if x == 24 {
            y += height;
        }
    }
    json!({
        "uid": UID,
        "title": "OpenClaw fleet",
        "tags": ["openclaw"],
        "schemaVersion": 39,
        "version": 1,
        "editable": false,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": variables()},
        "panels": panels,
    })
}

fn of_fleet() -> Vec<Panel> {
    let quantile = |share: &str| {
        format!(
            "histogram_quantile({share}, sum by (le) (rate({METRIC_DURATION}_bucket{{{CHOSEN}}}[5m])))"
        )
    };
    vec![
        Panel::new("stat", "Instances", vec![(format!("max({METRIC_MANAGED})"), "")]),
        Panel::new("stat", "Ready", vec![(format!("sum({METRIC_READY}{{{CHOSEN}}})"), "")]),
        Panel::new(
            "stat",
            "Degraded or failed",
            vec![(format!("sum({METRIC_PHASE}{{phase=~\"Degraded|Failed\", {CHOSEN}}})"), "")],
        ),
        Panel::new("stat", "Rollbacks in an hour", vec![(increase(METRIC_ROLLBACKS), "")]),
        Panel::new(
            "timeseries",
            "Instances by phase",
            vec![(format!("sum by (phase) ({METRIC_PHASE}{{{CHOSEN}}})"), "{{phase}}")],
        ),
        Panel::new(
            "timeseries",
            "Instances by version",
            vec![(format!("count by (version) ({METRIC_INFO}{{{CHOSEN}}})"), "{{version}}")],
        ),
        Panel::new(
            "timeseries",
            "Looks a second, by result",
            vec![(
                format!("sum by (result) (rate({METRIC_RECONCILE}{{{CHOSEN}}}[5m]))"),
                "{{result}}",
            )],
        )
        .with_unit("ops"),
        Panel::new(
            "timeseries",
            "Time that a look takes",
            vec![(quantile("0.5"), "half"), (quantile("0.99"), "99 in 100")],
        )
        .with_unit("s"),
        Panel::new(
            "timeseries",
            "Updates in an hour",
            vec![
                (increase(METRIC_CHECKS), "looked for"),
                (increase(METRIC_APPLIED), "confirmed"),
                (increase(METRIC_ROLLBACKS), "rolled back"),
            ],
        ),
        Panel::new("timeseries", "Steps of updates, 95 in 100 within", vec![(steps(), "{{step}}")])
            .with_unit("s"),
        Panel::new(
            "timeseries",
            "Ready, by instance",
            vec![(format!("{METRIC_READY}{{{CHOSEN}}}"), "{{namespace}}/{{instance}}")],
        ),
    ]
}

fn increase(metric: &str) -> String {
    format!("sum(increase({metric}{{{CHOSEN}}}[1h]))")
}

fn of_backups() -> Vec<Panel> {
    vec![
        Panel::new(
            "timeseries",
            "Age of the last backup",
            vec![(
                format!("time() - {METRIC_BACKUP_TIME}{{{CHOSEN}}}"),
                "{{namespace}}/{{instance}}",
            )],
        )
        .with_unit("s"),
        Panel::new(
            "timeseries",
            "Time past the schedule of backups",
            vec![(
                format!("time() - {METRIC_BACKUP_DUE}{{{CHOSEN}}} > 0"),
                "{{namespace}}/{{instance}}",
            )],
        )
        .with_unit("s"),
        Panel::new(
            "timeseries",
            "Size of the last backup",
            vec![(format!("{METRIC_BACKUP_SIZE}{{{CHOSEN}}}"), "{{namespace}}/{{instance}}")],
        )
        .with_unit("bytes"),
        Panel::new(
            "timeseries",
            "Backups: time that the last one took, and failures in an hour",
            vec![
                (format!("max({METRIC_BACKUP_DURATION}{{{CHOSEN}}})"), "longest, in seconds"),
                (increase(METRIC_BACKUP_FAILURES), "failed"),
            ],
        ),
    ]
}

/// How long the steps of updates took; they are too rare for a rate over minutes.
fn steps() -> String {
    let rate = format!("sum by (le, step) (increase({METRIC_STEPS}_bucket[1d]))");
    format!("histogram_quantile(0.95, {rate})")
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn drawn(id: usize, panel: &Panel, place: &Value) -> Value {
    let targets: Vec<Value> = panel
        .queries
        .iter()
        .zip('A'..)
        .map(|((expr, legend), letter)| {
            json!({
                "refId": letter.to_string(),
                "datasource": source(),
                "expr": expr,
                "legendFormat": legend,
                "instant": panel.kind == "stat",
            })
        })
        .collect();
    json!({
        "id": id,
        "type": panel.kind,
        "title": panel.title,
        "gridPos": place,
        "datasource": source(),
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    })
}

/// What the reader chooses: the data source, then namespaces and instances.
fn variables() -> Vec<Value> {
    let values = |name: &str, query: String| {
        json!({
            "name": name,
            "type": "query",
            "datasource": source(),
            "query": query,
            "refresh": 2,
            "multi": true,
            "includeAll": true,
            "current": {"text": "All", "value": "$__all"},
        })
    };
    vec![
        json!({"name": "datasource", "type": "datasource", "query": "prometheus"}),
        values("namespace", format!("label_values({METRIC_INFO}, namespace)")),
        values(
            "instance",
            format!("label_values({METRIC_INFO}{{namespace=~\"$namespace\"}}, instance)"),
        ),
    ]
}
