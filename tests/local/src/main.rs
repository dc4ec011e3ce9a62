//! The local server as a program.

fn main() -> std::process::ExitCode {
    twelvelabs_local::program::main()
}
