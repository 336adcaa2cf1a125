//! The connection for commands.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisResult, ScriptInvocation};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::SharedError;
use super::backoff::Backoff;
use super::{LIMIT, silent};

/// The longest time that connecting takes: less than [`LIMIT`], so that its failure is noted.
const CONNECT_LIMIT: Duration = Duration::from_millis(1500);

/// Whether a command that met a lost connection may be sent a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    No,
}

/// One connection that all commands share, made when it is needed.
///
/// A connection that does not answer in time is given up, so that a server that comes back elsewhere, or
/// behind a network that dropped packets, is found again. While the server is away one attempt is made at a
/// time, with growing pauses; commands in between fail at once.
pub(super) struct Link {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a late failure of an old one does not end the new one.
    generation: u64,
    backoff: Backoff,
    /// Until when no attempt is made, and why.
    pause: Option<(Instant, SharedError)>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            state: Mutex::default(),
        }
    }

    /// Sends `command` and reads its answer.
    pub(super) async fn command<T: FromRedisValue>(&self, again: Again, command: &Cmd) -> Result<T, SharedError> {
        self.call(again, Call::Command(command)).await
    }

    /// Runs a script and reads its answer.
    pub(super) async fn script<T: FromRedisValue>(
        &self,
        again: Again,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, SharedError> {
        self.call(again, Call::Script(script)).await
    }

    async fn call<T: FromRedisValue>(&self, again: Again, call: Call<'_>) -> Result<T, SharedError> {
        let deadline = Instant::now() + LIMIT;
        let mut tries = if again == Again::Yes { 2 } else { 1 };
        loop {
            let connected = timeout_at(deadline, self.connection()).await;
            let (connection, generation) = connected.map_err(|_elapsed| silent())??;
            tries -= 1;
            match timeout_at(deadline, call.send(connection)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if error.is_unrecoverable_error() => {
                    self.forget(generation).await;
                    if tries == 0 {
                        return Err(error.into());
                    }
                }
                Ok(Err(error)) => return Err(error.into()),
                Err(_elapsed) => {
                    self.forget(generation).await;
                    return Err(silent());
                }
            }
        }
    }

    /// The connection, made now if there is none, with its generation.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), SharedError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), state.generation));
        }
        if let Some((until, error)) = &state.pause
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        // Both limits are ours: the library's would end a command without ending its connection.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connected = timeout(CONNECT_LIMIT, connecting).await;
        match connected
            .map_err(|_elapsed| silent())
            .and_then(|connected| connected.map_err(SharedError::from))
        {
            Ok(connection) => {
                state.backoff.reset();
                state.pause = None;
                state.generation += 1;
                state.connection = Some(connection.clone());
                Ok((connection, state.generation))
            }
            Err(error) => {
                let until = Instant::now() + state.backoff.pause();
                state.pause = Some((until, error.clone()));
                Err(error)
            }
        }
    }

    /// Gives up the connection of `generation`, if it is still the current one.
    async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.connection = None;
        }
    }
}

/// What is asked of the server.
enum Call<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl Call<'_> {
    async fn send<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(&mut connection).await,
            Self::Script(script) => script.invoke_async(&mut connection).await,
        }
    }
}
