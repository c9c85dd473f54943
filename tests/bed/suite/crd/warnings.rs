//! The policy that warns, held against the warnings of `validate`.

use std::collections::{BTreeMap, BTreeSet};

use openclaw::diagnostic::Severity;
use openclaw::validate::policies::{WARNING, questions};

use super::server::{Namespace, Server, install, kubectl};
use crate::{asked, policy_corpus};

/// Returns what the API server puts in front of a message.
fn prefix() -> String {
    format!(
        "Validation failed for ValidatingAdmissionPolicy '{WARNING}' with binding '{WARNING}': "
    )
}

#[test]
fn the_api_server_warns_as_validate_warns() {
    install();
    let (server, namespace) = (Server::new(), Namespace::new("crd-warnings"));
    let mut sides: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut differences = Vec::new();
    let mut compared = 0;
    for mut case in policy_corpus::cases(1_300) {
        case.instance["metadata"]["namespace"] = namespace.0.into();
        let answer = server.try_create(namespace.0, &case.instance);
        if answer.status >= 300 {
            continue;
        }
        compared += 1;
        let expected = asked::warnings(&case.instance);
        let plain = |text: &String| text.strip_prefix(&prefix()).unwrap_or(text).to_owned();
        let found: BTreeSet<String> = answer.warnings.iter().map(plain).collect();
        for (code, question) in questions(Severity::Warning) {
            let text = format!("{code}: {}: {}", question.path, question.message);
            let warned = usize::from(found.contains(&text));
            sides.entry(text).or_default()[warned] += 1;
        }
        if found != expected {
            differences.push(format!("{}: validate {expected:#?}, warnings {found:#?}", case.name));
        }
    }
    println!("differences in warnings: {} of {compared}", differences.len());
    let shown = &differences[..differences.len().min(10)];
    assert!(shown.is_empty(), "{} of {compared}: {shown:#?}", differences.len());
    assert!(compared > 800, "{compared} accepted");
    for (text, [silent, warned]) in sides {
        assert!(silent > 0 && warned > 0, "{text}: {silent} without, {warned} with it");
    }
}

#[test]
fn kubectl_prints_the_warnings() {
    install();
    let namespace = Namespace::new("crd-prints-warnings");
    let instance = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\n\
                    metadata: {name: my-agent}\nspec: {image: {tag: latest}}\n";
    let args = ["-n", namespace.0, "create", "--dry-run=server", "-f", "-"];
    let output = kubectl(&args, instance);
    let said = |text: &str| format!("Warning: {}{text}\n", prefix());
    assert_eq!(
        output.stderr,
        said(
            "OC0206: spec: no key of an AI provider is in sight: neither `env` nor `envFrom` has one"
        ) + &said("OC0208: spec.image.tag: moves: a restart may start another version")
    );
    assert_eq!(output.code, Some(0));
    // The API server cuts each warning to 256 characters when all of them are long.
    for (code, question) in questions(Severity::Warning) {
        let text = format!("{}{code}: {}: {}", prefix(), question.path, question.message);
        assert!(text.chars().count() <= 256, "{}: {text}", text.len());
    }
}
