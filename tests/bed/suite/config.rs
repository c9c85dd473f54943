//! openclaw.json on a real volume: what Git says, what the agent wrote, and what is broken.

use serde_json::{Value, json};

use crate::bed::stack::{SMALL, TOKEN};
use crate::bed::{Stack, ensure, eventually, kubectl, pod};

const FILE: &str = "/home/openclaw/.openclaw/openclaw.json";

/// A stack whose instance has this under `spec.config`, running.
fn running(topic: &str, config: &str) -> Stack {
    let stack = Stack::new(topic);
    stack.instance("2026.9.6", &format!("{SMALL}\n{config}"));
    stack.apply_and_wait();
    stack
}

fn file(stack: &Stack) -> Value {
    serde_json::from_str(&stack.pod().read(FILE)).unwrap()
}

/// What the file is: its content, its time and its place on the volume.
fn identity(stack: &Stack) -> String {
    let command = format!("stat -c '%i %Y %s %a' {FILE}; sha256sum {FILE}");
    stack.pod().exec("openclaw", ["sh", "-c", &command]).unwrap()
}

/// Lets the agent write a value into the file, as its own tools do.
fn agent_sets(stack: &Stack, path: &str, value: &Value) {
    let script = format!(
        "const fs = require('fs'), f = '{FILE}'; const c = JSON.parse(fs.readFileSync(f)); \
         const keys = {}; let at = c; for (const key of keys.slice(0, -1)) at = at[key] ??= {{}}; \
         at[keys.at(-1)] = {value}; fs.writeFileSync(f + '.new', JSON.stringify(c)); fs.renameSync(f + '.new', f)",
        json!(path.split('.').collect::<Vec<_>>())
    );
    stack.pod().exec("openclaw", ["node", "-e", &script]).unwrap();
}

/// Ends the gateway as a crash does; the kubelet starts the container again.
fn restart_container(stack: &Stack) {
    let before = stack.pod().restarts("openclaw");
    stack.pod().exec("openclaw", ["sh", "-c", "kill -TERM 1"]).unwrap();
    eventually("the container runs again", 240, || {
        let pod = stack.pod().get()?;
        let restarts = pod::status(&pod, "openclaw")["restartCount"].as_u64().unwrap_or(0);
        ensure(restarts > before && pod::is_ready(&pod), || pod::Pod::state(&pod))
    });
}

fn works(stack: &Stack) {
    assert_eq!(stack.invoke(Some(TOKEN)).unwrap().status, 200);
}

#[test]
fn overwrite_heals_what_the_agent_broke_and_changes_nothing_else() {
    let stack = running("overwrite", "config: {raw: {session: {scope: per-sender}}}");
    let written = file(&stack);
    assert_eq!(written["session"]["scope"], "per-sender");
    assert_eq!(written["gateway"]["bind"], "lan");
    assert!(written["gateway"]["auth"]["token"].is_null());

    // Its own additions go, and a file that is no JSON is whole again after a restart.
    agent_sets(&stack, "ui.seamColor", &json!("#112233"));
    restart_container(&stack);
    assert_eq!(file(&stack), written);
    stack.pod().exec("openclaw", ["sh", "-c", &format!("echo '{{broken' > {FILE}")]).unwrap();
    restart_container(&stack);
    assert_eq!(file(&stack), written);
    works(&stack);

    let before = identity(&stack);
    stack.pod().restart(300);
    assert_eq!(identity(&stack), before, "a start with nothing to do wrote");

    // Nothing of the kind remains where the next start finds it.
    let remains = stack.pod().exec("openclaw", ["sh", "-c", &format!("ls -a $(dirname {FILE})")]);
    assert!(!remains.unwrap().contains(".tmp"));
}

#[test]
fn an_init_container_killed_at_work_leaves_a_whole_file() {
    let stack = running("killed", "config: {raw: {session: {scope: per-sender}}}");
    let before = file(&stack);
    stack
        .instance("2026.9.6", &format!("{SMALL}\nconfig: {{raw: {{session: {{scope: global}}}}}}"));
    stack.apply();
    let uid = stack.pod().uid();
    let killed = kill_init_config(&stack, &uid);
    assert!(killed > 0);
    let pod = stack.pod().replaced(&uid, 600);
    let restarts = pod::status(&pod, "init-config")["restartCount"].as_u64().unwrap();
    assert!(restarts >= 1, "{}", pod::Pod::state(&pod));
    let mut after = before;
    after["session"]["scope"] = json!("global");
    assert_eq!(file(&stack), after);
    works(&stack);
}

