//! TLS by certificate files, which are read again when they change.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// The files of a certificate, PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, then those between it and the root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Accepts TLS connections with whatever certificate the files hold.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    current: Arc<Current>,
    files: TlsFiles,
    seen: Vec<Option<SystemTime>>,
}

#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(files: TlsFiles) -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let seen = changed_at(&files);
        let current = Arc::new(Current(ArcSwap::from_pointee(read(&files, &provider)?)));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Current>::clone(&current);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), current, files, seen })
    }

    /// Reads the files again whenever they change. What cannot be used is reported, and the old certificate stays.
    pub(super) async fn keep_up(mut self) {
        let provider = ring::default_provider();
        loop {
            tokio::time::sleep(LOOK).await;
            self.look(&provider);
        }
    }

    fn look(&mut self, provider: &CryptoProvider) {
        let now = changed_at(&self.files);
        if now == self.seen {
            return;
        }
        match read(&self.files, provider) {
            Ok(key) => {
                self.current.0.store(Arc::new(key));
                self.seen = now;
                tracing::info!(certificate = %self.files.certificate.display(), "the certificate was read again");
            }
            // Perhaps only one of the files is new so far: look again.
            Err(error) => tracing::warn!(%error, "the new certificate cannot be used; the old one stays"),
        }
    }
}

fn changed_at(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let at = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    vec![at(&files.certificate), at(&files.key)]
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> io::Result<CertifiedKey> {
    let wrong = |path: &Path, what: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&files.certificate, &error))?;
    if chain.is_empty() {
        return Err(wrong(&files.certificate, &"there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, &error))?;
    let key = provider.key_provider.load_private_key(key).map_err(|error| wrong(&files.key, &error))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // Not every kind of key can tell.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(error) => Err(wrong(&files.key, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let files = TlsFiles {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        std::fs::write(&files.certificate, made.cert.pem()).expect("written");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
        files
    }

    #[test]
    fn a_new_certificate_takes_the_place_of_the_old_one_once_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write(folder.path(), "first");
        let other = write(folder.path(), "second");
        let mut tls = Tls::new(files.clone()).expect("usable");
        let provider = ring::default_provider();
        let before = tls.current.0.load().cert.clone();

        // Half of the change: key and certificate do not belong together.
        std::fs::copy(&other.certificate, &files.certificate).expect("copied");
        tls.seen = vec![None, None];
        tls.look(&provider);
        assert_eq!(tls.current.0.load().cert, before);

        std::fs::copy(&other.key, &files.key).expect("copied");
        tls.look(&provider);
        assert_ne!(tls.current.0.load().cert, before);
    }

    #[test]
    fn files_that_are_no_certificate_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = write(folder.path(), "good");
        let missing = TlsFiles { certificate: folder.path().join("none.crt"), ..files.clone() };
        let error = Tls::new(missing).err().expect("not there");
        assert!(error.to_string().contains("none.crt"), "{error}");
        let swapped = TlsFiles { certificate: files.key.clone(), key: files.key };
        let error = Tls::new(swapped).err().expect("no certificate");
        assert!(error.to_string().contains("good.key"), "{error}");
    }
}
