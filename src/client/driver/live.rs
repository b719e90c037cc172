//! The socket's task: does what the connection core says.
//!
//! Not known here: what requests and entries say.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use relais_wire::control::Cursor;
use relais_wire::{Reply, Request, SUBPROTOCOL, StreamTag};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::clock::Steady;
use super::http::Http;
use super::task;
use crate::core::{CallError, Input, Link, Output};

/// Commands that wait for the socket's task; more wait at their sender.
const COMMANDS: usize = 256;

/// What waits for the client to look: two windows of entries, and hints, of which the newest are lost first.
const EVENTS: usize = 1_024;

#[expect(clippy::large_enum_variant, reason = "commands are few and short-lived")]
pub(crate) enum Command {
    Call { request: Request, answer: oneshot::Sender<Result<Reply, CallError>> },
    Applied { stream: StreamTag, seq: u64 },
    NotApplied { stream: StreamTag },
    Follow { stream: StreamTag, cursor: Cursor },
    Unread { stream: StreamTag },
    Stop,
}

/// A running connection.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    commands: mpsc::Sender<Command>,
}

impl Live {
    /// Starts the connection. Outputs other than sends and replies come out of the receiver.
    pub(crate) fn start(http: &Http, link: Link) -> (Self, mpsc::Receiver<Output>) {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (events, outbox) = mpsc::channel(EVENTS);
        let worker = Worker {
            http: http.clone(),
            link,
            clock: Steady::start(),
            events,
            answers: HashMap::new(),
            next_token: 0,
            sink: None,
            stream: None,
            connecting: None,
        };
        drop(task::spawn(worker.run(inbox)));
        (Self { commands }, outbox)
    }

    pub(crate) async fn call(&self, request: Request) -> Result<Reply, CallError> {
        let (answer, result) = oneshot::channel();
        self.tell(Command::Call { request, answer }).await;
        result.await.unwrap_or(Err(CallError::NotSent))
    }

