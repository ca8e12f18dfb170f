//! Connection tests against provider servers on real sockets.

mod addresses;
mod binary;
mod complete;
mod fixture;
mod models;
mod requests;
mod responses;
mod secrets;
mod sigv4;
mod sockets;
