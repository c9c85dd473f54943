//! Where an image is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use oci_distribution::Reference;
use reqwest::Url;

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

/// Whether a server is the machine itself, or is named by an address that is not of the world:
/// who may write the name of an image may not send us there.
pub(super) fn is_private(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return true };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse() {
        Ok(IpAddr::V4(ip)) => !is_public(ip),
        Ok(IpAddr::V6(ip)) => !is_public_v6(ip),
        Err(_) => last(host) == "localhost",
    }
}

/// The same, and names that only the own network knows: never where a registry of the world sends
/// anybody.
pub(super) fn is_inside(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_name = url.domain().is_some();
    let is_single = !host.trim_end_matches('.').contains('.');
    is_private(url) || is_name && (is_single || ["internal", "local"].contains(&last(host)))
}

/// The last part of a name.
fn last(host: &str) -> &str {
    host.trim_end_matches('.').rsplit('.').next().unwrap_or_default()
}

fn is_public(ip: Ipv4Addr) -> bool {
    let is_reserved = matches!(
        ip.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            // Of providers, some of whose metadata lies there.
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
    );
    !is_reserved && !ip.is_documentation()
}

/// What holds an address of the old kind is not public: it leads to that one.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let is_reserved = matches!(ip.segments(), [0x2001, 0 | 0xdb8, ..] | [0x2002, ..]);
    matches!(ip.segments(), [0x2000..=0x3fff, ..]) && !is_reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_world_is_known_by_its_address() {
        let told = |host: &str| {
            let url: Option<Url> = format!("https://{host}/").parse().ok();
            url.map(|url| (is_private(&url), is_inside(&url)))
        };
        for host in [
            "0.0.0.0",
            "10.1.2.3:5000",
            "100.100.100.200",
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "localhost:5000",
            "LOCALHOST.",
            "a.localhost",
            "[::]",
            "[::1]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[ff02::1]",
        ] {
            assert_eq!(told(host), Some((true, true)), "{host}");
        }
        for host in ["registry", "registry.corp.local", "metadata.google.internal."] {
            assert_eq!(told(host), Some((false, true)), "{host}");
        }
        for host in ["ghcr.io", "8.8.8.8", "172.32.0.1", "100.128.0.1", "[2606:4700::1]"] {
            assert_eq!(told(host), Some((false, false)), "{host}");
        }
    }

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
