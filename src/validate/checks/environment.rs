//! Users' environment variables.

use k8s_openapi::api::core::v1::EnvVar;

use crate::validate::{Findings, Subject};

/// Variables that are fixed: the Pod is built around them.
const FIXED: [&str; 7] = [
    "HOME",
    "OPENCLAW_STATE_DIR",
    "OPENCLAW_CONFIG_PATH",
    "OPENCLAW_GATEWAY_PORT",
    "OPENCLAW_DISABLE_BONJOUR",
    "XDG_CACHE_HOME",
    "NPM_CONFIG_CACHE",
];

/// Whether a variable is one of those.
pub(in crate::validate) fn is_fixed(name: &str) -> bool {
    FIXED.contains(&name)
}

/// Variables that users may not set.
pub(in crate::validate) fn fixed_env(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, env) in subject.spec.env.iter().enumerate() {
        if is_fixed(&env.name) {
            findings.advise(
                format!("spec.env[{index}].name"),
                format!("`{}` is fixed: the Pod's paths, ports and probes depend on it", env.name),
                "remove it",
            );
        }
    }
}

/// Beginnings of the variables that carry a provider's key.
const PROVIDERS: [&str; 15] = [
    "ANTHROPIC_",
    "OPENAI_",
    "GOOGLE_",
    "GEMINI_",
    "AZURE_OPENAI_",
    "AWS_",
    "MISTRAL_",
    "COHERE_",
    "TOGETHER_",
    "GROQ_",
    "FIREWORKS_",
    "DEEPSEEK_",
    "OPENROUTER_",
    "XAI_",
    "BEDROCK_",
];

fn is_provider(env: &EnvVar) -> bool {
    PROVIDERS.iter().any(|prefix| env.name.starts_with(prefix))
}

/// An agent without a provider answers nothing.
pub(in crate::validate) fn no_provider(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    if spec.env_from.is_empty() && !spec.env.iter().any(is_provider) {
        findings.advise(
            "spec",
            "no key of an AI provider is in sight: neither `env` nor `envFrom` has one",
            "put `ANTHROPIC_API_KEY` or another into a Secret and name it in `spec.envFrom`",
        );
    }
}

/// A provider's key that is written out is in Git for ever.
pub(in crate::validate) fn secret_in_env(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, env) in subject.spec.env.iter().enumerate() {
        let secret = env.name.ends_with("_KEY")
            || env.name.ends_with("_TOKEN")
            || env.name.ends_with("_SECRET")
            || env.name.ends_with("_PASSWORD");
        let written = env.value.as_deref().is_some_and(|v| !v.is_empty() && !v.contains("$("));
        if secret && written {
            findings.advise(
                format!("spec.env[{index}].value"),
                format!("the value of `{}` is written out and will be in Git", env.name),
                "use `valueFrom.secretKeyRef`, or `spec.envFrom`",
            );
        }
    }
}

/// No version of the application reads it.
pub(in crate::validate) fn chromium_url(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, env) in subject.spec.env.iter().enumerate() {
        if env.name == "CHROMIUM_URL" {
            findings.advise(
                format!("spec.env[{index}].name"),
                "no version of the application reads `CHROMIUM_URL`",
                "set `browser.cdpUrl` in `spec.config.raw`",
            );
        }
    }
}
