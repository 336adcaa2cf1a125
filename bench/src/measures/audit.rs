//! The audit log: how fast acts are sealed and entries verified.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use botlib::{Clock as _, NodeId, SystemChance, SystemClock};
use botserver_compliance::ComplianceService;
use botstate::{
    AppState, Db, Lifecycle, Ports,
    config::for_tests,
    db::{self, Connection, default_org},
    event::EventBus,
    on_each,
    shared::Local,
};
use diesel::RunQueryDsl as _;

use super::{Rows, round};
use crate::{
    goals::Goal,
    number::length,
    plan::Plan,
    report::{Row, Unit},
};

/// Acts that are sealed and verified.
const ENTRIES: usize = 1_000_000;

/// Acts as domains note them, many at once.
const ACTS: &str = "
    INSERT INTO audit_acts (id, org_id, at, actor, action, object, outcome, request, detail)
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1000000)
    SELECT printf('0198c6f0-0000-7000-8000-%012d', number), 'ORG', 1800000000000000 + number,
        printf('person:0198c6f0-0000-7000-8000-%012d', number % 1000), 'auth.sign-in',
        printf('session:0198c6f0-0000-7000-8000-%012d', number), 'done',
        printf('0198c6f0-0000-7000-8000-%012d', number),
        printf('{\"address\":\"192.0.2.%d\",\"device\":\"Firefox on Linux\"}', number % 256)
    FROM numbers";

/// Measures the group.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<Rows> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure_all(plan))
}

async fn measure_all(plan: &Plan) -> anyhow::Result<Rows> {
    let mut sealed = Row::new("L1", "acts sealed into the audit log", Unit::PerSecond);
    // Ten million in thirty seconds.
    let mut verified = Row::new(
        "L1",
        format!("{ENTRIES} entries of the audit log verified"),
        Unit::Millis,
    )
    .goals(Goal::Under, [3_000.0, 1_500.0, 1_000.0]);
    let folder = tempfile::tempdir()?;
    let state = state(folder.path()).await?;
    let acts = ACTS.replace("ORG", &state.org.to_string());
    state
        .db
        .write(move |conn: &mut Connection| {
            on_each!(conn, |conn| diesel::sql_query(acts).execute(conn)).map_err(db::Error::from)
        })
        .await?;
    let compliance = ComplianceService::new(&state);
    let begun = Instant::now();
    let count = compliance.seal().await?;
    sealed.add(length(count) / begun.elapsed().as_secs_f64());
    for place in 0..plan.rounds {
        round("audit", place, plan);
        let begun = Instant::now();
        let logs = compliance.verify(&[]).await??;
        verified.add(begun.elapsed().as_secs_f64() * 1e3);
        anyhow::ensure!(
            logs.iter().any(|log| usize::try_from(log.last_seq) == Ok(ENTRIES)),
            "not everything was verified: {logs:?}"
        );
    }
    Ok(vec![sealed, verified])
}

async fn state(folder: &std::path::Path) -> anyhow::Result<AppState> {
    let mut config = for_tests(folder);
    config.database.timeout = Duration::from_mins(5);
    let (db, _) = Db::open(&config.database).await?;
    let clock = Arc::new(SystemClock);
    let org = default_org(&db, clock.now()).await?;
    let local = Arc::new(Local::new(Arc::clone(&clock) as _));
    Ok(AppState {
        config: Arc::new(config),
        db,
        lifecycle: Lifecycle::new(),
        clock,
        chance: Arc::new(SystemChance),
        node: NodeId::new(),
        org,
        events: EventBus::new(Arc::clone(&local) as _),
        cache: Arc::clone(&local) as _,
        pubsub: Arc::clone(&local) as _,
        leases: Arc::clone(&local) as _,
        limits: local,
        ports: Ports::default(),
    })
}
