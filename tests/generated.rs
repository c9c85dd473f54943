//! Files that are made from the types are what the types give.

mod kit;

use openclaw::render;
use openclaw::validate::{admission, policies};

#[test]
fn the_embedded_schema_is_the_one_of_the_types() {
    let text = format!("{}\n", admission::embedded_schema());
    kit::golden("src/api/instance-schema.json", &text);
}

#[test]
fn the_committed_crd_is_the_one_of_the_types() {
    let text = render::yaml::write(&admission::crd());
    assert!(text.len() < 256 * 1024, "{} bytes", text.len());
    kit::golden("crds/openclawinstances.openclaw.rocks.yaml", &text);
}

#[test]
fn the_committed_policies_are_those_of_the_table() {
    let write = |mut object: serde_json::Value| {
        render::guard_from_flux(&mut object);
        render::yaml::write(&object)
    };
    let text = policies::all().map(write).join("---\n");
    kit::golden("crds/admission-policies.yaml", &text);
}
