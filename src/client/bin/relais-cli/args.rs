//! What can be typed. Not known here: what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "relais-cli", version, about = "Native client of Relais")]
pub(crate) struct Cli {
    /// Address of the server, such as `https://relais.example.org`.
    #[arg(long, env = "RELAIS_SERVER", default_value = "http://127.0.0.1:8080", global = true)]
    pub(crate) server: String,
    /// The server's own address, where it is reached by another one.
    #[arg(long, env = "RELAIS_ORIGIN", global = true)]
    pub(crate) origin: Option<String>,
    /// Folder of the signed-in account.
    #[arg(long, env = "RELAIS_HOME", default_value = ".relais", global = true)]
    pub(crate) home: PathBuf,
    /// A root certificate to trust besides the system's, PEM.
    #[arg(long, env = "RELAIS_ROOT", global = true)]
    pub(crate) root: Option<PathBuf>,
    /// One JSON value per line instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Enter {
    /// The login.
    #[arg(long)]
    pub(crate) email: String,
    /// The password; without it, the first line of standard input.
    #[arg(long, env = "RELAIS_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// The mailed code; without it, the next line of standard input.
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Take the code from the mail catcher of a demonstration.
    #[arg(long)]
    pub(crate) dev_mail: bool,
    /// Language of mails: fr or en.
    #[arg(long, default_value = "fr")]
    pub(crate) lang: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make an account and sign in.
    Register {
        #[command(flatten)]
        enter: Enter,
        /// The name shown to others.
        #[arg(long)]
        name: String,
        /// Invitation or setup token, hexadecimal.
        #[arg(long)]
        token: Option<String>,
    },
    /// Sign in.
    Login(Enter),
    /// Forget the account on this device.
    Logout,
    /// Who is signed in.
    Whoami,
    /// Threads of the organization in focus, or with --personal the others.
    Threads {
        #[arg(long)]
        personal: bool,
    },
    /// Open a thread. Prints its id.
    New {
        /// Title.
        #[arg(long, default_value = "")]
        title: String,
        /// First message.
        #[arg(long, default_value = "")]
        text: String,
        /// People, by id.
        #[arg(long = "with")]
        people: Vec<String>,
        /// Teams, by id.
        #[arg(long = "team")]
        teams: Vec<String>,
        /// Outside any organization.
        #[arg(long)]
        personal: bool,
    },
    /// Send a message.
    Send {
        /// The thread.
        thread: String,
        /// The text; without it, standard input.
        text: Option<String>,
    },
    /// Read a thread from its beginning.
    Read {
        /// The thread.
        thread: String,
    },
    /// Print what arrives, for ever.
    Tail {
        /// Also what is there already.
        #[arg(long)]
        all: bool,
    },
    /// Send each line of standard input to a thread (or `THREAD TEXT` lines without one) and print what
    /// arrives as JSON lines, for ever.
    Bot {
        /// The thread.
        #[arg(long)]
        thread: Option<String>,
        /// End when standard input has ended and everything was acknowledged.
        #[arg(long)]
        until_sent: bool,
    },
    /// Do something with a thread.
    #[command(subcommand)]
    Thread(ThreadAct),
    /// Files.
    #[command(subcommand)]
    Files(Files),
    /// Search people and teams.
    Search {
        /// At least two characters.
        query: String,
    },
    /// Units and organizations.
    #[command(subcommand)]
    Unit(Unit),
    /// Teams.
    #[command(subcommand)]
    Team(Team),
    /// Put another organization in focus.
    Focus {
        /// Its id.
        org: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum ThreadAct {
    /// Add a person.
    Add { thread: String, user: String },
    /// Remove a person.
    Remove { thread: String, user: String },
    /// Leave.
    Leave { thread: String },
    /// Close.
    Close { thread: String },
    /// Accept an invitation into it.
    Accept { thread: String },
    /// Decline an invitation into it.
    Decline { thread: String },
    /// Take it out of a team's triage box.
    Take { thread: String, team: String },
    /// Give it back.
    Return { thread: String, team: String },
    /// Say that everything up to this position was seen.
    Seen { thread: String, n: u64 },
}

#[derive(Subcommand)]
pub(crate) enum Files {
    /// Send a file.
    Put { thread: String, file: PathBuf },
    /// Fetch the files of a message.
    Get { thread: String, n: u64, folder: PathBuf },
}

#[derive(Subcommand)]
pub(crate) enum Unit {
    /// Create a unit, or without --parent an organization.
    Create {
        name: String,
        #[arg(long)]
        parent: Option<String>,
        /// The own name, for the administrator's signature on oneself.
        #[arg(long, default_value = "")]
        own_name: String,
    },
    /// What the server says of a unit.
    Show { unit: String },
    /// Invite somebody; prints the token.
    Invite {
        unit: String,
        /// Mail the token.
        #[arg(long)]
        email: Option<String>,
    },
    /// Accept an invitation.
    Join { token: String },
    /// Sign for everybody who waits.
    Attest { unit: String },
}

#[derive(Subcommand)]
pub(crate) enum Team {
    /// Create a team.
    Create {
        unit: String,
        name: String,
        #[arg(long = "manager")]
        managers: Vec<String>,
        #[arg(long = "member")]
        members: Vec<String>,
    },
}
