//! HTTP: requests in POST bodies, and the way to a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tower_http::cors::CorsLayer;

use super::socket;
use super::worker::Worker;
use crate::rpc::{self, Message, Request as Call, RpcError, response};

/// Longest body or message [bytes].
pub(super) const BODY: usize = 16 << 20;
/// Longest answer to a batch, about [bytes].
const ANSWER: usize = 64 << 20;
/// Connections at once.
const CONNECTIONS: usize = 1_024;
/// How long a client may take over its headers, its body, and over reading a piece of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes connections for ever.
pub(super) async fn serve(listener: TcpListener, worker: Worker) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Any page may ask, as of other development nodes: there is nothing here to steal.
    let router = Router::new()
        .route("/", any(root))
        .route("/ws", any(root))
        .layer(CorsLayer::permissive())
        .with_state(worker);
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of files: others must close theirs first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let router = router.clone();
        tokio::spawn(async move {
            connection(stream, router).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(PATIENCE));
    let service = TowerToHyperService::new(router);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
        .with_upgrades();
    // A client that goes away is no failure of the server's.
    let _ = served.await;
}

async fn root(State(worker): State<Worker>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &worker).await {
        return upgrade
            .max_message_size(BODY)
            .max_frame_size(BODY)
            .on_upgrade(move |socket| socket::serve(socket, worker));
    }
    if parts.method != axum::http::Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, "send JSON-RPC requests with POST\n").into_response();
    }
    match read(body).await {
        Ok(body) => answered(reply(&worker, &body).await),
        Err((status, error)) => (status, answered(Some(response(&Value::Null, Err(error))))).into_response(),
    }
}

async fn read(body: Body) -> Result<axum::body::Bytes, (StatusCode, RpcError)> {
    match timeout(PATIENCE, to_bytes(body, BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let error =
                RpcError::invalid_request(format!("the body is longer than {BODY} bytes or broke off"));
            Err((StatusCode::PAYLOAD_TOO_LARGE, error))
        }
        Err(_) => {
            let error = RpcError::invalid_request(format!("the body took over {} s", PATIENCE.as_secs()));
            Err((StatusCode::REQUEST_TIMEOUT, error))
        }
    }
}

fn answered(answer: Option<Value>) -> Response {
    match answer {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Answers a body; none if it holds notifications only.
async fn reply(worker: &Worker, body: &[u8]) -> Option<Value> {
    match Message::parse(body) {
        Err(error) => Some(response(&Value::Null, Err(error))),
        Ok(Message::One(call)) => one(worker, call).await,
        Ok(Message::Many(calls)) => {
            let mut answers = Answers::default();
            for call in calls {
                answers.add(one(worker, call).await);
            }
            answers.array()
        }
    }
}

/// The answers to a batch, which share one limit.
#[derive(Default)]
pub(super) struct Answers {
    all: Vec<Value>,
    length: usize,
}

impl Answers {
    /// Takes an answer, or an error in its place once the batch's answers are too long.
    pub(super) fn add(&mut self, answer: Option<Value>) {
        let Some(mut answer) = answer else { return };
        self.length = self.length.saturating_add(answer.to_string().len());
        if self.length > ANSWER {
            let error = RpcError::limit(format!("response too large: over {ANSWER} bytes"));
            answer = response(&answer["id"], Err(error));
        }
        self.all.push(answer);
    }

    /// One answer of all of them; none where there were notifications only.
    pub(super) fn array(self) -> Option<Value> {
        (!self.all.is_empty()).then_some(Value::Array(self.all))
    }
}

async fn one(worker: &Worker, call: Result<Call, (Value, RpcError)>) -> Option<Value> {
    match call {
        Err((id, error)) => Some(response(&id, Err(error))),
        Ok(call) if matches!(call.method.as_str(), "eth_subscribe" | "eth_unsubscribe") => {
            let error = RpcError::unknown_method(&call.method);
            call.id.map(|id| {
                response(
                    &id,
                    Err(RpcError { message: "notifications not supported: use a WebSocket".into(), ..error }),
                )
            })
        }
        Ok(call) => ask(worker, call).await,
    }
}

/// Answers a request that is no subscription.
pub(super) async fn ask(worker: &Worker, call: Call) -> Option<Value> {
    let Call { id, method, params } = call;
    let result =
        worker.ask(move |chain| rpc::answer(chain, &method, &params)).await.and_then(|result| result);
    id.map(|id| response(&id, result))
}
