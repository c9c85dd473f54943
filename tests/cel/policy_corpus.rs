//! Instances that meet every question of the admission policies from both sides.

use serde_json::{Value, json};

use crate::corpus::{self, Case, Change};

/// Returns at least `count` instances, always the same ones.
pub fn cases(count: usize) -> Vec<Case> {
    corpus::combined(&changes(), count)
}

fn changes() -> Vec<Change> {
    let table =
        [image(), reach(), security(), containers(), environment(), configuration(), together()];
    let rows = table.into_iter().flatten();
    rows.flat_map(|(pointer, values)| {
        let Value::Array(values) = values else { panic!("{pointer}: no list of values") };
        values.into_iter().map(move |value| (pointer.to_owned(), value))
    })
    .collect()
}

type Rows = Vec<(&'static str, Value)>;

fn image() -> Rows {
    let digest = format!("sha256:{}", "a".repeat(64));
    vec![
        ("/spec/image", json!([{}, {"digest": digest}, {"digest": digest, "tag": "latest"}])),
        (
            "/spec/image/tag",
            json!([
                "latest",
                "main",
                "slim",
                "stable",
                "extended-stable",
                "Latest",
                "latest-slim",
                "2026.2.17",
                "2026.6.33",
                "2026.6.32",
                "2026.7.0",
                "2026.7.1-beta.6",
                "2026.7.1-alpha.1",
                "2026.7.1",
                "2026.7.1-1",
                "2026.7.1-2-slim",
                "2026.7.2-beta.1",
                "2026.9.6",
                "2026.9.99-slim-arm64",
                "2026.13.40",
                "2026.0.40",
                "2026.012.40",
                "26.9.40",
                "2026.9.40.1",
                "2026.9.40-dev",
                "2026.9.40-r20260914",
                "2026.9.40-r2026091",
                "2025.12.1",
                "2027.1.1",
                "v2026.9.40",
                "2026.9.",
                null
            ]),
        ),
        (
            "/spec/resources/limits/memory",
            json!([
                "512Mi",
                "1Gi",
                "1023Mi",
                "1024Mi",
                "1G",
                "2Gi",
                "2047Mi",
                "1.5Gi",
                "1e9",
                "1500M",
                "8Gi",
                "0",
                "1073741823",
                "1073741824",
                "x",
                "",
                null
            ]),
        ),
        ("/spec/resources/requests/memory", quantities()),
        ("/spec/chromium/resources/limits/cpu", quantities()),
        ("/spec/storage/persistence/size", quantities()),
        (
            "/spec/resources",
            json!([
                {"requests": {"cpu": "2"}, "limits": {"cpu": "2000m"}},
                {"requests": {"cpu": "2001m"}, "limits": {"cpu": "2"}},
                {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}},
                {"requests": {"memory": "x"}, "limits": {"memory": "1G"}}
            ]),
        ),
        (
            "/spec/chromium/resources",
            json!([
                {"requests": {"cpu": "2"}, "limits": {"cpu": "1", "memory": "1Gi"}},
                {"requests": {"memory": "3Gi"}, "limits": {"memory": "2Gi"}}
            ]),
        ),
        ("/spec/autoUpdate/enabled", json!([true, false])),
        (
            "/spec/chromium",
            json!([{"enabled": true}, {"enabled": false}, {"enabled": true, "image": {"digest": digest}}, {}]),
        ),
        ("/spec/storage/persistence/enabled", json!([true, false, null])),
        (
            "/spec/availability/podDisruptionBudget",
            json!([{}, {"maxUnavailable": 0}, {"maxUnavailable": 1}, {"enabled": false, "maxUnavailable": 0}]),
        ),
        (
            "/spec/skills",
            json!([
                ["a"],
                ["a@1"],
                ["@o/s"],
                ["@o/s@1"],
                ["npm:a"],
                ["npm:a@1"],
                ["npm:@s/a"],
                ["npm:@s/a@1"],
                ["pack:o/r/p"],
                ["pack:o/r/p@v1"],
                ["a@1", "b"],
                []
            ]),
        ),
    ]
}

fn quantities() -> Value {
    json!([
        "1", "500m", "0.5", ".5", "5.", "1Ki", "1e3", "1E3", "1E", "1e", "+1", "-1", "-0", "0",
        "0.0", "0m", "1gi", "1 Gi", "1.2.3", "abc", "0x10", "", "1n", "1u", "1e-3", "1.5Gi", "Gi",
        "1Mi\n"
    ])
}

