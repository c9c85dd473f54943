//! Reads and checks `openclaw.yaml`.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::grammar::{is_label, is_subdomain, kubernetes_version};
use super::key_path;
use super::single::drop_nulls;
use crate::api::duration::seconds;
use crate::api::selector::Selector;
use crate::api::settings::{KIND, Settings};
use crate::api::source::{self, Document};
use crate::api::structure::Schema;
use crate::api::window::Window;
use crate::diagnostic::{Finding, Report};
use crate::version::Range;

/// Oldest Kubernetes that the rendered objects fit.
const OLDEST: (u32, u32) = (1, 28);

/// Returns the JSON Schema of `openclaw.yaml`.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    let mut schema = Value::from(generator.into_root_schema_for::<Settings>());
    schema["required"] = serde_json::json!(["apiVersion", "kind"]);
    schema["properties"]["apiVersion"]["enum"] = serde_json::json!([crate::names::API_VERSION]);
    schema["properties"]["kind"]["enum"] = serde_json::json!([KIND]);
    schema
}

/// Reads the settings of a repository; `None` when the report holds an error.
pub fn read(name: &str, bytes: &[u8]) -> (Option<Settings>, Report) {
    let mut report = Report::default();
    let (documents, findings) = source::read(name, bytes);
    findings.into_iter().for_each(|finding| report.push(finding));
    let Some(document) = documents.first() else { return (None, report) };
    if let Some(second) = documents.get(1) {
        let hint = Some("keep instances in files of their own");
        let message = "found a second document, allowed: one";
        report.push(Finding::at("OC0312", "", message, hint, second.place("")));
    }
    Schema::compile(schema()).check(document, &mut report);
    if report.has_errors() {
        return (None, report);
    }
    let mut value = document.value();
    drop_nulls(&mut value);
    window(&mut value, &mut Sink { document, report: &mut report });
    match serde_json::from_value::<Settings>(value) {
        Ok(settings) => {
            check(&settings, document, &mut report);
            let settings = (!report.has_errors()).then_some(settings);
            (settings, report)
        }
        Err(error) => {
            report.push(Finding::at("OC0312", "", error.to_string(), None, document.place("")));
            (None, report)
        }
    }
}

/// Reads settings whatever is wrong with their values, such as a `requires` that excludes this
/// version; `None` when their shape is not known at all.
pub fn unchecked(name: &str, bytes: &[u8]) -> Option<Settings> {
    let (documents, _) = source::read(name, bytes);
    let document = documents.first()?;
    let mut value = document.value();
    drop_nulls(&mut value);
    window(&mut value, &mut Sink { document, report: &mut Report::default() });
    serde_json::from_value(value).ok()
}

/// Takes out a window that cannot be read, so that the rest can be checked.
fn window(value: &mut Value, sink: &mut Sink<'_>) {
    let Some(Value::Object(update)) = value.get_mut("update") else { return };
    let text = update.get("window").and_then(Value::as_str);
    if let Some(Err(fault)) = text.map(str::parse::<Window>) {
        sink.add("OC0312", "update.window", fault.to_string(), Some(fault.hint));
        update.remove("window");
    }
}

/// Adds one finding of openclaw.yaml.
struct Sink<'a> {
    document: &'a Document,
    report: &'a mut Report,
}

impl Sink<'_> {
    fn add(&mut self, code: &'static str, path: &str, message: String, hint: Option<&str>) {
        let place = self.document.place(path);
        self.report.push(Finding::at(code, path, message, hint, place));
    }

    fn bad(&mut self, path: &str, message: String) {
        self.add("OC0312", path, message, None);
    }
}

fn check(settings: &Settings, document: &Document, report: &mut Report) {
    let mut sink = Sink { document, report };
    requires(settings, &mut sink);
    paths(settings, &mut sink);
    cluster(settings, &mut sink);
    update(settings, &mut sink);
    if seconds(&settings.restore_within).is_none() {
        let found = &settings.restore_within;
        sink.bad("restoreWithin", format!("found `{found}`, allowed: a duration such as `2h`"));
    }
    if let Some(version) = &settings.kubernetes_version
        && kubernetes_version(version).is_none_or(|version| version < OLDEST)
    {
        sink.bad(
            "kubernetesVersion",
            format!("found `{version}`, allowed: 1.28 or newer, such as `\"1.31\"`"),
        );
    }
    for (index, platform) in settings.platforms.iter().enumerate() {
        let parts: Vec<&str> = platform.split('/').collect();
        if !(2..=3).contains(&parts.len()) || parts.iter().any(|part| !is_label(part, 32)) {
            sink.bad(
                &format!("platforms[{index}]"),
                format!("found `{platform}`, allowed: a platform such as `linux/amd64`"),
            );
        }
    }
}