    /// A command for a task that has ended is not needed by anybody.
    pub(crate) async fn tell(&self, command: Command) {
        self.commands.send(command).await.ok();
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
type Socket = WebSocketStream<Box<dyn Stream>>;
type Connecting = Pin<Box<dyn Future<Output = Option<Socket>> + Send>>;

struct Worker {
    http: Http,
    link: Link,
    clock: Steady,
    events: mpsc::Sender<Output>,
    answers: HashMap<u64, oneshot::Sender<Result<Reply, CallError>>>,
    next_token: u64,
    sink: Option<SplitSink<Socket, Message>>,
    stream: Option<SplitStream<Socket>>,
    connecting: Option<Connecting>,
}

enum Woken {
    Command(Option<Command>),
    Connected(Option<Socket>),
    Message(Option<Result<Message, tungstenite::Error>>),
    Timer,
}

impl Worker {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        self.handle(Input::Start);
        loop {
            let Some(until) = self.drain().await else { return };
            let now = self.clock.ms();
            let pause = until.map_or(3_600_000, |until| until.saturating_sub(now));
            let woken = tokio::select! {
                command = inbox.recv() => Woken::Command(command),
                socket = connected(&mut self.connecting) => Woken::Connected(socket),
                message = next_message(&mut self.stream) => Woken::Message(message),
                () = tokio::time::sleep(Duration::from_millis(pause)) => Woken::Timer,
            };
            match woken {
                Woken::Command(None | Some(Command::Stop)) => {
                    self.handle(Input::Stop);
                    self.drain().await;
                    return;
                }
                Woken::Command(Some(command)) => self.command(command),
                Woken::Connected(socket) => self.connected(socket),
                Woken::Message(message) => self.message(message),
                Woken::Timer => self.handle(Input::Timeout),
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.link.handle(self.clock.ms(), input);
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Call { request, answer } => {
                let token = self.next_token;
                self.next_token += 1;
                self.answers.insert(token, answer);
                self.handle(Input::Call { token, request });
            }
            Command::Applied { stream, seq } => self.handle(Input::Applied { stream, seq }),
            Command::NotApplied { stream } => self.handle(Input::NotApplied { stream }),
            Command::Follow { stream, cursor } => self.handle(Input::Follow { stream, cursor }),
            Command::Unread { stream } => self.handle(Input::Unread { stream }),
            Command::Stop => {}
        }
    }

    fn connected(&mut self, socket: Option<Socket>) {
        self.connecting = None;
        match socket {
            Some(socket) => {
                let (sink, stream) = socket.split();
                (self.sink, self.stream) = (Some(sink), Some(stream));
                self.handle(Input::Opened);
            }
            None => self.handle(Input::Closed { code: None, reason: "" }),
        }
    }

    fn message(&mut self, message: Option<Result<Message, tungstenite::Error>>) {
        match message {
            Some(Ok(Message::Binary(bytes))) => self.handle(Input::Received(&bytes)),
            Some(Ok(Message::Close(frame))) => {
                self.hang_up();
                let code = frame.as_ref().map(|frame| u16::from(frame.code));
                let reason = frame.map_or_else(String::new, |frame| frame.reason.to_string());
                self.handle(Input::Closed { code, reason: &reason });
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Text(_))) => self.handle(Input::Received(b"")),
            Some(Err(_)) | None => {
                self.hang_up();
                self.handle(Input::Closed { code: None, reason: "" });
            }
        }
    }

    fn hang_up(&mut self) {
        self.sink = None;
        self.stream = None;
        self.connecting = None;
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not the socket's business is the client's")]
    /// Does everything the core says; `None` when nobody listens any more.
    async fn drain(&mut self) -> Option<Option<u64>> {
        loop {
            match self.link.poll() {
                Output::Wait(until) => return Some(until),
                Output::Connect => {
                    self.hang_up();
                    self.connecting = Some(Box::pin(connect(self.http.clone())));
                }
                Output::Disconnect => {
                    if let Some(mut sink) = self.sink.take() {
                        // The peer may be gone already; closing is a courtesy.
                        tokio::time::timeout(Duration::from_millis(200), sink.close()).await.ok();
                    }
                    self.hang_up();
                }
                Output::Send(bytes) => {
                    let sent = match self.sink.as_mut() {
                        Some(sink) => sink.send(Message::Binary(bytes.into())).await.is_ok(),
                        None => true,
                    };
                    if !sent {
                        self.hang_up();
                        self.handle(Input::Closed { code: None, reason: "" });
                    }
                }
                Output::Reply { token, result } => {
                    if let Some(answer) = self.answers.remove(&token) {
                        answer.send(result).ok();
                    }
                }
                Output::Hint(hint) => {
                    self.events.try_send(Output::Hint(hint)).ok();
                }
                Output::Credentials(credentials) => {
                    self.http.set_credentials(Some(credentials.clone()));
                    self.events.send(Output::Credentials(credentials)).await.ok()?;
                }
                output => self.events.send(output).await.ok()?,
            }
        }
    }
}

async fn connected(connecting: &mut Option<Connecting>) -> Option<Socket> {
    match connecting {
        Some(connecting) => connecting.await,
        None => std::future::pending().await,
    }
}

async fn next_message(
    stream: &mut Option<SplitStream<Socket>>,
) -> Option<Result<Message, tungstenite::Error>> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

async fn connect(http: Http) -> Option<Socket> {
    let url = http.origin().replacen("http", "ws", 1) + "/ws";
    let mut request = url.into_client_request().ok()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let uri = request.uri();
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls = uri.scheme_str() == Some("wss");
    let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let tcp = TcpStream::connect((host.as_str(), port)).await.ok()?;
    tcp.set_nodelay(true).ok()?;
    let stream: Box<dyn Stream> = if tls {
        let name = rustls_pki_types::ServerName::try_from(host).ok()?;
        Box::new(TlsConnector::from(http.tls()).connect(name, tcp).await.ok()?)
    } else {
        Box::new(tcp)
    };
    let max = relais_wire::limits::FRAME_BYTES_MAX;
    let config = WebSocketConfig::default().max_message_size(Some(max)).max_frame_size(Some(max));
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.ok()?;
    Some(socket)
}
