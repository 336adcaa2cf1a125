//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Measures the server beside bare baselines and prints one table.
///
/// Build both first: `cargo build --release -p botserver -p botserver-bench`. Nothing else should run on the machine
/// meanwhile. The exit status is 1 when a measure had errors or, with --enforce, missed its floor.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    /// Rounds of each comparison [default: 5, with --quick 2]
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// Few short rounds and a smaller crowd: shows that everything runs, not how fast
    #[arg(long)]
    pub(crate) quick: bool,
    /// Print the table as Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Fail when a floor is missed
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Idle sessions [default: 10000, with --quick 1000]
    #[arg(long)]
    pub(crate) crowd: Option<usize>,
    /// The groups to measure [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Group>,
    /// The server [default: the `botserver` beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,
    /// Where databases and logs go while measuring; should be on a disk [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
}

/// What is measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// Turns a second and their processor time: P1, P3, P5, P6
    Turns,
    /// Many idle sessions and turns among them: P4, P7, P8, P13, P26
    Crowd,
    /// The dialog language beside the bare interpreter: P10, P11, P12
    Language,
    /// Search in documents beside the scan of their vectors: P18
    Knowledge,
    /// The audit log, sealed and verified: L1
    Audit,
    /// Start to ready: P25
    Start,
    /// The door for OpenAI's clients beside its provider: P14, P15
    Gateway,
    /// The checker and the language server on 5,000 lines: A1, A2
    Authors,
    /// Words from a model to a page: P16, P17
    Streams,
}

/// The processes that the measures start.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Part {
    /// The bare WebSocket echo: says its address, and ends with its standard input
    #[command(hide = true)]
    Echo,
    /// The bare provider of a model: says its address, and ends with its standard input
    #[command(hide = true)]
    Model,
    /// The load client: takes orders from its standard input, one JSON document a line
    #[command(hide = true)]
    Load,
}
