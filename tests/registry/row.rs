//! What a row of the table is, and how it is run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openclaw::registry::{Access, Client, Credentials, Fault, Limits};
use openclaw::update::Release;

use crate::server::{Answer, Asked, Reply, Server};

/// The image of every row.
pub const IMAGE: &str = "registry.example/team/agent";
/// The password of every row, and how it is sent with its name.
pub const PASSWORD: &str = "marked-password";
pub const BASIC: &str = "Basic cm9ib3Q6bWFya2VkLXBhc3N3b3Jk";
/// What a server of tokens gives.
pub const TOKEN: &str = "marked-token";
/// The tag of every row about a release.
pub const TAG: &str = "1.2.3";

/// How long a row may take, on a machine that is busy too.
const LONGEST: Duration = Duration::from_secs(30);

/// What is asked.
#[derive(Clone, Copy)]
pub enum Call {
    Tags,
    /// What is behind this tag.
    Release(&'static str),
}

/// One behaviour.
pub struct Row {
    pub name: &'static str,
    call: Call,
    answer: Answer,
    limits: Limits,
    /// Whether nothing but the time ends it.
    pub is_long: bool,
    has_credentials: bool,
    endpoint: Option<String>,
    /// What is told; its beginning, where it ends in `...`.
    expected: String,
}

impl Row {
    fn new(
        name: &'static str,
        call: Call,
        expected: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let limits = Limits { wall: Duration::from_secs(15), ..Limits::default() };
        let (answer, expected) = (Arc::new(answer), expected.to_owned());
        Self {
            name,
            call,
            answer,
            limits,
            is_long: false,
            has_credentials: true,
            endpoint: None,
            expected,
        }
    }

    /// With other limits.
    pub fn within(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Where nothing but the time ends it.
    pub fn for_a_while(mut self) -> Self {
        self.is_long = true;
        self.within(|limits| limits.wall = Duration::from_millis(1500))
    }

    /// With another address than that of its server.
    pub fn at(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }

    pub fn by_nobody(mut self) -> Self {
        self.has_credentials = false;
        self
    }

    /// Runs it; returns what was wrong.
    pub fn run(&self, other: &Server) -> Vec<String> {
        let server = Server::new(other.port, self.answer.clone());
        let access = Access {
            endpoint: self.endpoint.clone().or(Some(server.endpoint())),
            credentials: self.has_credentials.then(credentials),
            certificates: None,
        };
        let start = Instant::now();
        let told = told(self.limits, IMAGE, self.call, &access);
        let took = start.elapsed();
        let mut wrong = Vec::new();
        let is_expected = match self.expected.strip_suffix("...") {
            Some(first) => told.starts_with(first),
            None => told == self.expected,
        };
        if !is_expected {
            wrong.push(format!("told `{told}`, expected `{}`", self.expected));
        }
        if took > LONGEST {
            wrong.push(format!("took {took:?}"));
        }
        let received = server.received();
        if received.len() > self.limits.pages + 10 {
            wrong.push(format!("asked {} times", received.len()));
        }
        if received.first().is_some_and(|head| head.to_lowercase().contains("authorization")) {
            wrong.push("proves who it is before anybody wants to know".to_owned());
        }
        wrong.extend(other.received().iter().map(|head| format!("the other server got {head}")));
        wrong.into_iter().map(|text| format!("{}: {text}", self.name)).collect()
    }
}

/// A row about a listing.
pub fn tags(
    name: &'static str,
    expected: &str,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> Row {
    Row::new(name, Call::Tags, expected, answer)
}

/// A row about a release.
pub fn release(
    name: &'static str,
    expected: &str,
    answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
) -> Row {
    Row::new(name, Call::Release(TAG), expected, answer)
}

pub fn credentials() -> Credentials {
    Credentials { username: "robot".to_owned(), password: PASSWORD.to_owned() }
}

/// Asks, and returns in words what comes of it, in which no secret may be.
pub fn told(limits: Limits, image: &str, call: Call, access: &Access) -> String {
    // One of its own for each question: what is left of it ends here.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::with_limits(limits);
    let outcome = match call {
        Call::Tags => runtime.block_on(client.tags(image, access)).map(|tags| of_tags(&tags)),
        Call::Release(tag) => runtime.block_on(client.release(image, tag, access)).map(of_release),
    };
    runtime.shutdown_background();
    let fault = match outcome {
        Ok(good) => return good,
        Err(fault) => fault,
    };
    for shown in [fault.to_string(), format!("{fault:?}"), format!("{access:?}")] {
        for secret in [PASSWORD, TOKEN, BASIC.split(' ').nth(1).unwrap()] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.len() < 1000 && !shown.contains('\n'), "{shown}");
    }
    match fault {
        Fault::Forbidden(text) => format!("forbidden: {text}"),
        Fault::Denied(text) => format!("denied: {text}"),
        Fault::Missing(text) => format!("missing: {text}"),
        Fault::Throttled { after, .. } => match after {
            Some(after) => format!("throttled for {} s", after.as_secs()),
            None => "throttled".to_owned(),
        },
        Fault::Unavailable(text) => format!("unavailable: {text}"),
        Fault::Hostile(text) => format!("hostile: {text}"),
    }
}

fn of_tags(tags: &[String]) -> String {
    let shown = if tags.len() > 10 { format!("{} of them", tags.len()) } else { tags.join(" ") };
    format!("tags: {shown}")
}

fn of_release(release: Option<Release>) -> String {
    let Some(release) = release else { return "nothing".to_owned() };
    let platforms: Vec<&str> = release.platforms.iter().map(|(name, _)| &**name).collect();
    match release.created {
        Some(created) => format!("release: {} of {created}", platforms.join(" ")),
        None => format!("release: {}", platforms.join(" ")),
    }
}
