//! The one table of images that we choose, each with a pinned tag and a place for a digest.

use crate::api::OpenClawInstanceSpec;
use crate::api::image;

/// An image that we choose.
pub struct Pinned {
    /// Repository.
    pub repository: &'static str,
    /// Tag.
    pub tag: &'static str,
    /// Digest; it wins over the tag.
    pub digest: Option<&'static str>,
}

/// The browser.
pub const HEADLESS_SHELL: Pinned =
    Pinned { repository: "docker.io/chromedp/headless-shell", tag: "151.0.7922.109", digest: None };
/// The metrics collector.
pub const COLLECTOR: Pinned =
    Pinned { repository: "docker.io/otel/opentelemetry-collector", tag: "0.120.0", digest: None };
/// uv, with a shell to copy it.
pub const UV: Pinned =
    Pinned { repository: "ghcr.io/astral-sh/uv", tag: "0.13.9-bookworm-slim", digest: None };
/// The tool that reads the bucket.
pub const RCLONE: Pinned =
    Pinned { repository: "docker.io/rclone/rclone", tag: "1.76.0", digest: None };

/// Version of pnpm that `runtimeDeps.pnpm` installs.
pub const PNPM_VERSION: &str = "12.21.0";
/// Version of the ClawHub client that installs skills.
pub const CLAWHUB_VERSION: &str = "0.23.3";

impl Pinned {
    /// Returns the reference, its host replaced where the instance names a registry.
    pub fn reference(&self, spec: &OpenClawInstanceSpec) -> String {
        let image = image::reference(self.repository, self.tag, self.digest);
        image::with_registry(&image, spec.registry.as_deref())
    }
}

/// Returns the application's image.
pub fn application(spec: &OpenClawInstanceSpec) -> String {
    let image = image::reference(
        &spec.image.repository,
        spec.image.tag.as_deref().unwrap_or("latest"),
        spec.image.digest.as_deref(),
    );
    image::with_registry(&image, spec.registry.as_deref())
}

/// How one family of browser images is started so that it listens on loopback alone.
pub struct Flavor {
    /// Part of the repository's name by which the family is known.
    pub mark: &'static str,
    /// Replaces the image's entrypoint where that would listen on every address.
    pub command: &'static [&'static str],
    /// Arguments.
    pub args: &'static [&'static str],
    /// Environment.
    pub env: &'static [(&'static str, &'static str)],
}

const CHROME_ARGS: &[&str] = &[
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-address=127.0.0.1",
    "--remote-debugging-port=9222",
    "--user-data-dir=/tmp/profile",
];

/// Browsers that are known by their repository; the last row is for all others, which are expected
/// to start Chrome with the arguments that they are given.
pub const FLAVORS: [Flavor; 3] = [
    Flavor {
        mark: "headless-shell",
        command: &["/headless-shell/headless-shell"],
        args: CHROME_ARGS,
        env: &[],
    },
    Flavor {
        mark: "browserless",
        command: &[],
        args: &[],
        env: &[
            ("HOST", "127.0.0.1"),
            ("PORT", "9222"),
            ("EXTERNAL", "ws://127.0.0.1:9222"),
            ("DATA_DIR", "/tmp/profile"),
        ],
    },
    Flavor { mark: "", command: &[], args: CHROME_ARGS, env: &[] },
];

/// Returns the browser's image and how it is started.
pub fn browser(spec: &OpenClawInstanceSpec) -> (String, &'static Flavor) {
    let wanted = &spec.chromium.image;
    let repository = wanted.repository.as_deref().unwrap_or(HEADLESS_SHELL.repository);
    let tag = match (&wanted.tag, &wanted.repository) {
        (Some(tag), _) => tag,
        (None, None) => HEADLESS_SHELL.tag,
        (None, Some(repository)) if repository == HEADLESS_SHELL.repository => HEADLESS_SHELL.tag,
        (None, Some(_)) => "latest",
    };
    let reference = image::reference(repository, tag, wanted.digest.as_deref());
    let flavor =
        FLAVORS.iter().find(|flavor| repository.contains(flavor.mark)).unwrap_or(&FLAVORS[0]);
    (image::with_registry(&reference, spec.registry.as_deref()), flavor)
}
