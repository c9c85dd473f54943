//! What looks like a secret that is written out.
//!
//! Wrong guesses cost differently: a plain value in a Secret costs a key, a secret in Git is told
//! to everybody for ever. So the rule is wide.

/// Words of a name that promise a secret.
const WORDS: [&str; 9] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "credentials",
    "cookie",
    "apikey",
];

/// Words before `key` that make it one of those.
const KEYS: [&str; 8] =
    ["api", "access", "private", "secret", "signing", "encryption", "session", "web"];

/// Last words by which a name is about a secret and holds none.
const ABOUT: [&str; 9] = ["file", "path", "url", "env", "mode", "type", "source", "name", "header"];

/// Beginnings of well-known tokens.
const BEGINNINGS: [&str; 7] = ["sk-", "xoxb-", "xoxp-", "xapp-", "ghp_", "github_pat_", "glpat-"];

/// Whether a value under this name should be in a Secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let is_plain = value.is_empty()
        || value.contains("${")
        || value.contains("$(")
        || matches!(value, "true" | "false");
    !is_plain && (is_secret_name(name) || is_secret_value(value))
}

fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    if words.last().is_some_and(|last| ABOUT.contains(&last.as_str())) {
        return false;
    }
    let is_key = |pair: &[String]| pair[1] == "key" && KEYS.contains(&pair[0].as_str());
    let is_upper = !name.contains(|c: char| c.is_ascii_lowercase());
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words.windows(2).any(is_key)
        // In the environment a key is nothing else: `OPENAI_KEY`, `AWS_ACCESS_KEY_ID`.
        || (is_upper && words.iter().any(|word| word == "key"))
}

fn is_secret_value(value: &str) -> bool {
    let has_user = value.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
        || has_user
            .and_then(|host| host.split_once('@'))
            .is_some_and(|(user, _)| user.contains(':'))
}

/// Returns the words of a name in small letters, whether `botToken`, `BOT_TOKEN` or `bot-token`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        let is_start = !before.is_ascii_alphanumeric()
            || (c.is_ascii_uppercase() && !before.is_ascii_uppercase());
        if c.is_ascii_alphanumeric() {
            if is_start {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        before = c;
    }
    words
}

/// Returns the environment variable for a place in openclaw.json.
pub(super) fn env_of(path: &[String]) -> String {
    let words: Vec<String> = path.iter().flat_map(|key| words(key)).collect();
    let text = words.join("_").to_ascii_uppercase();
    // The application knows no name that begins with a digit.
    if text.starts_with(|c: char| c.is_ascii_digit()) { format!("_{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_or_by_its_value() {
        let check = |name: &str, value: &str, expected: bool| {
            assert_eq!(is_secret(name, value), expected, "{name}={value}");
        };
        check("ANTHROPIC_API_KEY", "x", true);
        check("AWS_ACCESS_KEY_ID", "x", true);
        check("botToken", "1:a", true);
        check("apiKey", "x", true);
        check("clientSecret", "x", true);
        check("GREETING", "sk-ant-1", true);
        check("DATABASE", "postgres://me:word@db/a", true);
        check("HOMEPAGE", "https://example.com/@me:you", false);
        check("botToken", "${TELEGRAM_BOT_TOKEN}", false);
        check("BOT_TOKEN", "$(OTHER)", false);
        check("BOT_TOKEN", "", false);
        check("tokenFile", "/run/secrets/bot", false);
        check("TOKENIZERS_PARALLELISM", "4", false);
        check("sessionScope", "per-sender", false);
        check("KEYBOARD", "us", false);
        check("TOKEN_REQUIRED", "true", false);
    }

    #[test]
    fn a_place_in_the_configuration_names_its_variable() {
        let path = ["channels", "msteams", "0", "appPassword"].map(str::to_owned);
        assert_eq!(env_of(&path), "CHANNELS_MSTEAMS_0_APP_PASSWORD");
        assert_eq!(env_of(&["1st".to_owned()]), "_1ST");
    }
}
