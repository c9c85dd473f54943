//! Every rendered object says whose it is, and objects of two instances never meet.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod kit;

use std::collections::BTreeSet;

use kit::render::{all, each, is_subset};
use kit::restricted::list;
use openclaw::names;
use openclaw::validate::across::objects;
use sha2::{Digest, Sha256};

#[test]
fn bindings_bind_roles_and_accounts_that_exist() {
    each(|r| {
        for binding in r.manifests.iter().filter(|m| m.kind == "RoleBinding") {
            let role = binding.value["roleRef"]["name"].as_str().unwrap();
            assert!(r.named("Role", role).is_some(), "{}: {role}", r.case);
            for subject in list(&binding.value["subjects"]) {
                if subject["namespace"] == r.instance.namespace.as_str() {
                    let name = subject["name"].as_str().unwrap();
                    assert!(r.named("ServiceAccount", name).is_some(), "{}: {name}", r.case);
                    assert_eq!(r.pod()["serviceAccountName"], name, "{}", r.case);
                }
            }
        }
    });
}

#[test]
fn every_object_says_whose_it_is_and_where_it_comes_from() {
    each(|r| {
        let mut seen = BTreeSet::new();
        for manifest in &r.manifests {
            let at = format!("{}: {} {}", r.case, manifest.kind, manifest.name);
            let metadata = &manifest.value["metadata"];
            assert_eq!(metadata["namespace"], r.instance.namespace.as_str(), "{at}");
            assert_eq!(metadata["labels"][names::LABEL_NAME], "openclaw", "{at}");
            assert_eq!(metadata["labels"][names::LABEL_INSTANCE], r.instance.name.as_str(), "{at}");
            assert_eq!(metadata["labels"][names::LABEL_MANAGED_BY], "openclaw", "{at}");
            let source = metadata["annotations"][names::ANNOTATION_SOURCE].as_str().unwrap();
            assert!(source.starts_with("instances/"), "{at}");
            let versioned = metadata["labels"].get(names::LABEL_VERSION).is_some();
            assert!(!versioned || manifest.kind == "StatefulSet", "{at}");
            assert!(manifest.name.len() <= 63, "{at}");
            assert_ne!(manifest.kind, "Secret", "{at}");
            assert!(seen.insert((manifest.kind.clone(), manifest.name.clone())), "{at}");
            let substituted = manifest.text().contains("${");
            let excluded =
                metadata["annotations"].get("kustomize.toolkit.fluxcd.io/substitute").is_some();
            assert_eq!(substituted, excluded, "{at}");
        }
    });
}

#[test]
fn what_validate_compares_between_instances_is_what_is_rendered() {
    each(|r| {
        let expected: BTreeSet<(&str, &str)> =
            r.manifests.iter().map(|m| (m.kind.as_str(), m.name.as_str())).collect();
        let known = objects::of(&r.loaded, &r.settings);
        let known: BTreeSet<(&str, &str)> = known.iter().map(|o| (o.kind, &*o.name)).collect();
        let missing: Vec<_> = expected.difference(&known).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", r.case);
        // A Middleware is rendered for Traefik alone.
        let may = |kind: &str| kind == "Middleware";
        let extra: Vec<_> = known.difference(&expected).filter(|(kind, _)| !may(kind)).collect();
        assert!(extra.is_empty(), "{}: {extra:?}", r.case);
    });
}

#[test]
fn the_render_hash_is_the_hash_of_the_rest() {
    each(|r| {
        let mut set = r.object("StatefulSet").unwrap().clone();
        let annotations = set["metadata"]["annotations"].as_object_mut().unwrap();
        let hash = annotations.remove(names::ANNOTATION_RENDER_HASH).unwrap();
        let text = openclaw::render::yaml::write(&set);
        let found = openclaw::model::scripts::hex(Sha256::digest(text.as_bytes()).as_slice());
        assert_eq!(hash, found.as_str(), "{}", r.case);
    });
}

#[test]
fn the_policy_of_one_instance_never_selects_the_pods_of_another() {
    let all = all();
    let mut pairs = 0;
    for a in &all {
        let Some(policy) = a.object("NetworkPolicy") else { continue };
        let selector = &policy["spec"]["podSelector"]["matchLabels"];
        for b in &all {
            let same = (&a.instance.namespace, &a.instance.name)
                == (&b.instance.namespace, &b.instance.name);
            if same || a.instance.namespace != b.instance.namespace {
                continue;
            }
            let labels =
                &b.object("StatefulSet").unwrap()["spec"]["template"]["metadata"]["labels"];
            assert!(!is_subset(selector, labels), "{} selects {}", a.case, b.case);
            pairs += 1;
        }
    }
    assert!(pairs > 100, "{pairs}");
}

#[test]
fn a_stream_from_stdin_names_no_source_and_hashes_alike() {
    let text = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\n\
        metadata:\n  name: my-agent\nspec:\n  image:\n    tag: \"2026.9.6\"\n";
    let stream = kit::Test::new().args(["render", "-"]).stdin(text).success();
    for mut object in kit::documents(&stream) {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let Some(annotations) = object["metadata"].get_mut("annotations") else { continue };
        let annotations = annotations.as_object_mut().unwrap();
        assert!(!annotations.is_empty(), "{kind}");
        assert!(!annotations.contains_key(names::ANNOTATION_SOURCE), "{kind}");
        if kind == "StatefulSet" {
            let hash = annotations.remove(names::ANNOTATION_RENDER_HASH).unwrap();
            let text = openclaw::render::yaml::write(&object);
            let found = openclaw::model::scripts::hex(Sha256::digest(text.as_bytes()).as_slice());
            assert_eq!(hash, found.as_str());
        }
    }
}
