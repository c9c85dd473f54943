//! Instances that meet every rule from both sides: a plain and a full one, changed field by field
//! with values at the edges of what is allowed, then several fields at once.

use openclaw::validate::refused::{REFUSED, Shape};
use serde_json::{Value, json};

/// A change of one field: a JSON pointer and the value that is written there.
pub type Change = (String, Value);

/// An instance and how it was made.
pub struct Case {
    pub name: String,
    pub instance: Value,
}

/// Returns at least `count` instances, always the same ones.
pub fn cases(count: usize) -> Vec<Case> {
    combined(&changes(), count)
}

/// Returns the plain and the full instance, each of them with each change, and then, until there
/// are `count`, with several changes.
pub fn combined(changes: &[Change], count: usize) -> Vec<Case> {
    let bases = [("minimal", minimal()), ("full", full())];
    let mut list: Vec<Case> = bases.iter().map(|base| changed(base, &[])).collect();
    for base in &bases {
        list.extend(changes.iter().map(|change| changed(base, std::slice::from_ref(change))));
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    while list.len() < count {
        // What a change does in the full one was seen already, and kube-cel is slow at it.
        let base = &bases[usize::from(random.below(8) == 0)];
        let some = 2 + random.below(3);
        let picked: Vec<Change> =
            (0..some).map(|_| changes[random.below(changes.len())].clone()).collect();
        list.push(changed(base, &picked));
    }
    list
}

/// Xorshift: the corpus is the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

fn changed((name, base): &(&str, Value), changes: &[Change]) -> Case {
    let (mut name, mut instance) = ((*name).to_owned(), base.clone());
    for (pointer, value) in changes {
        set(&mut instance, pointer, value.clone());
        name = format!("{name}, {pointer} = {value}");
    }
    Case { name, instance }
}

/// Writes a value at a pointer and makes what is missing above it; where something else stands
/// already, as a list that an earlier change made a text, nothing is written.
fn set(instance: &mut Value, pointer: &str, value: Value) {
    let mut node = instance;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if let Ok(index) = step.parse::<usize>() {
            if node.is_null() {
                *node = json!([]);
            }
            let Value::Array(list) = node else { return };
            while list.len() <= index {
                list.push(Value::Null);
            }
            node = &mut list[index];
        } else {
            if node.is_null() {
                *node = json!({});
            }
            let Value::Object(map) = node else { return };
            node = map.entry(step).or_insert(Value::Null);
        }
    }
    *node = value;
}

fn minimal() -> Value {
    json!({
        "apiVersion": "openclaw.rocks/v1alpha1",
        "kind": "OpenClawInstance",
        "metadata": {"name": "my-agent", "namespace": "agents"},
        "spec": {},
    })
}

