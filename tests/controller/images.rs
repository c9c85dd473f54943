//! Which image a Pod runs, as the health of an update sees it.

use openclaw::controller::update::Health;
use openclaw::controller::update::health::health;
use serde_json::json;

use crate::world::World;

const COMMITTED: &str = "sha256:aa";
const IMAGE: &str = "ghcr.io/openclaw/openclaw:2026.9.6";

fn seen(image_id: &str) -> Health {
    let mut world = World::synced("{image: {tag: \"2026.9.6\"}}");
    let state = json!({"running": {"startedAt": "2026-11-01T11:00:00Z"}});
    let main = json!({"name": "openclaw", "image": IMAGE, "imageID": image_id, "state": state, "restartCount": 0});
    world.pod(true, &main);
    let pod = world.pod.as_mut().unwrap();
    pod["spec"]["containers"][0]["image"] = json!(IMAGE);
    health(&world.observed(), &[COMMITTED.to_owned()], None)
}

#[test]
fn another_image_under_the_same_tag_is_held_and_blames_no_version() {
    let Health::Held(verdict) = seen("ghcr.io/openclaw/openclaw@sha256:bb") else {
        panic!("it is not held")
    };
    assert_eq!(verdict.reason, "ImageUnmatched");
    assert!(verdict.message.contains("`sha256:bb`"), "{}", verdict.message);
}

#[test]
fn the_committed_image_and_one_whose_digest_says_nothing_are_looked_at() {
    for image_id in [
        "ghcr.io/openclaw/openclaw@sha256:aa",
        // The node has the same content from a mirror, and from a repository of a longer name.
        "registry.example.com/mirror/openclaw@sha256:bb",
        "ghcr.io/openclaw/open@sha256:bb",
        // Loaded on the node.
        "sha256:cc",
    ] {
        let found = seen(image_id);
        assert!(matches!(found, Health::Ready { .. }), "{image_id}: {found:?}");
    }
}
