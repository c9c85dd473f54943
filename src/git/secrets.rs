//! Reads the keys of a mounted Secret.
#![expect(clippy::disallowed_methods, reason = "a mounted Secret is files")]

use std::path::Path;

use super::Fault;

/// Largest key that is read, in bytes; a Secret holds 1 MiB at most.
const LARGEST: usize = 1 << 20;

/// Returns a key as it is; `None` when it is absent or empty.
pub(super) fn text(folder: Option<&Path>, key: &str) -> Result<Option<String>, Fault> {
    let Some(folder) = folder else { return Ok(None) };
    let bytes = match std::fs::read(folder.join(key)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::Local(format!("failed to read `{key}`: {error}"))),
    };
    if bytes.len() > LARGEST {
        return Err(Fault::Local(format!("`{key}` is too large")));
    }
    // The bytes themselves stay out of the message.
    let text =
        String::from_utf8(bytes).map_err(|_| Fault::Local(format!("`{key}` is not UTF-8")))?;
    Ok((!text.trim().is_empty()).then_some(text))
}

/// Returns a key without the line break that editors leave behind.
pub(super) fn line(folder: Option<&Path>, key: &str) -> Result<Option<String>, Fault> {
    let text = text(folder, key)?;
    Ok(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
}
