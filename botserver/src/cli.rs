//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// One server that runs an organisation's bots.
///
/// Without a command it serves: it makes what it needs in the folder where it is started (a database, a first bot)
/// and answers on port 8080 of this machine. Settings come from flags, the environment and botserver.toml, in this order;
/// `botserver settings` lists them all.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The configuration file [default: botserver.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, global = true)]
    pub(crate) host: Option<String>,
    /// Port to listen on
    #[arg(long, global = true)]
    pub(crate) port: Option<String>,
    /// Folder for what the server keeps
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Folder with the bots, `<name>.gbai` each
    #[arg(long = "bots", global = true, value_name = "DIR")]
    pub(crate) bots_dir: Option<PathBuf>,
    /// Any other setting, as `--set log=debug`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve bots until told to stop (the default)
    Serve,
    /// Check the configuration and every server that it names
    Doctor,
    /// Check and run the dialogs of bots
    #[cfg(feature = "auto")]
    #[command(subcommand)]
    Bot(Bot),
    /// Look at what bots know
    #[cfg(feature = "drive")]
    #[command(subcommand)]
    Kb(Kb),
    /// Add people
    #[cfg(feature = "auth")]
    #[command(subcommand)]
    User(User),
    /// Make, list and revoke API keys
    #[cfg(feature = "auth")]
    #[command(subcommand)]
    Key(Key),
    /// List, fetch and verify models
    #[cfg(feature = "llm")]
    #[command(subcommand)]
    Models(Models),
    /// Verify and export the audit log
    #[cfg(feature = "compliance")]
    #[command(subcommand)]
    Audit(Audit),
    /// Bring the database up to date without serving
    Migrate,
    /// List every setting with its variable, default and meaning
    Settings,
}

/// Work on bots.
#[cfg(feature = "auto")]
#[derive(Debug, Subcommand)]
pub(crate) enum Bot {
    /// Make a package to begin with, in the bots folder
    New {
        /// The name of the bot
        name: String,
    },
    /// Check scripts and packages: exits 0 without errors, 1 with errors, 2 when it could not run
    Check {
        /// Scripts, packages or folders of packages [default: the bots folder]
        paths: Vec<PathBuf>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Put scripts into their canonical form: exits 0 when done, 1 with errors in scripts, 2 when it could not run
    Fmt {
        /// Scripts, packages or folders of packages [default: the bots folder]
        paths: Vec<PathBuf>,
        /// Show what would change, change nothing, and exit with 1 if anything would
        #[arg(long, conflicts_with = "stdout")]
        check: bool,
        /// Print the formatted scripts instead of writing them
        #[arg(long)]
        stdout: bool,
    },
    /// Play the tests of bots: exits 0 when all hold, 1 when some do not, 2 when they could not be played
    #[cfg(feature = "trial")]
    Test(Test),
    /// Talk to a dialog in the terminal
    Run {
        /// A package, or one script
        path: PathBuf,
        /// The script of the package to run [default: start]
        script: Option<String>,
        /// A value for a PARAM of the script, as `--arg day=2027-03-01`; may be repeated
        #[arg(long = "arg", value_name = "NAME=VALUE")]
        arguments: Vec<String>,
        /// Record all that is said, typed and done into this file
        #[arg(long, value_name = "FILE", conflicts_with = "replay")]
        record: Option<PathBuf>,
        /// Play a recording back: exits 0 when the dialog does and says the same, byte for byte
        #[arg(long, value_name = "FILE")]
        replay: Option<PathBuf>,
    },
    /// Write out a conversation that the server has recorded, for `bot run --replay`
    #[cfg(feature = "chat")]
    Record {
        /// The conversation, as its page and its log name it
        #[arg(long, value_name = "ID")]
        conversation: botlib::ConversationId,
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Serve an editor over the Language Server Protocol on standard input and output
    Lsp,
    /// Serve a debugger over the Debug Adapter Protocol on standard input and output
    Dap,
    /// Write the manual of the language
    Manual {
        /// The folder to write below
        #[arg(long, value_name = "DIR", default_value = "docs")]
        out: PathBuf,
        /// Write the grammar by which editors colour scripts to this file as well
        #[arg(long, value_name = "FILE")]
        grammar: Option<PathBuf>,
    },
}

/// Which tests are played, how, and what is told of them.
#[cfg(feature = "trial")]
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files `*.test.yaml`, packages or folders [default: the bots folder]
    pub(crate) paths: Vec<PathBuf>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "NAME")]
    pub(crate) filter: Option<String>,
    /// Play each test as it stands [default: all three ways]
    #[arg(long)]
    pub(crate) plain: bool,
    /// Play each test with the server killed between its steps
    #[arg(long)]
    pub(crate) kill: bool,
    /// Play each test with a client that leaves in every turn and comes back
    #[arg(long)]
    pub(crate) resume: bool,
    /// Write the results as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Tell which lines of the scripts were run; with a file, as LCOV's trace
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "absent, alone, or with a file")]
    pub(crate) coverage: Option<Option<PathBuf>>,
}

