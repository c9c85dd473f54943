//! Hostile instances among many others: each gets a condition, and the others do not notice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::controller::{Process, condition};
use crate::bed::fleet::{CLUSTER, Fleet};
use crate::bed::{ensure, eventually, figure, kubectl_command, kubectl_with, run};

/// Instances that are changed in one wave.
const WAVE: usize = 200;

/// Control characters, other directions, other scripts, and the last character of all.
const WORDS: &str = "\u{7}\u{1b}[31m\u{202e}\u{feff} 日本 ﷽ ß \u{10ffff}";

/// When the watch told of a generation, and of the status that says it was seen.
type Told = BTreeMap<(String, i64), (Option<Instant>, Option<Instant>)>;

/// A watch of the instances by the clock of this machine. The API server ends one that falls
/// behind, as it may on a busy machine, so it is begun again.
struct Clock {
    watch: Arc<Mutex<Option<Child>>>,
    told: Arc<Mutex<Told>>,
}

impl Clock {
    fn start(fleet: &Fleet) -> Self {
        let clock = Self { watch: Arc::default(), told: Arc::default() };
        let (watch, told) = (clock.watch.clone(), clock.told.clone());
        let namespace = fleet.namespace.name.clone();
        *watch.lock().unwrap() = Some(begin(&namespace));
        std::thread::spawn(move || {
            while let Some(lines) = next(&watch) {
                lines.map_while(Result::ok).for_each(|line| take(&mut told.lock().unwrap(), &line));
                std::thread::sleep(Duration::from_millis(100));
                if let Some(child) = &mut *watch.lock().unwrap() {
                    child.wait().ok();
                    *child = begin(&namespace);
                }
            }
        });
        clock
    }

    /// Seconds from each change of these instances to its status, as far as they were seen, in
    /// order.
    fn seconds(&self, generations: &BTreeMap<String, i64>) -> Vec<f64> {
        let told = self.told.lock().unwrap();
        let of = |(name, generation): (&String, &i64)| match told.get(&(name.clone(), *generation))
        {
            Some((Some(changed), Some(seen))) => Some((*seen - *changed).as_secs_f64()),
            _ => None,
        };
        let mut seconds: Vec<f64> = generations.iter().filter_map(of).collect();
        seconds.sort_by(f64::total_cmp);
        seconds
    }
}

/// Begins to watch.
fn begin(namespace: &str) -> Child {
    let format =
        "jsonpath={.metadata.name} {.metadata.generation} {.status.observedGeneration}{'\\n'}";
    // The hostile ones bear no label: kubectl itself falls behind with them.
    let rendered = "--selector=app.kubernetes.io/name=openclaw";
    let what = ["get", "openclawinstances", "-n", namespace, rendered];
    let args = [&what[..], &["--watch", "-o", format]].concat();
    kubectl_command().args(args).stdout(Stdio::piped()).spawn().unwrap()
}

/// What the watch prints; none when there is none any more.
fn next(watch: &Mutex<Option<Child>>) -> Option<Lines<BufReader<ChildStdout>>> {
    let output = watch.lock().unwrap().as_mut()?.stdout.take()?;
    Some(BufReader::new(output).lines())
}

fn take(told: &mut Told, line: &str) {
    let words: Vec<&str> = line.split(' ').collect();
    let [name, generation, observed] = words[..] else { return };
    let generation: i64 = generation.parse().unwrap_or_default();
    let entry = told.entry((name.to_owned(), generation)).or_default();
    entry.0.get_or_insert_with(Instant::now);
    if observed.parse() == Ok(generation) {
        entry.1.get_or_insert_with(Instant::now);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(mut watch) = self.watch.lock().unwrap().take() {
            watch.kill().ok();
            watch.wait().ok();
        }
    }
}

/// Changes the specs of some instances and returns the seconds until each status says so.
#[track_caller]
fn wave(fleet: &Fleet, clock: &Clock, names: &[String], cpu: &str) -> Vec<f64> {
    let changed = |name: &String| -> String {
        let text = fleet.rendered(name).remove(&format!("openclawinstance-{name}.yaml")).unwrap();
        let mut instance = crate::kit::documents(&text).remove(0);
        instance["spec"]["resources"]["requests"]["cpu"] = json!(cpu);
        instance.to_string()
    };
    let texts: Vec<String> = names.iter().map(changed).collect();
    fleet.apply(&texts);
    let generations = eventually("every status says so", 120, || {
        let format = "{range .items[*]}{.metadata.name} {.metadata.generation} {.status.observedGeneration}{'\\n'}{end}";
        let all = ask(fleet, &[], format);
        let mut generations = BTreeMap::new();
        for line in all.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            if names.iter().any(|name| name == words[0]) {
                ensure(words[1] == words[2], || line.to_owned())?;
                generations.insert(words[0].to_owned(), words[1].parse().unwrap());
            }
        }
        Ok(generations)
    });
    // kubectl prints more slowly than the controller writes, and not all of it where it began anew:
    // that every status is there was asked above, and half of them are enough to measure.
    eventually("the watch has told of them", 120, || {
        let seconds = clock.seconds(&generations);
        let is_sample = seconds.len() * 2 >= names.len();
        ensure(is_sample, || format!("{} were seen", seconds.len()))?;
        Ok(seconds)
    })
}

