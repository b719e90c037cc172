//! A small TURN client of the tests: blocking sockets, long-term credentials with SHA-1, one thing after the other.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use relais_turn::auth::{Algorithm, Key};
use relais_turn::wire::{
    AttributeType, Class, Framer, Message, Method, TransactionId, Writer, decode_xor_address,
};
use relais_turn_driver::config::Config;
use relais_turn_driver::relay::Relay;
use rustls::pki_types::{CertificateDer, ServerName};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const LIFETIME: [u8; 4] = 600_u32.to_be_bytes();
const UDP: [u8; 4] = [17, 0, 0, 0];

/// A relay on loopback, with a user `u` / `p` and certificates.
pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) folder: tempfile::TempDir,
    roots: Arc<rustls::RootCertStore>,
}

impl World {
    /// Starts it; `more` is added to its configuration.
    pub(crate) fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let write = |name: &str, text: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let (cert, key) = (
            write("cert.pem", &certificate.cert.pem()),
            write("key.pem", &certificate.signing_key.serialize_pem()),
        );
        let users = write("users", "u:p\n# gone\n\nv:q\n");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(certificate.cert.der().to_vec())).unwrap();
        Self {
            relay: Relay::start(&config(&cert, &key, &users, more)).unwrap(),
            folder,
            roots: Arc::new(roots),
        }
    }

    pub(crate) fn udp(&self) -> SocketAddr {
        self.relay.udp()[0]
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.relay.tcp()[0]
    }

    pub(crate) fn tls_config(&self) -> Arc<rustls::ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        Arc::new(config)
    }

    pub(crate) fn over_udp(&self) -> Client {
        let socket = UdpSocket::bind((self.udp().ip(), 0)).unwrap();
        socket.connect(self.udp()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Client::new(Way::Udp(socket))
    }

    pub(crate) fn over_tcp(&self) -> Client {
        Client::new(Way::Stream(Box::new(self.stream()), Framer::new(1 << 17)))
    }

    pub(crate) fn over_tls(&self) -> Client {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = rustls::ClientConnection::new(self.tls_config(), name).unwrap();
        let stream = rustls::StreamOwned::new(connection, self.stream());
        Client::new(Way::Stream(Box::new(stream), Framer::new(1 << 17)))
    }

    pub(crate) fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect(self.tcp()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

fn config(cert: &std::path::Path, key: &std::path::Path, users: &std::path::Path, more: &str) -> Config {
    let text = format!(
        "[listen]\nudp = [\"127.0.0.1:0\"]\ntcp = [\"127.0.0.1:0\"]\n[tls]\ncertificate = {cert:?}\nkey = {key:?}\n\
         [relay]\nport_first = 61000\nport_last = 64999\n[auth]\nusers_file = {users:?}\n{more}"
    );
    Config::read(&text, &[]).unwrap()
}

/// Bytes in both directions.
pub(crate) trait Stream: std::io::Read + std::io::Write {}
impl<T: std::io::Read + std::io::Write> Stream for T {}

enum Way {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>, Framer),
}

/// One client with at most one allocation.
pub(crate) struct Client {
    way: Way,
    realm: String,
    nonce: Vec<u8>,
    next: u64,
    user: (&'static str, &'static str),
}

/// What a request came to.
pub(crate) type Answer = Result<Vec<u8>, u16>;

impl Client {
    fn new(way: Way) -> Self {
        Self { way, realm: String::new(), nonce: Vec::new(), next: 1, user: ("u", "p") }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match &mut self.way {
            Way::Udp(socket) => {
                socket.send(bytes).unwrap();
            }
            Way::Stream(stream, _) => {
                let padding = bytes.len().next_multiple_of(4) - bytes.len();
                stream.write_all(bytes).unwrap();
                stream.write_all(&[0; 3][..padding]).unwrap();
                stream.flush().unwrap();
            }
        }
    }

    pub(crate) fn receive(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 16];
        match &mut self.way {
            Way::Udp(socket) => {
                let count = socket.recv(&mut buffer).unwrap();
                buffer[..count].to_vec()
            }
            Way::Stream(stream, framer) => loop {
                if let Some(frame) = framer.next_frame().unwrap() {
                    return frame.to_vec();
                }
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the relay has closed the stream");
                framer.feed(&buffer[..count]);
            },
        }
    }

    /// Asks until there is a final answer: with the realm and nonce it is given.
    pub(crate) fn ask(&mut self, method: Method, attributes: &[(AttributeType, Vec<u8>)]) -> Answer {
        for _ in 0..3 {
            let request = self.request(method, attributes);
            self.send(&request);
            let bytes = self.receive();
            let message = Message::parse(&bytes).unwrap();
            if message.class() == Class::Success {
                return Ok(bytes);
            }
            let code = message.get(AttributeType::ERROR_CODE).unwrap();
            let code = u16::from(code[2]) * 100 + u16::from(code[3]);
            let asked_before = !self.nonce.is_empty();
            if let Some(nonce) = message.get(AttributeType::NONCE) {
                self.nonce = nonce.to_vec();
            }
            if let Some(realm) = message.get(AttributeType::REALM) {
                self.realm = String::from_utf8(realm.to_vec()).unwrap();
            }
            if code != 438 && (code != 401 || asked_before) {
                return Err(code);
            }
        }
        Err(438)
    }

    fn request(&mut self, method: Method, attributes: &[(AttributeType, Vec<u8>)]) -> Vec<u8> {
        let mut transaction = [0; 12];
        transaction[4..].copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        let mut buffer = vec![0; 2_048];
        let mut writer = Writer::new(&mut buffer, Class::Request, method, TransactionId(transaction));
        for (kind, value) in attributes {
            writer.attribute(*kind, value);
        }
        if !self.nonce.is_empty() {
            let (name, password) = self.user;
            let key = Key::derive(Algorithm::Md5, name.as_bytes(), &self.realm, password.as_bytes());
            writer
                .attribute(AttributeType::USERNAME, name.as_bytes())
                .attribute(AttributeType::REALM, self.realm.as_bytes())
                .attribute(AttributeType::NONCE, &self.nonce)
                .integrity_sha1(key.as_bytes());
        }
        let len = writer.fingerprint().finish().unwrap();
        buffer[..len].to_vec()
    }

    /// The relayed address of a new allocation.
    pub(crate) fn allocate(&mut self) -> Result<SocketAddr, u16> {
        let attributes = [
            (AttributeType::REQUESTED_TRANSPORT, UDP.to_vec()),
            (AttributeType::LIFETIME, LIFETIME.to_vec()),
        ];
        let answer = self.ask(Method::ALLOCATE, &attributes)?;
        let message = Message::parse(&answer).unwrap();
        let value = message.get(AttributeType::XOR_RELAYED_ADDRESS).unwrap();
        Ok(decode_xor_address(value, message.transaction()).unwrap())
    }

    pub(crate) fn permit(&mut self, peer: SocketAddr) -> Answer {
        let value = peer_value(peer, self.next);
        self.ask(Method::CREATE_PERMISSION, &[(AttributeType::XOR_PEER_ADDRESS, value)])
    }

    pub(crate) fn bind_channel(&mut self, number: u16, peer: SocketAddr) -> Answer {
        let value = peer_value(peer, self.next);
        let [high, low] = number.to_be_bytes();
        let channel = (AttributeType::CHANNEL_NUMBER, vec![high, low, 0, 0]);
        self.ask(Method::CHANNEL_BIND, &[channel, (AttributeType::XOR_PEER_ADDRESS, value)])
    }

    pub(crate) fn end(&mut self) -> Answer {
        self.ask(Method::REFRESH, &[(AttributeType::LIFETIME, vec![0; 4])])
    }

    pub(crate) fn send_channel(&mut self, number: u16, payload: &[u8]) {
        let len = u16::try_from(payload.len()).unwrap();
        self.send(&[&number.to_be_bytes()[..], &len.to_be_bytes(), payload].concat());
    }

    /// The payload of the next channel data.
    pub(crate) fn receive_channel(&mut self, number: u16) -> Vec<u8> {
        let frame = self.receive();
        assert_eq!(frame[..2], number.to_be_bytes());
        let len = usize::from(u16::from_be_bytes([frame[2], frame[3]]));
        frame[4..4 + len].to_vec()
    }

    pub(crate) fn send_indication(&mut self, peer: SocketAddr, payload: &[u8]) {
        let transaction = TransactionId([7; 12]);
        let mut buffer = vec![0; payload.len() + 200];
        let mut writer = Writer::new(&mut buffer, Class::Indication, Method::SEND, transaction);
        writer.xor_address(AttributeType::XOR_PEER_ADDRESS, peer).attribute(AttributeType::DATA, payload);
        let len = writer.fingerprint().finish().unwrap();
        let bytes = buffer[..len].to_vec();
        self.send(&bytes);
    }

    /// Peer and payload of the next Data indication.
    pub(crate) fn receive_indication(&mut self) -> (SocketAddr, Vec<u8>) {
        let bytes = self.receive();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!((message.class(), message.method()), (Class::Indication, Method::DATA));
        let peer = message.get(AttributeType::XOR_PEER_ADDRESS).unwrap();
        let peer = decode_xor_address(peer, message.transaction()).unwrap();
        (peer, message.get(AttributeType::DATA).unwrap().to_vec())
    }
}

/// IPv4 peers do not depend on the transaction.
fn peer_value(peer: SocketAddr, _next: u64) -> Vec<u8> {
    relais_turn::wire::encode_xor_address(peer, TransactionId([0; 12])).to_vec()
}

/// A peer that sends back what it gets, until it is dropped with its socket.
pub(crate) fn peer() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Takes one datagram, and from where.
pub(crate) fn take(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 1 << 16];
    let (count, from) = socket.recv_from(&mut buffer).unwrap();
    buffer.truncate(count);
    (buffer, from)
}
