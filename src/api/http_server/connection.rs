//! Serves one connection and enforces its timeouts.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::access_log::AccessEntry;
use super::connection_slots::ConnectionSlot;
use super::connection_state::{TcpConnectionPhase, TcpConnectionState};
use super::limits::ServerLimits;
use super::pipeline::{RequestPipeline, TcpConnectionInfo};
use super::request_id::RequestId;
use super::strict_reader::{StrictReader, malformed};
use super::summary_log::SummaryLog;
use crate::api::Problem;

/// First byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// Bytes that are still read from a rejected client, so that it receives the response.
const FAREWELL_BYTES: usize = 1024 * 1024;

/// State shared by all connections of a server.
pub struct ServerContext {
    /// Request pipeline.
    pub pipeline: Arc<RequestPipeline>,
    /// TLS acceptor; none for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// Limits.
    pub limits: ServerLimits,
    /// Log of requests from clients that never sent a valid token.
    pub summary: SummaryLog,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// Reason for closing a connection.
enum CloseReason {
    /// Finished or broken.
    Done,
    /// Timed out.
    Timeout,
    /// Evicted: another connection needs the slot.
    Evicted,
}

/// Serves a connection.
pub async fn serve(
    context: Arc<ServerContext>,
    stream: TcpStream,
    peer: SocketAddr,
    slot: ConnectionSlot,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let connection = TcpConnectionInfo {
        peer,
        local: local.ip(),
        state: slot.state.clone(),
        summary: context.summary.clone(),
    };
    match &context.tls {
        None => serve_requests(&context, stream, connection, &slot).await,
        Some(tls) => {
            let handshake = tls_handshake(tls, stream, &connection, &context.limits);
            let tls_stream = tokio::select! {
                biased;
                tls_stream = timeout(context.limits.head_timeout, handshake) => tls_stream.ok().flatten(),
                () = evicted(&slot) => None,
                () = context.stop.cancelled() => None,
            };
            if let Some(stream) = tls_stream {
                serve_requests(&context, stream, connection, &slot).await;
            }
        }
    }
}

/// Performs the TLS handshake. A client that sends plain HTTP receives a plain HTTP error.
async fn tls_handshake(
    tls: &TlsAcceptor,
    stream: TcpStream,
    connection: &TcpConnectionInfo,
    limits: &ServerLimits,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    let has_byte = stream.peek(&mut first).await.ok()? == 1;
    if has_byte && first[0] != HANDSHAKE {
        if first[0].is_ascii_alphabetic() {
            let problem = malformed("This port uses TLS; use an https:// URL");
            close_gracefully(stream, Some(&problem), connection, limits).await;
        }
        return None;
    }
    tls.accept(stream).await.ok()
}

async fn serve_requests<S: AsyncRead + AsyncWrite + Unpin>(
    context: &ServerContext,
    stream: S,
    info: TcpConnectionInfo,
    slot: &ConnectionSlot,
) {
    let reader = StrictReader::new(stream, info.state.clone(), context.limits.clone());
    let service = service_fn(|request| {
        let (pipeline, info) = (Arc::clone(&context.pipeline), info.clone());
        // The allocation is small compared with those of the response.
        Box::pin(async move { Ok::<_, Infallible>(pipeline.respond(request, info).await) })
    });
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(reader), service);
    let end = {
        let mut eviction = pin!(evicted(slot));
        let mut stopping = pin!(context.stop.cancelled());
        let (mut stopped, mut left) = (false, false);
        let mut time_limit = pin!(sleep_until(Instant::now()));
        poll_fn(|cx| {
            if !stopped && stopping.as_mut().poll(cx).is_ready() {
                stopped = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            if connection.poll_without_shutdown(cx).is_ready() {
                return Poll::Ready(CloseReason::Done);
            }
            if stopped && is_free(&info.state) {
                return Poll::Ready(CloseReason::Done);
            }
            if !left && eviction.as_mut().poll(cx).is_ready() {
                left = true;
                if info.state.phase_and_start().0 != TcpConnectionPhase::Responding {
                    return Poll::Ready(CloseReason::Evicted);
                }
                // The request has already arrived: it is answered, and no other one is accepted.
                Pin::new(&mut connection).graceful_shutdown();
            }
            let Some(due) = info.state.deadline(&context.limits) else {
                return Poll::Pending;
            };
            if time_limit.deadline() != due {
                time_limit.as_mut().reset(due);
            }
            time_limit.as_mut().poll(cx).map(|()| CloseReason::Timeout)
        })
        .await
    };
    let stream = connection.into_parts().io.into_inner().into_inner();
    close(stream, end, &info, &context.limits).await;
}

/// Closes a connection, with an error if its request was not read completely.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    reason: CloseReason,
    info: &TcpConnectionInfo,
    limits: &ServerLimits,
) {
    let (phase, _) = info.state.phase_and_start();
    match reason {
        CloseReason::Done => {
            let refusal = info.state.take_error();
            close_gracefully(stream, refusal.as_deref(), info, limits).await;
        }
        CloseReason::Timeout if phase == TcpConnectionPhase::Head => {
            let late = Problem::new(
                408,
                "Timed out while reading the request head",
                "headTooSlow",
            );
            close_gracefully(stream, Some(&late), info, limits).await;
        }
        CloseReason::Evicted
            if phase == TcpConnectionPhase::Head || phase == TcpConnectionPhase::Body =>
        {
            let full = Problem::new(
                503,
                "Too many open TCP connections; retry",
                "noConnectionFree",
            );
            write_now(stream, &full, info);
        }
        // No request was sent, or nothing is read any longer.
        CloseReason::Timeout | CloseReason::Evicted => {}
    }
}

