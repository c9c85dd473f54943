//! What a registry wants to see before it answers.

use reqwest::Url;

use super::Fault;

/// What `WWW-Authenticate` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token of another server.
    Bearer {
        /// Who gives tokens.
        realm: Url,
        /// Passed on.
        service: Option<String>,
        /// Passed on.
        scope: Option<String>,
    },
}

/// Reads the values of `WWW-Authenticate`; a token is preferred to a password.
///
/// # Errors
///
/// When the server of tokens is not one that belongs to the registry.
pub(super) fn challenge(values: &[String], registry: &Url) -> Result<Challenge, Fault> {
    let scheme = |value: &str| value.split_whitespace().next().unwrap_or_default().to_lowercase();
    if let Some(value) = values.iter().find(|value| scheme(value) == "bearer") {
        let parameters = parameters(value.trim_start().get(6..).unwrap_or_default());
        let find = |key: &str| {
            parameters.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
        };
        let realm = find("realm").and_then(|text| text.parse::<Url>().ok());
        let realm =
            realm.ok_or_else(|| Fault::Hostile("it names no server of tokens".to_owned()))?;
        if !belongs(&realm, registry) {
            let host = realm.host_str().unwrap_or_default();
            let host: String = host.chars().take(100).collect();
            return Err(Fault::Hostile(format!("`{host}` is not its server of tokens")));
        }
        return Ok(Challenge::Bearer { realm, service: find("service"), scope: find("scope") });
    }
    if values.iter().any(|value| scheme(value) == "basic") {
        return Ok(Challenge::Basic);
    }
    Err(Fault::Denied("it does not say how to prove who one is".to_owned()))
}

/// Whether a server of tokens belongs to a registry: the same server, `auth.` before it, or the
/// domain that it is in; and those that are known to be apart.
fn belongs(realm: &Url, registry: &Url) -> bool {
    const APART: [(&str, &str); 1] = [("registry-1.docker.io", "auth.docker.io")];
    if !realm.username().is_empty() || realm.password().is_some() {
        return false;
    }
    if realm.origin() == registry.origin() {
        return true;
    }
    let (Some(theirs), Some(own)) = (realm.host_str(), registry.host_str()) else { return false };
    let is_usual = realm.scheme() == "https" && realm.port().is_none();
    let is_name = realm.domain().is_some() && theirs.contains('.');
    let is_above = own.strip_suffix(theirs).is_some_and(|rest| rest.ends_with('.'));
    let is_related = theirs == own
        || theirs.strip_prefix("auth.") == Some(own)
        || is_above
        || APART.contains(&(own, theirs));
    is_usual && is_name && is_related
}

/// Reads `key="value", key=value`.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',', '\t']).to_lowercase();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key, value.trim().to_owned()));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_from_servers_that_belong_to_the_registry() {
        let told = |value: &str, registry: &str| -> String {
            let Ok(registry) = registry.parse() else { return String::new() };
            match challenge(&[value.to_owned()], &registry) {
                Ok(Challenge::Bearer { realm, service, scope }) => {
                    format!("{realm} {} {}", service.unwrap_or_default(), scope.unwrap_or_default())
                }
                Ok(Challenge::Basic) => "basic".to_owned(),
                Err(fault) => fault.to_string(),
            }
        };
        let ghcr = "https://ghcr.io";
        let bearer =
            |realm: &str| format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"r:a/b:pull\"");
        let good = [
            ("https://ghcr.io/token", ghcr),
            ("https://auth.docker.io/token", "https://registry-1.docker.io"),
            ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com"),
            ("https://auth.registry.example/t", "https://registry.example"),
            ("http://10.0.0.1:5000/token", "http://10.0.0.1:5000"),
        ];
        for (realm, registry) in good {
            assert_eq!(told(&bearer(realm), registry), format!("{realm} s r:a/b:pull"));
        }
        let bad = [
            ("https://evil.example/token", ghcr),
            ("http://ghcr.io/token", ghcr),
            ("https://user:secret@ghcr.io/token", ghcr),
            ("https://169.254.169.254/token", ghcr),
            ("http://169.254.169.254/latest", "http://10.0.0.1:5000"),
            ("https://localhost/token", ghcr),
            ("https://io/token", ghcr),
            ("https://notghcr.io/token", ghcr),
            ("https://ghcr.io:8443/token", ghcr),
        ];
        for (realm, registry) in bad {
            assert!(
                told(&bearer(realm), registry).ends_with("is not its server of tokens"),
                "{realm}"
            );
        }
        assert_eq!(told("Basic realm=\"x\"", ghcr), "basic");
        assert!(told("Negotiate", ghcr).starts_with("the registry denies access"));
        assert!(told("Bearer service=x", ghcr).ends_with("it names no server of tokens"));
    }
}
