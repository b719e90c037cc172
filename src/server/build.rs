//! Says when the embedded web client has to be taken anew. It never builds it: that needs Node.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