/// Kills the script of init-config of the next Pod three times, each time right after its start,
/// and looks at the file on the volume after each.
fn kill_init_config(stack: &Stack, previous: &str) -> usize {
    let claim = stack.namespace.object("pvc", "agent-data").unwrap();
    let volume =
        crate::bed::object("", "pv", claim["spec"]["volumeName"].as_str().unwrap()).unwrap();
    let file = format!("{}/openclaw.json", volume["spec"]["local"]["path"].as_str().unwrap());
    let mut killed = 0;
    eventually("init-config was killed three times", 300, || {
        let pod = stack.pod().get()?;
        ensure(pod["metadata"]["uid"] != previous, || "the old Pod is still there".to_owned())?;
        let uid = pod["metadata"]["uid"].as_str().unwrap().to_owned();
        while killed < 3 && !pod::is_ready(&stack.pod().get()?) {
            if let Some(process) = process_of(&uid, "/etc/openclaw/init-config.mjs") {
                std::process::Command::new("kill").args(["-9", &process]).status().ok();
                killed += 1;
                let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
                let whole: Value = serde_json::from_str(&text).expect("the file is whole");
                assert!(
                    ["per-sender", "global"].contains(&whole["session"]["scope"].as_str().unwrap())
                );
                std::thread::sleep(std::time::Duration::from_millis(1200));
            }
        }
        Ok(())
    });
    killed
}

/// The process of a Pod whose last argument is that; Pods are told apart by their control group.
fn process_of(uid: &str, argument: &str) -> Option<String> {
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let group = std::fs::read_to_string(entry.path().join("cgroup")).ok()?;
        let matches = line.starts_with("node\0") && line.trim_end_matches('\0').ends_with(argument);
        (matches && group.contains(uid)).then(|| entry.file_name().to_string_lossy().into_owned())
    })
}

#[test]
fn merge_keeps_what_the_agent_wrote_except_forced_paths() {
    let merge = |scope: &str, host: &str| {
        format!(
            "config: {{mergeMode: merge, forcePaths: [tools], raw: {{session: {{scope: {scope}}}}}}}\n\
             gateway: {{controlUiOrigins: ['https://{host}']}}"
        )
    };
    let stack = running("merge", &merge("per-sender", "one.example.com"));
    agent_sets(&stack, "ui.seamColor", &json!("#112233"));
    agent_sets(&stack, "tools.deny", &json!(["browser"]));
    agent_sets(&stack, "session.scope", &json!("global"));
    stack.pod().restart(300);
    let found = file(&stack);
    assert_eq!(found["ui"]["seamColor"], "#112233");
    assert_eq!(found["session"]["scope"], "per-sender");
    assert_eq!(found["tools"], Value::Null);

    // What Git says anew arrives, an origin of a new exposure too.
    stack.instance("2026.9.6", &format!("{SMALL}\n{}", merge("global", "two.example.com")));
    stack.apply_and_wait();
    let found = file(&stack);
    assert_eq!(found["session"]["scope"], "global");
    assert_eq!(found["ui"]["seamColor"], "#112233");
    let origins = found["gateway"]["controlUi"]["allowedOrigins"].as_array().unwrap();
    assert!(origins.contains(&json!("https://two.example.com")), "{origins:?}");
    assert!(!origins.contains(&json!("https://one.example.com")), "{origins:?}");
    works(&stack);

    // A file that the agent broke cannot be merged with: it is kept aside, and Git's runs.
    stack.pod().exec("openclaw", ["sh", "-c", &format!("echo '{{broken' > {FILE}")]).unwrap();
    stack.pod().restart(300);
    assert_eq!(file(&stack)["session"]["scope"], "global");
    works(&stack);
}

#[test]
fn json5_behind_a_config_map_is_read_by_every_mode() {
    let stack = Stack::new("json5");
    let text = "{\n  // One for each.\n  session: { scope: 'per-sender' },\n  ui: { seamColor: '#aabbcc', },\n}\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("openclaw.json5"), text).unwrap();
    let from = format!("--from-file={}", folder.path().join("openclaw.json5").display());
    kubectl(["create", "configmap", "settings", "-n", &stack.namespace.name, &from]).unwrap();
    let config = |mode: &str| {
        format!(
            "{SMALL}\nconfig: {{format: json5, mergeMode: {mode}, configMapRef: {{name: settings, key: openclaw.json5}}}}\n\
             gateway: {{controlUiOrigins: ['https://one.example.com']}}"
        )
    };
    stack.instance("2026.9.6", &config("overwrite"));
    stack.apply_and_wait();
    let found = file(&stack);
    assert_eq!(found["session"]["scope"], "per-sender");
    assert_eq!(found["gateway"]["mode"], "local");
    let origins = &found["gateway"]["controlUi"]["allowedOrigins"];
    assert!(origins.as_array().unwrap().contains(&json!("https://one.example.com")), "{origins}");
    works(&stack);

    agent_sets(&stack, "session.mainKey", &json!("main"));
    stack.instance("2026.9.6", &config("merge"));
    stack.apply_and_wait();
    let found = file(&stack);
    assert_eq!(found["session"], json!({"scope": "per-sender", "mainKey": "main"}));
    assert_eq!(found["ui"]["seamColor"], "#aabbcc");
    works(&stack);
}
