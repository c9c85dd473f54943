//! The image of the controller, which is also that of the command line: what it holds, and that
//! this is enough to run where a Pod may do nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use openclaw::install::options::default_image;
use serde_json::{Value, json};

use crate::bed::pod::{Pod, status};
use crate::bed::web::authority;
use crate::bed::{Namespace, Web, curl, ensure, eventually, figure, kubectl, run, variable};
use crate::kit;

/// What a node may have to pull.
const MEBIBYTES: u64 = 16;

/// Everything in the image. There is no shell, no C library and no loader.
const FILES: [&str; 14] = [
    "drwxr-xr-x 0/0 etc/",
    "-rw-r--r-- 0/0 etc/group",
    "-rw-r--r-- 0/0 etc/passwd",
    "drwxr-xr-x 0/0 etc/ssl/",
    "drwxr-xr-x 0/0 etc/ssl/certs/",
    "-rw-r--r-- 0/0 etc/ssl/certs/ca-certificates.crt",
    "drwxr-xr-x 0/0 usr/",
    "drwxr-xr-x 0/0 usr/local/",
    "drwxr-xr-x 0/0 usr/local/bin/",
    "-rwxr-xr-x 0/0 usr/local/bin/openclaw",
    "drwxr-xr-x 0/0 usr/share/",
    "drwxr-xr-x 0/0 usr/share/doc/",
    "drwxr-xr-x 0/0 usr/share/doc/openclaw/",
    "-rw-r--r-- 0/0 usr/share/doc/openclaw/LICENSE",
];

/// Where the registry has what belongs to the image.
fn address(kind: &str, reference: &str) -> String {
    let image = default_image();
    let (repository, _) = image.rsplit_once(':').unwrap();
    let (_, repository) = repository.split_once('/').unwrap();
    format!("http://{}/v2/{repository}/{kind}/{reference}", variable("REGISTRY"))
}

fn document(kind: &str, reference: &str) -> Value {
    let accept = "Accept: application/vnd.oci.image.manifest.v1+json";
    let answer = curl(&address(kind, reference), ["-H", accept]).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// The entries of a layer: mode, owner, path; and that they have no time.
fn entries(digest: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layer.tar.gz");
    let url = address("blobs", digest);
    run(Command::new("curl").args(["-sSf", "--noproxy", "*", "-o"]).arg(&file).arg(url)).unwrap();
    let list = ["--numeric-owner", "--full-time", "-tvzf"];
    let list = run(Command::new("tar").env("TZ", "UTC").args(list).arg(&file)).unwrap();
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, owner, _, day, time, path] = words[..] else { panic!("{line}") };
        assert_eq!((day, time), ("1970-01-01", "00:00:00"), "{line}");
        format!("{mode} {owner} {path}")
    };
    list.lines().map(entry).collect()
}

#[test]
fn the_image_holds_one_program_and_nothing_of_when_it_was_built() {
    let manifest = document("manifests", env!("CARGO_PKG_VERSION"));
    let layers = manifest["layers"].as_array().unwrap();
    let [layer] = &layers[..] else { panic!("{manifest}") };
    let found = entries(layer["digest"].as_str().unwrap());
    assert_eq!(found.join("\n"), FILES.join("\n"));
    let size = layer["size"].as_u64().unwrap();
    assert!(size < MEBIBYTES << 20, "{size} bytes");
    figure(&format!("the controller's image: {}.{} MB", size / 1_000_000, size / 100_000 % 10));

    let config = document("blobs", manifest["config"]["digest"].as_str().unwrap());
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["config"]["Entrypoint"], json!(["/usr/local/bin/openclaw"]));
    assert_eq!(config["config"]["Cmd"], Value::Null);
    let label =
        |name: &str| &config["config"]["Labels"][format!("org.opencontainers.image.{name}")];
    assert_eq!(label("title"), "openclaw");
    assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(label("licenses"), "Apache-2.0");
}

/// The Pod of the rendered Deployment, but for its account and files: runs once, with these
/// arguments, and with what `change` makes of it.
fn pod(namespace: &Namespace, args: &[&str], change: impl FnOnce(&mut Value)) -> Pod {
    let text = kit::Test::new().args(["install", "--metrics", "none"]).success();
    let objects = kit::documents(&text);
    let mut spec = objects
        .iter()
        .find(|each| each["kind"] == "Deployment")
        .map(|each| each["spec"]["template"]["spec"].clone())
        .unwrap();
    for field in ["serviceAccountName", "volumes"] {
        spec.as_object_mut().unwrap().remove(field);
    }
    spec["automountServiceAccountToken"] = json!(false);
    spec["restartPolicy"] = json!("Never");
    let container = spec["containers"][0].as_object_mut().unwrap();
    for field in ["volumeMounts", "livenessProbe", "readinessProbe"] {
        container.remove(field);
    }
    container.insert("args".to_owned(), json!(args));
    change(&mut spec);
    let object =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "once"}, "spec": spec});
    let said = namespace.apply(&object.to_string());
    assert!(!said.contains("Warning"), "{said}");
    Pod::new(&namespace.name, "once")
}

