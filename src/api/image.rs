//! Names of images.

/// Returns `repository@digest`, or `repository:tag`.
pub fn reference(repository: &str, tag: &str, digest: Option<&str>) -> String {
    match digest {
        Some(digest) => format!("{repository}@{digest}"),
        None => format!("{repository}:{tag}"),
    }
}

/// Returns `image` with its registry host replaced by `registry`, which may carry a path.
///
/// Docker Hub's implied `library/` is dropped, as mirrors of it expect. A first segment is a host
/// when it holds a dot or a colon, or is `localhost`.
pub fn with_registry(image: &str, registry: Option<&str>) -> String {
    let Some(registry) = registry.map(|text| text.trim_end_matches('/')).filter(|t| !t.is_empty())
    else {
        return image.to_owned();
    };
    let path = match image.split_once('/') {
        Some(("docker.io", rest)) => rest.strip_prefix("library/").unwrap_or(rest),
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => image,
    };
    format!("{registry}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_replaces_the_host_and_nothing_else() {
        for (image, expected) in [
            ("ghcr.io/openclaw/openclaw:1", "mirror.example/x/openclaw/openclaw:1"),
            ("docker.io/library/busybox:1", "mirror.example/x/busybox:1"),
            ("docker.io/rclone/rclone:1", "mirror.example/x/rclone/rclone:1"),
            ("localhost:5000/a@sha256:0", "mirror.example/x/a@sha256:0"),
            ("team/a:1", "mirror.example/x/team/a:1"),
            ("busybox", "mirror.example/x/busybox"),
        ] {
            assert_eq!(with_registry(image, Some("mirror.example/x/")), expected);
            assert_eq!(with_registry(image, None), image);
        }
    }
}
