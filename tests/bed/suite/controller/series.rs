//! What a real Prometheus makes of the controller's series, of the alerts and of the dashboard:
//! scraped as the rendered PodMonitor says, beside kube-state-metrics and the kubelet.
//!
//! A target has a `namespace` and an `instance` too, those of the controller's Pod. Unless the
//! monitor says otherwise they hide the agent's, and every alert and panel matches nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::controller::{Account, installed};
use crate::bed::pod::{Pod, status};
use crate::bed::prometheus::{Prometheus, StateMetrics, job, kubelet, targets};
use crate::bed::stack::SMALL;
use crate::bed::{SmallVolume, Stack, bucket, ensure, eventually, kubectl, kubectl_command, run};

#[path = "series/panels.rs"]
mod panels;
#[path = "series/scene.rs"]
mod scene;

use scene::{HOME, Slowness, VERSION, apply, controller, object, target};

/// Every alert with whom it is about; `@` stands for the namespace, `-` for the one where the
/// controller may not write.
const FIRING: [&str; 8] = [
    "OpenClawBackupFailed @ running",
    "OpenClawBackupTooOld @ running",
    "OpenClawInstanceDegraded @ looping",
    "OpenClawPVCNearlyFull @ running-data",
    "OpenClawPodCrashLooping @ looping-0",
    "OpenClawPodOOMKilled @ looping-0",
    "OpenClawReconcileErrors - refused",
    "OpenClawSlowReconciliation @ slow",
];

/// That of rollbacks needs a release that breaks, and here only has its series.
const SILENT: &str = "OpenClawAutoUpdateRollback";

#[test]
fn every_alert_and_panel_has_series_and_every_alert_fires_for_its_cause_alone() {
    let (stack, other) = (Stack::bare("series"), Stack::bare("refused"));
    let [name, refused] = [&stack.namespace.name, &other.namespace.name].map(String::as_str);
    let account = Account::new(&stack.namespace);
    let process = controller(&account, name);
    process.leads();
    let weak = Account::with(&other.namespace, without_status);
    let silenced = controller(&weak, refused);
    let state = StateMetrics::start(name);
    let pods = [target(&process, "first"), target(&silenced, "second")];
    let jobs = [job(&object("PodMonitor"), &pods), state.job(), kubelet()];
    let prometheus = Prometheus::start(&jobs, &object("PrometheusRule"));
    let _slowness = Slowness::new(name);

    let volume = SmallVolume::new("series", "300m");
    let running = format!(
        "{SMALL}\nautoUpdate: {{enabled: true}}\nbackup: {{schedule: \"0 0 1 1 *\"}}\n{}",
        volume.spec()
    );
    let lacking = "resources: {requests: {cpu: 100m}}\nenvFrom: [{secretRef: {name: keys}}]";
    // Too little for Node.js to start in.
    let looping = "resources: {requests: {cpu: 100m, memory: 32Mi}, limits: {memory: 32Mi}}";
    let (stopped, running) = ("suspended: true", running.as_str());
    apply(&stack, &[("running", running), ("stopped", stopped), ("slow", stopped)]);
    apply(&stack, &[("lacking", lacking), ("looping", looping)]);
    apply(&other, &[("refused", stopped)]);

    every_instance_is_in_its_phase(&prometheus, name);
    one_backup_is_made_and_one_fails(&stack);
    every_instance_is_in_its_phase(&prometheus, name);
    labels_are_those_of_the_agent(&prometheus, name);
    volume.fill_up("filler.bin", 90);
    fires(&prometheus, name, refused);
    let mut alerts = FIRING.map(|line| line.split(' ').next().unwrap()).to_vec();
    alerts.push(SILENT);
    alerts.sort_unstable();
    assert_eq!(panels::selected(&prometheus), alerts);
    panels::drawn(&prometheus);

    let standby = controller(&account, name);
    standby.ready();
    let idle = standby.series().unwrap();
    assert!(!idle.contains("instance=") && idle.contains("managed_instances 0\n"), "{idle}");
    what_is_gone_is_not_shown(&stack, || process.series());
    prometheus.is_scraping().unwrap();
}

