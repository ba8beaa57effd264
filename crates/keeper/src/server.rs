//! `/metrics` and `/healthz`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::metrics::Metrics;

/// What is served.
#[derive(Clone)]
pub struct Served {
    /// Numbers.
    pub metrics: Arc<Metrics>,
    /// When a block was seen last, and why none has been since.
    pub health: watch::Receiver<Health>,
    /// After how long without a block the keeper is ill.
    pub patience: Duration,
}

/// Whether the keeper sees the chain.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// When it last did.
    pub seen: Option<Instant>,
    /// Why it does not.
    pub reason: Option<String>,
}

/// Listens, serves from then on, and says where.
///
/// # Errors
/// A taken or malformed address.
pub async fn serve(listen: &str, served: Served) -> Result<SocketAddr> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let router =
        Router::new().route("/metrics", get(metrics)).route("/healthz", get(healthz)).with_state(served);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(address)
}

async fn metrics(State(served): State<Served>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], served.metrics.text())
}

async fn healthz(State(served): State<Served>) -> impl IntoResponse {
    let health = served.health.borrow().clone();
    let age = health.seen.map(|seen| seen.elapsed());
    if age.is_some_and(|age| age <= served.patience) {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let reason = health.reason.unwrap_or_else(|| "no look is finished".into());
    let age = age.map_or_else(|| "never".into(), |age| format!("{} s ago", age.as_secs()));
    (StatusCode::SERVICE_UNAVAILABLE, format!("a block was seen {age}: {reason}\n"))
}
