//! The dialog language beside the bare interpreter: P10, P11 and P12.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{anyhow, bail};
use botlib::value::Map;
use botserver_auto::basic::{Grammar, Machine, Program, compile, parse};
use botstate::{
    dialog::{Answer, Dialog, Env, Input, Step},
    keyword::Registry,
};
use chrono::DateTime;
use rhai::{AST, Engine, OptimizationLevel, Scope};

use super::{Rows, round};
use crate::{
    bots,
    goals::Goal,
    number::float,
    plan::Plan,
    report::{Row, Unit},
};

/// A dialog of nine statements that asks nobody.
const DIALOG: &str = r#"customer = "Ana"
price = 19.9
quantity = 3
total = price * quantity
IF total > 50 THEN
    total = total - 5
END IF
label = "For " + customer + ": " + total
letters = LEN(label)
long = letters > 10
TALK label
"#;

/// The same in Rhai.
const RHAI: &str = r#"let customer = "Ana";
let price = 19.9;
let quantity = 3;
let total = price * quantity;
if total > 50.0 {
    total -= 5.0;
}
let label = "For " + customer + ": " + total;
let letters = label.len;
let long = letters > 10;
talk(label);
"#;

const EMPTY: &str = "CALL nothing\nSUB nothing\nEND SUB\n";

/// Measures the group.
pub(super) fn measure(plan: &Plan) -> anyhow::Result<Rows> {
    let mut dialog = Row::new("P10", "dialog of nine statements through the BASIC layer", Unit::Micros)
        .beside("the same in bare Rhai")
        .goals(Goal::Within, [20.0, 8.0, 3.0]);
    let mut turn = Row::new(
        "P10",
        "answer to a waiting dialog: restore, run to the next HEAR, save",
        Unit::Micros,
    );
    let mut call = Row::new(
        "P11",
        "empty scripted call through session, scope and limits",
        Unit::Micros,
    )
    .beside("empty Rhai call")
    .goals(Goal::Under, [50.0, 15.0, 5.0]);
    let mut source = Row::new("P12", "BASIC source to ready code", Unit::Micros)
        .beside("Rhai compiling the generated source")
        .goals(Goal::Within, [20.0, 8.0, 4.0]);

    let grammar = Grammar::new(&Registry::new());
    let env = Env {
        now: DateTime::UNIX_EPOCH,
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        seed: 1,
        names: Arc::new(Map::new()),
    };
    let (nine, empty) = (program(DIALOG, &grammar)?, program(EMPTY, &grammar)?);
    let waiting = Waiting::new(&grammar, &env)?;
    let bare = Bare::new()?;
    let generated: Vec<String> = nine.generated().map(str::to_owned).collect();
    let during = plan.measured / 8;
    for index in 0..plan.rounds {
        round("language", index, plan);
        dialog.add_beside(micros(during, || run(&nine, &env))?, micros(during, || bare.dialog())?);
        turn.add(micros(during, || waiting.turn(&env))?);
        call.add_beside(micros(during, || run(&empty, &env))?, micros(during, || bare.call())?);
        source.add_beside(
            micros(during, || program(DIALOG, &grammar).map(drop))?,
            micros(during, || bare.compile(&generated))?,
        );
    }
    Ok(vec![dialog, turn, call, source])
}

/// From the source to a program whose code is compiled.
fn program(text: &str, grammar: &Grammar) -> anyhow::Result<Arc<Program>> {
    let parsed = parse("bench.bas", text, grammar);
    let program = compile(&parsed).map_err(|found| anyhow!("the script has errors: {found:?}"))?;
    program.prepare()?;
    Ok(Arc::new(program))
}

/// Runs a script that asks nobody to its end.
fn run(program: &Arc<Program>, env: &Env) -> anyhow::Result<()> {
    let mut machine = Machine::new(Arc::clone(program), Map::new(), env)?;
    loop {
        match machine.resume(Input::Continue, env) {
            Step::Say(text) => drop(black_box(text)),
            Step::Done(_) => return Ok(()),
            other => bail!("the script needs {other:?}"),
        }
    }
}

/// A dialog that waits, as it is stored.
struct Waiting {
    program: Arc<Program>,
    state: String,
}

impl Waiting {
    fn new(grammar: &Grammar, env: &Env) -> anyhow::Result<Self> {
        let program = program(bots::START, grammar)?;
        let mut machine = Machine::new(Arc::clone(&program), Map::new(), env)?;
        match machine.resume(Input::Continue, env) {
            Step::Hear(_) => Ok(Self {
                state: machine.save()?,
                program,
            }),
            other => bail!("the script needs {other:?} before it waits"),
        }
    }

    fn turn(&self, env: &Env) -> anyhow::Result<()> {
        let mut machine = Machine::restore(&self.state, Arc::clone(&self.program))?;
        let mut input = Input::Heard(Answer {
            text: "hello".to_owned(),
            files: Vec::new(),
        });
        loop {
            match machine.resume(std::mem::replace(&mut input, Input::Continue), env) {
                Step::Say(text) => drop(black_box(text)),
                Step::Hear(_) => break,
                other => bail!("the script needs {other:?}"),
            }
        }
        black_box(machine.save()?);
        Ok(())
    }
}

/// The interpreter without anything around it.
struct Bare {
    engine: Engine,
    /// Compiles and does no more, as the server's does.
    compiler: Engine,
    dialog: AST,
    function: AST,
}

impl Bare {
    fn new() -> anyhow::Result<Self> {
        let mut engine = Engine::new();
        engine.set_max_expr_depths(0, 0);
        engine.register_fn("talk", |text: &str| {
            black_box(text);
        });
        let mut compiler = Engine::new_raw();
        compiler.set_optimization_level(OptimizationLevel::None);
        compiler.set_max_expr_depths(0, 0);
        Ok(Self {
            compiler,
            dialog: engine.compile(RHAI)?,
            function: engine.compile("fn nothing() {}")?,
            engine,
        })
    }

    fn dialog(&self) -> anyhow::Result<()> {
        let run = self.engine.run_ast_with_scope(&mut Scope::new(), &self.dialog);
        run.map_err(|error| anyhow!("{error}"))
    }

    fn call(&self) -> anyhow::Result<()> {
        let called = self
            .engine
            .call_fn::<()>(&mut Scope::new(), &self.function, "nothing", ());
        called.map_err(|error| anyhow!("{error}"))
    }

    fn compile(&self, sources: &[String]) -> anyhow::Result<()> {
        for source in sources {
            black_box(self.compiler.compile(source)?);
        }
        Ok(())
    }
}

/// Microseconds that `work` takes, on average over `during`.
fn micros(during: Duration, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let warm = Instant::now();
    while warm.elapsed() < during / 10 {
        work()?;
    }
    let begin = Instant::now();
    let mut times = 0;
    while begin.elapsed() < during {
        // The clock costs as much as an empty call: it is looked at now and then.
        for _ in 0..64 {
            work()?;
        }
        times += 64;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e6 / float(times))
}
