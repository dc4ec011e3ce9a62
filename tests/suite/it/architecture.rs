//! The tables of ARCHITECTURE.md say which module may import which. This test compares them with the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The folders whose modules have a table.
const FOLDERS: [&str; 2] = ["client-ext/src", "pipeline/src"];
/// The modules of the client that use the HTTP client.
const USE_REQWEST: [&str; 3] = ["builder", "core", "response_headers"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules that a module may import; `None` for all of them.
type Allowed = Option<BTreeSet<String>>;

/// The names in backticks, without a slash or an ending.
fn names(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/').trim_end_matches(".rs").to_owned())
}

/// The rows of the table of a folder: the modules of one row may import each other.
fn table(architecture: &str, folder: &str) -> BTreeMap<String, Allowed> {
    let heading = format!("| module of `{folder}` |");
    let rows = architecture.lines().skip_while(|line| !line.starts_with(&heading)).skip(2);
    let (mut modules, mut above) = (BTreeMap::new(), BTreeSet::new());
    for row in rows.take_while(|line| line.starts_with('|')) {
        let (first, last) = row.trim_matches('|').split_once('|').expect("two cells");
        let last = last.rsplit('|').next().unwrap_or(last);
        let own: BTreeSet<String> = names(first).collect();
        let mut allowed = own.clone();
        allowed.extend(names(last));
        if last.contains("above") {
            allowed.extend(above.iter().cloned());
        }
        let is_all = last.contains("everything") && !last.contains("above");
        modules.extend(own.iter().map(|module| (module.clone(), (!is_all).then(|| allowed.clone()))));
        above.extend(own);
    }
    modules
}

/// All Rust files below a folder, except those of tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let paths = paths.filter(|path| path.file_stem().is_some_and(|name| name != "tests"));
    let files = paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// The code of a file without comments and without its module of tests.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The first names of the paths below the crate root: `a` and `b` of `crate::{a::{x, y}, b::z}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, rest) in code.match_indices("crate::").map(|(at, path)| code.split_at(at + path.len())) {
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(first_name(rest));
            continue;
        };
        let (mut depth, mut at_name) = (1, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => at_name = true,
                c if at_name && !c.is_whitespace() => {
                    found.insert(first_name(&list[at..]));
                    at_name = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn first_name(path: &str) -> String {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
}

/// The module of a file: the first part of its path below the folder.
fn module_of(folder: &Path, file: &Path) -> String {
    let below = file.strip_prefix(folder).expect("below the folder");
    let first = below.iter().next().expect("a name");
    Path::new(first).file_stem().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn modules_import_what_the_tables_allow_and_nothing_through_the_crate_root() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let mut misses = Vec::new();
    for name in FOLDERS {
        let (folder, table) = (root().join(name), table(&architecture, name));
        // Another crate: the program uses the library.
        let files = files(&folder).into_iter().filter(|file| !file.starts_with(folder.join("bin")));
        let modules: Vec<(String, PathBuf)> = files.map(|file| (module_of(&folder, &file), file)).collect();
        let known: BTreeSet<&String> = modules.iter().map(|(module, _)| module).collect();
        for (module, file) in &modules {
            let place = file.strip_prefix(&folder).unwrap_or(file).display();
            let Some(allowed) = table.get(module) else {
                misses.push(format!("{name}/{place} is in no row"));
                continue;
            };
            for import in imports(&code(file)) {
                let is_allowed = allowed.as_ref().is_none_or(|allowed| allowed.contains(&import));
                if import != *module && (!known.contains(&import) || !is_allowed) {
                    misses.push(format!("{name}/{place} imports crate::{import}"));
                }
            }
        }
        let gone = table.keys().filter(|module| !module.starts_with("bin/") && !known.contains(module));
        misses.extend(gone.map(|module| format!("{name} has no module {module}")));
    }
    assert!(misses.is_empty(), "not as in ARCHITECTURE.md:\n{}", misses.join("\n"));
}

#[test]
fn only_some_modules_of_the_client_use_the_http_client() {
    let folder = root().join(FOLDERS[0]);
    let uses = files(&folder).into_iter().filter(|file| code(file).contains("reqwest::"));
    let modules: BTreeSet<String> = uses.map(|file| module_of(&folder, &file)).collect();
    assert_eq!(modules, BTreeSet::from(USE_REQWEST.map(str::to_owned)));
}

#[test]
fn imports_are_found_in_nested_lists() {
    let code = "use crate::{\n    a::{x, y::{z}},\n    b::c, d,\n};\nlet e = crate::f::g(1, 2);";
    assert_eq!(imports(code), BTreeSet::from(["a", "b", "d", "f"].map(str::to_owned)));
    let table = table(
        "| module of `src` | what | may import |\n| --- | --- | --- |\n| `a`, `b/` | x | nothing of the crate |\n\
         | `c.rs` | y | `a` |\n| `d` | z | everything above |\n| `e` | z | everything |\n\nmore | `f` |",
        "src",
    );
    let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
    let expected =
        [("a", set(&["a", "b"])), ("b", set(&["a", "b"])), ("c", set(&["a", "c"])), ("d", set(&["a", "b", "c", "d"]))];
    let expected = expected.into_iter().chain([("e", None)]);
    assert_eq!(table, expected.map(|(module, allowed)| (module.to_owned(), allowed)).collect());
}
