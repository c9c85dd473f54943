//! openclaw.json on a real volume: what Git says, what the agent wrote, and what is broken.

use serde_json::{Value, json};

use crate::bed::Stack;
use crate::bed::pod::kill_script;
use crate::bed::stack::{LIGHT, SMALL, TOKEN};

const FILE: &str = "/home/openclaw/.openclaw/openclaw.json";

const VERSION: &str = "2026.9.6";

/// A stack whose instance has this under `spec.config`, running.
fn running(topic: &str, version: &str, config: &str) -> Stack {
    let stack = Stack::new(topic);
    stack.instance(version, &format!("{SMALL}\n{config}"));
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

fn works(stack: &Stack) {
    assert_eq!(stack.invoke(Some(TOKEN)).unwrap().status, 200);
}

#[test]
fn overwrite_heals_what_the_agent_broke_and_changes_nothing_else() {
    let stack = running("overwrite", VERSION, "config: {raw: {session: {scope: per-sender}}}");
    let written = file(&stack);
    assert_eq!(written["session"]["scope"], "per-sender");
    assert_eq!(written["gateway"]["bind"], "lan");
    assert!(written["gateway"]["auth"]["token"].is_null());

    // Its own additions go, and a file that is no JSON is whole again after a restart.
    agent_sets(&stack, "ui.seamColor", &json!("#112233"));
    stack.pod().restart_container();
    assert_eq!(file(&stack), written);
    stack.pod().exec("openclaw", ["sh", "-c", &format!("echo '{{broken' > {FILE}")]).unwrap();
    stack.pod().restart_container();
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
    let stack = running("killed", LIGHT, "config: {raw: {session: {scope: per-sender}}}");
    let before = file(&stack);
    stack.instance(LIGHT, &format!("{SMALL}\nconfig: {{raw: {{session: {{scope: global}}}}}}"));
    stack.apply();
    kill_init_config(&stack);
    stack.pod().ready(600);
    let mut after = before;
    after["session"]["scope"] = json!("global");
    assert_eq!(file(&stack), after);
    works(&stack);
}

/// Kills the script of init-config three times, right after its start, in as many Pods as it
/// takes, and looks at the file on the volume each time.
fn kill_init_config(stack: &Stack) {
    let file = stack.volume().join("openclaw.json");
    let mut caught = 0;
    for _ in 0..12 {
        let uid = stack.pod().uid();
        stack.pod().delete();
        let uid = stack.pod().other_than(&uid);
        caught += kill_script(&stack.pod(), &uid, "init-config", 1);
        let whole: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(["per-sender", "global"].contains(&whole["session"]["scope"].as_str().unwrap()));
        if caught == 3 {
            return;
        }
    }
    panic!("init-config was caught at work {caught} times in 12 Pods");
}

#[test]
fn merge_keeps_what_the_agent_wrote_except_forced_paths() {
    let merge = |scope: &str, host: &str| {
        format!(
            "config: {{mergeMode: merge, forcePaths: [tools], raw: {{session: {{scope: {scope}}}}}}}\n\
             gateway: {{controlUiOrigins: ['https://{host}']}}"
        )
    };
    let stack = running("merge", LIGHT, &merge("per-sender", "one.example.com"));
    agent_sets(&stack, "ui.seamColor", &json!("#112233"));
    agent_sets(&stack, "tools.deny", &json!(["browser"]));
    agent_sets(&stack, "session.scope", &json!("global"));
    stack.pod().restart(300);
    let found = file(&stack);
    assert_eq!(found["ui"]["seamColor"], "#112233");
    assert_eq!(found["session"]["scope"], "per-sender");
    assert_eq!(found["tools"], Value::Null);

    // What Git says anew arrives, an origin of a new exposure too.
    stack.instance(LIGHT, &format!("{SMALL}\n{}", merge("global", "two.example.com")));
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
fn a_config_map_is_read_as_json5_and_merged_as_json() {
    let stack = Stack::new("behind");
    let json5 = "{\n  // One for each.\n  session: { scope: 'per-sender' },\n  ui: { seamColor: '#aabbcc', },\n}\n";
    let json = r##"{"session": {"scope": "global"}, "ui": {"seamColor": "#ddeeff"}}"##;
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"},
        "data": {"openclaw.json5": json5, "openclaw.json": json},
    });
    stack.namespace.apply(&map.to_string());
    let config = |format: &str, mode: &str| {
        format!(
            "{SMALL}\nconfig: {{format: {format}, mergeMode: {mode}, configMapRef: {{name: settings, key: openclaw.{format}}}}}\n\
             gateway: {{controlUiOrigins: ['https://one.example.com']}}"
        )
    };
    stack.instance(LIGHT, &config("json5", "overwrite"));
    stack.apply_and_wait();
    let found = file(&stack);
    assert_eq!(found["session"]["scope"], "per-sender");
    assert_eq!(found["gateway"]["mode"], "local");
    let origins = &found["gateway"]["controlUi"]["allowedOrigins"];
    assert!(origins.as_array().unwrap().contains(&json!("https://one.example.com")), "{origins}");
    works(&stack);

    agent_sets(&stack, "session.mainKey", &json!("main"));
    stack.instance(LIGHT, &config("json", "merge"));
    stack.apply_and_wait();
    let found = file(&stack);
    assert_eq!(found["session"], json!({"scope": "global", "mainKey": "main"}));
    assert_eq!(found["ui"]["seamColor"], "#ddeeff");
    works(&stack);
}
