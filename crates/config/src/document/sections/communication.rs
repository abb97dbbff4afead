//! `runtime.communication`: how the reference's processes talk to each other. This program is one
//! process; the section is checked and has no effect.

use serde_json::{Value, json};

use crate::document::limits::port;
use crate::document::node::Node;
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};
use crate::document::values::{OneOf, words};

words! {
    /// Ways to communicate.
    CommunicationKind = "ipc", "tcp", "dual";
}

/// A way to communicate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Communication {
    Ipc(IpcSection),
    Tcp(Box<TcpSection>),
    Dual(Box<DualSection>),
}

section! {
    /// Sockets of one machine.
    pub(crate) struct IpcSection {
        r#type: OneOf<CommunicationKind>;
        path: String = "/tmp/aiperf".to_owned();
    }
}

section! {
    /// TCP.
    pub(crate) struct TcpSection {
        r#type: OneOf<CommunicationKind>;
        host: String = "127.0.0.1".to_owned();
        records_port: u64 = 5557, port;
        credit_router_port: u64 = 5564, port;
        control_port: u64 = 5667, port;
        credit_return_push_pull_port: u64 = 5669, port;
        event_bus_proxy: ProxySection = ProxySection::between(5663, 5664);
        dataset_manager_proxy: ProxySection = ProxySection::between(5661, 5662);
        raw_inference_proxy: ProxySection = ProxySection::between(5665, 5666);
    }
}

section! {
    /// Both.
    pub(crate) struct DualSection {
        r#type: OneOf<CommunicationKind>;
        ipc_path: String = "/tmp/aiperf".to_owned();
        tcp_host: String = "0.0.0.0".to_owned();
        controller_host: Option<String> = None;
        records_port: u64 = 5557, port;
        credit_router_port: u64 = 5564, port;
        control_port: u64 = 5667, port;
        credit_return_push_pull_port: u64 = 5669, port;
        event_bus_proxy: ProxySection = ProxySection::between(5663, 5664);
        dataset_manager_proxy: ProxySection = ProxySection::between(5661, 5662);
        raw_inference_proxy: ProxySection = ProxySection::between(5665, 5666);
    }
}

section! {
    /// Two ports.
    pub(crate) struct ProxySection {
        frontend_port: u64, port;
        backend_port: u64, port;
    }
}

impl ProxySection {
    fn between(frontend: u64, backend: u64) -> Self {
        Self {
            frontend_port: Field::default_of(frontend),
            backend_port: Field::default_of(backend),
        }
    }
}

impl Read for Communication {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(kind) = node.get("type") else {
            reader.within("type", |reader| reader.fault(node, "is missing"));
            return None;
        };
        let kind = reader.within("type", |reader| {
            OneOf::<CommunicationKind>::read(kind, reader)
        })?;
        Some(match kind.name() {
            "tcp" => Self::Tcp(Box::new(TcpSection::read(node, reader)?)),
            "dual" => Self::Dual(Box::new(DualSection::read(node, reader)?)),
            _ => Self::Ipc(IpcSection::read(node, reader)?),
        })
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::Ipc(section) => section.dump(dump),
            Self::Tcp(section) => section.dump(dump),
            Self::Dual(section) => section.dump(dump),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({ "anyOf": [
            IpcSection::schema(definitions),
            TcpSection::schema(definitions),
            DualSection::schema(definitions),
        ] })
    }
}
