//! Decides once how clients prove themselves to the gateway, for openclaw.json and for the
//! environment alike: two decisions would one day disagree, and the application then refuses
//! its own token.

use serde_json::Value;

use super::OpenClawInstanceSpec;
use crate::names;

/// Name of the environment variable that carries the token.
pub const TOKEN_ENV: &str = "OPENCLAW_GATEWAY_TOKEN";

/// Where the token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A Secret: ours, made by the controller, or one that the user names.
    Secret {
        /// Name of the Secret; its key is `token`.
        name: String,
        /// Whether the controller makes it.
        generated: bool,
    },
    /// `OPENCLAW_GATEWAY_TOKEN` in `spec.env`.
    UserEnvironment,
    /// `gateway.auth.token` in openclaw.json; it beats the environment inside the application.
    UserConfig,
    /// Another mode, such as `password` or `trusted-proxy`.
    OtherMode,
}

impl Auth {
    /// Returns the decision for an instance.
    pub fn decide(name: &str, spec: &OpenClawInstanceSpec) -> Self {
        let auth = raw(spec).and_then(|raw| raw.pointer("/gateway/auth"));
        let field = |key: &str| auth.and_then(|auth| auth.get(key)).filter(|v| !v.is_null());
        let mode = field("mode").and_then(Value::as_str);
        if mode.is_some_and(|mode| mode != "token")
            || (mode.is_none() && field("password").is_some() && field("token").is_none())
        {
            return Self::OtherMode;
        }
        if field("token").is_some() {
            return Self::UserConfig;
        }
        if spec.env.iter().any(|env| env.name == TOKEN_ENV) {
            return Self::UserEnvironment;
        }
        match &spec.gateway.existing_secret {
            Some(secret) => Self::Secret { name: secret.clone(), generated: false },
            None => Self::Secret { name: names::token_secret(name), generated: true },
        }
    }

    /// Tells whether `gateway.auth.mode: token` is written into openclaw.json.
    pub fn is_token(&self) -> bool {
        !matches!(self, Self::OtherMode)
    }
}

/// Returns the inline configuration, unless a ConfigMap takes its place.
pub fn raw(spec: &OpenClawInstanceSpec) -> Option<&Value> {
    if spec.config.config_map_ref.is_some() { None } else { spec.config.raw.as_ref() }
}
