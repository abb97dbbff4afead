//! How servers are reached. The reference has no flags for this.

use std::path::PathBuf;

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::HttpVersion;

pub(super) static TRANSPORT: Group<ProfileArgs> = Group {
    title: "Transport",
    flags: &[HTTP_VERSION, CA_FILE, CLIENT_CERT, CLIENT_KEY, NO_VERIFY],
};

const HTTP_VERSION: Flag<ProfileArgs> = Flag {
    names: &["http-version"],
    short: None,
    kind: Kind::Choice {
        names: HttpVersion::NAMES,
        later: &[],
        set: |args, word| {
            args.http_version = chosen(word)?;
            Ok(())
        },
    },
    value: "VERSION",
    default: "1.1",
    path: "",
    help: "Version of HTTP: `auto` lets a TLS server choose HTTP/2, `2` speaks nothing else, also without TLS.",
};

const CA_FILE: Flag<ProfileArgs> = Flag {
    names: &["tls-ca-file"],
    short: None,
    kind: Kind::Path(|args, path| {
        args.tls_ca_file = Some(existing_file(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "the certificates of the system",
    path: "",
    help: "Certificates (PEM) that are trusted in place of those of the system.",
};

const CLIENT_CERT: Flag<ProfileArgs> = Flag {
    names: &["tls-client-cert"],
    short: None,
    kind: Kind::Path(|args, path| {
        args.tls_client_cert = Some(existing_file(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "",
    path: "",
    help: "This client's certificate (PEM), for servers that ask for one.",
};

const CLIENT_KEY: Flag<ProfileArgs> = Flag {
    names: &["tls-client-key"],
    short: None,
    kind: Kind::Path(|args, path| {
        args.tls_client_key = Some(existing_file(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "the file of --tls-client-cert",
    path: "",
    help: "The private key of --tls-client-cert (PEM).",
};

const NO_VERIFY: Flag<ProfileArgs> = Flag {
    names: &["no-tls-verify"],
    short: None,
    kind: Kind::Switch(|args, on| args.no_tls_verify = Some(on)),
    value: "",
    default: "",
    path: "",
    help: "Accept any certificate for any host. Whoever is in between can read and change everything.",
};

fn existing_file(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_file() {
        Ok(path)
    } else {
        Err("no such file".into())
    }
}
