//! Writes the rules of the table that need a ValidatingAdmissionPolicy: one policy that refuses,
//! for errors that a rule of the CRD cannot see, and one that warns.
//!
//! Both leave alone what is being deleted and what keeps its spec, so that an instance that was
//! stored before a rule existed can be labelled, lose its finalizer and go.

use serde_json::{Value, json};

use super::{CHECKS, Cel, Question};
use crate::diagnostic::{Severity, severity};
use crate::names;

/// Name of the policy that refuses, and of its binding.
pub const REFUSING: &str = "openclaw-refuses";
/// Name of the policy that warns, and of its binding.
pub const WARNING: &str = "openclaw-warns";

/// What several rules read, by name; each may use those above it. None is an optional: what is
/// asked of an optional in a variable is never there.
pub const VARIABLES: &[(&str, &str)] = &[
    ("image", "object.?spec.?image.orValue(dyn({}))"),
    // The inline configuration, unless a ConfigMap takes its place; its values are of any type.
    (
        "raw",
        "has(object.spec) && has(object.spec.config) && has(object.spec.config.raw) && \
         !has(object.spec.config.configMapRef) ? dyn(object.spec.config.raw) : dyn({})",
    ),
    (
        "agents",
        "has(variables.raw.agents) && type(variables.raw.agents) == map ? variables.raw.agents : dyn({})",
    ),
    (
        "gateway",
        "has(variables.raw.gateway) && type(variables.raw.gateway) == map ? variables.raw.gateway : dyn({})",
    ),
    (
        "auth",
        "has(variables.gateway.auth) && type(variables.gateway.auth) == map ? variables.gateway.auth : dyn({})",
    ),
    (
        "proxies",
        "has(variables.gateway.trustedProxies) && type(variables.gateway.trustedProxies) == list ? \
         variables.gateway.trustedProxies.filter(p, type(p) == string) : dyn([])",
    ),
    // Year, month and patch of a tag that names a version, else nothing.
    (
        "version",
        "variables.image.?tag.orValue('').matches('^[0-9]{4,9}[.]0*([1-9]|1[0-2])[.][0-9]{1,9}\
         (-(alpha[.]|beta[.])?[0-9]{1,9})?(-(slim|browser|amd64|arm64|r[0-9]{8}))*$') ? \
         variables.image.tag.split('-')[0].split('.').map(n, int(n)) : []",
    ),
    (
        "isOld",
        "size(variables.version) == 3 && (variables.version[0] * 100 + variables.version[1] < 202607 || \
         variables.version[0] * 100 + variables.version[1] == 202607 && (variables.version[2] < 1 || \
         variables.version[2] == 1 && variables.image.tag.matches('-(alpha|beta)[.]')))",
    ),
    ("ingress", "object.?spec.?networking.?ingress.orValue(dyn({}))"),
    ("hasIngress", "variables.ingress.?enabled.orValue(false)"),
    ("hasRoute", "object.?spec.?networking.?httpRoute.?enabled.orValue(false)"),
    ("networkPolicy", "object.?spec.?security.?networkPolicy.orValue(dyn({}))"),
    ("context", "object.?spec.?security.?containerSecurityContext.orValue(dyn({}))"),
    ("metrics", "object.?spec.?observability.?metrics.orValue(dyn({}))"),
    ("env", "object.?spec.?env.orValue([])"),
];
/// When a policy is asked at all.
const CONDITIONS: &[(&str, &str)] = &[
    ("is-not-deleted", "!has(object.metadata.deletionTimestamp)"),
    (
        "has-another-spec",
        "oldObject == null || has(object.spec) != has(oldObject.spec) || \
         has(object.spec) && object.spec != oldObject.spec",
    ),
];

/// Returns both policies, each with its binding.
pub fn all() -> [Value; 4] {
    // A policy that cannot be asked refuses; one that only warns is not worth an outage.
    let [refuses, warns] =
        [(REFUSING, Severity::Error, "Fail"), (WARNING, Severity::Warning, "Ignore")]
            .map(|(name, severity, failure)| policy(name, severity, failure));
    [refuses, binding(REFUSING, "Deny"), warns, binding(WARNING, "Warn")]
}

/// Returns every question of a severity with the code of its check.
pub fn questions(asked: Severity) -> impl Iterator<Item = (&'static str, &'static Question)> {
    CHECKS.iter().filter(move |check| severity(check.code) == asked).flat_map(|check| {
        let questions: &[Question] = match check.cel {
            Cel::Policy(questions) | Cel::Part(questions, _) => questions,
            Cel::Rule { .. } | Cel::NotExpressible(_) => &[],
        };
        questions.iter().map(|question| (check.code, question))
    })
}

fn policy(name: &str, severity: Severity, failure: &str) -> Value {
    let validations: Vec<Value> = questions(severity)
        .map(|(code, Question { path, rule, message })| {
            json!({"expression": rule, "message": format!("{code}: {path}: {message}")})
        })
        .collect();
    let named = |(name, rule): &(&str, &str)| json!({"name": name, "expression": rule});
    let conditions: Vec<Value> = CONDITIONS.iter().map(named).collect();
    let variables: Vec<Value> = variables(severity).into_iter().map(named).collect();
    let (group, version) = names::API_VERSION.split_once('/').unwrap_or_default();
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name, "labels": labels()},
        "spec": {
            "failurePolicy": failure,
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [group],
                "apiVersions": [version],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["openclawinstances"],
                // The default, written out: client-side apply would find it missing for ever.
                "scope": "*",
            }]},
            "matchConditions": conditions,
            "variables": variables,
            "validations": validations,
        },
    })
}

/// Returns the variables that the questions of a severity read, themselves or through others.
fn variables(severity: Severity) -> Vec<&'static (&'static str, &'static str)> {
    let mut text: String = questions(severity).map(|(_, question)| question.rule).collect();
    let mut read: Vec<_> = VARIABLES.iter().rev().collect();
    read.retain(|(name, rule)| {
        let reads = text.contains(&format!("variables.{name}"));
        text.push_str(if reads { rule } else { "" });
        reads
    });
    read.reverse();
    read
}

fn binding(name: &str, action: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name, "labels": labels()},
        "spec": {"policyName": name, "validationActions": [action]},
    })
}

fn labels() -> Value {
    json!({names::LABEL_NAME: names::APP, names::LABEL_MANAGED_BY: names::MANAGED_BY})
}
