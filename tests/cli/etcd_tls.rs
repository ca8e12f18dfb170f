//! TLS to etcd, with a private CA and client certificates.

use std::path::{Path, PathBuf};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::etcd_node::EtcdNode;
use crate::home::{DOCUMENTED, Home};

/// CA with certificates for a server and a client, as files.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "test CA");
        let ca_key = KeyPair::generate().unwrap();
        let certificate = ca.self_signed(&ca_key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(ca, ca_key);
        for (name, host) in [("server", "127.0.0.1"), ("client", "client.example")] {
            let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            std::fs::write(folder.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            std::fs::write(
                folder.path().join(format!("{name}.key")),
                key.serialize_pem(),
            )
            .unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}

#[test]
fn client_certificate_and_private_ca_are_used_and_their_lack_is_named() {
    let certificates = Certificates::new();
    let options = [
        option("cert-file", &certificates.path("server.pem")),
        option("key-file", &certificates.path("server.key")),
        option("trusted-ca-file", &certificates.path("ca.pem")),
        "--client-cert-auth".to_owned(),
    ];
    let Some(node) = EtcdNode::start(&options.each_ref().map(String::as_str)) else {
        return;
    };
    let home = Home::new();
    let store = format!("etcd://{}/tls?tls=on", node.client);
    let ca = option("store-ca-file", &certificates.path("ca.pem"));
    let own = [
        option("store-cert-file", &certificates.path("client.pem")),
        option("store-cert-key-file", &certificates.path("client.key")),
    ];
    let create = ["connections", "create", "--from-json", "-"];
    let store = ["--store", store.as_str()];
    let all = [&store[..], &[&ca, &own[0], &own[1]], &create].concat();
    let made = home.pipe(&all, DOCUMENTED);
    assert_eq!(made.code, 0, "{made:?}");

    let doctor = home.run(&[&store[..], &[&ca, &own[0], &own[1], "doctor"]].concat());
    let end = "client certificate, valid until 4096-01-01";
    assert!(doctor.out.contains(end), "{doctor:?}");
    // The test wrote the files as anyone can read them.
    let exposed = made.err.contains("client.key");
    assert!(exposed && !made.err.contains("ca.pem"), "{made:?}");

    let list = ["connections", "list"];
    let plain = format!("etcd://{}/tls", node.client);
    let cases = [
        (
            vec!["--store", store[1], &own[0], &own[1]],
            "invalid peer certificate",
        ),
        (vec!["--store", store[1], &ca], "--store-cert-file"),
        (vec!["--store", &plain], "tls=on"),
    ];
    // Side by side, because two of them try again for seconds.
    thread::scope(|scope| {
        for (options, why) in &cases {
            let home = &home;
            scope.spawn(move || {
                let refused = home.run(&[&options[..], &list].concat());
                assert_eq!(refused.code, 6, "{refused:?}");
                assert!(refused.err.contains(why), "{refused:?}");
            });
        }
    });
}
