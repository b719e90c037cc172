//! Looks whether the web client that is embedded has been built. It never builds it: that needs Node.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
    println!("cargo::rerun-if-env-changed=RELAIS_WITHOUT_WEB");
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let built = Path::new("../../web/dist/build.json").exists();
    if released && !built && std::env::var_os("RELAIS_WITHOUT_WEB").is_none() {
        println!(
            "cargo::error=the web client is not built: run `npm --prefix web ci && npm --prefix web run build` first, or set \
             RELAIS_WITHOUT_WEB=1 for a server without it"
        );
    }
}
