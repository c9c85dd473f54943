//! The files that people go on with: which there are, and what is placed into them.

use serde_json::Value;

use super::{Gitops, Host, Options};
use crate::render::yaml;

/// Stands for the address of the repository until somebody writes it.
pub(super) const REPOSITORY: &str = "https://git.example.com/acme/agents.git";
/// Stands for the team that owns the files until somebody writes it.
pub(super) const OWNER: &str = "@acme/platform";

/// One file: its path, its text with placeholders, and when it is written.
type File = (&'static str, &'static str, fn(&Options) -> bool);

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../templates/init/", $name))
    };
}

const FILES: &[File] = &[
    ("openclaw.yaml", text!("openclaw.yaml"), |_| true),
    ("instances/{{ name }}.yaml", text!("instance.yaml"), |_| true),
    (".gitattributes", text!("gitattributes"), |_| true),
    (".pre-commit-config.yaml", text!("pre-commit-config.yaml"), |_| true),
    (".github/workflows/openclaw.yaml", text!("ci/github.yaml"), is_on_github),
    (".github/CODEOWNERS", text!("CODEOWNERS"), is_on_github),
    (".gitlab-ci.yml", text!("ci/gitlab.yaml"), is_on_gitlab),
    (".gitlab/CODEOWNERS", text!("CODEOWNERS"), is_on_gitlab),
    (".forgejo/workflows/openclaw.yaml", text!("ci/forgejo.yaml"), is_on_forgejo),
    // The only place of its own that Forgejo looks at; at the root, the others would read it too.
    (".gitea/CODEOWNERS", text!("CODEOWNERS.expressions"), is_on_forgejo),
    ("argocd/application.yaml", text!("argocd/application.yaml"), is_argocd),
    ("argocd/controller.yaml", text!("argocd/controller.yaml"), is_argocd),
    (
        "argocd/health.yaml",
        include_str!("../../examples/gitops-argocd/argocd/health.yaml"),
        is_argocd,
    ),
    ("flux/controller.yaml", text!("flux/controller.yaml"), is_flux),
    ("flux/git-repository.yaml", text!("flux/git-repository.yaml"), is_flux),
    ("flux/kustomization.yaml", text!("flux/kustomization.yaml"), is_flux),
    ("flux/namespace.yaml", text!("flux/namespace.yaml"), is_flux),
];

fn is_argocd(options: &Options) -> bool {
    options.gitops == Gitops::Argocd
}

fn is_flux(options: &Options) -> bool {
    options.gitops == Gitops::Flux
}

fn is_on_github(options: &Options) -> bool {
    options.hosts.contains(&Host::Github)
}

fn is_on_gitlab(options: &Options) -> bool {
    options.hosts.contains(&Host::Gitlab)
}

fn is_on_forgejo(options: &Options) -> bool {
    options.hosts.contains(&Host::Forgejo)
}

/// Returns path and text of each file that the options ask for.
pub(super) fn texts(options: &Options) -> Vec<(String, String)> {
    let secret = format!("{}-keys", options.name);
    let values = [
        ("name", options.name.as_str()),
        ("namespace", &options.namespace),
        ("secret", &secret),
        ("tag", &options.tag),
        ("branch", &options.branch),
        ("repository", options.repository.as_deref().unwrap_or(REPOSITORY)),
        ("owner", options.owner.as_deref().unwrap_or(OWNER)),
        ("requires", &requires()),
    ];
    let wanted = FILES.iter().filter(|(_, _, when)| when(options));
    wanted
        .map(|(path, text, _)| {
            // What YAML would take for something else is quoted, and CODEOWNERS is no YAML.
            let write = if path.ends_with("CODEOWNERS") { str::to_owned } else { scalar };
            (fill(path, &values, str::to_owned), fill(text, &values, write))
        })
        .collect()
}

fn fill(text: &str, values: &[(&str, &str)], write: fn(&str) -> String) -> String {
    values.iter().fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("{{{{ {key} }}}}"), &write(value))
    })
}

fn scalar(text: &str) -> String {
    yaml::write(&Value::String(text.to_owned())).trim_end().to_owned()
}

/// The range of tools that render the same bytes: patches of this version.
fn requires() -> String {
    let part = |text: &str| text.parse::<u32>().unwrap_or_default();
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), part(env!("CARGO_PKG_VERSION_MINOR")));
    format!(">={major}.{minor}, <{major}.{}", minor + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled_and_stands_alone() {
        for (path, text, _) in FILES {
            for (at, _) in text.match_indices("{{ ").filter(|(at, _)| !text[..*at].ends_with('$')) {
                let end = at + text[at..].find("}}").unwrap_or_default();
                let known = ["name", "namespace", "secret", "tag", "branch", "repository", "owner"];
                let key = text[at + 3..end].trim();
                assert!(known.contains(&key) || key == "requires", "{path}: {key}");
                let line = text[..at].rsplit('\n').next().unwrap_or_default();
                let before = line.ends_with(": ") || line.ends_with("- ");
                let is_yaml = !path.contains("CODEOWNERS") && !line.starts_with('#');
                assert!(before || !is_yaml, "{path}: {line}");
                assert!(text[end + 2..].starts_with('\n') || !is_yaml, "{path}: {key}");
            }
        }
    }

    #[test]
    fn a_value_that_looks_like_another_type_is_quoted() {
        let options =
            Options { name: "123".to_owned(), tag: "2026.10".to_owned(), ..Options::default() };
        let texts = texts(&options);
        let (path, instance) = &texts[1];
        assert_eq!(path, "instances/123.yaml");
        assert!(instance.contains("\n  name: \"123\"\n"), "{instance}");
        assert!(instance.contains("\n    tag: \"2026.10\"\n"), "{instance}");
    }
}