fn reach() -> Rows {
    let with = |more: Value| {
        let mut ingress = json!({"enabled": true, "hosts": [{"host": "a.example"}]});
        for (key, value) in more.as_object().unwrap() {
            ingress[key] = value.clone();
        }
        ingress
    };
    vec![
        (
            "/spec/networking/ingress",
            json!([
                with(json!({})),
                with(json!({"tls": []})),
                with(json!({"tls": [{"hosts": ["a.example"]}], "className": "nginx"})),
                with(json!({"security": {"forceHTTPS": false}, "className": "my-traefik"})),
                with(json!({"security": {"forceHTTPS": true}, "className": "haproxy"})),
                with(
                    json!({"enabled": false, "className": "haproxy", "security": {"forceHTTPS": false}})
                ),
                null
            ]),
        ),
        (
            "/spec/networking/httpRoute",
            json!([{"enabled": true, "parentRefs": [{"name": "g"}]}, {"enabled": false}, null]),
        ),
        ("/spec/networking/service/type", json!(["ClusterIP", "NodePort", "LoadBalancer", null])),
        (
            "/spec/security/networkPolicy",
            json!([
                {}, {"enabled": true}, {"enabled": false}, {"allowedIngressCIDRs": ["10.0.0.0/8"]},
                {"enabled": false, "allowedIngressCIDRs": []}
            ]),
        ),
        (
            "/spec/observability/metrics",
            json!([
                {}, {"enabled": true}, {"enabled": false}, {"serviceMonitor": {"enabled": true}},
                {"enabled": false, "serviceMonitor": {"enabled": true}}, {"enabled": true, "serviceMonitor": {"enabled": true}}
            ]),
        ),
    ]
}

fn security() -> Rows {
    let base = "/spec/security/containerSecurityContext";
    vec![
        (
            base,
            json!([
                {}, {"readOnlyRootFilesystem": false}, {"readOnlyRootFilesystem": true}, {"allowPrivilegeEscalation": true},
                {"allowPrivilegeEscalation": false}, {"capabilities": {}}, {"capabilities": {"drop": []}},
                {"capabilities": {"drop": ["ALL", "CHOWN"]}}, {"capabilities": {"drop": ["CHOWN"]}},
                {"capabilities": {"add": ["NET_BIND_SERVICE"]}}, {"capabilities": {"add": ["NET_BIND_SERVICE", "CHOWN"]}},
                {"capabilities": {"add": null, "drop": null}}
            ]),
        ),
        ("/spec/security/podSecurityContext/runAsNonRoot", json!([true, false, null])),
    ]
}

