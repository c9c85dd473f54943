//! One conversation with a registry: proven, bounded, and led nowhere else.

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, StatusCode, Url};
use serde_json::Value;

use super::challenge::{Challenge, challenge};
use super::credentials::basic;
use super::listing::retry_after;
use super::place::{Place, is_inside, is_private, place};
use super::{Access, Fault, Limits, prepare};

/// Redirects that are followed.
const HOPS: usize = 3;
/// Bytes of an answer with a token.
const TOKEN: usize = 256 << 10;
/// Values of an answer, where an object or a list counts as ten: twice what [`Limits`] allows of
/// tags.
const HEAVIEST: usize = 200_000;

/// A conversation.
pub(super) struct Session {
    http: reqwest::Client,
    pub limits: Limits,
    pub place: Place,
    base: Url,
    access: Access,
    authorization: Option<String>,
    has_asked: bool,
    received: usize,
}

/// An answer whose status is a good one.
pub(super) struct Answer {
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns every value of a header; none is left out because it cannot be read.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        all(&self.headers, name)
    }

    /// Returns the body as JSON, unless its values would take many times its bytes.
    pub(super) fn json(&self) -> Result<Value, Fault> {
        let weight = |byte: &u8| match byte {
            b'{' | b'[' => 10,
            b',' => 1,
            _ => 0,
        };
        if self.body.iter().map(weight).sum::<usize>() > HEAVIEST {
            return Err(Fault::Hostile("more values than any answer has".to_owned()));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Fault::Hostile(format!("no JSON: {error}")))
    }
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    let Ok(name) = name.parse::<HeaderName>() else { return Vec::new() };
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

impl Session {
    /// Prepares to talk about an image.
    pub(super) fn new(image: &str, access: &Access, limits: Limits) -> Result<Self, Fault> {
        prepare();
        let place = place(image, access.endpoint.as_deref())?;
        let base: Url = place
            .base
            .parse()
            .map_err(|_| Fault::Missing(format!("`{}` is no address", place.host)))?;
        if access.endpoint.is_none() && is_private(&base) {
            let host = &place.host;
            return Err(Fault::Forbidden(format!(
                "`{host}` is no public address: name its `endpoint` in `registries` of the \
                 controller's configuration, or with `--mirror`"
            )));
        }
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .https_only(base.scheme() == "https")
            .connect_timeout(limits.wall / 3)
            .user_agent(concat!("openclaw/", env!("CARGO_PKG_VERSION")));
        if let Some(bundle) = &access.certificates {
            let own = Certificate::from_pem_bundle(bundle.as_bytes());
            let own =
                own.map_err(|_| Fault::Denied("its certificates cannot be read".to_owned()))?;
            builder = builder.tls_certs_merge(own);
        }
        let http = builder.build().map_err(|error| Fault::Unavailable(error.to_string()))?;
        Ok(Self {
            http,
            limits,
            place,
            base,
            access: access.clone(),
            authorization: None,
            has_asked: false,
            received: 0,
        })
    }

    /// Returns the address of something below the repository.
    pub(super) fn url(&self, below: &str) -> Result<Url, Fault> {
        let text = format!("{}/v2/{}/{below}", self.place.base, self.place.repository);
        text.parse().map_err(|_| Fault::Missing(format!("`{text}` is no address")))
    }

