//! `openclaw status` and `openclaw tree` beside a cluster where something runs: what they print is
//! what kubectl prints.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::bed::controller::condition;
use crate::bed::pod::status;
use crate::bed::{Stack, ensure, eventually, kubectl, run, variable};

/// Kinds that a tree lists by the label of their instance, as kubectl calls them.
const LISTED: &str =
    "statefulsets,pods,persistentvolumeclaims,services,configmaps,networkpolicies,ingresses";

fn openclaw(line: &str) -> Command {
    let mut command = Command::new(crate::kit::binary());
    command.args(line.split_whitespace()).env("KUBECONFIG", variable("KUBECONFIG"));
    command
}

/// The columns of `openclaw status` and the lines of `openclaw tree`, each beside kubectl's.
#[track_caller]
pub(crate) fn as_kubectl_says(stack: &Stack) {
    let namespace = stack.namespace.name.as_str();
    // What is asked later may be newer, so both are asked until they agree.
    eventually("the row agrees with kubectl", 30, || row(stack, namespace));
    eventually("the tree agrees with kubectl", 30, || tree(stack, namespace));
}

fn row(stack: &Stack, namespace: &str) -> Result<(), String> {
    let instance = stack.namespace.object("openclawinstance", "agent").ok_or("no instance")?;
    let table = run(&mut openclaw(&format!("status -n {namespace}")))?;
    let columns = kubectl(["get", "openclawinstance", "agent", "-n", namespace])?;
    let (ours, theirs) = (cells(&table), cells(&columns));
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let (phase, version) = (&instance["status"]["phase"], &instance["status"]["autoUpdate"]);
    let first = |kind: &str, count: usize| -> String {
        let found = condition(&instance, kind);
        let words: Vec<&str> = found.split(' ').take(count).collect();
        if found == "none" { "-".to_owned() } else { words.join("/") }
    };
    let wanted = [
        namespace.to_owned(),
        "agent".to_owned(),
        text(phase),
        first("Ready", 1),
        text(&version["currentVersion"]),
        first("UpdateReady", 2),
        "-".to_owned(),
    ];
    ensure(ours.len() == 8 && ours[..7] == wanted, || format!("{wanted:?}\n{table}"))?;
    // Name, phase, readiness and version stand in kubectl's own columns too, and so does the age,
    // which may pass from one second to the next between both.
    ensure(ours[1..5] == theirs[..4], || format!("{table}{columns}"))?;
    ensure(ours.last() == theirs.last(), || format!("{table}{columns}"))?;

    let same = run(&mut openclaw(&format!("get -n {namespace} --output json")))?;
    let rows: Value = serde_json::from_str(&same).map_err(|error| error.to_string())?;
    let found = &rows[0];
    let agrees = rows.as_array().map(Vec::len) == Some(1)
        && found["phase"] == *phase
        && found["version"] == version["currentVersion"]
        && found["gateway"] == instance["status"]["gatewayEndpoint"]
        && found["creationTimestamp"] == instance["metadata"]["creationTimestamp"]
        && found["tag"] == instance["spec"]["image"]["tag"];
    ensure(agrees, || same)
}

/// The cells of the first row of a table, by where the words of its head begin; kubectl leaves out
/// what is not there.
fn cells(table: &str) -> Vec<String> {
    let (head, rows) = table.split_once('\n').unwrap_or_default();
    let row = rows.lines().next().unwrap_or_default();
    let begins = |at: &usize| {
        let before = at.checked_sub(1).map_or(b' ', |before| head.as_bytes()[before]);
        head.as_bytes()[*at] != b' ' && before == b' '
    };
    let starts: Vec<usize> = (0..head.len()).filter(begins).collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cell = |(start, end): (&usize, usize)| {
        let text = row.get(*start..end.min(row.len())).unwrap_or_default().trim();
        if text.is_empty() { "-".to_owned() } else { text.to_owned() }
    };
    starts.iter().zip(ends).map(cell).collect()
}

fn tree(stack: &Stack, namespace: &str) -> Result<(), String> {
    let text = run(&mut openclaw(&format!("tree agent -n {namespace}")))?;
    let plain =
        |line: &str| line.trim_start_matches(['│', '├', '└', '─', ' ']).trim_end().to_owned();
    let lines: Vec<String> = text.lines().map(plain).collect();
    // Kind and name; the containers of a Pod are no objects.
    let objects: BTreeSet<String> = lines[1..]
        .iter()
        .filter(|line| !line.starts_with("container ") && !line.starts_with("init container "))
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let instance = "app.kubernetes.io/instance=agent";
    let list = ["get", LISTED, "-n", namespace, "-l", instance, "-o", "json"];
    let list: Value = serde_json::from_str(&kubectl(list)?).map_err(|error| error.to_string())?;
    let items = list["items"].as_array().ok_or("no list")?;
    let named = |item: &Value| {
        let [kind, name] = [&item["kind"], &item["metadata"]["name"]];
        [kind, name].map(|text| text.as_str().unwrap_or_default().to_owned()).join(" ")
    };
    let mut wanted: BTreeSet<String> = items.iter().map(named).collect();
    wanted.extend(["Secret agent-gateway-token", "Secret extras"].map(str::to_owned));
    ensure(objects == wanted, || format!("{wanted:#?}\n{text}"))?;

    let says = |start: &str, state: &str| {
        let line = lines.iter().find(|line| line.starts_with(&format!("{start} ")));
        let is_said = line.is_some_and(|line| line[start.len()..].trim_start() == state);
        ensure(is_said, || format!("{start} is not {state}\n{text}"))
    };
    says("Secret agent-gateway-token", "present")?;
    says("Secret extras", "absent, optional")?;
    says("PersistentVolumeClaim agent-data", "bound")?;
    let object = stack.namespace.object("openclawinstance", "agent").ok_or("no instance")?;
    let phase = object["status"]["phase"].as_str().unwrap_or_default();
    let root = format!("OpenClawInstance {namespace}/agent ");
    let is_root = lines[0].strip_prefix(&root).is_some_and(|rest| rest.trim().starts_with(phase));
    ensure(is_root, || text.clone())?;
    let Some(pod) = items.iter().find(|item| item["kind"] == "Pod") else {
        return says("StatefulSet agent", "stopped");
    };
    says("StatefulSet agent", "ready")?;
    says("Pod agent-0", "ready")?;
    for (list, word) in [("initContainers", "init container"), ("containers", "container")] {
        for one in pod["spec"][list].as_array().into_iter().flatten() {
            let name = one["name"].as_str().unwrap_or_default();
            let state = &status(pod, name)["state"];
            let expected = if state["running"].is_object() { "ready" } else { "done" };
            says(&format!("{word} {name}"), expected)?;
        }
    }
    Ok(())
}

/// `openclaw status --watch` of a namespace; ended when it is dropped.
pub(crate) struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    #[track_caller]
    pub(crate) fn start(namespace: &str) -> Self {
        let mut command = openclaw(&format!("get --watch -n {namespace}"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut read = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let (sender, lines) = channel();
        std::thread::spawn(move || read.try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// Waits for a row of the agent whose words behind the name begin like that.
    #[track_caller]
    pub(crate) fn says(&mut self, start: &str) {
        let mut seen = String::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) {
            let words: Vec<&str> = line.split_whitespace().skip(2).collect();
            if words.join(" ").starts_with(start) {
                return;
            }
            seen += &format!("{line}\n");
        }
        panic!("no row says {start}:\n{seen}");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
