//! The one Rhai engine of this process and the functions that generated code calls.

use std::{any::TypeId, sync::LazyLock};

use botstate::dialog::{Fault, FaultKind};
use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, ParseError, Position, Scope};

use super::{
    format, library, number,
    operators::{self, calculate, equal, order},
    path, run,
    tree::Arith,
    value::{List, MAX_TEXT, Object, Outcome, Val, check_text, dynamic, val},
};

static ENGINE: LazyLock<Engine> = LazyLock::new(build);

/// Arguments of a native function; the first may be a variable itself.
type Args<'a> = [&'a mut Dynamic];

/// The most arguments that are passed one by one; more go as one array.
pub(crate) const MAX_ARGS: usize = 3;

/// Compiles generated source.
pub(crate) fn compile(source: &str) -> Result<AST, ParseError> {
    ENGINE.compile(source)
}

/// Runs generated code on the variables of a machine.
///
/// # Errors
/// The fault, and the line of the generated source where it happened.
pub(crate) fn eval(scope: &mut Scope<'static>, ast: &AST) -> Result<Dynamic, (Fault, Option<usize>)> {
    let length = scope.len();
    let result = ENGINE.eval_ast_with_scope::<Dynamic>(scope, ast);
    if scope.len() != length {
        scope.rewind(length);
    }
    result.map_err(|error| fault_of(&error))
}

fn fault_of(error: &EvalAltResult) -> (Fault, Option<usize>) {
    let line = error.position().line();
    let fault = match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(value, _) => value.read_lock::<Fault>().map(|fault| fault.clone()),
        EvalAltResult::ErrorTerminated(token, _) => {
            Some(exceeded(token.read_lock::<run::Exceeded>().map(|limit| *limit)))
        }
        EvalAltResult::ErrorTooManyOperations(_) => Some(exceeded(Some(run::Exceeded::Operations))),
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            Some(Fault::new(FaultKind::Limit, format!("{what} would be too large")).hint("keep less data in variables"))
        }
        EvalAltResult::ErrorStackOverflow(_) => Some(Fault::new(FaultKind::Limit, "the expression is nested too deep")),
        _ => None,
    };
    (
        fault.unwrap_or_else(|| Fault::new(FaultKind::Internal, format!("generated code failed: {error}"))),
        line,
    )
}

/// The fault of a limit on computing.
pub(crate) fn exceeded(limit: Option<run::Exceeded>) -> Fault {
    let what = if limit == Some(run::Exceeded::Time) {
        "took too long"
    } else {
        "did too much work"
    };
    Fault::new(
        FaultKind::Limit,
        format!("the script {what} without waiting for anybody"),
    )
    .hint("look for a loop that never ends, or do less at a time")
}

fn build() -> Engine {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_expr_depths(0, 0);
    engine.set_max_call_levels(8);
    engine.set_max_string_size(MAX_TEXT);
    engine.set_max_array_size(100_000);
    engine.set_max_map_size(16);
    engine.set_max_operations(0);
    engine.on_progress(|operations| run::progress(operations).map(Dynamic::from));
    engine.register_iterator::<List>();
    operators_of(&mut engine);
    paths_of(&mut engine);
    for function in library::all() {
        let run = function.run;
        let name = format!("f_{}", function.name.to_ascii_lowercase());
        for count in function.min..=function.max.min(MAX_ARGS) {
            register(&mut engine, &name, count, move |args| run(&values(args)));
        }
        if function.max > MAX_ARGS {
            let name = format!("p_{}", function.name.to_ascii_lowercase());
            register(&mut engine, &name, 1, move |args| run(&array(first(args))));
        }
    }
    engine
}

fn register(
    engine: &mut Engine,
    name: &str,
    count: usize,
    run: impl Fn(&mut Args<'_>) -> Outcome<Val> + Send + Sync + 'static,
) {
    engine.register_raw_fn(name, vec![TypeId::of::<Dynamic>(); count], move |_, args| {
        run(args)
            .map(dynamic)
            .map_err(|fault| Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(fault), Position::NONE)))
    });
}

fn first<'a>(args: &'a Args<'_>) -> &'a Dynamic {
    static UNIT: Dynamic = Dynamic::UNIT;
    args.first().map_or(&UNIT, |first| &**first)
}

fn nth(args: &Args<'_>, index: usize) -> Val {
    args.get(index).map(|value| val(value)).unwrap_or_default()
}