    /// Asks. A listing is not looked for elsewhere; blobs often lie on another server, which needs
    /// no proof of us.
    pub(super) async fn get(
        &mut self,
        url: Url,
        accept: &str,
        may_move: bool,
    ) -> Result<Answer, Fault> {
        let mut url = url;
        for _ in 0..=HOPS {
            let answer = self.send(&url, accept).await?;
            let status = answer.status();
            if status == StatusCode::UNAUTHORIZED && self.is_own(&url) && !self.has_asked {
                self.prove(answer.headers()).await?;
                continue;
            }
            if status.is_redirection() && may_move {
                url = self.moved(&url, answer.headers())?;
                continue;
            }
            return self.judged(url, answer).await;
        }
        Err(Fault::Hostile("it sends one around".to_owned()))
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    async fn send(&self, url: &Url, accept: &str) -> Result<Response, Fault> {
        let mut request = self.http.get(url.clone()).header(ACCEPT, accept);
        if let Some(authorization) = self.authorization.as_ref().filter(|_| self.is_own(url)) {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.send().await.map_err(|error| unavailable(&error))
    }

    async fn judged(&mut self, url: Url, mut answer: Response) -> Result<Answer, Fault> {
        let status = answer.status();
        let what = &self.place.repository;
        match status.as_u16() {
            200 => {}
            401 | 403 => return Err(Fault::Denied(format!("`{what}`: {status}"))),
            404 => return Err(Fault::Missing(format!("`{what}` in `{}`", self.place.host))),
            429 | 503 => return Err(busy(status, answer.headers())),
            500.. => return Err(Fault::Unavailable(status.to_string())),
            _ => return Err(Fault::Hostile(format!("the status {status}"))),
        }
        if answer.headers().contains_key(CONTENT_ENCODING) {
            return Err(Fault::Hostile("it is compressed, though nobody asked for it".to_owned()));
        }
        let headers = std::mem::take(answer.headers_mut());
        let left = self.limits.total.saturating_sub(self.received).min(self.limits.answer);
        let body = read(&mut answer, left).await?;
        self.received += body.len();
        Ok(Answer { url, headers, body })
    }

    /// Where a redirect leads.
    fn moved(&self, from: &Url, headers: &HeaderMap) -> Result<Url, Fault> {
        let target = all(headers, LOCATION.as_str());
        let target = target.first().and_then(|text| from.join(text).ok());
        let target = target.ok_or_else(|| Fault::Hostile("it sends one nowhere".to_owned()))?;
        let has_userinfo = !target.username().is_empty() || target.password().is_some();
        let is_weaker = target.scheme() != "https" && target.scheme() != self.base.scheme();
        if has_userinfo || is_weaker || (!self.is_own(&target) && is_inside(&target)) {
            return Err(Fault::Hostile("it sends one where nobody should go".to_owned()));
        }
        Ok(target)
    }

    /// Proves who we are, once.
    async fn prove(&mut self, headers: &HeaderMap) -> Result<(), Fault> {
        self.has_asked = true;
        let values = all(headers, WWW_AUTHENTICATE.as_str());
        match challenge(&values, &self.base)? {
            Challenge::Basic => {
                let Some(credentials) = &self.access.credentials else {
                    return Err(Fault::Denied("it wants a name and a password".to_owned()));
                };
                self.authorization = Some(basic(credentials));
            }
            Challenge::Bearer { mut realm, service, scope } => {
                let own = format!("repository:{}:pull", self.place.repository);
                realm
                    .query_pairs_mut()
                    .extend_pairs(service.iter().map(|service| ("service", service.as_str())))
                    .append_pair("scope", scope.as_deref().unwrap_or(&own));
                self.authorization = Some(format!("Bearer {}", self.token(realm).await?));
            }
        }
        Ok(())
    }

    /// Asks the server of tokens, which is the only other one that sees the credentials.
    async fn token(&self, realm: Url) -> Result<String, Fault> {
        let mut request = self.http.get(realm).header(ACCEPT, "application/json");
        if let Some(credentials) = &self.access.credentials {
            request = request.header(AUTHORIZATION, basic(credentials));
        }
        let mut answer = request.send().await.map_err(|error| unavailable(&error))?;
        let status = answer.status();
        match status.as_u16() {
            200 => {}
            429 | 503 => return Err(busy(status, answer.headers())),
            500.. => return Err(Fault::Unavailable(format!("tokens: {status}"))),
            300..400 => {
                return Err(Fault::Hostile("the server of tokens sends one on".to_owned()));
            }
            _ => return Err(Fault::Denied(format!("tokens: {status}"))),
        }
        token(&read(&mut answer, TOKEN).await?)
    }
}

/// What a server says that is asked too often.
fn busy(status: StatusCode, headers: &HeaderMap) -> Fault {
    let after = all(headers, RETRY_AFTER.as_str());
    let after = after.first().and_then(|text| retry_after(text));
    if status == StatusCode::SERVICE_UNAVAILABLE && after.is_none() {
        return Fault::Unavailable(status.to_string());
    }
    Fault::Throttled { after, message: format!("the registry is asked too often: {status}") }
}

/// Reads the token of an answer.
fn token(body: &[u8]) -> Result<String, Fault> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::Hostile(format!("the server of tokens says no JSON: {error}")))?;
    let token = ["token", "access_token"].iter().find_map(|key| value[*key].as_str());
    let is_plain = |token: &&str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
    let none = || Fault::Hostile("the server of tokens gives none".to_owned());
    token.filter(is_plain).map(str::to_owned).ok_or_else(none)
}

/// Reads a body to its end, and no more than so many bytes.
async fn read(answer: &mut Response, most: usize) -> Result<Vec<u8>, Fault> {
    let too_large = || Fault::Hostile(format!("more than {most} bytes"));
    if answer.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unavailable(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the library says, without the address: it may hold what a server made up.
fn unavailable(error: &reqwest::Error) -> Fault {
    let what = match () {
        () if error.is_timeout() => "it did not answer in time",
        () if error.is_connect() => "it cannot be reached",
        () if error.is_body() || error.is_decode() => "its answer broke off",
        () => "it does not speak HTTP as it should",
    };
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause: String = cause.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    Fault::Unavailable(format!("{what}: {cause}"))
}
