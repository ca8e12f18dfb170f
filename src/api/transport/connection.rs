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

use super::access::Access;
use super::gate::{Gate, Wire};
use super::last_words::last_words;
use super::limits::Limits;
use super::request_id::RequestId;
use super::seats::Seat;
use super::sentry::{Sentry, malformed};
use super::vitals::{Doing, Vitals};
use crate::api::Problem;

/// First byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// Bytes that are still read from a rejected client, so that it receives the response.
const FAREWELL_BYTES: usize = 1024 * 1024;

/// State shared by all connections of a server.
pub struct House {
    /// Request pipeline.
    pub gate: Arc<Gate>,
    /// TLS acceptor; none for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// Limits.
    pub limits: Limits,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// Reason for closing a connection.
enum End {
    /// Finished or broken.
    Over,
    /// Timed out.
    Late,
    /// Evicted: another connection needs the slot.
    Leave,
}

/// Serves a connection.
pub async fn serve(context: Arc<House>, stream: TcpStream, peer: SocketAddr, slot: Seat) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let wire = Wire {
        peer,
        local: local.ip(),
        vitals: slot.vitals.clone(),
    };
    match &context.tls {
        None => serve_requests(&context, stream, wire, &slot).await,
        Some(tls) => {
            let shaking = tls_handshake(tls, stream, &wire, &context.limits);
            let greeted = tokio::select! {
                biased;
                greeted = timeout(context.limits.head, shaking) => greeted.ok().flatten(),
                () = evicted(&slot) => None,
                () = context.stop.cancelled() => None,
            };
            if let Some(stream) = greeted {
                serve_requests(&context, stream, wire, &slot).await;
            }
        }
    }
}

/// Performs the TLS handshake. A client that sends plain HTTP receives a plain HTTP error.
async fn tls_handshake(
    tls: &TlsAcceptor,
    stream: TcpStream,
    wire: &Wire,
    limits: &Limits,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    let is_any = stream.peek(&mut first).await.ok()? == 1;
    if is_any && first[0] != HANDSHAKE {
        if first[0].is_ascii_alphabetic() {
            let problem = malformed("This port uses TLS; use an https:// URL");
            part(stream, Some(&problem), wire, limits).await;
        }
        return None;
    }
    tls.accept(stream).await.ok()
}

async fn serve_requests<S: AsyncRead + AsyncWrite + Unpin>(
    context: &House,
    stream: S,
    wire: Wire,
    slot: &Seat,
) {
    let sentry = Sentry::new(stream, wire.vitals.clone(), context.limits.clone());
    let service = service_fn(|request| {
        let (gate, wire) = (Arc::clone(&context.gate), wire.clone());
        // The allocation is small compared with those of the response.
        Box::pin(async move { Ok::<_, Infallible>(gate.answer(request, wire).await) })
    });
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(sentry), service);
    let end = {
        let mut leaving = pin!(evicted(slot));
        let mut stopping = pin!(context.stop.cancelled());
        let (mut stopped, mut left) = (false, false);
        let mut time_limit = pin!(sleep_until(Instant::now()));
        poll_fn(|cx| {
            if !stopped && stopping.as_mut().poll(cx).is_ready() {
                stopped = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            if connection.poll_without_shutdown(cx).is_ready() {
                return Poll::Ready(End::Over);
            }
            if stopped && is_free(&wire.vitals) {
                return Poll::Ready(End::Over);
            }
            if !left && leaving.as_mut().poll(cx).is_ready() {
                left = true;
                if wire.vitals.now().0 != Doing::Answering {
                    return Poll::Ready(End::Leave);
                }
                // The request has already arrived: it is answered, and no other one is accepted.
                Pin::new(&mut connection).graceful_shutdown();
            }
            let Some(due) = wire.vitals.due(&context.limits) else {
                return Poll::Pending;
            };
            if time_limit.deadline() != due {
                time_limit.as_mut().reset(due);
            }
            time_limit.as_mut().poll(cx).map(|()| End::Late)
        })
        .await
    };
    let (doing, _) = wire.vitals.now();
    let stream = connection.into_parts().io.into_inner().into_inner();
    match end {
        End::Over => {
            let refusal = wire.vitals.refusal();
            part(stream, refusal.as_deref(), &wire, &context.limits).await;
        }
        End::Late if doing == Doing::Head => {
            let late = Problem::new(
                408,
                "Timed out while reading the request head",
                "headTooSlow",
            );
            part(stream, Some(&late), &wire, &context.limits).await;
        }
        End::Leave if doing == Doing::Head || doing == Doing::Body => {
            let full = Problem::new(503, "Too many connections; retry", "noConnectionFree");
            write_now(stream, &full, &wire);
        }
        // No request was sent, or nothing is read any longer.
        End::Late | End::Leave => {}
    }
}

/// Waits for eviction, and then once more for a request that has arrived but was not read yet.
async fn evicted(slot: &Seat) {
    slot.leave.cancelled().await;
    // Lets the runtime poll the socket first.
    yield_now().await;
}

/// Returns whether no request is in progress.
fn is_free(vitals: &Vitals) -> bool {
    match vitals.now().0 {
        Doing::Arriving | Doing::Head | Doing::Idle => true,
        Doing::Body | Doing::Answering | Doing::Streaming => false,
    }
}

/// Sends the final response and closes the connection so that the client can read it.
///
/// Unread input is drained: closing a socket with unread input discards the response.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    problem: Option<&Problem>,
    wire: &Wire,
    limits: &Limits,
) {
    let words = problem.map(|problem| {
        let id = RequestId::new();
        log(problem, wire, &id);
        last_words(problem, &id)
    });
    let parting = async {
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
    let _ = timeout(limits.farewell, parting).await;
}

/// Writes as much as fits, without waiting.
fn write_now<S: AsyncWrite + Unpin>(mut stream: S, problem: &Problem, wire: &Wire) {
    let id = RequestId::new();
    log(problem, wire, &id);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    // Best effort: the connection is closed in any case.
    let _ = Pin::new(&mut stream).poll_write(&mut cx, &last_words(problem, &id));
    let _ = Pin::new(&mut stream).poll_flush(&mut cx);
}

fn log(problem: &Problem, wire: &Wire, id: &RequestId) {
    Access {
        request: None,
        status: problem.status,
        duration: Duration::ZERO,
        bytes: None,
        token: None,
        peer: wire.peer,
        id,
    }
    .log();
}
