//! What a change does to the Pod, and what the new one is.

use super::agent::{Agent, SPEC, VERSION};
use super::source::OLDER;
use super::{Scene, play};
use crate::bed::pod::status;
use crate::bed::{ensure, eventually, kubectl};

pub(super) const SCENES: &[Scene] = &[
    Scene { rows: &["restarts-pod"], play: restarts },
    Scene { rows: &["stops-pod", "starts-pod"], play: stops_and_starts },
    Scene { rows: &["new-image"], play: images },
    Scene { rows: &["resources"], play: resources },
    Scene { rows: &["creates", "deletes"], play: comes_and_goes },
];

#[test]
fn a_pod_restarts_stops_and_starts_as_it_is_said() {
    play(&Agent::new("impact-pod", ""), SCENES);
}

fn restarts(agent: &Agent) {
    agent.with("env: [{name: A, value: b}]");
    agent.changes(&["StatefulSet restarts-pod: `env` of `openclaw`"]);
    assert_eq!(agent.process().variable("A").as_deref(), Some("b"));

    let proxies = "10.244.3.0/24";
    agent.with(&format!("config: {{raw: {{gateway: {{trustedProxies: [{proxies}]}}}}}}"));
    agent.changes(&[
        "ConfigMap/agent-config changed",
        "StatefulSet restarts-pod: `env` of `openclaw`; the configuration that is mounted",
    ]);
    let process = agent.process();
    assert_eq!(process.variable("A"), None);
    let mounted = process.file("/etc/openclaw/openclaw.json").unwrap();
    assert!(mounted.contains(proxies), "{mounted}");

    leaves_the_pod_alone(agent);

    agent.set("type: RollingUpdate", "type: OnDelete");
    agent.with("env: [{name: A, value: c}]");
    let proxies = "ConfigMap/agent-config changed";
    let later = "only when somebody deletes it: `updateStrategy` is `OnDelete`";
    let told = format!(
        "StatefulSet restarts-pod: `env` of `openclaw`; the configuration that is mounted; {later}"
    );
    agent.changes(&[proxies, &told]);
    let uid = agent.pod().uid();
    agent.pod().delete();
    agent.pod().replaced(&uid, 60);
    assert_eq!(agent.process().variable("A").as_deref(), Some("c"));
}

/// Of these nothing is said, and nothing happens.
fn leaves_the_pod_alone(agent: &Agent) {
    agent.set("labels: {{ versioned_labels }}", "labels: {{ labels }}");
    agent.set("revisionHistoryLimit: 10", "revisionHistoryLimit: 3");
    agent.template("config-map.yaml.j2", "labels: {{ labels }}", "labels: {{ versioned_labels }}");
    agent.template("service.yaml.j2", "labels: {{ labels }}", "labels: {{ versioned_labels }}");
    agent.changes(&["ConfigMap/agent-config changed", "Service changed", "StatefulSet changed"]);

    // What the Pod has mounted is put back, and its template knows nothing of it.
    let patch = r#"{"data": {"config.mjs": "somebody's"}}"#;
    let namespace = &agent.namespace().name;
    kubectl(["patch", "configmap", "agent-config", "-n", namespace, "--type=merge", "-p", patch])
        .unwrap();
    agent.changes(&["ConfigMap/agent-config changed"]);
}

fn stops_and_starts(agent: &Agent) {
    agent.with("suspended: true");
    agent.changes(&["StatefulSet stops-pod: `replicas: 0`"]);
    // Nobody is there to be restarted.
    agent.with("suspended: true\nenv: [{name: A, value: b}]");
    agent.changes(&["StatefulSet changed"]);
    agent.with("env: [{name: A, value: b}]");
    agent.changes(&["StatefulSet starts-pod"]);
    assert_eq!(agent.process().variable("A").as_deref(), Some("b"));
}

fn images(agent: &Agent) {
    let image = |tag: &str| format!("ghcr.io/impact/openclaw:{tag}");
    let runs = || {
        let pod = agent.pod().ready(60);
        let status = status(&pod, "openclaw");
        [&status["image"], &status["imageID"]].map(|text| text.as_str().unwrap().to_owned())
    };
    let before = runs();
    assert_eq!(before[0], image(VERSION));
    let (old, new) = (image(VERSION), image(OLDER));
    agent.write(OLDER, SPEC);
    agent.changes(&[
        "StatefulSet restarts-pod: `image` of `openclaw`; label `app.kubernetes.io/version`",
        &format!("StatefulSet new-image: `openclaw` from `{old}` to `{new}`, an older version"),
    ]);
    let after = runs();
    assert_eq!(after[0], new);
    assert_ne!(after[1], before[1], "it is another image");
}

fn resources(agent: &Agent) {
    let limit = || agent.process().memory_limit();
    assert_eq!(limit(), (64 << 20).to_string());
    agent.write(VERSION, &SPEC.replace("memory: 64Mi", "memory: 96Mi"));
    agent.changes(&[
        "StatefulSet restarts-pod: `resources` of `openclaw`",
        "StatefulSet resources: `limits.memory` of `openclaw` from `64Mi` to `96Mi`",
    ]);
    agent.pod().ready(60);
    assert_eq!(limit(), (96 << 20).to_string());
}

/// Everything of an instance goes, and comes back.
fn comes_and_goes(agent: &Agent) {
    let namespace = agent.namespace().name.clone();
    let all = || {
        let selector = "app.kubernetes.io/instance=agent";
        let kinds = "openclawinstances,serviceaccounts,roles,rolebindings,networkpolicies,configmaps,services,poddisruptionbudgets,statefulsets";
        let found = kubectl(["get", kinds, "-n", &namespace, "-l", selector, "-o", "name"]);
        found.unwrap().lines().count()
    };
    let count = all();
    agent.remove();
    let told = agent.told();
    let gone = |line: &&String| line.ends_with(" deletes");
    assert_eq!(told.iter().filter(gone).count(), count, "{told:#?}");
    let stops = "StatefulSet stops-pod: its workload is deleted".to_owned();
    assert!(told.contains(&stops), "{told:#?}");
    agent.makes(&told);
    eventually("all is gone", 30, || ensure(all() == 0, || all().to_string()));

    agent.write(VERSION, SPEC);
    let told = agent.told();
    let comes = |line: &&String| line.ends_with(" creates");
    assert_eq!(told.iter().filter(comes).count(), count, "{told:#?}");
    agent.makes(&told);
    assert_eq!(all(), count);
}