/// Rights of a controller that may not say what it sees.
fn without_status(mut role: Value) -> Value {
    for rule in role["rules"].as_array_mut().unwrap() {
        if rule["resources"] == json!(["openclawinstances/status"]) {
            rule["verbs"] = json!(["get"]);
        }
    }
    role
}

/// Waits; a crash loop is told of when it is one and not before.
#[track_caller]
fn every_instance_is_in_its_phase(prometheus: &Prometheus, namespace: &str) {
    let expected = [
        ("lacking", "Provisioning"),
        ("looping", "Failed"),
        ("running", "Running"),
        ("slow", "Suspended"),
        ("stopped", "Suspended"),
    ];
    let expected = expected.map(|(name, phase)| (name.to_owned(), phase.to_owned()));
    let expected = BTreeMap::from(expected);
    let expr = format!("openclaw_instance_phase{{namespace=\"{namespace}\"}} == 1");
    let looping = Pod::new(namespace, "looping-0");
    let told = BTreeSet::from(["OpenClawPodCrashLooping looping-0".to_owned()]);
    eventually("every instance is in its phase", 600, || {
        let is_told = !prometheus.firing(&["pod"]).is_disjoint(&told);
        let restarts = status(&looping.get()?, "openclaw")["restartCount"].as_u64().unwrap_or(0);
        assert!(!is_told || restarts > 2, "a crash loop of {restarts} restarts");
        let text = |labels: &Value, name: &str| labels[name].as_str().unwrap().to_owned();
        let found = prometheus.query(&expr);
        let found = found.iter().map(|(one, _)| (text(one, "instance"), text(one, "phase")));
        let found: BTreeMap<String, String> = found.collect();
        ensure(found == expected, || format!("{found:?}"))
    });
}

/// One with the keys of the bucket, and one with others; and the schedule has waited for years.
#[track_caller]
fn one_backup_is_made_and_one_fails(stack: &Stack) {
    let namespace = stack.namespace.name.as_str();
    let annotate = |name: &str, note: &str| {
        let kind = "openclawinstance";
        kubectl(["annotate", kind, name, "-n", namespace, "--overwrite", note]).unwrap();
    };
    for name in ["lacking", "looping", "slow", "stopped"] {
        annotate(name, "openclaw.rocks/skip-backup=true");
    }
    bucket::open(&stack.namespace);
    annotate("running", "openclaw.rocks/backup=first");
    let wait = |what: &str, holds: fn(&Value) -> bool| {
        eventually(what, 300, || {
            let instance = stack.namespace.object("openclawinstance", "running").unwrap();
            let status = &instance["status"];
            let is_back = status["backup"]["phase"].is_null() && status["phase"] == "Running";
            ensure(is_back && holds(status), || format!("{status}"))
        });
    };
    wait("the first backup is there", |status| status["lastBackupPath"].is_string());
    let key = r#"{"stringData": {"B2_APP_KEY": "another"}}"#;
    let secret = ["patch", "secret", "b2-backup-credentials", "-n", namespace, "-p", key];
    kubectl(secret).unwrap();
    annotate("running", "openclaw.rocks/backup=second");
    wait("the second fails", |status| status["backup"]["failures"] == 1);
    let old = r#"{"status": {"lastBackupTime": "2024-06-01T00:00:00Z"}}"#;
    let patch = ["patch", "openclawinstance", "running", "-n", namespace, "--type=merge"];
    run(kubectl_command().args(patch).args(["--subresource=status", "-p", old])).unwrap();
}

/// The labels of the target are beside those of the series, and under them where both have one.
#[track_caller]
fn labels_are_those_of_the_agent(prometheus: &Prometheus, namespace: &str) {
    let joined = "openclaw_instance_ready * on (namespace, instance) group_left (version) openclaw_instance_info";
    let ready = prometheus.query(&format!("{joined} == 1"));
    let [(labels, _)] = &ready[..] else { panic!("{ready:?}") };
    let wanted = json!({"namespace": namespace, "instance": "running", "version": VERSION,
        "pod": "first", "container": "controller", "endpoint": "metrics",
        "job": format!("{HOME}/openclaw-controller")});
    assert_eq!(*labels, wanted);
    assert_eq!(prometheus.query(joined).len(), 6);
    // What is of no instance is of the controller.
    let managed = prometheus.query("sum by (namespace) (openclaw_managed_instances)");
    assert_eq!(managed, [(json!({"namespace": HOME}), 6.0)]);
}

