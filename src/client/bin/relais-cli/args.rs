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
    /// Come back in with the recovery code, under a new password. Prints the new recovery code.
    Recover {
        #[command(flatten)]
        enter: Enter,
        /// The recovery code; without it, the next line of standard input.
        #[arg(long, env = "RELAIS_RECOVERY_CODE", hide_env_values = true)]
        recovery_code: Option<String>,
    },
    /// Forget the account on this device.
    Logout,
    /// Change the password; all other sessions end. Prints the new recovery code.
    Password {
        /// The new password; without it, the first line of standard input.
        #[arg(long, env = "RELAIS_NEW_PASSWORD", hide_env_values = true)]
        new: Option<String>,
    },
    /// The recovery code.
    #[command(subcommand)]
    RecoveryCode(RecoveryCodeAct),
    /// Sessions of this account.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Who is signed in.
    Whoami,
    /// Threads of the organization in focus, or with --personal the others: the newest 200, and how to read on.
    Threads {
        #[arg(long)]
        personal: bool,
        /// Go on with older ones from here: what a former listing said, `TIME-THREAD`.
        #[arg(long)]
        before: Option<String>,
        /// All of them, however many.
        #[arg(long)]
        all: bool,
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
    /// Open a direct thread with one person. Prints its id.
    Direct {
        /// The person, by id or name.
        who: String,
        /// First message.
        #[arg(default_value = "")]
        text: String,
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
    /// Calls, without sound or picture.
    #[command(subcommand)]
    Call(CallAct),
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
pub(crate) enum CallAct {
    /// Ring everybody in a thread, and print how the call stands until it is over.
    Start {
        /// The thread.
        thread: String,
        /// Say that the camera is on.
        #[arg(long)]
        camera: bool,
        /// Ring people outside their hours too.
        #[arg(long)]
        yes: bool,
    },
    /// Wait for a call, answer it, and print how it stands until it is over.
    Answer {
        /// Say that the camera is on.
        #[arg(long)]
        camera: bool,
        /// Decline it instead.
        #[arg(long)]
        decline: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum RecoveryCodeAct {
    /// Show the code that is valid now.
    Show,
    /// Make a new one and print it; the old one is worth nothing from then on.
    Renew,
}

#[derive(Subcommand)]
pub(crate) enum Sessions {
    /// The open ones, newest first.
    List,
    /// End one at once; the own one signs out.
    Revoke {
        /// The session.
        session: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum ThreadAct {
    /// Add somebody of the own organization.
    Add {
        thread: String,
        /// A person by id or name, or with --team a team's id.
        who: String,
        /// It is a team.
        #[arg(long)]
        team: bool,
    },
    /// Ask somebody in from outside, who may decline. Without WHO, print a token for whoever bears it.
    Invite {
        thread: String,
        /// A person by id or name.
        who: Option<String>,
        /// The organization they stand for; without it they act for themselves.
        #[arg(long)]
        org: Option<String>,
        /// What the bearer of a token is.
        #[arg(long, value_enum, default_value_t = Bearer::Professional)]
        standing: Bearer,
    },
    /// Remove somebody; they read nothing that is written afterwards.
    Remove {
        thread: String,
        /// A person by id or name, or with --team a team's id.
        who: String,
        /// It is a team.
        #[arg(long)]
        team: bool,
    },
    /// Leave.
    Leave { thread: String },
    /// Close for good.
    Close { thread: String },
    /// Accept an invitation into it, or with --token one that was handed over.
    Accept {
        #[arg(required_unless_present = "token")]
        thread: Option<String>,
        /// The token, hexadecimal; `-` for the first line of standard input.
        #[arg(long, conflicts_with = "thread")]
        token: Option<String>,
        /// For a team one manages.
        #[arg(long)]
        team: Option<String>,
    },
    /// Decline an invitation into it: the thread is gone.
    Decline {
        thread: String,
        /// For a team one manages.
        #[arg(long)]
        team: Option<String>,
    },
    /// Take it out of a team's triage box.
    Take { thread: String, team: String },
    /// Make somebody responsible on behalf of a team.
    Assign { thread: String, team: String, user: String },
    /// Give it back to the team's triage box.
    Return { thread: String, team: String },
    /// Hand it over to another team that takes part.
    Forward { thread: String, from: String, to: String },
    /// Take a team out of it, as its manager.
    Withdraw { thread: String, team: String },
    /// Ask the others for keys that one could not open.
    RequestKey { thread: String },
    /// Say that everything up to this position was seen.
    Seen { thread: String, n: u64 },
}

/// What the bearer of an invitation will be.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Bearer {
    /// A health professional.
    Professional,
    /// A patient.
    Patient,
    /// A patient's relative or caregiver.
    Relative,
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
    /// Suspend somebody's account: their sockets close at once.
    Suspend { user: String },
    /// Readmit somebody who was suspended.
    Readmit { user: String },
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
    /// Add somebody to a team's keyring: its managers', or that of all its members.
    Add {
        keyring: String,
        user: String,
        /// They may add and remove others.
        #[arg(long)]
        keeper: bool,
    },
    /// Remove somebody from a team's keyring.
    Remove { keyring: String, user: String },
    /// Renew keyrings where it is due.
    Renew { keyrings: Vec<String> },
}
