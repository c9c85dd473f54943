//! What the hosts' APIs want to be asked, and how they answer.

use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{Fault, Request, Wanted};
use crate::api::controller_config::{Provider, PullRequests};

/// Longest sentence of a host that is passed on, in characters.
const LONGEST: usize = 200;

/// A repository on its host.
pub(super) struct Project {
    provider: Provider,
    /// Base of the API, without a slash at its end.
    pub(super) api: Url,
    /// Path of the repository on the host, such as `team/fleet`.
    path: String,
}

/// One question.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Value,
}

/// A request in an answer.
pub(super) struct Listed {
    pub(super) number: u64,
    pub(super) branch: String,
    /// The branch that it is to be merged into.
    pub(super) base: String,
    pub(super) request: Request,
}

impl Project {
    pub(super) fn new(settings: &PullRequests, url: &str) -> Result<Self, Fault> {
        let (host, path) = place(url);
        let api = match (&settings.api, settings.provider) {
            (Some(api), _) => api.trim_end_matches('/').to_owned(),
            (None, Provider::GitHub) if host == "github.com" => "https://api.github.com".to_owned(),
            (None, Provider::GitHub) => format!("https://{host}/api/v3"),
            (None, Provider::GitLab) => format!("https://{host}/api/v4"),
            (None, Provider::Gitea) => format!("https://{host}/api/v1"),
        };
        let api = api.parse().map_err(|_| Fault(format!("`{api}` is no address of an API")))?;
        Ok(Self { provider: settings.provider, api, path })
    }

    /// Entries of a page.
    pub(super) fn page(&self) -> usize {
        match self.provider {
            Provider::GitHub | Provider::GitLab => 100,
            Provider::Gitea => 50,
        }
    }

    /// The header that proves who asks.
    pub(super) fn proof(&self, token: &str) -> (&'static str, String) {
        match self.provider {
            Provider::GitHub => ("authorization", format!("Bearer {token}")),
            Provider::GitLab => ("private-token", token.to_owned()),
            Provider::Gitea => ("authorization", format!("token {token}")),
        }
    }

    /// Asks for a page of the requests of a branch, whatever became of them; or of all open ones.
    pub(super) fn list(&self, branch: &str, base: &str, open: bool, page: usize) -> Call {
        let mut url = self.requests(None);
        {
            let mut query = url.query_pairs_mut();
            let (page, size) = (page.to_string(), self.page().to_string());
            let owner = self.path.split('/').next().unwrap_or_default();
            match self.provider {
                Provider::GitHub => {
                    query.append_pair("state", if open { "open" } else { "all" });
                    query.append_pair("base", base);
                    if !open {
                        query.append_pair("head", &format!("{owner}:{branch}"));
                    }
                    query.append_pair("per_page", &size);
                }
                Provider::GitLab => {
                    query.append_pair("state", if open { "opened" } else { "all" });
                    query.append_pair("target_branch", base);
                    if !open {
                        query.append_pair("source_branch", branch);
                    }
                    query.append_pair("per_page", &size);
                }
                // It knows no filter by branch.
                Provider::Gitea => {
                    query.append_pair("state", if open { "open" } else { "all" });
                    query.append_pair("sort", "recentupdate");
                    query.append_pair("limit", &size);
                }
            }
            query.append_pair("page", &page);
        }
        Call { method: Method::GET, url, body: Value::Null }
    }

    /// Asks for a new request.
    pub(super) fn create(&self, wanted: &Wanted) -> Call {
        let Wanted { branch, base, title, body, .. } = wanted;
        let body = match self.provider {
            Provider::GitHub | Provider::Gitea => {
                json!({"head": branch, "base": base, "title": title, "body": body})
            }
            Provider::GitLab => json!({
                "source_branch": branch,
                "target_branch": base,
                "title": title,
                "description": body,
                "remove_source_branch": true,
            }),
        };
        Call { method: Method::POST, url: self.requests(None), body }
    }

    /// Asks for a request to be closed.
    pub(super) fn close(&self, listed: &Listed) -> Call {
        let url = self.requests(Some(listed.number));
        match self.provider {
            Provider::GitHub | Provider::Gitea => {
                Call { method: Method::PATCH, url, body: json!({"state": "closed"}) }
            }
            Provider::GitLab => {
                Call { method: Method::PUT, url, body: json!({"state_event": "close"}) }
            }
        }
    }

    /// Reads a request; none where it is none.
    pub(super) fn read(&self, value: &Value) -> Option<Listed> {
        let text = |pointer: &str| value.pointer(pointer)?.as_str().map(str::to_owned);
        let (number, branch, base, url, open) = match self.provider {
            Provider::GitHub | Provider::Gitea => {
                ("/number", "/head/ref", "/base/ref", "/html_url", "open")
            }
            Provider::GitLab => ("/iid", "/source_branch", "/target_branch", "/web_url", "opened"),
        };
        let is_open = text("/state")? == open;
        let request = Request { url: plain(&text(url)?), is_open };
        let number = value.pointer(number)?.as_u64()?;
        Some(Listed { number, branch: text(branch)?, base: text(base)?, request })
    }

    fn requests(&self, number: Option<u64>) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            match self.provider {
                Provider::GitHub | Provider::Gitea => {
                    path.push("repos").extend(self.path.split('/')).push("pulls");
                }
                // One segment, in which the slashes are escaped.
                Provider::GitLab => {
                    path.push("projects").push(&self.path).push("merge_requests");
                }
            }
            path.extend(number.map(|number| number.to_string()));
        }
        url
    }
}

/// Host and path of a repository, out of its address for Git.
fn place(url: &str) -> (String, String) {
    let (authority, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
        None => url.split_once(':').unwrap_or((url, "")),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    // The port of ssh is none of the API's.
    let is_https = url.starts_with("https://");
    let host = if is_https { host } else { host.split(':').next().unwrap_or_default() };
    let path = path.trim_matches('/');
    (host.to_owned(), path.strip_suffix(".git").unwrap_or(path).to_owned())
}

/// What a host says about a refusal, as the end of a sentence.
pub(super) fn words(value: &Value) -> String {
    let said = ["message", "error"].iter().find_map(|key| match &value[*key] {
        Value::String(text) => Some(text.clone()),
        Value::Array(all) => all.first().and_then(|one| one.as_str().map(str::to_owned)),
        _ => None,
    });
    said.map_or_else(String::new, |said| format!(": {}", plain(&said)))
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_found_on_its_host() {
        let check = |url: &str, provider, expected: &str| {
            let settings = PullRequests { provider, api: None };
            let found = Project::new(&settings, url).map(|one| one.requests(Some(7)).to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{url}");
        };
        let github = Provider::GitHub;
        let seven = "https://api.github.com/repos/team/fleet/pulls/7";
        check("https://github.com/team/fleet.git", github, seven);
        check("git@github.com:team/fleet.git", github, seven);
        check("ssh://git@github.com:22/team/fleet", github, seven);
        check(
            "https://git.example:8443/team/fleet",
            github,
            "https://git.example:8443/api/v3/repos/team/fleet/pulls/7",
        );
        check(
            "ssh://git@git.example:2222/a/b/fleet.git",
            Provider::GitLab,
            "https://git.example/api/v4/projects/a%2Fb%2Ffleet/merge_requests/7",
        );
        check(
            "https://git.example/team/fleet.git",
            Provider::Gitea,
            "https://git.example/api/v1/repos/team/fleet/pulls/7",
        );
    }
}
