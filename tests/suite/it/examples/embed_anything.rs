//! The example as a user runs it.

use super::example;

#[test]
fn it_finds_the_shots_that_resemble_each_query() {
    let output = example("embed_anything").output().expect("the example runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    // The nearest shot. The others may be almost equally near, and the last digit of a cosine may differ between
    // machines.
    let nearest = |line: &str| line.split([',', '+']).next().unwrap_or_default().trim_end().to_owned() + "\n";
    insta::assert_snapshot!(text.lines().map(nearest).collect::<String>());
}