/// What kubectl prints of instances in a format.
#[track_caller]
fn ask(fleet: &Fleet, args: &[&str], format: &str) -> String {
    let what = ["get", "openclawinstances", "-n", &fleet.namespace.name];
    let mut command = kubectl_command();
    run(command.args(what).args(args).arg("-o").arg(format!("jsonpath={format}"))).unwrap()
}

/// Generation and status of an instance, of which all would be nested too deeply to be read.
#[track_caller]
fn seen(fleet: &Fleet, name: &str) -> (i64, Value) {
    let text = ask(fleet, &[name], "{.metadata.generation} {.status}");
    let (generation, status) = text.split_once(' ').unwrap();
    let status: Value = serde_json::from_str(status).unwrap_or_default();
    (generation.parse().unwrap(), json!({"status": status}))
}

fn percentile(seconds: &[f64], hundredths: usize) -> f64 {
    seconds[(seconds.len() * hundredths / 100).min(seconds.len() - 1)]
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!({"a": inner}))
}

/// What the API server takes for an instance, by name.
fn specs() -> Vec<(&'static str, Value)> {
    let wide: BTreeMap<String, usize> = (0..20_000).map(|n| (format!("k{n}"), n)).collect();
    let variable = |n: usize| json!({"name": format!("A{n}"), "value": WORDS.repeat(40)});
    let variables: Vec<Value> = (0..256).map(variable).collect();
    let long = json!({"secretKeyRef": {"name": "x".repeat(253), "key": "k".repeat(253)}});
    vec![
        ("hostile-deep", json!({"suspended": true, "config": {"raw": {"x": nested(400)}}})),
        ("hostile-huge", json!({"suspended": true, "config": {"raw": {"x": "y".repeat(900_000)}}})),
        ("hostile-wide", json!({"suspended": true, "config": {"raw": {"x": wide}}})),
        (
            "hostile-words",
            json!({"suspended": true, "config": {"raw": {WORDS: [WORDS.repeat(1_000)]}}}),
        ),
        ("hostile-env", json!({"suspended": true, "env": variables})),
        (
            "hostile-long",
            json!({"suspended": true, "env": [{"name": "A", "valueFrom": long}], "image": {"tag": "x".repeat(120)}}),
        ),
        ("hostile-notes", json!({"suspended": true})),
        ("hostile-status", json!({"suspended": true})),
        ("hostile-set", json!({"suspended": true})),
        ("hostile-pod", json!({})),
    ]
}

fn instance(name: &str, spec: &Value) -> Value {
    let mut annotations = json!({"openclaw.rocks/cluster": CLUSTER});
    if name == "hostile-notes" {
        annotations["openclaw.rocks/render-hash"] = json!(WORDS.repeat(400));
        annotations["openclaw.rocks/restore-snapshot"] = json!(WORDS.repeat(400));
        annotations["example.com/long"] = json!("ß".repeat(100_000));
    }
    json!({
        "apiVersion": "openclaw.rocks/v1alpha1", "kind": "OpenClawInstance",
        "metadata": {"name": name, "annotations": annotations}, "spec": spec,
    })
}

/// A StatefulSet of nobody's making: a thousand wants, as many odd words, and no Pod.
fn set() -> Value {
    let labels =
        json!({"app.kubernetes.io/name": "openclaw", "app.kubernetes.io/instance": "hostile-set"});
    let variable = |n: usize| {
        let from = json!({"secretKeyRef": {"name": format!("nothing-{n}"), "key": "k"}});
        json!({"name": format!("A{n}"), "valueFrom": from})
    };
    let variables: Vec<Value> = (0..300).map(variable).collect();
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "hostile-set", "labels": labels, "annotations": {
            "openclaw.rocks/render-hash": WORDS, "example.com/long": WORDS.repeat(5_000),
        }},
        "spec": {"replicas": 0, "serviceName": "x", "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "openclaw", "image": "y".repeat(20_000), "env": variables}]},
        }},
    })
}

/// A Pod that no node gets, whose status is as long as the API server takes it.
fn pod() -> Value {
    let restricted = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 1000,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "hostile-pod-0", "labels": {"app.kubernetes.io/name": "openclaw"}},
        "spec": {"schedulerName": "nobody", "containers": [
            {"name": "openclaw", "image": "none", "securityContext": restricted},
        ]},
    })
}