/// Waits until the container ended; returns how.
fn ended(pod: &Pod) -> Value {
    eventually("the container ended", 120, || {
        let live = pod.get()?;
        let state = status(&live, "controller")["state"]["terminated"].clone();
        ensure(!state.is_null(), || Pod::state(&live))?;
        Ok(state)
    })
}

#[test]
fn the_command_line_runs_as_nobody_on_a_read_only_root() {
    let namespace = Namespace::new("image");
    let pod = pod(&namespace, &["version"], |_| {});
    assert_eq!(ended(&pod)["exitCode"], 0);
    assert_eq!(pod.logs("controller", false), format!("openclaw {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn there_is_no_shell() {
    let namespace = Namespace::new("image");
    let pod = pod(&namespace, &["-c", "true"], |spec| {
        spec["containers"][0]["command"] = json!(["/bin/sh"]);
    });
    let state = ended(&pod);
    assert_eq!(state["reason"], "StartError", "{state}");
    assert!(state["message"].to_string().contains("no such file or directory"), "{state}");
}

/// Lets the controller talk to the server at that address, and trust it by the bed's CA.
fn pointed_at(spec: &mut Value, namespace: &Namespace, server: &str) {
    authority(namespace);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "users": [{"name": "one", "user": {}}],
        "clusters": [{"name": "one", "cluster":
            {"server": server, "certificate-authority": "/etc/api/ca-bundle.crt"}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
    });
    let literal = format!("--from-literal=config={config}");
    kubectl(["create", "configmap", "api", "-n", &namespace.name, &literal]).unwrap();
    let sources = ["api", "corporate-ca"].map(|name| json!({"configMap": {"name": name}}));
    spec["volumes"] = json!([{"name": "api", "projected": {"sources": sources}}]);
    let container = &mut spec["containers"][0];
    container["volumeMounts"] = json!([{"name": "api", "mountPath": "/etc/api"}]);
    container["env"] = json!([{"name": "KUBECONFIG", "value": "/etc/api/config"}]);
}

/// The process of the Pod's container, as the node sees it.
fn process(pod: &Pod) -> Result<PathBuf, String> {
    let uid = pod.uid();
    let list = std::fs::read_dir("/proc").map_err(|error| error.to_string())?;
    let is_it = |path: &PathBuf| {
        let read = |file| std::fs::read_to_string(path.join(file)).unwrap_or_default();
        read("cmdline").starts_with("/usr/local/bin/openclaw\0") && read("cgroup").contains(&uid)
    };
    list.filter_map(Result::ok).map(|entry| entry.path()).find(is_it).ok_or("no process".to_owned())
}

fn is_locked_down(process: &Path) {
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(value("Uid:"), ["65532"; 4]);
    assert_eq!(value("Gid:"), ["65532"; 4]);
    assert_eq!(value("NoNewPrivs:"), ["1"]);
    assert_eq!(value("Seccomp:"), ["2"]);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(value(set), ["0000000000000000"], "{set}");
    }
    let mounts = std::fs::read_to_string(process.join("mounts")).unwrap();
    let root = mounts.lines().find(|line| line.split(' ').nth(1) == Some("/")).unwrap();
    assert!(root.split(' ').nth(3).unwrap().split(',').any(|each| each == "ro"), "{root}");
}

#[test]
fn the_controller_finds_names_and_trusts_a_bundle_without_any_library() {
    let name = "api.image.example";
    let (namespace, web) = (Namespace::new("image"), Web::secure(0, &[name]));
    let server = format!("{name}:{}", web.port);
    let args = ["controller", "--namespace", &namespace.name, "--namespaces", &namespace.name];
    let pod = pod(&namespace, &args, |spec| {
        pointed_at(spec, &namespace, &format!("https://{server}"));
    });
    eventually("the controller asks the server by its name", 120, || {
        let requests = web.requests();
        let is_it = |each: &Value| {
            each["host"] == server.as_str()
                && each["path"].to_string().contains("openclawinstances")
        };
        ensure(requests.iter().any(is_it), || pod.logs("controller", false))
    });
    is_locked_down(&process(&pod).unwrap());
}
