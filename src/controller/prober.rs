//! Asks the gateway of a Pod whether it answers to its token.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use super::observed::Observed;
use super::run::Shared;
use super::update::{Answer, PROBE};
use super::world::Key;
use crate::api::auth::Auth;
use crate::names;
use crate::registry;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(10);
/// A call that every version knows, and answers without a token by 401.
const PATH: &str = "tools/invoke";
const BODY: &str = r#"{"tool":"session_status","args":{}}"#;

/// Asks gateways.
#[derive(Clone)]
pub struct Prober {
    kube: Client,
    http: Option<reqwest::Client>,
}

impl Prober {
    /// Makes one.
    pub fn new(kube: Client) -> Self {
        registry::prepare();
        // The gateway speaks plain HTTP, and nothing on the way may send us elsewhere.
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(LIMIT / 2)
            .timeout(LIMIT);
        Self { kube, http: builder.build().ok() }
    }

    /// Asks in a task of its own; what came of it is told to whoever looks at the instance.
    pub fn ask(&self, shared: &Arc<Shared>, key: &Key, observed: &Observed) {
        let pod = observed.pod.as_ref();
        let Some((uid, ip)) = pod.and_then(|pod| Some((pod.uid.clone(), pod.ip.clone()?))) else {
            return;
        };
        let auth = observed.instance.wants.as_ref().map(|wants| wants.auth.clone());
        let (prober, shared, key) = (self.clone(), shared.clone(), key.clone());
        tokio::spawn(async move {
            let answer = prober.answer(&key, &ip, auth).await;
            shared.world().answered(&key, &uid, answer);
            let again = if answer == Answer::Yes { 0 } else { PROBE.unsigned_abs() };
            shared.queue.add(key, Duration::from_secs(again));
        });
    }

    async fn answer(&self, key: &Key, ip: &str, auth: Option<Auth>) -> Answer {
        let answer = self.asked(key, ip, auth).await;
        answer.map_or(Answer::Unreached, |is_fine| if is_fine { Answer::Yes } else { Answer::No })
    }

    /// Whether it answers as it should; none when it is not reached.
    async fn asked(&self, key: &Key, ip: &str, auth: Option<Auth>) -> Option<bool> {
        let token = match auth {
            Some(Auth::Secret { name, .. }) => Some(self.token(&key.namespace, &name).await?),
            // Without the token there is nothing to ask but whether it is alive.
            _ => None,
        };
        let host = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
        let base = format!("http://{host}:{}", names::PORT_GATEWAY);
        let http = self.http.as_ref()?;
        let alive = http.get(format!("{base}/healthz")).send().await;
        let alive = reached(alive)?;
        let Some(token) = token else { return Some(alive == 200) };
        let request = http
            .post(format!("{base}/{PATH}"))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .body(BODY);
        let status = reached(request.send().await)?;
        // Old versions accept the token and then fail at the call with 500.
        let is_accepted = ![401, 403].contains(&status);
        tracing::info!(instance = %key, status, alive, "asked the gateway");
        Some(is_accepted && alive == 200)
    }

    async fn token(&self, namespace: &str, secret: &str) -> Option<String> {
        let api: Api<Secret> = Api::namespaced(self.kube.clone(), namespace);
        let data = api.get_opt(secret).await.ok().flatten()?.data?;
        let token = data.get(names::KEY_TOKEN)?;
        Some(String::from_utf8_lossy(&token.0).trim().to_owned())
    }
}

/// The status of an answer; 0 where it took the question and said nothing, none where it was not
/// reached.
fn reached(result: reqwest::Result<reqwest::Response>) -> Option<u16> {
    match result {
        Ok(answer) => Some(answer.status().as_u16()),
        Err(error) if error.is_connect() => None,
        Err(_) => Some(0),
    }
}
