//! Contract of the routes.

mod changes;
mod connection_tests;
mod contract;
mod create;
mod crud;
mod documented;
mod fixture;
mod http;
mod invalid_bodies;
mod meta;
mod on_disk;
mod openapi;
mod problems;
mod providers;
mod trash;
mod versions;