fn values(args: &Args<'_>) -> smallvec::SmallVec<[Val; 4]> {
    args.iter().map(|value| val(value)).collect()
}

/// The values of an array literal.
fn array(value: &Dynamic) -> Vec<Val> {
    value
        .as_array_ref()
        .map(|items| items.iter().map(val).collect())
        .unwrap_or_default()
}

fn compare(engine: &mut Engine, name: &str, test: fn(std::cmp::Ordering) -> bool) {
    register(engine, name, 2, move |args| {
        if let (Ok(a), Some(Ok(b))) = (first(args).as_int(), args.get(1).map(|value| value.as_int())) {
            return Ok(Val::Bool(test(a.cmp(&b))));
        }
        Ok(Val::Bool(order(&nth(args, 0), &nth(args, 1)).is_some_and(test)))
    });
}

/// The operator that a letter stands for in `o_chain`.
fn operator(letter: char) -> Arith {
    match letter {
        '-' => Arith::Subtract,
        '&' => Arith::Concat,
        '*' => Arith::Multiply,
        '/' => Arith::Divide,
        '%' => Arith::Modulo,
        '^' => Arith::Power,
        _ => Arith::Add,
    }
}

fn operators_of(engine: &mut Engine) {
    for (name, letter) in [
        ("o_add", '+'),
        ("o_sub", '-'),
        ("o_cat", '&'),
        ("o_mul", '*'),
        ("o_div", '/'),
        ("o_mod", '%'),
        ("o_pow", '^'),
    ] {
        register(engine, name, 2, move |args| {
            calculate(operator(letter), nth(args, 0), &nth(args, 1))
        });
    }
    register(engine, "o_chain", 2, |args| {
        let letters = nth(args, 0).print()?;
        let mut items = args.get(1).map(|items| array(items)).unwrap_or_default().into_iter();
        let mut result = items.next().unwrap_or_default();
        for (letter, item) in letters.chars().zip(items) {
            result = calculate(operator(letter), result, &item)?;
        }
        Ok(result)
    });
    register(engine, "o_text", 1, |args| {
        let mut text = String::new();
        for item in array(first(args)) {
            text.push_str(&item.print()?);
            check_text(text.len())?;
        }
        Ok(text.into())
    });
    register(engine, "o_parts", 2, |args| {
        let letters = nth(args, 0).print()?;
        let items = args.get(1).map(|items| array(items)).unwrap_or_default();
        operators::parts(&letters, items)
    });
    // What a followed variable was joined from; one that came by its value in another way is one value.
    register(engine, "o_pieces", 2, |args| {
        let pieces = nth(args, 0);
        if matches!(pieces, Val::List(_)) {
            return Ok(pieces);
        }
        operators::parts("v", vec![nth(args, 1)])
    });
    register(engine, "o_joined", 1, |args| operators::joined(&nth(args, 0)));
    register(engine, "o_neg", 1, |args| operators::negate(&nth(args, 0)));
    register(engine, "o_true", 1, |args| {
        let value = first(args);
        Ok(Val::Bool(value.as_bool().unwrap_or_else(|_| val(value).is_true())))
    });
    register(engine, "o_null", 1, |args| {
        Ok(Val::Bool(first(args).is_unit() || nth(args, 0).is_null()))
    });
    register(engine, "o_empty", 1, |args| Ok(Val::Bool(nth(args, 0).is_empty())));
    register(engine, "o_eq", 2, |args| {
        Ok(Val::Bool(equal(&nth(args, 0), &nth(args, 1))))
    });
    register(engine, "o_ne", 2, |args| {
        Ok(Val::Bool(!equal(&nth(args, 0), &nth(args, 1))))
    });
    compare(engine, "o_lt", std::cmp::Ordering::is_lt);
    compare(engine, "o_le", std::cmp::Ordering::is_le);
    compare(engine, "o_gt", std::cmp::Ordering::is_gt);
    compare(engine, "o_ge", std::cmp::Ordering::is_ge);
    register(engine, "o_between", 3, |args| {
        let (value, low, high) = (nth(args, 0), nth(args, 1), nth(args, 2));
        let inside = order(&value, &low).is_some_and(std::cmp::Ordering::is_ge)
            && order(&value, &high).is_some_and(std::cmp::Ordering::is_le);
        Ok(Val::Bool(inside))
    });
    register(engine, "o_has", 2, |args| {
        operators::contains(&nth(args, 0), &nth(args, 1)).map(Val::Bool)
    });
    register(engine, "o_in", 2, |args| {
        operators::contains(&nth(args, 1), &nth(args, 0)).map(Val::Bool)
    });
    register(engine, "o_like", 2, |args| {
        Ok(Val::Bool(operators::like(
            &nth(args, 0).print()?,
            &nth(args, 1).print()?,
        )))
    });
    register(engine, "o_starts", 2, |args| {
        Ok(Val::Bool(
            nth(args, 0).print()?.starts_with(nth(args, 1).print()?.as_str()),
        ))
    });
    register(engine, "o_ends", 2, |args| {
        Ok(Val::Bool(
            nth(args, 0).print()?.ends_with(nth(args, 1).print()?.as_str()),
        ))
    });
    register(engine, "o_format", 2, |args| {
        let pattern = nth(args, 1).print()?;
        format::format(&nth(args, 0), Some(&pattern)).map(Val::from)
    });
    register(engine, "o_fault", 1, |args| {
        Err(Fault::new(FaultKind::NotFound, nth(args, 0).print()?.to_string()))
    });
}

