//! Where an image is.

use oci_distribution::Reference;

use super::Fault;

/// The registry of an image, and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Host, with a port where the name of the image has one.
    pub host: String,
    /// Base of every request, without a slash at its end.
    pub base: String,
    /// Name of the repository, such as `openclaw/openclaw`.
    pub repository: String,
}

/// Reads the name of an image; `endpoint` is who is asked instead of its registry.
pub(super) fn place(image: &str, endpoint: Option<&str>) -> Result<Place, Fault> {
    let reference: Reference = image
        .parse()
        .map_err(|error| Fault::Missing(format!("`{image}` is no name of an image: {error}")))?;
    let host = match reference.resolve_registry() {
        // What people write, and who answers.
        "index.docker.io" | "docker.io" => "registry-1.docker.io",
        host => host,
    };
    let base = endpoint.map_or_else(|| format!("https://{host}"), str::to_owned);
    Ok(Place {
        host: host.to_owned(),
        base: base.trim_end_matches('/').to_owned(),
        repository: reference.repository().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_registries() {
        let told = |image: &str, endpoint| {
            place(image, endpoint).map(|place| format!("{} {}", place.base, place.repository))
        };
        let cases = [
            ("ghcr.io/openclaw/openclaw", "https://ghcr.io openclaw/openclaw"),
            ("nginx", "https://registry-1.docker.io library/nginx"),
            ("a/b", "https://registry-1.docker.io a/b"),
            ("docker.io/a/b", "https://registry-1.docker.io a/b"),
            ("localhost:5000/a/b", "https://localhost:5000 a/b"),
        ];
        for (image, expected) in cases {
            assert_eq!(told(image, None).as_deref(), Ok(expected), "{image}");
        }
        let mirror = told("ghcr.io/a/b", Some("http://10.0.0.1:5000/proxy/"));
        assert_eq!(mirror.as_deref(), Ok("http://10.0.0.1:5000/proxy a/b"));
        assert!(told("UPPER case", None).is_err());
    }
}
