//! Over TLS: only a server the named authority vouches for, and with the client certificate of the Secret.

use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::credentials::{read, secret};
use super::{PATIENT, client_of, install_tls, source};
use crate::api::metrics_source::{SecretKey, SecretName, Tls};
use crate::sense::observation::FailureKind;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(authority: &Authority, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// Serves an empty vector to clients whose certificate the authority signed; returns the URL.
async fn serve(authority: &Authority) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let (certificate, key) = leaf(authority, ExtendedKeyUsagePurpose::ServerAuth);
    let config = ServerConfig::builder()
        .with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let body = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ";
            let _ = stream.write_all(format!("{head}{}\r\n\r\n{body}", body.len()).as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

#[tokio::test]
async fn both_sides_prove_who_they_are() {
    install_tls();
    let (ours, others) = (authority(), authority());
    let url = serve(&ours).await;
    let outcome = async |trusted: &Authority, signer: Option<&Authority>| {
        let mut spec = source(&url, PATIENT);
        spec.tls = Some(Tls {
            ca: Some(SecretKey { secret: "ca".to_owned(), key: "ca.crt".to_owned() }),
            client_certificate: signer.map(|_| SecretName { secret: "client".to_owned() }),
        });
        let mut secrets = vec![secret("ca", &[("ca.crt", &trusted.pem())])];
        secrets.extend(signer.map(|signer| {
            let (certificate, key) = leaf(signer, ExtendedKeyUsagePurpose::ClientAuth);
            secret("client", &[("tls.crt", &certificate.pem()), ("tls.key", &key.serialize_pem())])
        }));
        let client = client_of(&spec, &read(&spec, &secrets).unwrap());
        client.instant("up", Timestamp::UNIX_EPOCH).await.map_err(|error| (error.kind(), error.to_string()))
    };
    outcome(&ours, Some(&ours)).await.unwrap();
    let (kind, words) = outcome(&others, Some(&ours)).await.unwrap_err();
    assert_eq!(kind, FailureKind::Unreachable);
    assert!(words.contains("certificate"), "{words}");
    assert_eq!(outcome(&ours, None).await.unwrap_err().0, FailureKind::Unreachable);
    assert_eq!(outcome(&ours, Some(&others)).await.unwrap_err().0, FailureKind::Unreachable);
}