fn paths_of(engine: &mut Engine) {
    register(engine, "o_list", 1, |args| {
        Ok(Val::List(List::new(array(first(args)))?))
    });
    register(engine, "o_map", 1, |args| {
        let mut object = Object::default();
        for pair in array(first(args)).chunks(2) {
            if let [name, value] = pair {
                object.set(name.print()?, value.clone())?;
            }
        }
        Ok(Val::Object(object))
    });
    register(engine, "o_get", 2, |args| path::get_in(first(args), &[nth(args, 1)]));
    register(engine, "o_get", 3, |args| {
        path::get_in(first(args), &[nth(args, 1), nth(args, 2)])
    });
    register(engine, "o_path", 2, |args| {
        path::get_in(first(args), &args.get(1).map(|keys| array(keys)).unwrap_or_default())
    });
    register(engine, "o_set", 3, |args| {
        let (keys, value) = (args.get(1).map(|keys| array(keys)).unwrap_or_default(), nth(args, 2));
        args.first_mut()
            .map_or(Ok(()), |root| path::set_in(root, &keys, value))?;
        Ok(Val::Null)
    });
    for (_, method) in path::METHODS {
        register(engine, &format!("m_{method}"), 3, move |args| {
            let keys = args.get(1).map(|keys| array(keys)).unwrap_or_default();
            let values = args.get(2).map(|values| array(values)).unwrap_or_default();
            args.first_mut()
                .map_or(Ok(Val::Null), |root| path::mutate(root, &keys, method, &values))
        });
    }
    register(engine, "o_each", 1, |args| {
        operators::each(&nth(args, 0), None).map(Val::List)
    });
    register(engine, "o_each", 2, |args| {
        operators::each(&nth(args, 0), Some(&nth(args, 1))).map(Val::List)
    });
    // The counter of FOR: one step on, and whether the end is not passed yet.
    register(engine, "o_next", 3, |args| {
        let step = nth(args, 2);
        let next = calculate(Arith::Add, nth(args, 0), &step)?;
        let end = nth(args, 1);
        let backward = number::operand(&step)?.decimal().is_sign_negative();
        let passed = if backward {
            std::cmp::Ordering::Less
        } else {
            std::cmp::Ordering::Greater
        };
        let goes_on = order(&next, &end).is_some_and(|order| order != passed);
        if let Some(counter) = args.first_mut() {
            **counter = dynamic(next);
        }
        Ok(Val::Bool(goes_on))
    });
    // Numbers of FOR are numbers, whatever they were written as.
    register(engine, "o_number", 1, |args| Ok(number::operand(&nth(args, 0))?.val()));
}

impl IntoIterator for List {
    type Item = Dynamic;
    type IntoIter = Items;

    fn into_iter(self) -> Items {
        Items { list: self, at: 0 }
    }
}

/// Walks through a list without copying it.
#[derive(Debug, Clone)]
pub(crate) struct Items {
    list: List,
    at: usize,
}

impl Iterator for Items {
    type Item = Dynamic;

    fn next(&mut self) -> Option<Dynamic> {
        let item = self.list.get(self.at)?.clone();
        self.at += 1;
        Some(dynamic(item))
    }
}
