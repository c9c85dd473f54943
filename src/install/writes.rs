//! What the controller's account may write into a Secret: a gateway's token and nothing else. A
//! ValidatingAdmissionPolicy says so, as a role cannot.

use serde_json::{Value, json};

use crate::names;

/// Returns name, conditions and validations of the policy for the account in a namespace.
pub fn policy(namespace: &str) -> Value {
    let name = names::CONTROLLER;
    let account = format!("system:serviceaccount:{namespace}:{name}");
    let ending = names::token_secret("");
    let (group, kind) = (names::GROUP, names::KIND);
    let validation = |expression: String, message: &str| {
        let message = format!("the controller makes {message}");
        json!({"expression": expression, "message": message})
    };
    json!({
        // The policies of the API are there once; this is there once for each controller.
        "name": format!("{name}-secrets-{namespace}"),
        "conditions": [{
            "name": "is-the-controller",
            "expression": format!("request.userInfo.username == '{account}'"),
        }],
        "validations": [
            validation("object.type == 'Opaque'".to_owned(), "no Secret of another type than Opaque"),
            validation(
                format!("object.metadata.?name.orValue('').endsWith('{ending}')"),
                &format!("no Secret of another name than `N{ending}`"),
            ),
            validation(
                format!(
                    "object.metadata.?ownerReferences.orValue([]).exists(owner, owner.kind == '{kind}' && owner.apiVersion.startsWith('{group}/'))"
                ),
                &format!("no Secret that belongs to no {kind}"),
            ),
            validation(
                format!(
                    "object.?data.orValue({{}}).all(key, key == '{}')",
                    names::KEY_TOKEN
                ),
                "no other key than a token",
            ),
        ],
    })
}
