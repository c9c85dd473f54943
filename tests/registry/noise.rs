//! Answers that nobody thought of.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use openclaw::registry::{Access, Client, Limits};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::row::{IMAGE, TAG};
use crate::server::{Asked, Server};
use crate::speech::{CONFIG, LISTING, NEXT, bytes, image};

/// What the server says next, to whatever it is asked.
static SAID: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(Arc::default);
static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::new(0, Arc::new(|_: &Asked| bytes(SAID.lock().unwrap().clone()))));

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A good answer in which some bytes are others, more, or less.
fn altered() -> impl Strategy<Value = Vec<u8>> {
    let manifest = image(CONFIG);
    let good = [answer("", LISTING.as_bytes()), answer(NEXT, LISTING.as_bytes())];
    let good = [good.as_slice(), &[answer("", manifest.as_bytes())]].concat();
    let change = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>());
    let changes = prop::collection::vec(change, 1..6);
    (prop::sample::select(good), changes).prop_map(|(mut said, changes)| {
        for (at, how, byte) in changes {
            let at = at.index(said.len().max(1));
            match how {
                _ if said.is_empty() => said.push(byte),
                0 => said[at] = byte,
                1 => said.insert(at, byte),
                2 => drop(said.remove(at)),
                _ => said.truncate(at),
            }
        }
        said
    })
}

/// Headers of any printable text, and a body of any bytes.
fn answered() -> impl Strategy<Value = Vec<u8>> {
    let names = ["Link", "Content-Type", "Retry-After", "WWW-Authenticate", "Content-Encoding"];
    let header = (prop::sample::select(names.to_vec()), "[ -~]{0,60}");
    let headers = prop::collection::vec(header, 0..4);
    let body = prop::collection::vec(any::<u8>(), 0..200);
    let body = prop_oneof![body, Just(LISTING.as_bytes().to_vec())];
    (headers, body).prop_map(|(headers, body)| {
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        answer(&lines, &body)
    })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128
        && tag.starts_with(is_word)
        && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 250,
        // The same answers in every run: a gate that draws anew would fail for whoever comes next.
        rng_seed: RngSeed::Fixed(20_261_127),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_said_there_are_tags_or_a_fault(
        said in prop_oneof![altered(), answered(), prop::collection::vec(any::<u8>(), 0..300)]
    ) {
        *SAID.lock().unwrap() = said;
        let access = Access { endpoint: Some(SERVER.endpoint()), ..Access::default() };
        let limits = Limits { wall: Duration::from_secs(15), pages: 5, ..Limits::default() };
        let client = Client::with_limits(limits);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if let Ok(tags) = runtime.block_on(client.tags(IMAGE, &access)) {
            prop_assert!(tags.iter().all(|tag| is_tag(tag)), "{:?}", tags);
        }
        if let Ok(Some(release)) = runtime.block_on(client.release(IMAGE, TAG, &access)) {
            prop_assert_eq!(release.platforms, Vec::new());
        }
        runtime.shutdown_background();
    }
}
