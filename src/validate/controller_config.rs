//! Reads and checks the controller's `config.yaml`, and writes it.

use super::grammar::{is_host, is_label, is_subdomain, path_fault};
use super::single;
use crate::api::controller_config::{Author, ControllerConfig, Registry, Repository, schema};
use crate::api::source::Document;
use crate::api::structure::Schema;
use crate::diagnostic::{Finding, Report, severity};

/// Code of what is wrong with an installation.
pub const CODE: &str = "OC0313";

/// What is wrong: the field, and what was found and is allowed.
pub type Fault = (String, String);

/// Reads the configuration; `None` when the report holds an error.
pub fn read(name: &str, bytes: &[u8]) -> (Option<ControllerConfig>, Report) {
    let schema = Schema::compile(schema());
    let (read, mut report) = single::read::<ControllerConfig>(name, bytes, &schema, CODE);
    let Some((config, document)) = read else { return (None, report) };
    tell(&faults(&config), &document, &mut report);
    let config = (!report.has_errors()).then_some(config);
    (config, report)
}

fn tell(faults: &[Fault], document: &Document, report: &mut Report) {
    for (path, message) in faults {
        // A place shows its line, and a refused URL may hold a password.
        let place = (path.rsplit('.').next() != Some("url")).then(|| document.place(path));
        report.push(Finding { place, ..Finding::new(CODE, severity(CODE), path, message, None) });
    }
}

/// Returns everything that is wrong with a configuration.
pub fn faults(config: &ControllerConfig) -> Vec<Fault> {
    let mut found: Vec<Fault> = Vec::new();
    if let Some(name) = &config.cluster_name
        && let Some(message) = cluster_name(name)
    {
        found.push(("clusterName".to_owned(), message));
    }
    for (index, repository) in config.repositories.iter().enumerate() {
        let at = format!("repositories[{index}]");
        let faults = self::repository(repository).into_iter();
        found.extend(faults.map(|(field, message)| (format!("{at}.{field}"), message)));
        if config.repositories[..index].iter().any(|other| other.name == repository.name) {
            let message = format!("found `{}` twice, allowed: a name once", repository.name);
            found.push((format!("{at}.name"), message));
        }
    }
    for (index, registry) in config.registries.iter().enumerate() {
        let at = format!("registries[{index}]");
        let faults = self::registry(registry).into_iter();
        found.extend(faults.map(|(field, message)| (format!("{at}.{field}"), message)));
        if config.registries[..index].iter().any(|other| other.name == registry.name) {
            let message = format!("found `{}` twice, allowed: a name once", registry.name);
            found.push((format!("{at}.name"), message));
        }
    }
    for (index, grant) in config.restore_grants.iter().enumerate() {
        let at = format!("restoreGrants[{index}]");
        if let Some(message) = namespace(&grant.namespace) {
            found.push((format!("{at}.namespace"), message));
        }
        if let Some(fault) = path_fault(&grant.prefix) {
            let message =
                format!("found `{}`, {fault}; allowed: a path such as `backups/a`", grant.prefix);
            found.push((format!("{at}.prefix"), message));
        }
    }
    found
}

/// Returns why a name of a namespace is refused.
pub fn namespace(text: &str) -> Option<String> {
    (!is_label(text, 63)).then(|| format!("found `{text}`, allowed: the name of a namespace"))
}

/// Returns why a name of a cluster is refused.
pub fn cluster_name(text: &str) -> Option<String> {
    (!is_subdomain(text))
        .then(|| format!("found `{text}`, allowed: lower-case letters, digits, `-` and `.`"))
}

/// Returns what is wrong with a registry, by its field.
fn registry(registry: &Registry) -> Vec<(&'static str, String)> {
    let Registry { name, host, endpoint, credentials_secret, ca_bundle } = registry;
    let mut found = Vec::new();
    if !is_label(name, 40) {
        let allowed = "lower-case letters, digits and `-`, 40 at most";
        found.push(("name", format!("found `{name}`, allowed: {allowed}")));
    }
    let (bare, port) = host.split_once(':').unwrap_or((host, "443"));
    if !is_host(bare) || !is_port(port) {
        let allowed = "the host of an image's name, such as `ghcr.io`";
        found.push(("host", format!("found `{host}`, allowed: {allowed}")));
    }
    if let Some(endpoint) = endpoint
        && !is_endpoint(endpoint)
    {
        let allowed = "`https://host` or `http://host:port`, without a password";
        let shown = without_password(endpoint);
        found.push(("endpoint", format!("found `{shown}`, allowed: {allowed}")));
    }
    if let Some(secret) = credentials_secret
        && !is_subdomain(secret)
    {
        found.push(("credentialsSecret", format!("found `{secret}`, allowed: a Secret's name")));
    }
    found.extend(ca_bundle.as_deref().and_then(|bundle| certificates(bundle, false)));
    found
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_endpoint(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| is_host_and_path(&format!("{rest}/.")))
}