fn requires(settings: &Settings, sink: &mut Sink<'_>) {
    let Some(wanted) = &settings.requires else { return };
    let own = env!("CARGO_PKG_VERSION");
    match (semver::VersionReq::parse(wanted), semver::Version::parse(own)) {
        (Ok(range), Ok(version)) if range.matches(&version) => {}
        (Ok(_), _) => sink.add(
            "OC0311",
            "requires",
            format!("this repository wants openclaw `{wanted}`, this is `{own}`"),
            Some("render with a version that fits"),
        ),
        (Err(error), _) => sink.bad(
            "requires",
            format!("found `{wanted}`, allowed: a range such as `>=0.3, <0.4` ({error})"),
        ),
    }
}

/// Whether a path stays inside the repository.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains('\\')
        && path.split('/').all(|part| !part.is_empty() && part != "..")
}

fn paths(settings: &Settings, sink: &mut Sink<'_>) {
    let mut named =
        vec![("output".to_owned(), &settings.output), ("updates".to_owned(), &settings.updates)];
    let sources = settings.sources.iter().enumerate();
    named.extend(sources.map(|(index, path)| (format!("sources[{index}]"), path)));
    named.extend(settings.templates.iter().map(|path| ("templates".to_owned(), path)));
    for (path, text) in &named {
        if !is_inside(text.trim_end_matches('/')) {
            sink.bad(path, format!("found `{text}`, allowed: a path inside the repository"));
        }
    }
    if settings.sources.is_empty() {
        sink.bad("sources", "found an empty list, allowed: one path or more".to_owned());
    }
    let output = clean(&settings.output);
    for (path, text) in named.iter().skip(1) {
        let text = clean(text);
        if text == output || text.starts_with(&format!("{output}/")) || output == "." {
            sink.add(
                "OC0305",
                path,
                format!("`{text}` lies under the output `{output}`"),
                Some("keep what is written by hand outside the rendered tree"),
            );
        }
    }
}

fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

fn cluster(settings: &Settings, sink: &mut Sink<'_>) {
    let cluster = &settings.cluster;
    let controller = &cluster.controller;
    let is_account = cluster
        .controller()
        .is_some_and(|(namespace, name)| is_label(namespace, 63) && is_subdomain(name));
    if controller != "none" && !is_account {
        sink.bad(
            "cluster.controller",
            format!("found `{controller}`, allowed: `namespace/serviceaccount`, or `none`"),
        );
    }
    if let Some(name) = &cluster.name
        && !is_subdomain(name)
    {
        sink.bad(
            "cluster.name",
            format!("found `{name}`, allowed: lower-case letters, digits, `-` and `.`"),
        );
    }
    for (field, list) in [
        ("ingressNamespaces", &cluster.ingress_namespaces),
        ("monitoringNamespaces", &cluster.monitoring_namespaces),
    ] {
        for (index, namespace) in list.iter().enumerate() {
            if !is_label(namespace, 63) {
                let path = format!("{}[{index}]", key_path("cluster", field));
                sink.bad(&path, format!("found `{namespace}`, allowed: the name of a namespace"));
            }
        }
    }
    if let Some(namespace) = &settings.namespace
        && !is_label(namespace, 63)
    {
        sink.bad("namespace", format!("found `{namespace}`, allowed: the name of a namespace"));
    }
}

fn update(settings: &Settings, sink: &mut Sink<'_>) {
    if let Some(age) = &settings.update.minimum_age
        && seconds(age).is_none()
    {
        sink.bad("update.minimumAge", format!("found `{age}`, allowed: a duration such as `72h`"));
    }
    for (index, wave) in settings.update.waves.iter().enumerate() {
        if let Err(fault) = wave.parse::<Selector>() {
            sink.bad(&format!("update.waves[{index}]"), fault.to_string());
        }
    }
    if let Some(Err(fault)) = settings.update.range.as_deref().map(str::parse::<Range>) {
        sink.bad("update.range", fault.to_string());
    }
}