fn full() -> Value {
    let mut instance = minimal();
    instance["spec"] = json!({
        "image": {"repository": "ghcr.io/openclaw/openclaw", "tag": "2026.9.6", "pullPolicy": "Always"},
        "config": {
            "configMapRef": {"name": "settings", "key": "openclaw.json"},
            "mergeMode": "merge",
            "format": "json",
            "forcePaths": ["gateway.port", "agents"],
        },
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "skills": ["weather", "@owner/slug@1.0.0", "npm:left-pad@1.3.0", "pack:o/r/p@v1"],
        "gateway": {"existingSecret": "token", "controlUiOrigins": ["https://a.example"]},
        "initContainers": [{"name": "first", "image": "a"}],
        "sidecars": [{"name": "beside", "image": "b"}],
        "security": {
            "podSecurityContext": {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
            "caBundle": {"configMapName": "roots", "key": "ca.crt"},
        },
        "storage": {"persistence": {"enabled": true, "size": "10Gi"}},
        "networking": {
            "ingress": {
                "enabled": true,
                "hosts": [{"host": "a.example", "paths": [{"path": "/", "pathType": "Prefix"}]}],
                "tls": [{"hosts": ["a.example"], "secretName": "tls"}],
            },
            "httpRoute": {
                "enabled": true,
                "hostnames": ["b.example"],
                "parentRefs": [{"name": "gateway", "namespace": "edge", "sectionName": "https"}],
            },
        },
        "autoUpdate": {"enabled": true, "checkInterval": "24h", "healthCheckTimeout": "10m"},
        "backup": {"timeout": "30m", "schedule": "30 3 * * *", "retentionDays": 7, "historyLimit": 3},
        "restoreFrom": "backups/my-agent/1",
        "workspace": {
            "initialFiles": {"SOUL.md": "x", "notes/todo.md": "y"},
            "initialDirectories": ["notes", "a/b"],
            "configMapRef": {"name": "seeds"},
        },
    });
    instance
}

fn changes() -> Vec<Change> {
    let mut list = Vec::new();
    let mut field = |pointer: &str, values: Value| {
        let Value::Array(values) = values else { panic!("{pointer}: no list of values") };
        list.extend(values.into_iter().map(|value| (pointer.to_owned(), value)));
    };
    names(&mut field);
    durations(&mut field);
    containers(&mut field);
    config(&mut field);
    workspace(&mut field);
    security(&mut field);
    networking(&mut field);
    shapes(&mut field);
    for row in REFUSED {
        let parent = row.parent.replace("[]", ".0").replace('.', "/");
        let pointer = format!("/{parent}/{}", row.field);
        field(
            &pointer,
            match row.shape {
                Shape::Texts => json!([["a"], [], null, {}]),
                Shape::Mappings => json!([[{"name": "a"}], [], null, "a"]),
                Shape::Mapping => json!([{"enabled": true}, {}, null, ["a"]]),
                Shape::Switch => json!([true, false, null, "true"]),
                Shape::Text => json!(["a", "", null, 1]),
                Shape::Whole => json!([1, 0, null, "1"]),
            },
        );
    }
    list
}

fn names(field: &mut impl FnMut(&str, Value)) {
    let (at, over) = ("a".repeat(40), "a".repeat(41));
    field(
        "/metadata/name",
        json!([
            at, over, "a", "1", "a-b", "-a", "a-", "A", "a.b", "a_b", "", "a b", "ä", "a\n", "0"
        ]),
    );
    let (long, longer) = ("a".repeat(128), "a".repeat(129));
    field(
        "/spec/skills/0",
        json!([
            "a",
            "A_b",
            "@o/s",
            "@o/s@1",
            "a/b/c",
            "npm:a",
            "npm:@s/a@1.2.3",
            "pack:o/r/p",
            "pack:o/r/p@v1",
            "pack:o/r",
            "pack:o",
            "pack:o/r@a/b/c",
            "pack:",
            "npm:",
            "",
            "-a",
            "npm:-a",
            "/a",
            ".a",
            "npm:.a",
            "a/../b",
            "..",
            "a/..",
            "npm:../a",
            "a..b",
            "a b",
            "a;b",
            "a\nb",
            "a\n",
            "ä",
            "http://a",
            "weather",
            "npm:pack:a",
            "pack:npm:a/b/c",
            "npm:npm:a",
            "a:b",
            "@",
            "a@",
            "pack:@/o/r",
            "pack:o@x/r/p",
            "pack:a//b",
            "pack:o/r/",
            "__proto__",
            "NPM:a",
            long,
            longer,
            format!("npm:{}", "a".repeat(125)),
            null,
            1,
        ]),
    );
    field("/spec/skills", json!([[], ["a", "a"], ["a", "b", "a"], null, "a", {}, [null]]));
    field("/spec/skills", json!([(0..20).map(|n| format!("s{n}")).collect::<Vec<_>>()]));
    field("/spec/skills", json!([(0..21).map(|n| format!("s{n}")).collect::<Vec<_>>()]));
}

fn durations(field: &mut impl FnMut(&str, Value)) {
    let shapes = json!([
        "1h",
        "90m",
        "1.5h",
        "+2h",
        "3600s",
        "59m59s",
        "59m60s",
        "169h",
        "168h",
        "168h0m1ns",
        "167h59m60s",
        "x",
        "",
        "0",
        "+0",
        "-0",
        "-1h",
        "h",
        "1",
        "60",
        "1d",
        "1H",
        "1h ",
        " 1h",
        "1 h",
        ".5h",
        "1.h",
        "1.5.h",
        ".h",
        "1h1h",
        "1h-1h",
        "2m",
        "119s",
        "119.999999999s",
        "120000ms",
        "120000000us",
        "120000000\u{b5}s",
        "120000000\u{3bc}s",
        "120000000000ns",
        "30m",
        "30m1ns",
        "30m0.5s",
        "1800s",
        "5m",
        "299s",
        "4m59.9999s",
        "24h",
        "24h1s",
        "24h0m0.000000001s",
        "1440m",
        "+-1h",
        "++1h",
        "1h30",
        "1e3s",
        "0x1h",
        "999999999999h",
        "2562047h47m16.854775807s",
        "2562048h",
        "9223372036854775807ns",
        "9223372036854775808ns",
        "0.00000000000000000000000000000000000000000000000001h",
        "3599.9999999999999999999s",
        "1h\n",
        "PT1H",
        "1,5h",
        "1h30m",
        "1m1h",
        "0h5m",
        "00001h",
        "1\u{a0}h",
        "\u{661}h",
        null,
        3600,
        true,
        ["1h"],
        "1h0m0s0ms0us0ns",
        "a".repeat(64),
        "a".repeat(65),
    ]);
    for pointer in [
        "/spec/autoUpdate/checkInterval",
        "/spec/autoUpdate/healthCheckTimeout",
        "/spec/backup/timeout",
    ] {
        field(pointer, shapes.clone());
    }
    // In the shape of a schedule; what is no time is left to `validate` alone.
    let schedules = json!([
        "@daily",
        "@",
        "@Daily",
        "@every 5m",
        " 30 3 * * *",
        "30 3 * * * ",
        "30  3 * * *",
        "30 3 * *",
        "0 30 3 * * *",
        "30\t3 * * *",
        "30 3 * * *\n",
        "0 4 * * MON-FRI",
        "*/15 * * * *",
        "5,10 1 1,15 * *",
        "30 3 * * \u{661}",
        "every night",
        "a b c d e!",
        "",
        "a".repeat(129),
        null,
        3,
        ["30 3 * * *"],
    ]);
    field("/spec/backup/schedule", schedules);
    for (pointer, most) in [("/spec/backup/retentionDays", 365), ("/spec/backup/historyLimit", 100)]
    {
        field(pointer, json!([0, 1, -1, most, most + 1, 7.5, "7", null, i64::MAX]));
    }
    field("/spec/autoUpdate", json!([{}, null, [], {"enabled": "yes"}]));
}

fn containers(field: &mut impl FnMut(&str, Value)) {
    let (at, over) = ("a".repeat(63), "a".repeat(64));
    let names = json!([
        "a",
        "openclaw",
        "chromium",
        "otel-collector",
        "init-state",
        "init-restore",
        "init-config",
        "init-pnpm",
        "init-python",
        "init-skills",
        "init-other",
        "A",
        "a-",
        "-a",
        "a.b",
        "",
        "a b",
        "first",
        "beside",
        "openclaw2",
        "a\n",
        at,
        over,
        null,
        1,
    ]);
    for pointer in ["/spec/initContainers/0/name", "/spec/sidecars/0/name"] {
        field(pointer, names.clone());
    }
    field(
        "/spec/initContainers/1",
        json!([{"name": "first"}, {"name": "second"}, {"name": "beside"}, {}]),
    );
    field(
        "/spec/sidecars/1",
        json!([{"name": "first"}, {"name": "second"}, {"name": "beside"}, {"image": "a"}]),
    );
    ports(field);
    let many =
        |count: usize| (0..count).map(|n| json!({"name": format!("c{n}")})).collect::<Vec<_>>();
    field("/spec/sidecars", json!([[], null, many(10), many(11)]));
    field(
        "/spec/env/0/name",
        json!([
            "A",
            "B",
            "HOME",
            "home",
            "OPENCLAW_STATE_DIR",
            "OPENCLAW_CONFIG_PATH",
            "OPENCLAW_GATEWAY_PORT",
            "OPENCLAW_DISABLE_BONJOUR",
            "XDG_CACHE_HOME",
            "NPM_CONFIG_CACHE",
            "OPENCLAW_NO_AUTO_UPDATE",
            "HOME2",
            "PATH",
            "HOME ",
            "a".repeat(256),
            "a".repeat(257),
            null,
            1,
        ]),
    );
    field("/spec/env/0/value", json!(["", "x", null, 1, true, {}]));
    field(
        "/spec/env/0",
        json!([{"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
    );
    field("/spec/env/0", json!([{"name": "C", "valueFrom": {"secretKeyRef": {"name": "s"}}}]));
    field("/spec/env", json!([[], null, [{"name": "A"}, {"name": "A"}], {"A": "1"}]));
    field(
        "/spec/restoreFrom",
        json!([
            "a",
            "a/b",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/..",
            "a/./b",
            "../a",
            "a..b",
            "a b",
            "a\\b",
            "a:b=c+d@e_f.g-h",
            "ä",
            "",
            "a?b",
            "a\n",
            "a".repeat(512),
            "a".repeat(513),
            null,
            1,
        ]),
    );
    field("/spec/storage/persistence/enabled", json!([true, false, null, "false"]));
    field("/spec/storage/persistence", json!([{}, null]));
    field("/spec/storage", json!([{}, null, []]));
}

fn ports(field: &mut impl FnMut(&str, Value)) {
    let lists = json!([
        [{"containerPort": 80}],
        [{"containerPort": 18789}],
        [{"containerPort": 18789, "protocol": "UDP"}],
        [{"containerPort": 80}, {"containerPort": 18789, "protocol": "TCP"}],
        [{"containerPort": 9222}],
        [{"containerPort": 4318}],
        [{"containerPort": 9090}],
        [],
        null,
        (0..32).map(|n| json!({"containerPort": 18789 - n})).collect::<Vec<_>>(),
        (0..33).map(|n| json!({"containerPort": 18700 + n})).collect::<Vec<_>>(),
    ]);
    for ports in lists.as_array().unwrap() {
        field("/spec/sidecars/0", json!([{"name": "a", "ports": ports}]));
        for policy in [json!("Always"), json!("OnFailure"), Value::Null] {
            let container = json!({"name": "b", "restartPolicy": policy, "ports": ports});
            field("/spec/initContainers/0", json!([container]));
        }
    }
    field("/spec/chromium/enabled", json!([true, false, null]));
    field(
        "/spec/observability/metrics",
        json!([{"enabled": true}, {"serviceMonitor": {"enabled": true}}, {"enabled": false, "serviceMonitor": {"enabled": true}}, {"enabled": true, "port": 80}, {}]),
    );
    let [browser, otlp, metrics] =
        [9222, 4318, 9090].map(|port| json!([{"name": "a", "ports": [{"containerPort": port}]}]));
    let beside = json!({"metrics": {"enabled": true}});
    field(
        "/spec",
        json!([
            {"sidecars": browser, "chromium": {"enabled": true}},
            {"sidecars": browser, "chromium": {"enabled": false}},
            {"sidecars": otlp, "observability": beside},
            {"sidecars": metrics, "observability": beside},
            {"sidecars": metrics, "observability": {"metrics": {"port": 9091, "serviceMonitor": {"enabled": true}}}},
            {"initContainers": metrics, "observability": beside},
        ]),
    );
}

fn config(field: &mut impl FnMut(&str, Value)) {
    field("/spec/config/format", json!(["json", "json5", "JSON5", "", null]));
    field("/spec/config/mergeMode", json!(["merge", "overwrite", "Merge", null]));
    field(
        "/spec/config/configMapRef",
        json!([{"name": "c"}, {"name": "c", "key": null}, null, {}, {"key": "k"}]),
    );
    field(
        "/spec/config",
        json!([{}, null, {"format": "json5"}, {"format": "json5", "configMapRef": {"name": "c"}}]),
    );
    field(
        "/spec/config",
        json!([
            {"format": "json5", "mergeMode": "merge"},
            {"format": "json5", "mergeMode": "merge", "configMapRef": {"name": "c"}},
            {"format": "json5", "mergeMode": "overwrite", "configMapRef": {"name": "c"}},
            {"raw": {"gateway": {"port": null}}},
            {"raw": {"agents": {"defaults": {}}}, "mergeMode": "merge"},
            {"raw": []},
            {"raw": "text"},
        ]),
    );
    field(
        "/spec/config/forcePaths",
        json!([
            [],
            null,
            ["a"],
            ["a.b"],
            ["a..b"],
            [""],
            ["."],
            ["a."],
            [".a"],
            ["a-b_c.1"],
            ["a b"],
            ["a/b"],
            ["ä"],
            ["a\n"],
            ["a", "a"],
            ["a".repeat(253)],
            ["a".repeat(254)],
            [null],
            "a",
            (0..20).map(|n| format!("p{n}")).collect::<Vec<_>>(),
            (0..21).map(|n| format!("p{n}")).collect::<Vec<_>>(),
        ]),
    );
}

fn workspace(field: &mut impl FnMut(&str, Value)) {
    let long = "a".repeat(253);
    let longer = "a".repeat(254);
    let paths = [
        "a", "a/b.md", ".hidden", "a..b", "...", "", "/a", "a/", "a//b", ".", "..", "./a", "a/.",
        "a/./b", "../a", "a/..", "a/../b", "a\\b", "\\", " ", "a b", "ä/ö", "a\nb", "a\n",
        "a\n/../b", "/", "//", &long, &longer,
    ];
    for path in paths {
        let key = path.replace('~', "~0").replace('/', "~1");
        field(&format!("/spec/workspace/initialFiles/{key}"), json!(["text"]));
        field("/spec/workspace/initialDirectories", json!([[path]]));
    }
    field("/spec/workspace/initialFiles", json!([{}, null, [], {"a": null}, {"a": 1}]));
    field("/spec/workspace/initialDirectories", json!([[], null, [null], "a", ["a", "a"]]));
    field(
        "/spec/workspace/configMapRef",
        json!([{"name": "a"}, {"name": "A"}, {"name": ""}, {}, null, {"name": "a.b"}, {"name": "a..b"}]),
    );
    field("/spec/workspace", json!([{}, null]));
    for name in ["my-agent-config", "my-agent-workspace", "a-config", "my-agent", "a-workspace"] {
        let reference = json!({ "name": name });
        field("/spec/config/configMapRef", json!([reference]));
        field("/spec/workspace/configMapRef", json!([reference]));
        field(
            "/spec/workspace",
            json!([
                {"configMapRef": reference, "initialFiles": {"a": "b"}},
                {"configMapRef": reference, "initialFiles": {}},
                {"configMapRef": reference, "initialFiles": null},
            ]),
        );
    }
}

fn security(field: &mut impl FnMut(&str, Value)) {
    let base = "/spec/security/podSecurityContext";
    for name in ["runAsUser", "runAsGroup", "fsGroup"] {
        field(
            &format!("{base}/{name}"),
            json!([
                0,
                1,
                -1,
                1000,
                2_147_483_647_i64,
                2_147_483_648_i64,
                i64::MAX,
                i64::MIN,
                u64::MAX,
                1.5,
                1000.0,
                "1000",
                null
            ]),
        );
    }
    field(base, json!([{}, null, {"runAsUser": 0, "fsGroup": -1}]));
    let base = "/spec/security/rbac";
    let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]});
    field(&format!("{base}/createServiceAccount"), json!([false, true, null, "false"]));
    field(&format!("{base}/additionalRules"), json!([[rule], [], null, [{}]]));
    field(&format!("{base}/serviceAccountAnnotations"), json!([{"a": "b"}, {}, null]));
    field(
        base,
        json!([
            {}, null, {"createServiceAccount": false}, {"createServiceAccount": false, "additionalRules": []},
            {"createServiceAccount": false, "additionalRules": [rule]}, {"createServiceAccount": true, "additionalRules": [rule]},
            {"createServiceAccount": false, "serviceAccountAnnotations": {"a": "b"}},
            {"createServiceAccount": false, "serviceAccountAnnotations": {}, "serviceAccountName": "a"},
            {"serviceAccountAnnotations": {"a": "b"}},
        ]),
    );
    field(
        "/spec/security/caBundle",
        json!([
            {}, null, {"configMapName": "a"}, {"secretName": "a"}, {"configMapName": "a", "secretName": "b"}, {"configMapName": ""},
            {"secretName": ""}, {"configMapName": "", "secretName": ""}, {"configMapName": "", "secretName": "b"},
            {"configMapName": "a", "secretName": ""}, {"configMapName": null, "secretName": "b"}, {"key": "k"},
            {"configMapName": "A"}, {"configMapName": "a b"}, {"configMapName": "a.b"}, {"configMapName": "a..b"}, {"secretName": "a\n"},
            {"secretName": "-a"}, {"secretName": "a_b"}, {"secretName": "a".repeat(253)}, {"secretName": "a".repeat(254)},
            {"secretName": "a", "key": ""}, {"secretName": "a", "key": "."}, {"secretName": "a", "key": ".."},
            {"secretName": "a", "key": "..a"}, {"secretName": "a", "key": ".a"}, {"secretName": "a", "key": "a b"},
            {"secretName": "a", "key": "a/b"}, {"secretName": "a", "key": "a\n"}, {"secretName": "a", "key": "A_b-c.d"},
            {"secretName": "a", "key": "a".repeat(253)}, {"secretName": "a", "key": "a".repeat(254)}, {"secretName": "a", "key": null},
        ]),
    );
}

fn networking(field: &mut impl FnMut(&str, Value)) {
    let hosts = [
        "a",
        "a.example",
        "*.a.example",
        "*",
        "*.",
        "*a",
        "a.*.b",
        "A.example",
        "a..b",
        ".a",
        "a.",
        "https://a",
        "a:443",
        "a_b",
        "",
        "a b",
        "-a",
        "a-",
        "1.2.3.4",
        "a\n",
        "ä",
    ];
    field("/spec/networking/ingress/enabled", json!([true, false, null]));
    field("/spec/networking/ingress/hosts", json!([[], null, [{}], [{"host": null}]]));
    field("/spec/networking/httpRoute/enabled", json!([true, false, null]));
    field(
        "/spec/networking/httpRoute/parentRefs",
        json!([[], null, [{}], [{"name": ""}], [{"name": "A"}]]),
    );
    for host in hosts {
        field("/spec/networking/ingress/hosts/0/host", json!([host]));
        field("/spec/networking/ingress/tls/0/hosts", json!([[host]]));
        field("/spec/networking/httpRoute/hostnames", json!([[host]]));
    }
    field(
        "/spec/networking/ingress/hosts/0/paths",
        json!([[], null, [{}], [{"path": "a"}], [{"path": ""}], [{"path": "/a", "pathType": "X"}]]),
    );
    let names = json!(["a", "A", "a.b", "", "a b", null, "a".repeat(253), "a".repeat(254)]);
    for pointer in [
        "/spec/networking/ingress/tls/0/secretName",
        "/spec/networking/ingress/className",
        "/spec/networking/httpRoute/parentRefs/0/namespace",
        "/spec/networking/httpRoute/parentRefs/0/sectionName",
    ] {
        field(pointer, names.clone());
    }
    field("/spec/networking/httpRoute/port", json!([1, 0, 65535, 65536, null, "80"]));
    field("/spec/networking/service/type", json!(["ClusterIP", "NodePort", "ExternalName", null]));
    field(
        "/spec/networking/service/ports",
        json!([[{"name": "web", "port": 80}], [{"name": "web"}], [{"port": 80}], [{"name": "", "port": 80}]]),
    );
}

/// Values of the wrong shape and fields that nobody knows, in every kind of place.
fn shapes(field: &mut impl FnMut(&str, Value)) {
    field("/spec", json!([{}, null, [], "x"]));
    field("/spec/imagee", json!([{}, null]));
    field("/spec/image/tags", json!(["x"]));
    field("/spec/sidecars/0/imagee", json!(["x"]));
    field("/spec/networking/ingress/hosts/0/hosts", json!(["x"]));
    field("/spec/image/tag", json!(["x", 1, 1.5, null, true, "", {}]));
    field("/spec/suspended", json!([true, null, "true", 1]));
    field(
        "/spec/observability/metrics/port",
        json!([9090, 0, 65535, 65536, -1, 3_000_000_000_i64, "9090", 9090.0, 9090.5]),
    );
    field(
        "/spec/probes",
        json!([null, {}, {"liveness": null}, {"liveness": {"periodSeconds": 0}}]),
    );
    field("/spec/availability/nodeSelector", json!([{"a": "b"}, {"a": 1}, null, {"a": null}]));
    field("/spec/podAnnotations", json!([{"a": "b"}, {"a": true}, []]));
    field(
        "/spec/extraVolumes",
        json!([[{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}], [{"name": "v", "emptyDir": {"sizeLimit": 1}}]]),
    );
    field(
        "/spec/extraVolumes",
        json!([[{"name": "v", "emptyDir": {"sizeLimit": true}}], [{"emptyDir": {}}]]),
    );
    field(
        "/spec/sidecars/0/livenessProbe",
        json!([{"httpGet": {"port": 80}}, {"httpGet": {"port": "http"}}, {"httpGet": {}}]),
    );
    field(
        "/spec/sidecars/0/ports",
        json!([[{"containerPort": 80}], [{"name": "a"}], [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}], [{"containerPort": 80}, {"containerPort": 80}]]),
    );
    field(
        "/spec/sidecars/0/resources",
        json!([{"limits": {"cpu": 1}}, {"limits": {"cpu": "1"}}, {"limits": {"cpu": true}}]),
    );
    field(
        "/spec/availability/affinity",
        json!([{}, {"nodeAffinity": {}}, {"nodeAffinityy": {}}, null]),
    );
    field("/spec/availability/podDisruptionBudget/maxUnavailable", json!([0, 1, -1, "1"]));
}
