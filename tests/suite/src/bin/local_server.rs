//! The program `twelvelabs-local`, for the tests of this package: Cargo builds binaries of the same package only.

fn main() -> std::process::ExitCode {
    twelvelabs_local::program::main()
}
