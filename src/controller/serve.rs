//! Answers the kubelet and Prometheus.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use super::run::Shared;

/// What a path is answered with.
pub type Answer = fn(&str, &Shared) -> (StatusCode, String);

/// What `/healthz` and `/readyz` are written in.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// What `/metrics` is written in; Prometheus refuses an answer that does not say it.
pub const SERIES: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Opens a port.
///
/// # Errors
/// When the address is taken or not ours.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers requests with texts of one kind for as long as the process lives.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>, answer: Answer, kind: &'static str) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let (status, text) = match *request.method() {
                    Method::GET | Method::HEAD => answer(request.uri().path(), &shared),
                    _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
                };
                let mut response = Response::new(Full::new(Bytes::from(text)));
                *response.status_mut() = status;
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
                async move { Ok::<_, Infallible>(response) }
            });
            // A client that goes away is no fault of ours.
            hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(std::time::Duration::from_secs(10))
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

/// `/readyz` says whether every watch lives, `/healthz` whether one is past hope.
pub fn health(path: &str, shared: &Shared) -> (StatusCode, String) {
    let fault = match path {
        "/healthz" => shared.pulse.death(),
        "/readyz" => shared.pulse.fault(),
        _ => return (StatusCode::NOT_FOUND, String::new()),
    };
    match fault {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n")),
    }
}

/// `/metrics`.
pub fn metrics(path: &str, shared: &Shared) -> (StatusCode, String) {
    match path {
        "/metrics" => (StatusCode::OK, shared.meters.text()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    }
}
