//! Compares what roles grant, as sets of group, resource, verb and name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Sides, code, list, quoted};

/// Annotations that give the Pod an identity in a cloud.
const IDENTITIES: [&str; 4] = [
    "azure.workload.identity/client-id",
    "azure.workload.identity/tenant-id",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
];

/// One right: group, resource, verb and name of the object, `*` for all of them.
type Right = [String; 4];

/// Returns what is granted that was not.
pub(super) fn widens(sides: Sides) -> Vec<String> {
    more(sides.old, sides.new)
}

/// Returns what was granted and is not.
pub(super) fn narrows(sides: Sides) -> Vec<String> {
    more(sides.new, sides.old)
}

fn more(base: Option<&Value>, than: Option<&Value>) -> Vec<String> {
    let [old, new] = [base, than].map(subjects);
    let mut found: Vec<String> = new.difference(&old).cloned().collect();
    let [old, new] = [base, than].map(rights);
    let extra: BTreeSet<&Right> =
        new.iter().filter(|right| !old.iter().any(|other| covers(other, right))).collect();
    found.extend(words(&extra));
    found
}

/// The API server takes `*` for everything, and `*/status` for the status of everything.
fn covers(broad: &Right, right: &Right) -> bool {
    let resource = |broad: &str, own: &str| {
        broad == own
            || broad == "*"
            || broad
                .strip_prefix("*/")
                .is_some_and(|part| own.split_once('/').is_some_and(|(_, own)| own == part))
    };
    let same = |at: usize| broad[at] == right[at] || broad[at] == "*";
    same(0) && resource(&broad[1], &right[1]) && same(2) && same(3)
}

fn rights(role: Option<&Value>) -> BTreeSet<Right> {
    let mut found = BTreeSet::new();
    for rule in role.into_iter().flat_map(|role| list(&role["rules"])) {
        let texts = |field: &str| -> Vec<String> {
            list(&rule[field]).filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut names = texts("resourceNames");
        if names.is_empty() {
            names.push("*".to_owned());
        }
        for verb in texts("verbs") {
            for group in texts("apiGroups") {
                for resource in texts("resources") {
                    let one = |name: &String| {
                        [group.clone(), resource.clone(), verb.clone(), name.clone()]
                    };
                    found.extend(names.iter().map(one));
                }
            }
            let url = |url: String| ["URL".to_owned(), url, verb.clone(), "*".to_owned()];
            found.extend(texts("nonResourceURLs").into_iter().map(url));
        }
    }
    found
}

/// Says rights in as few words as it takes: the verbs of each resource together, and its names.
fn words(rights: &BTreeSet<&Right>) -> Vec<String> {
    let mut lines: Vec<(String, Vec<&str>, Vec<&str>)> = Vec::new();
    for [group, resource, verb, name] in rights {
        let resource = match group.as_str() {
            "" => resource.clone(),
            "URL" => format!("the URL {resource}"),
            group => format!("{resource}.{group}"),
        };
        match lines
            .iter_mut()
            .find(|(known, verbs, _)| *known == resource && verbs[..] == [verb.as_str()])
        {
            Some((_, _, names)) => names.push(name),
            None => lines.push((resource, vec![verb], vec![name])),
        }
    }
    let mut joined: Vec<(String, Vec<&str>, Vec<&str>)> = Vec::new();
    for (resource, verbs, names) in lines {
        match joined.iter_mut().find(|(known, _, others)| *known == resource && *others == names) {
            Some((_, more, _)) => more.extend(verbs),
            None => joined.push((resource, verbs, names)),
        }
    }
    let one = |(resource, verbs, names): (String, Vec<&str>, Vec<&str>)| {
        let names = if names == ["*"] { "every name".to_owned() } else { code(&names.join(", ")) };
        format!("{} on {} of {names}", code(&verbs.join(", ")), code(&resource))
    };
    joined.into_iter().map(one).collect()
}

fn subjects(binding: Option<&Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for subject in binding.into_iter().flat_map(|binding| list(&binding["subjects"])) {
        let text = |field: &str| subject[field].as_str().unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        let name = match text("namespace") {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        let role = binding.map_or(&Value::Null, |binding| &binding["roleRef"]["name"]);
        found.insert(format!("{} for the {kind} {}", quoted(role), code(&name)));
    }
    found
}

/// Returns the identities that change.
pub(super) fn identity(sides: Sides) -> Vec<String> {
    let [old, new] = sides.at("/metadata/annotations");
    let mut found = Vec::new();
    for name in IDENTITIES {
        let [old, new] = [old, new].map(|side| side.get(name).unwrap_or(&Value::Null));
        if old != new {
            found.push(format!("`{name}` from {} to {}", quoted(old), quoted(new)));
        }
    }
    found
}
