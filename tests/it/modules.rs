//! The modules of both crates depend on each other in one direction only, and those of the tap in
//! the order in which `lib.rs` lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The path of a module or an item from the crate root.
type Route = Vec<String>;

/// The code of every module of a crate, without its tests.
fn modules(folder: &Path, route: &Route) -> BTreeMap<Route, String> {
    let mut modules = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let mut route = route.clone();
        if !["lib", "mod"].contains(&name) {
            route.push(name.to_owned());
        }
        if path.is_dir() {
            modules.extend(self::modules(&path, &route));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            modules.insert(route, code.to_owned());
        }
    }
    modules
}

/// The paths in the `use` declarations of a module, as written: `super::a::{b, c}` gives
/// `super::a::b` and `super::a::c`.
fn uses(code: &str) -> Vec<Route> {
    let declarations = code.split(';').filter_map(|statement| {
        let start = statement
            .rfind("\nuse ")
            .or(statement.rfind("\npub use "))?;
        statement[start..].split_once("use ").map(|(_, tree)| tree)
    });
    declarations
        .flat_map(expanded)
        .chain(inline(code))
        .collect()
}

/// The paths that the code names in place, without a `use`.
fn inline(code: &str) -> impl Iterator<Item = Route> {
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let words = lines.flat_map(|line| {
        line.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':')
    });
    let paths = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    let routes = paths.map(|path| path.trim_end_matches(':').split("::").map(str::to_owned));
    routes
        .map(Iterator::collect)
        .filter(|route: &Route| route.len() > 1)
}

/// The paths of one `use` tree.
fn expanded(tree: &str) -> Vec<Route> {
    let tree = tree.trim();
    let Some((start, inner)) = tree.split_once('{') else {
        return vec![tree.split("::").map(str::to_owned).collect()];
    };
    let start: Vec<&str> = start.split("::").filter(|name| !name.is_empty()).collect();
    let mut depth = 0;
    let branches = inner.strip_suffix('}').unwrap().split(|letter| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    let branches = branches.filter(|branch| !branch.trim().is_empty());
    let paths = branches.flat_map(expanded);
    let start = |path: Route| {
        start
            .iter()
            .map(|name| (*name).to_owned())
            .chain(path)
            .collect()
    };
    paths.map(start).collect()
}

/// The module that a path in `from` leads to. Returns `None` if it is in another crate.
fn target(from: &Route, path: &Route, modules: &BTreeMap<Route, String>) -> Option<Route> {
    let mut route = from.clone();
    for (position, name) in path.iter().enumerate() {
        match name.as_str() {
            "crate" => route.clear(),
            "super" => drop(route.pop()),
            "self" => {}
            _ => {
                route.push(name.clone());
                if !modules.contains_key(&route) {
                    route.pop();
                    return (position > 0).then_some(route);
                }
            }
        }
    }
    Some(route)
}

/// Which modules each module depends on, among its siblings: if `a::x` uses `b::y`, then `a`
/// depends on `b`.
fn dependencies(modules: &BTreeMap<Route, String>) -> BTreeMap<Route, BTreeSet<Route>> {
    let mut dependencies: BTreeMap<Route, BTreeSet<Route>> = BTreeMap::new();
    for (from, code) in modules {
        for to in uses(code)
            .iter()
            .filter_map(|path| target(from, path, modules))
        {
            let shared = from.iter().zip(&to).take_while(|(one, other)| one == other);
            let level = shared.count() + 1;
            let [one, other] = [from, &to].map(|route| route[..level.min(route.len())].to_vec());
            if one != other {
                dependencies.entry(one).or_default().insert(other);
            }
        }
    }
    dependencies
}

/// A cycle of modules, if there is one.
fn cycle(dependencies: &BTreeMap<Route, BTreeSet<Route>>) -> Option<Vec<String>> {
    let mut rest = dependencies.clone();
    // A module that depends on no other remaining module is not in a cycle.
    while let Some(done) = rest.iter().find_map(|(module, others)| {
        let free = !others.iter().any(|other| rest.contains_key(other));
        free.then(|| module.clone())
    }) {
        rest.remove(&done);
    }
    let mut module = rest.keys().next()?;
    let mut way = Vec::new();
    while !way.contains(&module) {
        way.push(module);
        let next = rest[module].iter().find(|other| rest.contains_key(*other));
        module = next.expect("each module that is left depends on another");
    }
    let start = way.iter().position(|one| *one == module);
    way.push(module);
    let names = way[start.unwrap_or(0)..].iter();
    Some(
        names
            .map(|route| format!("crate::{}", route.join("::")))
            .collect(),
    )
}

fn cycle_in(modules: &[(&[&str], &str)]) -> Option<Vec<String>> {
    let route = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let modules = modules.iter();
    let modules = modules.map(|(names, code)| (route(names), format!("\n{code}")));
    cycle(&dependencies(&modules.collect()))
}

fn modules_of(source: &str) -> BTreeMap<Route, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let modules = modules(&source, &Route::new());
    assert!(modules.len() > 30, "{}", source.display());
    modules
}

#[test]
fn no_modules_depend_on_each_other_in_a_cycle() {
    for source in ["src", "sandbox/src"] {
        let cycle = cycle(&dependencies(&modules_of(source)));
        assert_eq!(cycle, None, "move what they share to where it belongs");
    }
}

#[test]
fn each_module_uses_only_what_stands_above_it_in_the_map() {
    let modules = modules_of("src");
    let map = modules[&Route::new()].lines();
    let order: Vec<&str> = map
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert!(order.len() > 10);
    let place = |module: &str| order.iter().position(|one| *one == module);
    for (from, code) in &modules {
        let Some(own) = from.first().and_then(|module| place(module)) else {
            continue;
        };
        // Paths in the code count as well as `use` declarations.
        for other in code.split("crate::").skip(1) {
            let other: String = other
                .chars()
                .take_while(|letter| letter.is_alphanumeric())
                .collect();
            let above = place(&other).is_some_and(|other| other <= own);
            assert!(
                above,
                "{} uses {other}, which stands below it",
                from.join("::")
            );
        }
    }
}

#[test]
fn cycles_are_found_at_every_level() {
    let down = cycle_in(&[
        (&["a"], "pub use x::X;\nuse crate::b::{self, c::D};"),
        (&["a", "x"], "use std::fmt;"),
        (&["b"], "use serde::Serialize;"),
    ]);
    assert_eq!(down, None);
    let two = cycle_in(&[
        (&["a", "x"], "use crate::b::B;"),
        (&["b"], "use crate::{a::x::{X, Y}, c};"),
        (&["a"], ""),
    ]);
    assert_eq!(two.unwrap(), ["crate::a", "crate::b", "crate::a"]);
    let in_place = cycle_in(&[
        (&["a"], "use x::X;"),
        (&["a", "x"], "fn f() { super::g() }"),
    ]);
    assert!(in_place.is_some());
    let up = cycle_in(&[(&["a"], "use x::X;"), (&["a", "x"], "use super::A;")]);
    assert_eq!(up.unwrap(), ["crate::a", "crate::a::x", "crate::a"]);
}
