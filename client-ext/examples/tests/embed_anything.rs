//! The example as a user runs it.

use std::process::Command;

#[test]
fn it_finds_the_shots_that_resemble_each_query() {
    // Cargo builds examples beside the folder of the tests.
    let mut path = std::env::current_exe().expect("this program");
    path.pop();
    path.pop();
    let program = path.join("examples").join(format!("embed_anything{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(&program).output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    // The nearest shot. The others may be almost equally near, and the last digit of a cosine may differ between machines.
    let nearest = |line: &str| line.split([',', '+']).next().unwrap_or_default().trim_end().to_owned() + "\n";
    insta::assert_snapshot!(text.lines().map(nearest).collect::<String>());
}
