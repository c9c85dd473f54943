//! A real Prometheus of one test, which scrapes what the rendered monitors name and evaluates the
//! rendered rules. There is no Prometheus operator on the bed: what it makes of a monitor and of a
//! rule is made here.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::controller::free_port;
use super::{ensure, eventually, kubectl, run, variable};

/// How often everything is scraped and evaluated.
const INTERVAL: &str = "2s";

/// What is scraped, and the labels that whoever found it gives to its series.
#[derive(Clone)]
pub struct Target {
    pub address: String,
    pub labels: Value,
}

/// The Pods of the cluster that a PodMonitor selects, under the port that it names.
#[track_caller]
pub fn targets(monitor: &Value) -> Vec<Target> {
    let namespace = monitor["metadata"]["namespace"].as_str().unwrap();
    let labels = monitor["spec"]["selector"]["matchLabels"].as_object().unwrap();
    let selector: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
    let selector = selector.join(",");
    let list = kubectl(["get", "pods", "-n", namespace, "-l", &selector, "-o", "json"]).unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    let mut found = Vec::new();
    for pod in list["items"].as_array().unwrap() {
        for container in pod["spec"]["containers"].as_array().unwrap() {
            let ports = container["ports"].as_array().into_iter().flatten();
            for port in ports.filter(|port| port["name"] == endpoint["port"]) {
                let address = pod["status"]["podIP"].as_str().unwrap();
                found.push(Target {
                    address: format!("{address}:{}", port["containerPort"]),
                    labels: json!({"namespace": namespace, "pod": pod["metadata"]["name"], "container": container["name"]}),
                });
            }
        }
    }
    found
}

/// The job that the operator makes of the one endpoint of a PodMonitor or ServiceMonitor; the
/// targets are what it selects. Nothing that the endpoint says is left out but the interval.
#[track_caller]
pub fn job(monitor: &Value, targets: &[Target]) -> Value {
    let spec = &monitor["spec"];
    let list = [&spec["podMetricsEndpoints"], &spec["endpoints"]];
    let [endpoint] = &list.iter().find_map(|list| list.as_array()).unwrap()[..] else {
        panic!("{monitor}")
    };
    for field in endpoint.as_object().unwrap().keys() {
        let is_known = ["port", "path", "interval", "honorLabels"].contains(&field.as_str());
        assert!(is_known, "what becomes of {field}?");
    }
    let name = |field: &str| monitor["metadata"][field].as_str().unwrap();
    let job = format!("{}/{}", name("namespace"), name("name"));
    let found: Vec<Value> = targets
        .iter()
        .map(|target| {
            let mut labels = target.labels.clone();
            labels["job"] = json!(job);
            labels["endpoint"] = endpoint["port"].clone();
            json!({"targets": [target.address], "labels": labels})
        })
        .collect();
    json!({
        "job_name": job,
        "metrics_path": endpoint["path"],
        "honor_labels": endpoint["honorLabels"].as_bool().unwrap_or(false),
        "static_configs": found,
    })
}

/// The kubelet of the bed's node, as its usual monitor scrapes it.
pub fn kubelet() -> Value {
    let pki = |file: &str| format!("{}/pki/{file}", variable("RUN"));
    json!({
        "job_name": "kubelet",
        "scheme": "https",
        "honor_labels": true,
        "tls_config": {"ca_file": pki("ca.crt"), "cert_file": pki("admin.crt"), "key_file": pki("admin.key")},
        "static_configs": [{"targets": [format!("{}:10250", variable("GATEWAY"))]}],
    })
}

/// A running kube-state-metrics that tells of the Pods of one namespace; it is killed when it is
/// dropped.
pub struct StateMetrics {
    child: Child,
    port: u16,
}