/// Waits until each alert fires for whom it should, and nothing else does.
#[track_caller]
fn fires(prometheus: &Prometheus, namespace: &str, refused: &str) {
    let labels = ["namespace", "instance", "pod", "persistentvolumeclaim"];
    let short = |told: String| {
        told.replace(&format!(" {namespace} "), " @ ").replace(&format!(" {refused} "), " - ")
    };
    let mut count = 0;
    eventually("every alert fires", 600, || {
        // Each time, the status says that the change was seen; Prometheus counts from the second.
        count += 1;
        if count < 4 {
            let patch =
                json!({"spec": {"podAnnotations": {"example.com/count": count.to_string()}}});
            let patch = patch.to_string();
            let kind = "openclawinstance";
            kubectl(["patch", kind, "slow", "-n", namespace, "--type=merge", "-p", &patch])
                .unwrap();
        }
        let found: Vec<String> = prometheus.firing(&labels).into_iter().map(short).collect();
        ensure(found == FIRING, || format!("{found:#?}"))
    });
    assert_eq!(prometheus.faults(), [""; 0]);
}

/// An instance that is gone or of another cluster, and what somebody writes into an object.
#[track_caller]
fn what_is_gone_is_not_shown(stack: &Stack, series: impl Fn() -> Result<String, String>) {
    let namespace = &stack.namespace.name;
    let path = "/spec/template/spec/containers/0/image";
    let patch = json!([{"op": "replace", "path": path, "value": "a\"} 1\n\\"}]).to_string();
    let set = ["patch", "statefulset", "stopped", "-n", namespace, "--type=json", "-p", &patch];
    kubectl(set).unwrap();
    let note = "openclaw.rocks/cluster=another";
    let kind = "openclawinstance";
    kubectl(["annotate", kind, "slow", "-n", namespace, "--overwrite", note]).unwrap();
    kubectl(["delete", kind, "lacking", "-n", namespace]).unwrap();
    eventually("what is gone has no series", 60, || {
        let text = series()?;
        let is_there = |name: &str| text.contains(&format!("instance=\"{name}\""));
        let found = ["slow", "lacking", "stopped"].map(is_there);
        ensure(found == [false, false, true] && text.contains("image=\"a\\\"} 1\\n\\\\\""), || text)
    });
}

/// No watch tells when a right is given, so the controller asks again, each time a little later.
#[test]
fn what_may_not_be_read_is_asked_for_ever_more_rarely() {
    let stack = Stack::bare("denied");
    let name = stack.namespace.name.as_str();
    apply(&stack, &[("denied", "suspended: true")]);
    kubectl(["delete", "rolebinding", "denied-controller", "-n", name]).unwrap();
    let account = Account::new(&stack.namespace);
    let process = controller(&account, name);
    process.leads();
    let looks = || -> Result<u32, String> {
        let text = process.series()?;
        let line = format!("namespace=\"{name}\",result=\"success\"}} ");
        let count = text.split(&line).nth(1).and_then(|rest| rest.lines().next());
        count.and_then(|count| count.parse().ok()).ok_or(text)
    };
    eventually("it looks", 60, || ensure(looks()? > 0, String::new));
    std::thread::sleep(Duration::from_secs(30));
    // After 1, 2, 4, 8 and 16 seconds, and twice because of what the first look changes.
    let count = looks().unwrap();
    assert!((4..=8).contains(&count), "{count} looks");
}

/// Nothing but the monitor says where the controller is.
#[test]
fn the_monitor_finds_the_installed_controller() {
    installed();
    let monitor = object("PodMonitor");
    let prometheus =
        Prometheus::start(&[job(&monitor, &targets(&monitor))], &object("PrometheusRule"));
    let found = prometheus.query("openclaw_managed_instances");
    let [(labels, _)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&labels["namespace"], &labels["container"]), (&json!(HOME), &json!("controller")));
}