fn containers() -> Rows {
    let contexts = [
        json!({}),
        json!({"privileged": true}),
        json!({"privileged": false, "allowPrivilegeEscalation": false, "runAsUser": 1, "runAsNonRoot": true}),
        json!({"allowPrivilegeEscalation": true}),
        json!({"runAsUser": 0}),
        json!({"runAsNonRoot": false}),
        json!({"capabilities": {"add": ["NET_ADMIN"]}}),
        json!({"capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}}),
        json!({"capabilities": {"drop": []}}),
        json!({"capabilities": {"drop": ["CHOWN"]}}),
        json!({"seccompProfile": {"type": "Unconfined"}}),
        json!({"seccompProfile": {"type": "RuntimeDefault"}}),
        Value::Null,
    ];
    let volumes =
        json!([[{"name": "v", "hostPath": {"path": "/"}}], [{"name": "v", "emptyDir": {}}], []]);
    vec![
        ("/spec/initContainers/0/securityContext", json!(contexts)),
        ("/spec/sidecars/0/securityContext", json!(contexts)),
        ("/spec/initContainers/0/name", json!(["first"])),
        ("/spec/sidecars/0/name", json!(["beside"])),
        (
            "/spec/initContainers",
            json!([[{"name": "a", "securityContext": contexts[1]}, {"name": "b", "securityContext": contexts[10]}]]),
        ),
        ("/spec/sidecars", json!([[{"name": "a"}, {"name": "b", "securityContext": contexts[8]}]])),
        ("/spec/sidecarVolumes", volumes.clone()),
        ("/spec/extraVolumes", volumes),
    ]
}

fn environment() -> Rows {
    let providers = [
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "GOOGLE_A",
        "GEMINI_A",
        "AZURE_OPENAI_A",
        "AZURE_A",
        "AWS_REGION",
        "MISTRAL_A",
        "COHERE_A",
        "TOGETHER_A",
        "GROQ_A",
        "FIREWORKS_A",
        "DEEPSEEK_A",
        "OPENROUTER_A",
        "XAI_A",
        "BEDROCK_A",
        "XAI",
        "MY_OPENAI_KEY",
    ];
    let lists: Vec<Value> = providers.iter().map(|name| json!([{"name": name}])).collect();
    vec![
        ("/spec/env", json!(lists)),
        ("/spec/envFrom", json!([[{"secretRef": {"name": "keys"}}], [], null])),
        (
            "/spec/env",
            json!([[{"name": "CHROMIUM_URL", "value": "http://b"}], [{"name": "CHROMIUM_URL2"}]]),
        ),
        (
            "/spec/env",
            json!([
                [{"name": "A_KEY", "value": "x"}], [{"name": "A_KEY", "value": ""}], [{"name": "A_KEY", "value": "$(B)"}],
                [{"name": "A_KEY"}], [{"name": "A_TOKEN", "value": "x"}], [{"name": "A_SECRET", "value": "x"}],
                [{"name": "A_PASSWORD", "value": "x"}], [{"name": "A_KEYS", "value": "x"}], [{"name": "KEY", "value": "x"}],
                [{"name": "A_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
            ]),
        ),
    ]
}

fn configuration() -> Rows {
    let mut raws = vec![json!({}), json!({"gateway": {}}), json!({"gateway": {"auth": {}}})];
    for proxies in [
        json!(["10.0.0.0/8"]),
        json!(["10.0.0.0/16"]),
        json!(["10.0.0.0/15"]),
        json!(["10.0.0.1"]),
        json!(["0.0.0.0/0"]),
        json!(["10.0.0.0/08"]),
        json!(["010.0.0.0/8"]),
        json!(["256.0.0.0/8"]),
        json!(["fd00::/8"]),
        json!(["fd00::/47"]),
        json!(["fd00::/48"]),
        json!(["fd00::/64"]),
        json!(["::ffff:10.0.0.0/47"]),
        json!(["10.244.3.0/24", "10.0.0.0/9"]),
        json!([]),
        json!([1]),
        json!([null, "10.0.0.0/24"]),
        json!("10.0.0.0/8"),
        json!({"0": "10.0.0.0/8"}),
        json!(null),
    ] {
        raws.push(json!({"gateway": {"trustedProxies": proxies}}));
    }
    for auth in [
        json!({"token": "x"}),
        json!({"token": "${TOKEN}"}),
        json!({"token": ""}),
        json!({"token": 1}),
        json!({"token": null}),
        json!({"password": "x"}),
        json!({"password": "${P}"}),
        json!({"mode": "none"}),
        json!({"mode": "token"}),
        json!({"mode": 1}),
        json!({"mode": null}),
        json!([]),
        json!(null),
        json!("none"),
    ] {
        raws.push(json!({"gateway": {"auth": auth}}));
        raws.push(json!({"gateway": {"auth": auth, "bind": "loopback"}}));
    }
    for bind in [
        json!("lan"),
        json!("0.0.0.0"),
        json!("loopback"),
        json!("auto"),
        json!(1),
        json!(null),
        json!([]),
    ] {
        raws.push(json!({"gateway": {"bind": bind}}));
    }
    for mode in [json!("local"), json!("remote"), json!(1), json!(null)] {
        raws.push(json!({"gateway": {"mode": mode}}));
    }
    for allow in [
        json!([]),
        json!(["telegram"]),
        json!(["diagnostics-otel"]),
        json!("diagnostics-otel"),
        json!(null),
        json!([1]),
    ] {
        raws.push(json!({"plugins": {"allow": allow}}));
    }
    for agents in [
        json!({"list": []}),
        json!({"entries": {}}),
        json!({"list": [], "entries": {}}),
        json!({"list": null, "entries": null}),
        json!([]),
        json!(null),
        json!({"defaults": true}),
        json!({"defaults": {"sandbox": true}}),
        json!({"defaults": {"sandbox": {"mode": "off"}}}),
        json!({"defaults": null}),
        json!({"defaults": {"sandbox": null}}),
    ] {
        raws.push(json!({"agents": agents}));
    }
    for section in ["gateway", "plugins", "session", "wizard", "agents", "bindings", "canvasHost"] {
        for value in [json!(true), json!([]), json!("x"), json!(null), json!({})] {
            raws.push(json!({section: value}));
        }
    }
    let inline = raws.iter().map(|raw| json!({"raw": raw}));
    let both = raws.iter().step_by(7).map(|raw| json!({"raw": raw, "configMapRef": {"name": "c"}}));
    let list: Vec<Value> = inline.chain(both).collect();
    vec![("/spec/config", json!(list))]
}

/// What only shows when two fields meet.
fn together() -> Rows {
    let metrics = [
        json!({"enabled": true}),
        json!({"serviceMonitor": {"enabled": true}}),
        json!({"enabled": false}),
    ];
    let allows =
        [json!([]), json!(["telegram"]), json!(["telegram", "diagnostics-otel"]), json!("x")];
    let collected = metrics.iter().flat_map(|metrics| {
        allows.iter().map(move |allow| {
            json!({"observability": {"metrics": metrics}, "config": {"raw": {"plugins": {"allow": allow}}}})
        })
    });
    let memory = ["2026.2.17", "2026.7.0", "2026.7.1-beta.6", "2026.7.1", "2026.9.6", "main"]
        .map(|tag| json!({"image": {"tag": tag}, "resources": {"limits": {"memory": "1536Mi"}}}));
    let list: Vec<Value> = collected.chain(memory).collect();
    vec![("/spec", json!(list))]
}