impl StateMetrics {
    #[track_caller]
    pub fn start(namespace: &str) -> Self {
        let [port, own] = [free_port(), free_port()];
        let child = Command::new(variable("STATE_METRICS"))
            .args(["--kubeconfig", &variable("KUBECONFIG"), "--resources", "pods"])
            .args(["--namespaces", namespace, "--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--telemetry-host", "127.0.0.1", "--telemetry-port", &own.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// The job of its usual monitor.
    pub fn job(&self) -> Value {
        let target = json!({
            "targets": [format!("127.0.0.1:{}", self.port)],
            "labels": {"namespace": "monitoring", "pod": "kube-state-metrics-0", "container": "kube-state-metrics"},
        });
        json!({"job_name": "kube-state-metrics", "honor_labels": true, "static_configs": [target]})
    }
}

impl Drop for StateMetrics {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A running Prometheus; it is killed when it is dropped.
pub struct Prometheus {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Prometheus {
    /// Starts one with these jobs and the rules of a PrometheusRule; once as they are, and once
    /// without the minutes that an alert lasts before people hear of it.
    #[track_caller]
    pub fn start(jobs: &[Value], rule: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut groups = rule["spec"]["groups"].as_array().unwrap().clone();
        for mut group in groups.clone() {
            group["name"] = json!(format!("{} at once", group["name"].as_str().unwrap()));
            for alert in group["rules"].as_array_mut().unwrap() {
                alert["for"] = json!("0s");
            }
            groups.push(group);
        }
        let rules = json!({"groups": groups});
        let config = json!({
            "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": ["rules.yaml"],
            "scrape_configs": jobs,
        });
        let write = |file: &str, text: String| std::fs::write(folder.path().join(file), text);
        write("rules.yaml", rules.to_string()).unwrap();
        write("prometheus.yaml", config.to_string()).unwrap();
        let port = free_port();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(variable("PROMETHEUS"))
            .arg("--config.file=prometheus.yaml")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let prometheus = Self { child, folder, port };
        eventually("every target is scraped", 60, || prometheus.is_scraping());
        prometheus
    }

    /// Asks its API; `arguments` as `name=value`.
    fn ask(&self, path: &str, arguments: &[String]) -> Result<Value, String> {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "--noproxy", "*", "-G"]);
        for each in arguments {
            command.args(["--data-urlencode", each]);
        }
        let url = format!("http://127.0.0.1:{}/api/v1/{path}", self.port);
        let text = run(command.arg(url)).map_err(|error| format!("{error}{}", self.log()))?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| text.clone())?;
        ensure(answer["status"] == "success", || answer.to_string())?;
        Ok(answer["data"].clone())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether every target was scraped, without a fault.
    pub fn is_scraping(&self) -> Result<(), String> {
        let found = self.ask("targets", &[])?;
        let targets = found["activeTargets"].as_array().unwrap();
        let is_fine = |target: &&Value| target["health"] == "up" && target["lastError"] == "";
        let told = |target: &Value| format!("{} {}\n", target["scrapeUrl"], target["lastError"]);
        let faults: String = targets.iter().filter(|one| !is_fine(one)).map(told).collect();
        ensure(!targets.is_empty() && faults.is_empty(), || faults)
    }

    /// The series that an expression gives now: labels and value.
    #[track_caller]
    pub fn query(&self, expr: &str) -> Vec<(Value, f64)> {
        let data = self.ask("query", &[format!("query={expr}")]).unwrap();
        let series = data["result"].as_array().unwrap_or_else(|| panic!("{expr}: {data}"));
        let value = |one: &Value| one["value"][1].as_str().unwrap().parse().unwrap();
        series.iter().map(|one| (one["metric"].clone(), value(one))).collect()
    }

    /// The selectors of an expression, each as an expression of its own.
    #[track_caller]
    pub fn selectors(&self, expr: &str) -> BTreeSet<String> {
        fn walk(node: &Value, found: &mut BTreeSet<String>) {
            if let Some(matchers) = node["matchers"].as_array() {
                let text = |key: &str, one: &Value| one[key].as_str().unwrap().to_owned();
                let one = |one: &Value| {
                    format!("{}{}{}", text("name", one), text("type", one), one["value"])
                };
                found.insert(format!(
                    "{{{}}}",
                    matchers.iter().map(one).collect::<Vec<_>>().join(",")
                ));
            }
            let below = node.as_object().into_iter().flat_map(|map| map.values());
            let items = node.as_array().into_iter().flatten();
            below.chain(items).for_each(|node| walk(node, found));
        }
        let mut found = BTreeSet::new();
        walk(&self.ask("parse_query", &[format!("query={expr}")]).unwrap(), &mut found);
        found
    }

    /// The values of a label, as Grafana's `label_values` asks for them.
    #[track_caller]
    pub fn label_values(&self, selector: &str, label: &str) -> Vec<String> {
        let found = self.ask(&format!("label/{label}/values"), &[format!("match[]={selector}")]);
        serde_json::from_value(found.unwrap()).unwrap()
    }

    /// The alerts that fire, by name and the labels that are given.
    #[track_caller]
    pub fn firing(&self, labels: &[&str]) -> BTreeSet<String> {
        let data = self.ask("alerts", &[]).unwrap();
        let alerts = data["alerts"].as_array().unwrap();
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
        let told = firing.map(|alert| {
            let label = |name: &&str| alert["labels"][*name].as_str();
            let values: Vec<&str> = labels.iter().filter_map(label).collect();
            format!("{} {}", alert["labels"]["alertname"].as_str().unwrap(), values.join(" "))
        });
        told.collect()
    }

    /// What is wrong with the rules.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let data = self.ask("rules", &[]).unwrap();
        let groups = data["groups"].as_array().unwrap();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
        rules.filter(|rule| rule["health"] != "ok").map(Value::to_string).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