fn certificates(bundle: &str, is_needless: bool) -> Option<(&'static str, String)> {
    let is_fine = !is_needless && bundle.contains("-----BEGIN CERTIFICATE-----");
    let allowed = "certificates in PEM, with an https url";
    (!is_fine).then(|| ("caBundle", format!("found something else, allowed: {allowed}")))
}

/// Returns what is wrong with the author of commits.
fn author(author: &Author) -> Option<(&'static str, String)> {
    let is_plain = |text: &str| {
        !text.trim().is_empty() && text.len() <= 200 && !text.contains(['<', '>', '\n', '\r', '\0'])
    };
    let is_fine = is_plain(&author.name) && is_plain(&author.email) && author.email.contains('@');
    let allowed = "a name, and an address such as `bot@example.com`";
    (!is_fine).then(|| ("author", format!("found something else, allowed: {allowed}")))
}

/// Returns what is wrong with a repository, by its field.
pub fn repository(repository: &Repository) -> Vec<(&'static str, String)> {
    let Repository { name, url, branch, path, credentials_secret, known_hosts, .. } = repository;
    let mut found = Vec::new();
    // The volume of its credentials is named after it.
    if !is_label(name, 40) {
        let allowed = "lower-case letters, digits and `-`, 40 at most";
        found.push(("name", format!("found `{name}`, allowed: {allowed}")));
    }
    if !is_url(url) {
        let allowed = "`https://host/path.git`, `ssh://git@host/path.git` or `git@host:path.git`, without a password";
        found.push(("url", format!("found `{}`, allowed: {allowed}", without_password(url))));
    }
    if !is_branch(branch) {
        found.push(("branch", format!("found `{branch}`, allowed: the name of a branch")));
    }
    if !path.is_empty()
        && let Some(fault) = path_fault(path)
    {
        let allowed = "a folder inside the repository";
        found.push(("path", format!("found `{path}`, {fault}; allowed: {allowed}")));
    }
    if let Some(secret) = credentials_secret
        && !is_subdomain(secret)
    {
        found.push(("credentialsSecret", format!("found `{secret}`, allowed: a Secret's name")));
    }
    if known_hosts.is_some() && !repository.is_ssh() {
        found.push(("knownHosts", "found beside an https url, allowed: with ssh".to_owned()));
    }
    let bundle = repository.ca_bundle.as_deref();
    // With ssh it is for the API that opens pull requests.
    let is_needless = repository.is_ssh() && repository.pull_requests.is_none();
    found.extend(bundle.and_then(|bundle| certificates(bundle, is_needless)));
    found.extend(repository.author.as_ref().and_then(author));
    if let Some(api) = repository.pull_requests.as_ref().and_then(|one| one.api.as_ref())
        && !is_endpoint(api)
    {
        let (shown, allowed) = (without_password(api), "`https://host/path`, without a password");
        found.push(("pullRequests.api", format!("found `{shown}`, allowed: {allowed}")));
    }
    if let Some(subject) = &repository.subject
        && (subject.trim().is_empty() || subject.len() > 200 || subject.contains(['\n', '\r']))
    {
        let allowed = "one line, such as `chore(deps): {subject}`";
        found.push(("subject", format!("found `{subject}`, allowed: {allowed}")));
    }
    found
}

/// What a report may show of a URL: nobody's password.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, host))) if rest.contains('@') => {
            format!("{scheme}://...@{host}")
        }
        _ => url.to_owned(),
    }
}

fn is_url(url: &str) -> bool {
    let is_plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"\"'`<>\\^{|}#?".contains(&b));
    is_plain && url.len() <= 2048 && (is_https(url) || is_ssh_url(url) || is_short_ssh(url))
}

fn is_https(url: &str) -> bool {
    url.strip_prefix("https://").is_some_and(is_host_and_path)
}

fn is_ssh_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("ssh://") else { return false };
    match rest.split_once('@') {
        Some((user, rest)) => is_user(user) && is_host_and_path(rest),
        None => is_host_and_path(rest),
    }
}

/// `git@host:path`, as git prints it.
fn is_short_ssh(url: &str) -> bool {
    let Some((user, rest)) = url.split_once('@') else { return false };
    let Some((host, path)) = rest.split_once(':') else { return false };
    is_user(user) && is_host(host) && !path.is_empty()
}

fn is_user(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && text.bytes().all(is_word)
}

fn is_host_and_path(text: &str) -> bool {
    let Some((authority, path)) = text.split_once('/') else { return false };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0) && !path.is_empty()
}

/// Git keeps its own files under such names.
fn is_lock(part: &str) -> bool {
    part.rsplit_once('.').is_some_and(|(_, ending)| ending == "lock")
}

/// What `git check-ref-format --branch` takes, and nothing that a program could read as a flag.
fn is_branch(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !is_lock(part)
            && part.bytes().all(|b| b.is_ascii_graphic() && !b"~^:?*[\\".contains(&b))
    };
    text.len() <= 244
        && !text.starts_with('-')
        && !text.ends_with('.')
        && text != "@"
        && !text.contains("..")
        && !text.contains("@{")
        && text.split('/').all(is_part)
}
