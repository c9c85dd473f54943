//! Rules between instances: what each of them may do alone, but not both.

pub mod objects;

use std::collections::BTreeMap;

use crate::api::Loaded;
use crate::api::settings::Settings;
use crate::diagnostic::{Finding, Report, severity};

/// One claim on something that only one instance may have.
struct Claim {
    code: &'static str,
    /// What is claimed; equal keys collide.
    key: String,
    /// Where it is written.
    path: String,
    /// What it is called in the message.
    what: String,
    /// What to do about a collision.
    hint: &'static str,
}

/// Checks all instances of one run against each other.
pub fn validate(all: &[Loaded], settings: &Settings) -> Report {
    let mut owners: BTreeMap<(&'static str, String), (usize, String)> = BTreeMap::new();
    let mut report = Report::default();
    for (index, loaded) in all.iter().enumerate() {
        for claim in claims(loaded, settings) {
            let key = (claim.code, claim.key.clone());
            match owners.get(&key) {
                Some((owner, _)) if *owner == index => {}
                // Two with one name share everything else too, which says nothing new.
                Some((owner, _)) if claim.code != "OC0301" && is_one(loaded, &all[*owner]) => {}
                Some((owner, path)) => report.push(collision(loaded, &claim, &all[*owner], path)),
                None => drop(owners.insert(key, (index, claim.path))),
            }
        }
    }
    report
}

fn is_one(a: &Loaded, b: &Loaded) -> bool {
    (&a.namespace, &a.name) == (&b.namespace, &b.name)
}

fn collision(loaded: &Loaded, claim: &Claim, owner: &Loaded, owner_path: &str) -> Finding {
    let other = owner.document.place(owner_path).to_string();
    let mut finding = Finding::new(
        claim.code,
        severity(claim.code),
        claim.path.clone(),
        format!("{} is taken by `{}` at {other}", claim.what, owner.name),
        Some(claim.hint.to_owned()),
    );
    finding.place = Some(loaded.document.place(&claim.path));
    finding
}

fn claims(loaded: &Loaded, settings: &Settings) -> Vec<Claim> {
    let (namespace, name) = (&loaded.namespace, &loaded.name);
    let mut claims = vec![Claim {
        code: "OC0301",
        key: format!("{namespace}/{name}"),
        path: "metadata.name".to_owned(),
        what: format!("the name `{name}` in namespace `{namespace}`"),
        hint: "rename one of the two",
    }];
    let folded = format!("{namespace}/{name}").to_lowercase();
    claims.push(Claim {
        code: "OC0302",
        key: folded.clone(),
        path: "metadata.name".to_owned(),
        what: format!("the folder `{folded}`"),
        hint: "rename one of the two",
    });
    let persistence = &loaded.spec.storage.persistence;
    if let (true, Some(claim)) = (persistence.enabled, &persistence.existing_claim) {
        claims.push(Claim {
            code: "OC0303",
            key: format!("{namespace}/{claim}"),
            path: "spec.storage.persistence.existingClaim".to_owned(),
            what: format!("the claim `{claim}`"),
            hint: "give each instance a claim of its own",
        });
    } else if persistence.enabled {
        claims.push(Claim {
            code: "OC0303",
            key: format!("{namespace}/{}", crate::names::claim(name)),
            path: "metadata.name".to_owned(),
            what: format!("the claim `{}`", crate::names::claim(name)),
            hint: "give each instance a claim of its own",
        });
    }
    claims.extend(addresses(loaded));
    claims.extend(rendered(loaded, settings));
    claims
}

fn rendered(loaded: &Loaded, settings: &Settings) -> Vec<Claim> {
    let objects = objects::of(loaded, settings).into_iter();
    // A RoleBinding has the name of its Role, and a claim is told as OC0303.
    let told = |kind| !matches!(kind, "RoleBinding" | "PersistentVolumeClaim");
    objects
        .filter(|object| told(object.kind))
        .map(|objects::Object { kind, name, path }| Claim {
            code: "OC0307",
            key: format!("{kind} {}/{name}", loaded.namespace),
            path: path.to_owned(),
            what: format!("the {kind} `{name}` of `{}`", loaded.name),
            hint: match kind {
                "ServiceAccount" => {
                    "let one of them render it, and set `createServiceAccount: false` in the others"
                }
                _ => "rename one of the two",
            },
        })
        .collect()
}

fn addresses(loaded: &Loaded) -> Vec<Claim> {
    let ingress = &loaded.spec.networking.ingress;
    if !ingress.enabled {
        return Vec::new();
    }
    let class = ingress.class_name.as_deref().unwrap_or_default();
    let mut claims = Vec::new();
    for (at, host) in ingress.hosts.iter().enumerate() {
        let paths: Vec<&str> = if host.paths.is_empty() {
            vec!["/"]
        } else {
            host.paths.iter().map(|path| path.path.as_str()).collect()
        };
        for path in paths {
            claims.push(Claim {
                code: "OC0304",
                key: format!("{class} {}{path}", host.host),
                path: format!("spec.networking.ingress.hosts[{at}].host"),
                what: format!("`{}{path}`", host.host),
                hint: "give each instance a host or path of its own",
            });
        }
    }
    claims
}
