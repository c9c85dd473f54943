//! Many instances and one controller: how soon, with how many requests, and at what cost. They are
//! a thousand every night, as applying them takes minutes.
//!
//! Two run, the others are suspended: their StatefulSets ask for no Pod, of which the node could
//! not start so many. Claims and ConfigMaps are left out where no Pod wants them.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bed::controller::{Account, Process};
use crate::bed::fleet::{Fleet, Request, requests};
use crate::bed::stack::{LIGHT, SMALL};
use crate::bed::{ensure, eventually, figure};

const RUNNING: usize = 2;

fn number_of_instances() -> usize {
    if crate::kit::nightly() { 1_000 } else { 250 }
}

fn name(number: usize) -> String {
    format!("agent-{number:04}")
}

/// Files of a suspended instance without which a condition would not be true.
fn needed(name: &str) -> [String; 5] {
    [
        format!("openclawinstance-{name}.yaml"),
        format!("role-{name}-controller.yaml"),
        format!("rolebinding-{name}-controller.yaml"),
        format!("statefulset-{name}.yaml"),
        format!("networkpolicy-{name}.yaml"),
    ]
}

/// Writes, renders and applies all of them.
#[track_caller]
fn deploy(fleet: &Fleet, all: usize) {
    for number in 0..all {
        let rest = if number < RUNNING { SMALL } else { "suspended: true" };
        fleet.write(&name(number), &format!("{{image: {{tag: \"{LIGHT}\"}}, {rest}}}"));
    }
    let started = Instant::now();
    fleet.render();
    let rendered = started.elapsed();
    let texts = |number: usize| -> Vec<String> {
        let needed = needed(&name(number));
        let files = fleet.rendered(&name(number)).into_iter();
        let files = files.filter(|(file, _)| number < RUNNING || needed.contains(file));
        files.map(|(_, text)| text).collect()
    };
    let objects: Vec<String> = (0..all).flat_map(texts).collect();
    let started = Instant::now();
    fleet.apply(&objects);
    let applied = started.elapsed();
    figure(&format!(
        "{all} instances were rendered in {:.1} s and applied in {:.0} s",
        rendered.as_secs_f64(),
        applied.as_secs_f64()
    ));
}

/// How many instances the process shows in one of these phases.
fn shown(process: &Process, phases: &[&str]) -> Result<usize, String> {
    let series = process.series()?;
    let is_shown = |line: &&str| {
        line.starts_with("openclaw_instance_phase{")
            && line.ends_with(" 1")
            && phases.iter().any(|phase| line.contains(&format!("phase=\"{phase}\"")))
    };
    Ok(series.lines().filter(is_shown).count())
}

/// Says what is not as it should be with a fleet where all is well.
#[track_caller]
fn faults(fleet: &Fleet) -> Vec<String> {
    let instances = fleet.namespace.objects("openclawinstances");
    let fault = |instance: &Value| {
        // Nobody has enabled updates or opened a bucket, and two conditions say so.
        const UNWANTED: [&str; 2] = ["Disabled", "CredentialsMissing"];
        let conditions = instance["status"]["conditions"].as_array().into_iter().flatten();
        let is_wanted = |one: &&Value| UNWANTED.iter().all(|reason| one["reason"] != *reason);
        let conditions: Vec<&Value> = conditions.filter(is_wanted).collect();
        let is_true = |one: &&&Value| one["status"] == "True";
        let (count, all) = (conditions.iter().filter(is_true).count(), conditions.len());
        (all < 5 || count < all)
            .then(|| format!("{} {}", instance["metadata"]["name"], instance["status"]))
    };
    instances.iter().filter_map(fault).collect()
}

/// Waits until nothing was asked for but watches and the Lease for a while.
#[track_caller]
fn rests(process: &Process, seconds: u64) {
    let mut seen = (0, Instant::now());
    eventually("the controller rests", 300, || {
        let count = busy(&process.log()).len();
        if count != seen.0 {
            seen = (count, Instant::now());
        }
        ensure(seen.1.elapsed() > Duration::from_secs(seconds), || format!("{count} requests"))
    });
}

/// Requests but watches and the Lease.
fn busy(log: &str) -> Vec<Request> {
    let all = requests(log).into_iter();
    all.filter(|request| !request.is_watch && request.resource != "leases").collect()
}

/// Resident memory now and at its highest, in MiB.
fn memory(process: &Process) -> (f64, f64) {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let of = |key: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Processor time so far, in seconds.
fn processor(process: &Process) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    // The kernel counts in hundredths.
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

#[test]
fn many_instances_settle_with_few_writes_and_then_cost_nothing() {
    let fleet = Fleet::new("fleet");
    let account = Account::new(&fleet.namespace);
    let instances = number_of_instances();
    deploy(&fleet, instances);

    let started = Instant::now();
    let process = fleet.start(&account);
    let suspended = instances - RUNNING;
    while shown(&process, &["Suspended"]).unwrap_or_default() < suspended {
        assert!(started.elapsed().as_secs() < 300, "{}", process.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    let settled = started.elapsed().as_secs_f64();
    eventually("those that run are ready", 600, || {
        let count = shown(&process, &["Running"])?;
        ensure(count == RUNNING, || format!("{count} run"))
    });
    eventually("every condition is true", 60, || {
        let faults = faults(&fleet);
        ensure(faults.is_empty(), || faults.join("\n"))
    });
    let tokens = fleet.namespace.objects("secrets").len();
    assert_eq!(tokens, instances);
    rests(&process, 15);

    let all = busy(&process.log());
    let count = |method: &str, resource: &str| {
        all.iter().filter(|one| one.method == method && one.resource == resource).count()
    };
    let [made, written, told, counted] = [
        count("POST", "secrets"),
        count("PATCH", "openclawinstances/status"),
        count("POST", "events"),
        count("PATCH", "events"),
    ];
    figure(&format!(
        "{instances} instances were all true {settled:.1} s after the start: {made} tokens, {written} statuses, {told} events and {counted} counted again, {} reads",
        count("GET", "secrets")
    ));
    assert_eq!(made, instances);
    assert!(written <= instances + 8 * RUNNING, "{written} statuses were written");
    assert!(told <= 2 * instances + 4 * RUNNING, "{told} events were told");
    let writes = all.iter().filter(|one| one.is_write()).count();
    assert_eq!(writes, made + written + told + counted, "it writes nothing else");

    let (before, asked) = (processor(&process), all.len());
    let window = Instant::now();
    std::thread::sleep(Duration::from_secs(60));
    let spent = (processor(&process) - before) * 60.0 / window.elapsed().as_secs_f64();
    let idle = busy(&process.log()).split_off(asked);
    let (resident, highest) = memory(&process);
    figure(&format!(
        "{instances} instances at rest: {} requests and {spent:.2} s of processor a minute, {resident:.0} MiB of memory, {highest:.0} at most",
        idle.len()
    ));
    assert_eq!(idle, [], "there is nothing to ask for");
    assert!(spent < 3.0 && highest < 200.0);

    let names: Vec<String> = (0..instances).map(name).collect();
    crate::poison::among(&fleet, &process, &names);
}
