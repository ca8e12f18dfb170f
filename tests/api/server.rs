//! The real `umai serve`: sockets, TLS, tokens, limits.

mod access_log;
mod browsers;
mod examples;
mod fixture;
mod hostile_clients;
mod keep_alive;
mod malformed_http;
mod memory;
mod raw_http;
mod read_only;
mod secrets;
mod shutdown;
mod slow_clients;
mod startup_errors;
mod tls;
mod tokens;
