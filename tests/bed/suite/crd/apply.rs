//! The API server takes the CRD and the policies, whoever applies them.

use serde_json::Value;

use super::server::{Variant, done, established, install, kubectl, wait};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Returns objects as the API server has them.
fn objects(kind: &str, name: &str) -> Value {
    serde_json::from_str(&done(&["get", kind, name, "-o", "json"], "")).unwrap()
}

/// Returns the objects of a text as the API server has them.
fn items(text: &str) -> Vec<Value> {
    let mut answer: Value =
        serde_json::from_str(&done(&["get", "-f", "-", "-o", "json"], text)).unwrap();
    match answer["items"].take() {
        Value::Array(items) => items,
        _ => vec![answer],
    }
}

/// Returns the bytes of the longest annotation that client-side apply left.
fn longest_annotation(text: &str) -> usize {
    let annotation =
        |item: &Value| item["metadata"]["annotations"][LAST_APPLIED].as_str().map(str::len);
    items(text).iter().map(|item| annotation(item).unwrap_or_default()).max().unwrap()
}

/// Returns the objects without the record of who wrote them when, which server-side apply renews,
/// once whoever writes their status has done so.
fn rested(text: &str) -> Option<Vec<Value>> {
    let mut items = items(text);
    let is_policy = |item: &Value| item["kind"] == "ValidatingAdmissionPolicy";
    let is_judged =
        |item: &Value| item["status"]["observedGeneration"] == item["metadata"]["generation"];
    for item in &mut items {
        let metadata = item["metadata"].as_object_mut().unwrap();
        metadata.remove("managedFields");
        metadata.remove("resourceVersion");
    }
    items.iter().all(|item| !is_policy(item) || is_judged(item)).then_some(items)
}

#[test]
fn crd_and_policies_apply_by_server_and_by_client_and_then_change_nothing() {
    for (word, side, again) in
        [("server", Some("--server-side"), "serverside-applied"), ("client", None, "unchanged")]
    {
        let variant = Variant::new(word);
        for text in [&variant.crd, &variant.policies] {
            let args: Vec<&str> = ["apply", "-f", "-"].into_iter().chain(side).collect();
            let first = if side.is_some() { "serverside-applied" } else { "created" };
            let said = done(&args, text);
            assert!(said.lines().all(|line| line.ends_with(first)), "{said}");
            if text == &variant.crd {
                established(&variant.resource());
            }
            let before = wait("objects that rest", || rested(text));
            let said = done(&args, text);
            assert!(said.lines().all(|line| line.ends_with(again)), "{said}");
            assert_eq!(rested(text), Some(before), "{word}: the second apply changed something");
            let annotation = longest_annotation(text);
            println!("{word}: {annotation} bytes of last-applied");
            assert!(annotation < 262_144, "{annotation} bytes");
            assert_eq!(annotation > 0, side.is_none());
        }
        let crd = objects("crd", &variant.resource());
        let conditions = crd["status"]["conditions"].as_array().unwrap();
        let states: Vec<String> = conditions
            .iter()
            .map(|it| {
                format!("{} {}", it["type"].as_str().unwrap(), it["status"].as_str().unwrap())
            })
            .collect();
        assert_eq!(states, ["NamesAccepted True", "Established True"]);
    }
}

/// Returns the expressions that do not fit the types of the instance, when they were checked.
fn type_warnings(policy: &str) -> Value {
    wait("the types of a policy", || {
        let policy = objects("validatingadmissionpolicy", policy);
        let is_checked = policy["status"]["observedGeneration"] == policy["metadata"]["generation"];
        is_checked.then(|| policy["status"]["typeChecking"]["expressionWarnings"].clone())
    })
}

#[test]
fn every_expression_fits_the_types_of_the_instance() {
    install();
    for policy in ["openclaw-refuses", "openclaw-warns"] {
        assert_eq!(type_warnings(policy), Value::Null, "{policy}");
    }
    // A field that does not exist is told, so the silence above means something.
    let policies =
        std::fs::read_to_string(crate::kit::root().join(super::server::POLICIES)).unwrap();
    let warns =
        policies.split("---\n").find(|text| text.contains("name: openclaw-warns\n")).unwrap();
    let wrong =
        warns.replace("openclaw-warns", "openclaw-warns-typo").replace("v.hostPath", "v.hostPaht");
    done(&["apply", "--server-side", "-f", "-"], &wrong);
    let told = type_warnings("openclaw-warns-typo");
    kubectl(&["delete", "-f", "-"], &wrong);
    assert!(told.to_string().contains("undefined field 'hostPaht'"), "{told}");
}