/// Waits for eviction, and then once more for a request that has arrived but was not read yet.
async fn evicted(slot: &ConnectionSlot) {
    slot.evicted.cancelled().await;
    // Lets the runtime poll the socket first.
    yield_now().await;
}

/// Returns whether no request is in progress.
fn is_free(state: &TcpConnectionState) -> bool {
    match state.phase_and_start().0 {
        TcpConnectionPhase::New | TcpConnectionPhase::Head | TcpConnectionPhase::Idle => true,
        TcpConnectionPhase::Body
        | TcpConnectionPhase::Responding
        | TcpConnectionPhase::Streaming => false,
    }
}

/// Sends the final response and closes the connection so that the client can read it.
///
/// Unread input is drained: closing a socket with unread input discards the response.
async fn close_gracefully<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    problem: Option<&Problem>,
    connection: &TcpConnectionInfo,
    limits: &ServerLimits,
) {
    let words = problem.map(|problem| {
        let id = RequestId::new();
        log(problem, connection, &id);
        raw_error_response(problem, &id)
    });
    let closing = async {
        if let Some(words) = words {
            stream.write_all(&words).await?;
        }
        stream.shutdown().await?;
        let mut unread = FAREWELL_BYTES;
        let mut piece = [0; 4096];
        loop {
            let read = stream.read(&mut piece).await?;
            unread = match unread.checked_sub(read) {
                Some(rest) if read > 0 => rest,
                _ => return std::io::Result::Ok(()),
            };
        }
    };
    // A client that does not read is not an error here.
    let _ = timeout(limits.drain_timeout, closing).await;
}

/// Writes as much as fits, without waiting.
fn write_now<S: AsyncWrite + Unpin>(
    mut stream: S,
    problem: &Problem,
    connection: &TcpConnectionInfo,
) {
    let id = RequestId::new();
    log(problem, connection, &id);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    // Best effort: the connection is closed in any case.
    let _ = Pin::new(&mut stream).poll_write(&mut cx, &raw_error_response(problem, &id));
    let _ = Pin::new(&mut stream).poll_flush(&mut cx);
}

fn log(problem: &Problem, connection: &TcpConnectionInfo, id: &RequestId) {
    connection.log(&AccessEntry {
        request: None,
        status: problem.status,
        duration: Duration::ZERO,
        bytes: None,
        token: None,
        peer: connection.peer,
        id,
    });
}

/// Returns the bytes of an error response, after which the connection is closed.
fn raw_error_response(problem: &Problem, id: &RequestId) -> Vec<u8> {
    // Problem details always serialize.
    let body = serde_json::to_string(problem).unwrap_or_default();
    let extra_header = match problem.status {
        405 => "allow: GET, HEAD, POST, PUT, DELETE\r\n",
        503 => "retry-after: 1\r\n",
        _ => "",
    };
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{extra_header}x-request-id: {id}\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        problem.status,
        problem.title,
        body.len()
    )
    .into_bytes()
}
