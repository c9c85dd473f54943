//! The source as it grows, and what is told on the way.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fields::{merge, move_paths};
use super::rows::Image;
use super::{Chart, Wanted, mask, walk};
use crate::api::auth::TOKEN_ENV;
use crate::api::source::{self, Document};
use crate::diagnostic::{Finding, Report};
use crate::import::field;
use crate::names;

/// A source that is being written.
pub(super) struct Draft<'a> {
    pub(super) chart: &'static Chart,
    pub(super) document: &'a Document,
    /// The same with a text that may be shown.
    shown: Document,
    pub(super) wanted: Wanted<'a>,
    values: Value,
    pub(super) spec: Value,
    /// Keys of the Secret that is to be made.
    pub(super) secrets: BTreeSet<String>,
    /// Whether a Secret for the token is to be made.
    pub(super) has_token: bool,
    /// Whether a path of the chart's Pod became one of ours.
    pub(super) is_moved: bool,
    pub(super) notes: Vec<String>,
    report: &'a mut Report,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        document: &'a Document,
        chart: &'static Chart,
        wanted: Wanted<'a>,
        report: &'a mut Report,
    ) -> Self {
        Self {
            chart,
            document,
            shown: mask::masked(document, &walk::secret_paths(chart)),
            wanted,
            values: document.value(),
            spec: json!({}),
            secrets: BTreeSet::new(),
            has_token: false,
            is_moved: false,
            notes: chart.notes.iter().map(|note| (*note).to_owned()).collect(),
            report,
        }
    }

    /// Returns a value; null where there is none.
    pub(super) fn at(&self, path: &str) -> &Value {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.values.pointer(&pointer).unwrap_or(&Value::Null)
    }

    /// Returns a value that is a text and not empty.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.at(path).as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, path: &str) -> bool {
        self.at(path) == &Value::Bool(true)
    }

    /// Whether something about an image holds here.
    pub(super) fn holds(&self, image: Image) -> bool {
        let is_own = self.chart.image.is_some_and(|own| {
            self.text("image.repository").is_none_or(|repository| repository == own)
        });
        match image {
            Image::Any => true,
            Image::Own => is_own,
            Image::Foreign => !is_own,
        }
    }

    /// Returns what the spec has at a path of plain words.
    pub(super) fn has(&self, path: &str) -> bool {
        self.spec.pointer(&format!("/{}", path.replace('.', "/"))).is_some()
    }

    /// Writes a field of the spec, with the mappings above it.
    pub(super) fn put(&mut self, path: &str, value: Value) {
        *field(&mut self.spec, path) = value;
    }

    /// Merges into a field of the spec: mappings recurse, everything else is replaced.
    pub(super) fn merge(&mut self, path: &str, value: Value) {
        merge(field(&mut self.spec, path), value);
    }

    /// Writes a field of the spec that is not written yet.
    pub(super) fn put_absent(&mut self, path: &str, value: Value) {
        if !self.has(path) {
            self.put(path, value);
        }
    }

    /// Removes a field of the spec.
    pub(super) fn remove(&mut self, path: &str) {
        source::remove(&mut self.spec, path);
    }

    /// Names the ServiceAccount; where the chart neither makes nor names one, ours has no rights,
    /// as the namespace's own has none.
    pub(super) fn set_account(&mut self) {
        let Some(name) = self.text("serviceAccount.name") else { return };
        self.put("security.rbac.serviceAccountName", name.into());
        if self.at("serviceAccount.create") == &Value::Bool(false) {
            self.put("security.rbac.createServiceAccount", false.into());
        }
    }

    /// Adds an item to a list of the spec.
    pub(super) fn push(&mut self, path: &str, item: Value) {
        let list = field(&mut self.spec, path);
        match list {
            Value::Array(items) => items.push(item),
            _ => *list = json!([item]),
        }
    }

    /// Adds an environment variable; a later one replaces one of its name, as in a container.
    pub(super) fn push_env(&mut self, item: Value) {
        if let Some(items) = field(&mut self.spec, "env").as_array_mut() {
            items.retain(|other| other["name"] != item["name"]);
        }
        self.push("env", item);
    }

    /// Adds an environment variable that a Secret holds.
    pub(super) fn push_reference(&mut self, env: &str, secret: &str, key: &str, optional: bool) {
        // A token in openclaw.json beats the one of the environment, for the application too.
        if env == TOKEN_ENV && self.has_token {
            return;
        }
        let mut reference = json!({"name": secret, "key": key});
        if optional {
            reference["optional"] = true.into();
        }
        self.push_env(json!({"name": env, "valueFrom": {"secretKeyRef": reference}}));
    }

    /// Tells that a value stays behind.
    pub(super) fn left(&mut self, path: &str, why: &str, hint: Option<&str>) {
        self.tell("OC0332", path, format!("is not carried over: {why}"), hint);
    }

    /// Tells that no row names a value.
    pub(super) fn unknown(&mut self, path: &str) {
        let message = format!("is not carried over: no value of `{}` that is known", self.chart.id);
        let hint = "look for a field with its meaning: `openclaw explain --recursive spec`";
        self.tell("OC0333", path, message, Some(hint));
    }

    pub(super) fn tell(
        &mut self,
        code: &'static str,
        path: &str,
        message: String,
        hint: Option<&str>,
    ) {
        let place = self.shown.place_of_key(path);
        self.report.push(Finding::at(code, path, message, hint, place));
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Returns the name of the Secret that holds what the values spell out.
    pub(super) fn secret_name(&self) -> String {
        format!("{}-secrets", self.wanted.name)
    }

    /// Leaves a secret to a Secret, under the name of its environment variable.
    pub(super) fn set_secret(&mut self, path: &str, env: &str) {
        let hint = format!("put it under `{env}` into the Secret `{}`", self.secret_name());
        let message = "a secret is written out; it is left to a Secret".to_owned();
        self.tell("OC0334", path, message, Some(&hint));
        self.secrets.insert(env.to_owned());
    }

    /// Leaves the token of the gateway to a Secret.
    pub(super) fn set_token(&mut self, path: &str) {
        let name = format!("{}-token", self.wanted.name);
        let hint = format!("put it under `{}` into the Secret `{name}`", names::KEY_TOKEN);
        let message = "a secret is written out; it is left to a Secret".to_owned();
        self.tell("OC0334", path, message, Some(&hint));
        self.put("gateway.existingSecret", name.into());
        self.has_token = true;
    }

    /// Returns a value with the paths of the chart's Pod as they are here.
    pub(super) fn moved(&mut self, mut value: Value) -> Value {
        let from = self.chart.state_dir;
        if from != names::STATE_DIR {
            self.is_moved |= move_paths(&mut value, from);
        }
        value
    }

    /// Returns the name that the chart gives its objects, where a release is named.
    pub(super) fn full_name(&self) -> Option<String> {
        let release = self.wanted.release?;
        let own = self.text("nameOverride").unwrap_or_else(|| self.chart.name.to_owned());
        let name = match self.text("fullnameOverride") {
            Some(name) => name,
            None if release.contains(&own) => release.to_owned(),
            None => format!("{release}-{own}"),
        };
        let cut: String = name.chars().take(63).collect();
        Some(cut.strip_suffix('-').unwrap_or(&cut).to_owned())
    }

    /// Tells which defaults of the chart would have to be known.
    pub(super) fn tell_missing(&mut self) {
        let needs = self.chart.needs.iter().filter(|path| !self.document.has(path));
        let missing: Vec<&str> = needs.copied().collect();
        if missing.is_empty() {
            return;
        }
        let message =
            format!("the defaults of the chart are not known here: `{}`", missing.join("`, `"));
        let hint = "import all values: `helm get values RELEASE --all -o yaml`";
        let place = self.shown.place("");
        self.report.push(Finding::at("OC0335", "", message, Some(hint), place));
    }
}
