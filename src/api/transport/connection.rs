//! Serves one connection from its first byte to its last, and decides when it has been long enough.

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

/// How a TLS handshake begins.
const HANDSHAKE: u8 = 0x16;

/// The most bytes of a client that is told to go that are still read, so that it reads why.
const FAREWELL_BYTES: usize = 1024 * 1024;

/// What every connection of a server has in common.
pub struct House {
    /// What a request has to pass.
    pub gate: Arc<Gate>,
    /// TLS, unless it is plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// How long the server waits, and how much it takes.
    pub limits: Limits,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// Why a connection ends.
enum End {
    /// It is over, or broken.
    Over,
    /// Its patience is.
    Late,
    /// Another one needs its place.
    Leave,
}

/// Serves a connection.
pub async fn serve(house: Arc<House>, stream: TcpStream, peer: SocketAddr, seat: Seat) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let wire = Wire {
        peer,
        local: local.ip(),
        vitals: seat.vitals.clone(),
    };
    match &house.tls {
        None => converse(&house, stream, wire, &seat).await,
        Some(tls) => {
            let shaking = greet(tls, stream, &wire, &house.limits);
            let greeted = tokio::select! {
                biased;
                greeted = timeout(house.limits.head, shaking) => greeted.ok().flatten(),
                () = told_to_leave(&seat) => None,
                () = house.stop.cancelled() => None,
            };
            if let Some(stream) = greeted {
                converse(&house, stream, wire, &seat).await;
            }
        }
    }
}

/// Shakes hands; someone who speaks plain HTTP is told, in plain HTTP.
async fn greet(
    tls: &TlsAcceptor,
    stream: TcpStream,
    wire: &Wire,
    limits: &Limits,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    let is_any = stream.peek(&mut first).await.ok()? == 1;
    if is_any && first[0] != HANDSHAKE {
        if first[0].is_ascii_alphabetic() {
            let problem = malformed("This is an https port: begin the address with https://");
            part(stream, Some(&problem), wire, limits).await;
        }
        return None;
    }
    tls.accept(stream).await.ok()
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    house: &House,
    stream: S,
    wire: Wire,
    seat: &Seat,
) {
    let sentry = Sentry::new(stream, wire.vitals.clone(), house.limits.clone());
    let service = service_fn(|request| {
        let (gate, wire) = (Arc::clone(&house.gate), wire.clone());
        // One allocation, beside which the answer's own are many.
        Box::pin(async move { Ok::<_, Infallible>(gate.answer(request, wire).await) })
    });
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(sentry), service);
    let end = {
        let mut leaving = pin!(told_to_leave(seat));
        let mut stopping = pin!(house.stop.cancelled());
        let (mut stopped, mut left) = (false, false);
        let mut patience = pin!(sleep_until(Instant::now()));
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
                // Its request had come, and was only not looked at yet: it is answered, and no other.
                Pin::new(&mut connection).graceful_shutdown();
            }
            let Some(due) = wire.vitals.due(&house.limits) else {
                return Poll::Pending;
            };
            if patience.deadline() != due {
                patience.as_mut().reset(due);
            }
            patience.as_mut().poll(cx).map(|()| End::Late)
        })
        .await
    };
    let (doing, _) = wire.vitals.now();
    let stream = connection.into_parts().io.into_inner().into_inner();
    match end {
        End::Over => {
            let refusal = wire.vitals.refusal();
            part(stream, refusal.as_deref(), &wire, &house.limits).await;
        }
        End::Late if doing == Doing::Head => {
            let late = Problem::new(
                408,
                "The head of the request did not come in time",
                "headTooSlow",
            );
            part(stream, Some(&late), &wire, &house.limits).await;
        }
        End::Leave if doing == Doing::Head || doing == Doing::Body => {
            let full = Problem::new(
                503,
                "All connections are taken, and others were quicker",
                "noConnectionFree",
            );
            say_at_once(stream, &full, &wire);
        }
        // Nothing was asked; or nothing is read any more.
        End::Late | End::Leave => {}
    }
}

/// Waits until another one needs the place; and then once more for what the client said already and nobody looked at yet.
async fn told_to_leave(seat: &Seat) {
    seat.leave.cancelled().await;
    // The system is asked for news before this goes on.
    yield_now().await;
}

/// Whether nothing is under way.
fn is_free(vitals: &Vitals) -> bool {
    match vitals.now().0 {
        Doing::Arriving | Doing::Head | Doing::Idle => true,
        Doing::Body | Doing::Answering | Doing::Streaming => false,
    }
}

/// Says what there is to say and ends the connection so that the client can read it.
///
/// Why reading on: a socket that is closed over unread bytes takes back what was written to it.
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
    // Whoever does not listen is left alone: there is nobody to tell.
    let _ = timeout(limits.farewell, parting).await;
}

/// Writes what fits, and waits for nothing.
fn say_at_once<S: AsyncWrite + Unpin>(mut stream: S, problem: &Problem, wire: &Wire) {
    let id = RequestId::new();
    log(problem, wire, &id);
    let mut cx = Context::from_waker(std::task::Waker::noop());
    // A courtesy to a client that goes in any case.
    let _ = Pin::new(&mut stream).poll_write(&mut cx, &last_words(problem, &id));
    let _ = Pin::new(&mut stream).poll_flush(&mut cx);
}

fn log(problem: &Problem, wire: &Wire, id: &RequestId) {
    Access {
        asked: None,
        status: problem.status,
        took: Duration::ZERO,
        bytes: None,
        token: None,
        peer: wire.peer,
        id,
    }
    .log();
}
