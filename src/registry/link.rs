//! Where the next page of a listing is.

use reqwest::Url;

use super::Fault;

/// Longest address of a next page: every one is kept, to see where pages go round.
const LONGEST: usize = 4096;

/// Reads the values of `Link`; none where there is no next page.
///
/// # Errors
///
/// When the next page is not one of the same listing: a registry that names another server would
/// be sent our token there.
pub(super) fn next(values: &[String], here: &Url) -> Result<Option<Url>, Fault> {
    let mut found = None;
    for value in values {
        if !value.is_ascii() {
            return Err(unread());
        }
        for part in parts(value) {
            let Some((target, rest)) =
                part.trim_start().strip_prefix('<').and_then(|p| p.split_once('>'))
            else {
                return Err(unread());
            };
            if is_next(rest) && found.replace(target.to_owned()).is_some() {
                return Err(Fault::Hostile("two next pages".to_owned()));
            }
        }
    }
    let Some(target) = found else { return Ok(None) };
    if target.len() > LONGEST {
        return Err(Fault::Hostile("a next page whose address is too long".to_owned()));
    }
    let url = here
        .join(&target)
        .map_err(|_| Fault::Hostile("a next page whose address cannot be read".to_owned()))?;
    let is_same = url.origin() == here.origin()
        && url.path() == here.path()
        && url.username().is_empty()
        && url.password().is_none();
    if is_same {
        Ok(Some(url))
    } else {
        Err(Fault::Hostile("a next page that is none of the same listing".to_owned()))
    }
}

fn unread() -> Fault {
    Fault::Hostile("a `Link` that cannot be read".to_owned())
}

/// Cuts at commas outside of `<...>` and quotes.
fn parts(value: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_target, mut is_quoted) = (Vec::new(), 0, false, false);
    for (at, char) in value.char_indices() {
        match char {
            '"' if !is_target => is_quoted = !is_quoted,
            '<' if !is_quoted => is_target = true,
            '>' if !is_quoted => is_target = false,
            ',' if !is_quoted && !is_target => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let mut relations = value.trim().trim_matches(['"', '\'']).split_whitespace();
        key.trim().eq_ignore_ascii_case("rel")
            && relations.any(|one| one.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_listing_has_a_next_page() {
        let here = "https://ghcr.io/v2/a/b/tags/list?n=100".parse().ok();
        let read = |link: &str| -> String {
            let Some(here) = &here else { return String::new() };
            match next(&[link.to_owned()], here) {
                Ok(url) => url.map_or_else(|| "none".to_owned(), |url| url.to_string()),
                Err(fault) => fault.to_string(),
            }
        };
        let page = "https://ghcr.io/v2/a/b/tags/list?last=x";
        assert_eq!(read("</v2/a/b/tags/list?last=x>; rel=\"next\""), page);
        assert_eq!(read("<list?last=x>; a=\"b,c\"; rel=next"), page);
        assert_eq!(read("<x,y>; rel=prev, <?last=x>; REL=\"last next\""), page);
        assert_eq!(read("<x>; rel=prev"), "none");
        let other =
            "the registry's answer is refused: a next page that is none of the same listing";
        for link in [
            "<https://evil.example/v2/a/b/tags/list?last=x>; rel=next",
            "<http://ghcr.io/v2/a/b/tags/list?last=x>; rel=next",
            "<https://ghcr.io:444/v2/a/b/tags/list?last=x>; rel=next",
            "<https://user@ghcr.io/v2/a/b/tags/list?last=x>; rel=next",
            "<//evil.example/v2/a/b/tags/list>; rel=next",
            "</v2/c/tags/list?last=x>; rel=next",
        ] {
            assert_eq!(read(link), other, "{link}");
        }
    }
}