/// Work on knowledge.
#[cfg(feature = "drive")]
#[derive(Debug, Subcommand)]
pub(crate) enum Kb {
    /// Print what is read of a document: exits 0 when it was read, 1 when it is refused
    Extract {
        /// The document
        file: PathBuf,
        /// Print JSON instead of Markdown
        #[arg(long)]
        json: bool,
    },
}

/// Work on people.
#[cfg(feature = "auth")]
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add somebody and print the link with which they set their password
    Add {
        /// The mail address
        email: String,
        /// The name.
        #[arg(long, help = "The name [default: the part of the address before the @]")]
        name: Option<String>,
        /// member, operator or admin
        #[arg(long, default_value = "member")]
        role: String,
    },
}

/// Work on the audit log.
#[cfg(feature = "compliance")]
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Verify that nothing in the log was changed or taken away; the first fault is named, and the exit status is 1
    Verify {
        /// An end of the log that was kept elsewhere, ORGANISATION:SEQ:HASH; may be repeated
        #[arg(long = "expect", value_name = "END")]
        expected: Vec<botserver_compliance::Expected>,
    },
    /// Print where the log of each organisation ends, ORGANISATION:SEQ:HASH, to be kept elsewhere
    Head,
    /// Print the log as lines of JSON, the oldest entry first
    Export {
        /// Only of this organisation
        #[arg(long, value_name = "ID")]
        org: Option<botlib::OrgId>,
        /// From this entry on
        #[arg(long, default_value = "1", value_name = "SEQ")]
        from: i64,
    },
}

/// Work on API keys: programs act with them for a person.
#[cfg(feature = "auth")]
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key and print it, this once
    New {
        /// The mail address of the person that it acts for
        person: String,
        /// What to call it in the list
        #[arg(long, default_value = "command line")]
        name: String,
        /// A bot that it is for; may be repeated [default: all]
        #[arg(long = "bot", value_name = "NAME")]
        bots: Vec<String>,
        /// A permission that it has, as far as the person has it; may be repeated [default: chat.talk]
        #[arg(long = "permission", value_name = "NAME")]
        permissions: Vec<String>,
        /// For how many days it is good, 366 at most
        #[arg(long, default_value = "90")]
        days: u16,
    },
    /// List the keys of a person
    List {
        /// The mail address
        person: String,
    },
    /// Revoke a key; running servers refuse it within 5 seconds
    Revoke {
        /// The id that the list shows
        id: String,
    },
}

/// Work on models.
#[cfg(feature = "llm")]
#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// List the models that run in this process, and what is known of those of providers
    List,
    /// Fetch a model into `models_dir`, its files checked by their SHA-256: exits 0 when all are there, 2 otherwise
    Fetch {
        /// A model that `models list` names, or the folder for a file of your own
        name: String,
        /// Fetch one file from there instead
        #[arg(long, value_name = "URL", requires = "sha256")]
        url: Option<String>,
        /// The SHA-256 that the file must have, in hexadecimal digits
        #[arg(long, value_name = "HEX", requires = "url")]
        sha256: Option<String>,
        /// What to call the file in the folder [default: the last part of the URL's path]
        #[arg(long, value_name = "PATH", requires = "url")]
        file: Option<String>,
    },
    /// Check files by their SHA-256 and run each model once: exits 0 when all is well, 1 otherwise
    Verify {
        /// The models [default: all that lie in `models_dir`]
        names: Vec<String>,
    },
}
