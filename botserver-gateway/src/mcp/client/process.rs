//! Standard input and output of a program that the operator has named.

use std::process::Stdio;

use botstate::dialog::{Fault, FaultKind};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{
    LARGEST, garbled,
    message::{self, Reply},
    result,
};

/// A talk with a program, which ends with it.
pub(super) struct Session {
    server: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    number: u64,
}

impl Session {
    pub(super) fn start(server: &str, command: &[String]) -> Result<Self, Fault> {
        let failed = |reason: &str| {
            Fault::new(
                FaultKind::Network,
                format!("could not start the MCP server {server}: {reason}"),
            )
        };
        let (program, arguments) = command.split_first().ok_or_else(|| failed("its command is empty"))?;
        let mut child = Command::new(program)
            .args(arguments)
            // Secrets of the server are none of the program's.
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME" || name == "LANG"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let input = child.stdin.take().ok_or_else(|| failed("it has no input"))?;
        let output = child.stdout.take().ok_or_else(|| failed("it has no output"))?;
        Ok(Self {
            server: server.to_owned(),
            child,
            input,
            output: BufReader::new(output),
            number: 0,
        })
    }

    pub(super) async fn ask(&mut self, method: &str, params: Value) -> Result<Value, Fault> {
        self.number += 1;
        self.write(message::request(self.number, method, &params)).await?;
        let mut left = LARGEST as u64;
        loop {
            let mut line = Vec::new();
            let read = (&mut self.output).take(left).read_until(b'\n', &mut line).await;
            let read = read.map_err(|_gone| garbled(&self.server))?;
            left = left.saturating_sub(read as u64);
            if read == 0 || left == 0 {
                return Err(garbled(&self.server));
            }
            // What a program prints besides is none of ours.
            match serde_json::from_slice::<Reply>(&line) {
                Ok(reply) if reply.answers(self.number) => return result(&self.server, reply),
                _ => {}
            }
        }
    }

    pub(super) async fn tell(&mut self, method: &str) -> Result<(), Fault> {
        self.write(message::notification(method)).await
    }

    async fn write(&mut self, mut message: String) -> Result<(), Fault> {
        message.push('\n');
        let written = self.input.write_all(message.as_bytes()).await;
        written.map_err(|_gone| Fault::new(FaultKind::Network, format!("the MCP server {} has ended", self.server)))
    }

    /// Ends the program: it has said all that was asked.
    pub(super) async fn close(mut self) {
        drop(self.input);
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "an MCP server had ended before it was told to");
        }
    }
}
