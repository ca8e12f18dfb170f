//! The test server over TLS.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::SiteState;

/// Returns a configuration with a new certificate for 127.0.0.1, and the certificate as PEM.
pub fn config() -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
    (Arc::new(config), certificate)
}

/// Serves a connection; one whose handshake fails ends.
pub fn serve(config: Arc<ServerConfig>, socket: TcpStream, shared: &Mutex<SiteState>) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    super::serve(&mut stream, shared);
    stream.conn.send_close_notify();
    // The client may have disconnected.
    let _ = stream.conn.complete_io(&mut stream.sock);
}
