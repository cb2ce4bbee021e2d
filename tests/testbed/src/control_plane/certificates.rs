//! The keys of a control plane: one certificate authority and what it signed, all gone with the control plane.

use std::fs::write;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::layout::Layout;

/// Who gets a client certificate: file name, user, group.
const CLIENTS: [(&str, &str, Option<&str>); 4] = [
    ("admin", "admin", Some("system:masters")),
    ("controller-manager", "system:kube-controller-manager", None),
    ("scheduler", "system:kube-scheduler", None),
    ("front-proxy", "front-proxy-client", None),
];

/// The names the API server is reached by: on loopback, and from pods by its Service.
const SERVER_NAMES: [&str; 4] = ["localhost", "127.0.0.1", "10.0.0.1", "kubernetes.default.svc"];

/// Writes `NAME.crt` and `NAME.key` of everyone, and the key pair that signs the tokens of `ServiceAccount`s.
pub(super) fn write_all(layout: &Layout) -> Result<()> {
    issue(layout).context("cannot make the certificates of the control plane")
}

fn issue(layout: &Layout) -> Result<()> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("testbed-ca", None);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    write(layout.pki("ca.crt"), authority.pem())?;
    write(layout.pki("ca.key"), authority.key().serialize_pem())?;

    let mut server = CertificateParams::new(SERVER_NAMES.map(str::to_owned))?;
    server.distinguished_name = named("kube-apiserver", None);
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    write_signed(layout, &authority, "apiserver", &server)?;

    for (file, user, group) in CLIENTS {
        let mut client = CertificateParams::default();
        client.distinguished_name = named(user, group);
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        write_signed(layout, &authority, file, &client)?;
    }

    let tokens = KeyPair::generate()?;
    write(layout.pki("service-accounts.key"), tokens.serialize_pem())?;
    write(layout.pki("service-accounts.pub"), tokens.public_key_pem())?;
    Ok(())
}

/// The API server reads the user from the common name and the group from the organization.
fn named(user: &str, group: Option<&str>) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::CommonName, user);
    if let Some(group) = group {
        name.push(DnType::OrganizationName, group);
    }
    name
}

fn write_signed(
    layout: &Layout,
    authority: &CertifiedIssuer<'_, KeyPair>,
    file: &str,
    params: &CertificateParams,
) -> Result<()> {
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    write(layout.pki(&format!("{file}.crt")), certificate.pem())?;
    write(layout.pki(&format!("{file}.key")), key.serialize_pem())?;
    Ok(())
}