#[track_caller]
fn write_status(fleet: &Fleet, resource: &str, name: &str, status: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("patch");
    std::fs::write(&file, json!({"status": status}).to_string()).unwrap();
    let args = ["patch", resource, name, "-n", &fleet.namespace.name, "--subresource=status"];
    let mut command = kubectl_command();
    run(command.args(args).arg("--type=merge").arg("--patch-file").arg(file)).unwrap();
}

/// Makes all of the hostile ones.
#[track_caller]
fn poison(fleet: &Fleet) {
    let namespace = fleet.namespace.name.as_str();
    for (name, spec) in specs() {
        let text = instance(name, &spec).to_string();
        kubectl_with(["apply", "--server-side", "--validate=ignore", "-n", namespace], &text)
            .unwrap();
    }
    let manager = format!("--field-manager={}", "日本 ﷽ \u{202a}x".replace('\u{202a}', ""));
    let args = ["apply", "--server-side", "-n", namespace, &manager];
    kubectl_with(args, &set().to_string()).unwrap();
    kubectl_with(["apply", "--server-side", "-n", namespace], &pod().to_string()).unwrap();
    let conditions: Vec<Value> = (0..3_000)
        .map(|n| json!({"type": format!("X{n}"), "status": "True", "reason": "X", "message": "x".repeat(50), "lastTransitionTime": "2026-11-01T12:00:00Z"}))
        .collect();
    write_status(fleet, "openclawinstance", "hostile-status", &json!({"conditions": conditions}));
    let words = WORDS.repeat(30_000 / WORDS.len());
    let waiting = json!({"waiting": {"reason": "ErrImagePull", "message": words}});
    let status = json!({"name": "openclaw", "image": "none", "imageID": "", "ready": false, "restartCount": i32::MAX, "state": waiting});
    write_status(fleet, "pod", "hostile-pod-0", &json!({"containerStatuses": [status]}));
}

/// Says that it is over, also when a wave fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Changes one hostile instance after the other for as long as it is asked to.
fn stir(fleet: &Fleet, is_over: &AtomicBool) {
    let mut round = 0;
    while !is_over.load(Ordering::Relaxed) {
        round += 1;
        for (name, _) in specs() {
            let patch =
                format!(r#"{{"spec": {{"resources": {{"requests": {{"cpu": "{round}m"}}}}}}}}"#);
            let args = ["patch", "openclawinstance", name, "-n", &fleet.namespace.name];
            run(kubectl_command().args(args).args(["--type=merge", "-p", &patch])).ok();
        }
    }
}

/// Compares how soon all instances have their status without and with hostile ones.
#[track_caller]
pub(crate) fn among(fleet: &Fleet, process: &Process, names: &[String]) {
    let clock = Clock::start(fleet);
    let names = &names[names.len() - WAVE..];
    std::thread::sleep(Duration::from_secs(3));
    let without = wave(fleet, &clock, names, "301m");
    poison(fleet);
    let is_over = AtomicBool::new(false);
    let with = std::thread::scope(|scope| {
        let _end = End(&is_over);
        scope.spawn(|| stir(fleet, &is_over));
        wave(fleet, &clock, names, "302m")
    });
    let [before, after] = [&without, &with].map(|all| [50, 99].map(|n| percentile(all, n)));
    figure(&format!(
        "from a change to its status, of {WAVE} of the fleet: {:.2} s in the middle and {:.2} s for the slowest hundredth; beside {} hostile ones {:.2} s and {:.2} s",
        before[0],
        before[1],
        specs().len(),
        after[0],
        after[1]
    ));
    assert!(after[1] < before[1] * 3.0 + 5.0, "{before:?} {after:?}");

    for (name, _) in specs() {
        eventually(&format!("{name} has a status"), 60, || {
            let (generation, instance) = seen(fleet, name);
            let status = &instance["status"];
            let is_seen = status["observedGeneration"] == generation;
            ensure(is_seen && status["phase"].is_string(), || format!("{status:.2000}"))
        });
    }
    let of = |name: &str, kind: &str| condition(&seen(fleet, name).1, kind);
    let deep = of("hostile-deep", "ConfigValid");
    assert!(deep.starts_with("False SpecInvalid"), "{deep}");
    let pulled = of("hostile-pod", "StatefulSetReady");
    assert!(pulled.len() < 3_000, "{pulled}");
    let valid = of("hostile-status", "ConfigValid");
    assert!(valid.starts_with("True"), "{valid}");
    for word in ["broke off", "cannot be read", "panicked", "the watch failed"] {
        assert!(!process.log().contains(word), "{word}");
    }
    process.ready();
}
